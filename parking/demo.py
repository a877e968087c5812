"""`make demo`: the service and the simulated district, together, until Ctrl-C.

The rule that must hold: what this process starts ends before it does, and in order: the simulator
first, so that all it has sent is answered, then the service, which takes its PostgreSQL with it.
The children lead sessions of their own, so that Ctrl-C in a terminal reaches this process alone;
should it be killed, the kernel ends them.

Standard library only, and nothing of the product: it does what an operator would do by hand.
"""

import contextlib
import ctypes
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

READY_S = 300.0  # the first start makes a database; one after a crash may have much to recover
FILLED_S = 120.0
STOP_S = 15.0  # the service promises 10
SIMULATE = ("city", "--days", "1", "--speed", "10000", "--follow", "--settle", "3")
PORTS = range(8080, 8180)
KEY_LENGTH = 32  # the least that the service takes

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy is set

BANNER = """
ready: {url}

  for drivers           {url}/
  for operators         {url}/board
  for planners          {url}/planner
  the API, to try out   {url}/docs
  all lots now          {url}/v1/availability
  changes as they come  {url}/v1/stream

a driver:
  curl '{url}/v1/nearby?lat={lat}&lon={lon}&min_free=1'
a planner:
  curl -H "Authorization: Bearer $(cat {key_file})" \\
    '{url}/v1/usage?bucket=hour&by=district&from={since}&to={now}'
an operator:
  curl -H "Authorization: Bearer $(cat {key_file})" {url}/v1/lots/{lot}/sensors

The simulator has sent the last 24 hours, or what was missing of them, and now goes with the clock.
The service's log is {log_file}.
Ctrl-C stops everything; the data stay in {data_dir} for the next time.
"""


class StoppedError(Exception):
    """SIGINT, SIGTERM or SIGHUP came."""


class ServiceEndedError(Exception):
    """The service ended, or never became ready."""


class Demo:
    """The service and the simulator of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        host = os.environ.get("PARKING_HOST") or "127.0.0.1"
        here = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - to compare with
        self._port = os.environ.get("PARKING_PORT") or str(find_port(host))
        self._url = f"http://{here}:{self._port}"
        self._data_dir = data_dir
        self._key_file = data_dir / "demo-admin-key"
        self._log_file = data_dir / "demo-service.log"
        self._service: subprocess.Popen[bytes] | None = None
        self._simulator: subprocess.Popen[bytes] | None = None
        self._stop_wanted = False

    def run(self) -> int:
        """Run until somebody wants it to stop or the service ends; give the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._start()
            while True:
                self._pause()
                if self._simulator and self._simulator.poll() is not None:
                    code = self._simulator.returncode
                    self._simulator = None
                    say(f"the simulator ended by itself (exit {code}); the service goes on")
        except StoppedError:
            say("\nstopping: the simulator, then the service and its database")
            return 0
        except ServiceEndedError as ended:
            say(f"{ended}; the end of its log, {self._log_file}:\n{end_of(self._log_file)}")
            return 1
        finally:
            for child in (self._simulator, self._service):
                end(child)
            say("stopped")

    def _start(self) -> None:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        key = os.environ.get("PARKING_ADMIN_KEY") or find_or_make_key(self._key_file)
        settings = {
            "PARKING_DATA_DIR": str(self._data_dir),
            "PARKING_PORT": self._port,
            "PARKING_ADMIN_KEY": key,
        }
        with self._log_file.open("wb") as log:
            serve = ["parking", "serve"]
            self._service = start(serve, settings, dies_by=signal.SIGTERM, output=log)
        if not self._wait_for("the service", "/readyz", READY_S, bool):
            raise ServiceEndedError(f"the service is not ready after {READY_S:.0f} s")
        # The key by the environment: a command line can be read by every user.
        simulate = ["sensors_sim", *SIMULATE, "--url", self._url]
        self._simulator = start(simulate, {"SENSORS_SIM_KEY": key}, dies_by=signal.SIGKILL)
        self._wait_for("the last 24 hours", "/v1/availability", FILLED_S, self._is_filled)
        self._show()

    def _wait_for(
        self, what: str, path: str, seconds: float, enough: Callable[[Any], bool]
    ) -> bool:
        """Tell whether the JSON answer of a path became enough in time; show that time passes."""
        began = told = time.monotonic()
        while True:
            answer = self._get(path)
            if answer is not None and enough(answer):
                return True
            now = time.monotonic()
            if now > began + seconds:
                return False
            if now >= told:
                say(f"waiting for {what} ({now - began:.0f} s)")
                told += 5
            self._pause()

    def _is_filled(self, availability: Any) -> bool:
        """Whether the numbers have come near the present, so that some are known; or never will."""
        ended = self._simulator is None or self._simulator.poll() is not None
        return ended or any(item["observed_at"] for item in availability["items"])

    def _get(self, path: str) -> Any:
        """Return the JSON answer of a path, or `None` while there is none."""
        try:
            with DIRECT.open(self._url + path, timeout=5) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def _show(self) -> None:
        items = (self._get("/v1/lots?limit=1") or {}).get("items") or [{}]
        location = items[0].get("location", {})
        now = datetime.now(UTC).replace(microsecond=0)
        banner = BANNER.format(
            url=self._url,
            lot=items[0].get("id"),
            lat=location.get("lat"),
            lon=location.get("lon"),
            key_file=shlex.quote(str(self._key_file)),
            log_file=self._log_file,
            data_dir=self._data_dir,
            since=(now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            now=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        say(banner)

    def _pause(self) -> None:
        """Let a moment pass; this is the only place where a stop, or the service's end, is seen."""
        time.sleep(0.1)
        if self._stop_wanted:
            raise StoppedError
        if self._service and self._service.poll() is not None:
            raise ServiceEndedError(
                f"the service ended by itself (exit {self._service.returncode})"
            )

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop_wanted = True


def main(_arguments: Sequence[str] | None = None) -> int:
    """Run the demo on `PARKING_DATA_DIR`, unset: `.data` of the checkout."""
    unset = Path(__file__).resolve().parents[1] / ".data"
    return Demo(Path(os.environ.get("PARKING_DATA_DIR") or unset).expanduser().absolute()).run()


def find_port(host: str) -> int:
    """Return 8080, or the next port on which nobody listens."""
    for port in PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return port
    raise SystemExit(f"no port from {PORTS[0]} to {PORTS[-1]} is free: set PARKING_PORT")


def find_or_make_key(file: Path) -> str:
    """Return the key of an earlier demo, or make one that only this user can read."""
    with contextlib.suppress(FileNotFoundError):
        key = file.read_text().strip()
        if len(key) >= KEY_LENGTH:
            return key
        file.unlink()  # a demo was interrupted while it wrote
    key = secrets.token_urlsafe(KEY_LENGTH)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(key + "\n")
    return key


def start(
    module: Sequence[str],
    settings: Mapping[str, str],
    *,
    dies_by: signal.Signals,
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a Python module in a session of its own; `dies_by` reaches it if this process dies."""
    parent = os.getpid()

    def tie() -> None:
        if sys.platform == "linux":
            LIBC.prctl(PR_SET_PDEATHSIG, dies_by, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", *module],
        env=os.environ | settings,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=tie,  # noqa: PLW1509 - this process has no threads
    )


def end(child: subprocess.Popen[bytes] | None) -> None:
    """Ask a child to stop and wait for it; not for ever."""
    if child is None or child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def end_of(file: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(file.read_text(errors="replace").splitlines()[-20:])


def say(text: str) -> None:
    """Print, also when there is no terminal any more."""
    with contextlib.suppress(OSError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
