"""The service as a process of its own: started, killed, and started again on the same port."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

READY_S = 90.0  # on a machine that does much else
STOP_S = 15.0  # the contract gives the service 10
CHECKOUT = Path(__file__).parents[1]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy is set


class RunningService:
    """One `parking serve` on a port of its own.

    `env` adds to its environment; `code` is the folder that holds the package, from the next start
    on. All its methods block: in a test that must go on meanwhile, call them through
    `asyncio.to_thread`.
    """

    def __init__(self, database_url: str, admin_key: str, env: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin_key = admin_key
        self.code = CHECKOUT
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        self._env = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("PARKING_")
            },
            "PYTHONUNBUFFERED": "1",
            "PARKING_DATABASE_URL": database_url,
            "PARKING_HOST": "127.0.0.1",
            "PARKING_PORT": str(self.port),
            "PARKING_ADMIN_KEY": admin_key,
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the service was not started"
        return self._process

    def start(self, *, wait: bool = True) -> None:
        """Start it, or start it again; return when it is ready unless `wait` is false."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "parking", "serve"],
            env=self._env,
            cwd=self.code,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds: float = READY_S) -> None:
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            code = self.process.poll()
            assert code is None, f"the service ended with {code}:\n{self.said()}"
            assert time.monotonic() < deadline, f"not ready in {seconds} s:\n{self.said()}"
            time.sleep(0.02)

    def is_ready(self) -> bool:
        try:
            with DIRECT.open(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """Kill it as a power cut would: nothing gets said or saved."""
        self.process.kill()
        self.process.wait(STOP_S)

    def terminate(self) -> int:
        """Ask it to stop, as an operator would; gives its exit code."""
        self.process.terminate()
        return self.process.wait(STOP_S)

    def said(self) -> str:
        """Tell what it wrote so far, all starts together."""
        # Without moving: the service writes at the position that it shares with this file.
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode(errors="replace")

    def close(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self.output.close()


@contextlib.contextmanager
def running_services(
    database_url: str, count: int = 1, **env: str
) -> Iterator[tuple[RunningService, ...]]:
    """So many services on one database with one admin key, all ready.

    `env` adds to their environment: `PARKING_RETENTION_DAYS="30"`.
    """
    admin_key = secrets.token_hex(20)
    services = tuple(RunningService(database_url, admin_key, env) for _ in range(count))
    try:
        for service in services:
            service.start(wait=False)
        for service in services:
            service.wait_ready()
        yield services
    finally:
        for service in services:
            service.close()


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
