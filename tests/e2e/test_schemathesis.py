"""Schemathesis against the live service: what `/openapi.json` says is what it does.

It runs as operators would run it, in a process of its own: examples, edges of every schema, random
valid and invalid requests, and chains of requests, with all its checks.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import CHECKOUT, RunningService

HERE = Path(__file__).parent
SECONDS = 300


def explore(service: RunningService, key: str, folder: Path, *options: str) -> None:
    """Run schemathesis with that key; its whole report is the failure."""
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [
            sys.executable, "-m", "schemathesis.cli",
            "--config-file", str(HERE / "schemathesis.toml"),
            "run", f"{service.url}/openapi.json", *options,
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(CHECKOUT),
            "PARKING_TEST_KEY": key,
            "NO_PROXY": "*",
            "no_proxy": "*",
        },
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )  # fmt: skip
    said = "\n".join(line[:500] for line in ended.stdout.splitlines())
    assert ended.returncode == 0, f"{said}\n{ended.stderr}\n{service.said()}"
    assert re.search(r"(\d+) generated, \1 passed", said), said


def test_the_service_does_what_its_document_says(service: RunningService, tmp_path: Path) -> None:
    explore(service, service.admin_key, tmp_path, "--max-examples=10")


@pytest.mark.parametrize("key", ["not-a-key"])
def test_strangers_get_what_the_document_says(
    service: RunningService, tmp_path: Path, key: str
) -> None:
    explore(service, key, tmp_path, "--phases=examples,coverage")
