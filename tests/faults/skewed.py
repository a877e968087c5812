"""The service, run as `python -m tests.faults.skewed <file> serve`, by a clock that can be wrong.

The file holds by how many seconds it is off; it is read again for every look at the clock.
"""

import secrets
import subprocess
import sys
from pathlib import Path

from parking import app
from parking.cli import main
from tests.service import CHECKOUT, RunningService


class SkewedService(RunningService):
    """A service whose clock can be set wrong while it runs."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, secrets.token_hex(20), {})
        self._off = folder / "off"
        self.step_to(0)

    def step_to(self, seconds: float) -> None:
        """Set its clock to be ahead of the true one by so many seconds."""
        new = self._off.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._off)

    def start(self, *, wait: bool = True) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", __name__, str(self._off), "serve"],
            env=self._env,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        if wait:
            self.wait_ready()


def _serve(off: Path) -> int:
    true = app.clock

    def clock() -> int:
        return true() + int(float(off.read_text()) * 1_000_000)

    app.clock = clock
    return main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(_serve(Path(sys.argv[1])))
