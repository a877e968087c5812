"""`make demo`: the service and the simulated district, together, until Ctrl-C.

The rule that must hold: what this process starts ends before it does, in order: first the simulator,
so that nothing it has sent is lost, then the service, which takes its PostgreSQL with it. The children
lead sessions of their own, so that Ctrl-C in a terminal reaches this process alone; should it be
killed, the kernel asks them to stop.

Standard library only, and nothing of the product: this does what an operator would do by hand.
"""

import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

READY_S = 300.0
STOP_S = 15.0  # the service stops within 10
SIMULATOR = ("city", "--days", "1", "--speed", "10000", "--follow", "--settle", "3")
PORTS = range(8080, 8180)
PR_SET_PDEATHSIG = 1

BANNER = """
ready: {url}

  map and pages   {url}/
  API, to try     {url}/docs
  all lots        {url}/v1/availability
  live changes    curl -N {url}/v1/stream
  metrics         {url}/metrics

  a driver    curl '{url}/v1/nearby?lat={lat}&lon={lon}&min_free=1'
  a planner   curl -H "Authorization: Bearer $(cat {key_file})" \\
                '{url}/v1/usage?bucket=hour&by=district&from={since}&to={now}'
  an operator curl -H "Authorization: Bearer $(cat {key_file})" \\
                '{url}/v1/lots/{lot}/sensors'

The simulator now sends the last 24 hours, some ten seconds long, then goes on in real time.
The service's log: {log_file}
Ctrl-C stops everything; the data stay in {data_dir} for the next time.
"""


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """SIGINT, SIGTERM or SIGHUP came."""


class Demo:
    """The two children and what they share."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._key_file = data_dir / "demo-admin-key"
        self._log_file = data_dir / "demo-service.log"
        self._key = os.environ.get("PARKING_ADMIN_KEY") or find_or_make_key(self._key_file)
        self._port = int(os.environ.get("PARKING_PORT") or find_port())
        self._url = f"http://127.0.0.1:{self._port}"
        self._service: subprocess.Popen[bytes] | None = None
        self._simulator: subprocess.Popen[bytes] | None = None
        self._asked_to_stop = False

    def run(self) -> int:
        """Run until somebody asks to stop, or the service ends; gives the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._start()
            while True:
                self._pause(0.2)
                if self._simulator and (code := self._simulator.poll()) is not None:
                    self._simulator = None
                    say(f"the simulator ended by itself (exit {code}); the service goes on")
        except Stopped:
            say("\nstopping: first the simulator, then the service and its database")
            return 0
        except ServiceEnded as ended:
            say(f"{ended}; its log, {self._log_file}, ends:\n{end_of(self._log_file)}")
            return 1
        finally:
            self._stop()
            say("stopped")

    def _start(self) -> None:
        environment = os.environ | {
            "PARKING_DATA_DIR": str(self._data_dir),
            "PARKING_PORT": str(self._port),
            "PARKING_ADMIN_KEY": self._key,
        }
        with self._log_file.open("wb") as log:
            self._service = start(["parking", "serve"], environment, output=log.fileno())
        self._wait_for("the service", "/readyz")
        command = ["sensors_sim", *SIMULATOR, "--url", self._url]
        self._simulator = start(command, os.environ | {"SENSORS_SIM_KEY": self._key})
        self._wait_for("the lots", "/v1/lots")
        self._show()
