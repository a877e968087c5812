"""Operators' systems end to end: simulated in each format, polled, checked and tried."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import asyncpg
import pytest

from parking import cli_connectors
from parking.config import Settings
from parking.ingest.connectors.loading import BadConnectors
from sensors_sim.formats.fourpyun import PLATE
from tests.e2e.test_city import SIMULATE
from tests.e2e.test_cli import parking
from tests.ingest.formats.samples import EXAMPLE, FOLDER
from tests.service import CHECKOUT, RunningService, running_services
from tests.web.client import client_of, described, until, zone


@pytest.mark.parametrize("options", ["parkapi", "parkapi --parkapi-form csv", "spdp", "fourpyun"])
def test_the_city_is_the_same_in_each_format(service: RunningService, options: str) -> None:
    lots = "east-station-p3,east-station-coach,longhu-homes,longhu-park"
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [*SIMULATE, "--hours", "1", "--url", service.url, "--lots", lots, "--as", *options.split(),
         "--fault", "duplicates=0.1", "--fault", "disorder=0.2"],
        env={**os.environ, "SENSORS_SIM_KEY": service.admin_key},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    assert "all 4 lots agree" in said
    assert PLATE not in service.said()


class Feed(BaseHTTPRequestHandler):
    """A city's page: its numbers, and when they were measured."""

    body = b""
    asked: list[str | None] = []  # noqa: RUF012 - of the one server there is

    def do_GET(self) -> None:
        tag = f'"{hash(self.body)}"'
        self.asked.append(self.headers.get("If-None-Match"))
        same = self.headers.get("If-None-Match") == tag
        self.send_response(304 if same else 200)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", "0" if same else str(len(self.body)))
        self.end_headers()
        if not same:
            self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
        """Say nothing."""


@pytest.fixture
def feed() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/parking.csv"
    server.shutdown()
    thread.join()
    server.server_close()


POLL = """
[[poll]]
name = "city-page"
operator = "city"
format = "csv"
url = "{url}"
interval_s = 1
[[poll.event]]
type = "count"
lot = "lot"
free = "free"
observed_at = {{ from = "time", format = "%d.%m.%Y %H:%M:%S", timezone = "Asia/Shanghai" }}
"""


async def test_a_page_is_polled(database_url: str, feed: str, tmp_path: Path) -> None:
    file = tmp_path / "connectors.toml"
    file.write_text(POLL.format(url=feed), "utf-8")
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
    there = (at + timedelta(hours=8)).strftime("%d.%m.%Y %H:%M:%S")
    Feed.body = f"lot;free;time\np1;33;{there}\n".encode()
    with running_services(database_url, PARKING_CONNECTORS=str(file)) as (service,):
        async with client_of(service) as client:
            await client.put_lot("p1", described(zone("c", "counts", 50), operator="city"), 201)
            shown = await until(
                lambda: client.availability("p1"), lambda found: found["free"] == 33
            )
            assert shown["observed_at"] == at.isoformat().replace("+00:00", "Z")
            asked = len(Feed.asked)
            await until(_nothing, lambda _: len(Feed.asked) > asked + 1)
            assert Feed.asked[-1] is not None
            [logged] = await client.log("p1")
            assert logged["key"] == "connector.city-page"
            metrics = (await client.ask("GET", "/metrics", key=None)).body.decode()
            assert (
                'parking_poll_requests_total{connector="city-page",outcome="unchanged"}' in metrics
            )
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM polled") == 1
    finally:
        await connection.close()


async def _nothing() -> None:
    return None


def run(*words: str) -> int:
    """Run `parking connectors` with these words; gives the exit status."""
    parser = argparse.ArgumentParser()
    cli_connectors.add_arguments(parser)
    given = parser.parse_args(words)
    status: int = asyncio.run(given.run(given, Settings()))
    return status


def test_the_example_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(EXAMPLE)) == 0
    told = capsys.readouterr()
    assert "webhook garage-counter: json, for zd-parking" in told.out
    assert "the environment has no variable GARAGE_COUNTER_SECRET" in told.err


def test_the_example_is_tried() -> None:
    sample = FOLDER / "mapped" / "garage.json"
    tried = parking(
        "postgresql://nowhere.invalid/x",
        "connectors", "try", str(EXAMPLE), str(sample), "--name", "garage-counter",
    )  # fmt: skip
    assert tried.returncode == 0
    wanted = sample.with_name("garage.json.events.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in tried.stdout.splitlines()] == [
        json.loads(line) for line in wanted
    ]
    assert "not read: /data/areas/2 zone: what area says is not in its map" in tried.stderr
    assert "4 events, 1 parts not read" in tried.stderr


POST = str(FOLDER / "fourpyun" / "enter.json")
NAMED = ("--name", "pp-east", "--part")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([str(EXAMPLE), POST, *NAMED, "enter"], 0, "1 events"),
        ([str(EXAMPLE), POST, *NAMED, "leave"], 1, "leave_time: it is not there"),
    ],
)
def test_what_trying_says(
    words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("try", *words) == status
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([str(EXAMPLE), POST], "--name is needed, one of garage-counter"),
        ([str(EXAMPLE), POST, "--name", "x"], "there is no connector x, but garage-counter"),
        ([POST, POST], "it is not TOML"),
        (["nowhere.toml", POST], "No such file"),
    ],
)
def test_what_cannot_be_tried(words: list[str], why: str) -> None:
    with pytest.raises(BadConnectors, match=why):
        run("try", *words)


def test_a_file_that_is_wrong_keeps_the_service_from_starting(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[[webhook]]\nname = "a"\noperator = "b"\nformat = "json"\n', "utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "parking", "serve"],
        env={**os.environ, "PARKING_DATABASE_URL": database_url, "PARKING_CONNECTORS": str(file)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == (
        f"parking: {file}: webhook 1 (a): the format json needs at least one table of event\n"
    )
