"""The simulated city against the real service: its own truth is what the service says."""

import os
import subprocess
import sys

from tests.service import CHECKOUT, RunningService

SIMULATE = (sys.executable, "-c", "import sys; from sensors_sim.cli import main; sys.exit(main())",
            "city", "--hours", "2", "--speed", "10000")  # fmt: skip
FAULTS = ("duplicates=0.1", "disorder=0.2", "delay=0.05")
"""Those that lose nothing: with them, too, everything must agree."""


def test_truth_and_service_agree_in_all_lots(service: RunningService) -> None:
    faults = [part for fault in FAULTS for part in ("--fault", fault)]
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [*SIMULATE, "--url", service.url, *faults],
        env={**os.environ, "SENSORS_SIM_KEY": service.admin_key},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "all 24 lots agree" in ended.stdout + ended.stderr
