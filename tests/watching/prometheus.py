"""A real Prometheus that scrapes a service, and evaluates whatever expression it is asked."""

import contextlib
import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.service import CHECKOUT, DIRECT, free_port

PATIENCE_S = 120.0
STOP_S = 20.0
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}/*.yml"]
scrape_configs: {jobs}
"""


class Prometheus:
    """Answers queries; all methods block."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, expression: str) -> list[Any]:
        """Give the series that an expression has now; AssertionError where it is wrong."""
        asked = urllib.parse.urlencode({"query": expression})
        try:
            with DIRECT.open(f"{self._url}/api/v1/query?{asked}", timeout=30) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        assert not found.get("warnings"), found
        result = found["data"]["result"]
        return [result] if found["data"]["resultType"] == "scalar" else list(result)

    def value(self, expression: str) -> float | None:
        """Give the value of the one series of an expression; None where there is none."""
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def wait(self, expression: str) -> None:
        """Wait until an expression has a series: a comparison that holds, say."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.query(expression):
            assert time.monotonic() < deadline, f"never: {expression}"
            time.sleep(0.1)

    def rules(self) -> list[Any]:
        """List the alert rules with their health."""
        with DIRECT.open(f"{self._url}/api/v1/rules", timeout=30) as answer:
            groups = json.load(answer)["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@contextlib.contextmanager
def scraping(program: str, port: int, more: Sequence[dict[str, Any]] = ()) -> Iterator[Prometheus]:
    """Run Prometheus on 127.0.0.1, scraping a service's port each second by the rules shipped.

    `more` are further jobs.
    """
    own = free_port()
    service = {"job_name": "parking", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    jobs = json.dumps([service, *more])  # which is YAML too
    with tempfile.TemporaryDirectory(prefix="parking-test-") as place:
        config = Path(place) / "prometheus.yml"
        config.write_text(CONFIG.format(jobs=jobs, rules=CHECKOUT / "deploy/prometheus/rules"))
        with (Path(place) / "log").open("w+b") as log:
            process = subprocess.Popen(  # noqa: S603 - a program that is installed
                [
                    program,
                    f"--config.file={config}",
                    f"--storage.tsdb.path={place}/data",
                    f"--web.listen-address=127.0.0.1:{own}",
                ],
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                _wait_ready(process, f"http://127.0.0.1:{own}", Path(place) / "log")
                yield Prometheus(f"http://127.0.0.1:{own}")
            finally:
                process.terminate()
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _wait_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), DIRECT.open(f"{url}/-/ready", timeout=5):
            return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
