"""The demo gets ready by itself, stops at Ctrl-C without leaving anything, and goes on later."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import CHECKOUT, DIRECT, free_port

PATIENCE_S = 60.0


class RunningDemo:
    """The demo as `make demo` runs it, on a port and a data folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.url = ""
        port = free_port()
        unset = {name: value for name, value in os.environ.items() if "PARKING_" not in name}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "parking.demo"],
            cwd=CHECKOUT,
            env=unset | {"PARKING_DATA_DIR": str(data_dir), "PARKING_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        said = []
        give_up = threading.Timer(2 * PATIENCE_S, self.process.kill)
        give_up.start()
        try:
            for line in self.process.stdout:
                said.append(line)
                if line.startswith("ready: "):
                    self.url = line.split()[1]
                    return
        finally:
            give_up.cancel()
        pytest.fail("never ready:\n" + "".join(said))

    def get(self, path: str) -> Any:
        key = (self._data_dir / "demo-admin-key").read_text().strip()
        request = urllib.request.Request(  # noqa: S310
            self.url + path, headers={"Authorization": f"Bearer {key}"}
        )
        with DIRECT.open(request, timeout=10) as answer:
            return json.load(answer)

    def stop(self, how: signal.Signals) -> tuple[int, str]:
        """Give the exit code and what it said since it was ready."""
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="parking-test-"))
    yield path
    until(lambda: not processes_of(path))  # what a failed test leaves is ended by the kernel
    shutil.rmtree(path)


def processes_of(data_dir: Path) -> list[str]:
    """List live processes with the folder on their command line or in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            known = command + (process / "environ").read_bytes()
        except OSError:
            continue  # gone meanwhile, or another user's
        if os.fsencode(data_dir) in known:
            found.append(f"{process.name}: {command!r}")
    return found


def test_demo_stops_at_ctrl_c_and_goes_on_the_next_time(data_dir: Path) -> None:
    demo = RunningDemo(data_dir)
    try:
        demo.wait_ready()
        assert any("postgres" in process for process in processes_of(data_dir))
        assert any("sensors_sim" in process for process in processes_of(data_dir))
        lots = [item["lot"] for item in demo.get("/v1/availability")["items"]]
        assert len(lots) == 24
        event = a_stored_event(demo, lots)
        code, said = demo.stop(signal.SIGINT)
    finally:
        demo.close()
    assert code == 0
    assert said.rstrip().endswith("stopped")
    assert "Traceback" not in said
    assert processes_of(data_dir) == []
    key_file = data_dir / "demo-admin-key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    key = key_file.read_text()

    again = RunningDemo(data_dir)
    try:
        again.wait_ready()
        assert key_file.read_text() == key
        moment = event["observed_at"]
        kept = again.get(f"/v1/lots/{event['lot']}/events?from={moment}&limit=1000")
        assert kept["items"]
        code, _ = again.stop(signal.SIGTERM)
    finally:
        again.close()
    assert code == 0
    assert processes_of(data_dir) == []


def a_stored_event(demo: RunningDemo, lots: list[str]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        for lot in lots:
            items = demo.get(f"/v1/lots/{lot}/events?limit=1")["items"]
            if items:
                return {"lot": lot, **items[0]}
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_service_that_ends_by_itself_is_reported(data_dir: Path) -> None:
    data_dir.joinpath("pg").mkdir()
    data_dir.joinpath("pg", "not-a-database").touch()
    demo = RunningDemo(data_dir)
    try:
        said, _ = demo.process.communicate(timeout=PATIENCE_S)
    finally:
        demo.close()
    assert demo.process.returncode == 1
    assert "the service ended by itself" in said
    assert "neither empty nor a database folder" in said
    assert processes_of(data_dir) == []


def test_killed_demo_takes_everything_with_it(data_dir: Path) -> None:
    demo = RunningDemo(data_dir)
    try:
        until(lambda: any("sensors_sim" in process for process in processes_of(data_dir)))
    finally:
        demo.close()
    until(lambda: not processes_of(data_dir))


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)
