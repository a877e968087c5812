"""The command line, as an operator of the service uses it."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from parking.domain.instants import HOUR, micros, rfc3339
from parking.jobs import walk
from tests.e2e.wire import description, zone
from tests.nodes import started
from tests.service import CHECKOUT


def parking(database_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "parking", *words],
        env={**os.environ, "PARKING_DATABASE_URL": database_url},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_migrate_says_what_it_applied_and_then_that_there_is_nothing(
    empty_database_url: str,
) -> None:
    first, again = (parking(empty_database_url, "migrate") for _ in range(2))
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("applied: foundations")
    assert again.stdout == "the schema is up to date\n"


def test_keys_are_made_listed_without_secret_and_revoked(database_url: str) -> None:
    made = parking(database_url, "keys", "create", "--role", "operator", "--operator", "op")
    secret, key_id = made.stdout.strip(), made.stderr.split(":")[0].strip().splitlines()[-1]
    listed = parking(database_url, "keys", "list").stdout
    assert key_id in listed
    assert secret not in listed
    assert parking(database_url, "keys", "revoke", key_id).stdout == "revoked\n"
    assert parking(database_url, "keys", "revoke", key_id).returncode == 1
    assert "revoked" in parking(database_url, "keys", "list").stdout
    assert parking(database_url, "keys", "create", "--role", "operator").returncode == 2


def test_a_setting_that_is_wrong_is_named(database_url: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "parking", "migrate"],
        env={**os.environ, "PARKING_DATABASE_URL": database_url, "PARKING_ADMIN_KEY": "short"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "PARKING_ADMIN_KEY" in ended.stderr
    assert "short" not in ended.stderr


MONTH = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).replace(
    day=1, hour=0, minute=0, second=0, microsecond=0
)
"""The beginning of a month that is over."""


async def fill(database_url: str) -> None:
    """Tell a lot in `MONTH`: a recount, and a car each hour for a day."""
    start = micros(MONTH)
    async with started(database_url) as node:
        node.now = micros(datetime.now(UTC))
        told = {
            **description([zone("g", "gates", 50)]),
            "name": {"zh": "<b>东站</b>", "en": "East"},
        }
        await node.describe("p1", told)
        base = {"lot": "p1", "id": "r", "type": "recount", "zone": "g", "occupied": 10}
        cars = {"lot": "p1", "type": "passage", "zone": "g", "direction": "in"}
        await node.take(
            [{**base, "observed_at": rfc3339(start)}]
            + [
                {**cars, "id": f"e{hour}", "observed_at": rfc3339(start + hour * HOUR + 1)}
                for hour in range(24)
            ]
        )
        await walk.walk_all(node.replica)


async def spoil(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("DELETE FROM usage_hours WHERE scope = 'class'")
    finally:
        await connection.close()


def test_usage_is_rebuilt_and_what_differed_is_printed(database_url: str) -> None:
    asyncio.run(fill(database_url))
    stretch = ("--from", "1970-01-01T00:00:00Z", "--to", datetime.now(UTC).isoformat())
    healthy = parking(database_url, "usage", "rebuild", *stretch)
    assert (healthy.returncode, healthy.stdout) == (0, "")
    assert "nothing differed (1 lots)" in healthy.stderr
    asyncio.run(spoil(database_url))
    mended = parking(database_url, "usage", "rebuild", *stretch, "--lots", "p1")
    assert mended.returncode == 0
    lines = mended.stdout.splitlines()
    assert lines[0].startswith("p1  ")
    assert "class general (all)  capacity 0 -> 180000000000" in mended.stdout
    assert f"{len(lines)} differed, and were stored anew" in mended.stderr
    assert parking(database_url, "usage", "rebuild", *stretch).stdout == ""
    unknown = parking(database_url, "usage", "rebuild", *stretch, "--lots", "nowhere")
    assert (unknown.returncode, "nowhere" in unknown.stderr) == (1, True)
    turned = parking(database_url, "usage", "rebuild", "--from", stretch[3], "--to", stretch[1])
    assert (turned.returncode, "--from" in turned.stderr) == (1, True)


def test_a_month_is_reported_in_both_languages(database_url: str, tmp_path: Path) -> None:
    asyncio.run(fill(database_url))
    month = f"{MONTH:%Y-%m}"
    chinese = parking(database_url, "usage", "report", "--month", month, "--output", "-")
    assert chinese.returncode == 0, chinese.stderr
    assert 'lang="zh' in chinese.stdout
    assert "&lt;b&gt;东站&lt;/b&gt;" in chinese.stdout
    assert "<b>东站" not in chinese.stdout
    path = tmp_path / "east.html"
    words = ("--month", month, "--lots", "p1", "--language", "en", "--output", str(path))
    assert parking(database_url, "usage", "report", *words).stdout == f"{path}\n"
    assert 'lang="en"' in path.read_text(encoding="utf-8")
    for wrong in (
        ("--month", "2026-13"),
        ("--month", "2999-01"),
        ("--month", month, "--lots", "nowhere"),
        ("--month", month, "--district", "nowhere"),
    ):
        refused = parking(database_url, "usage", "report", *wrong)
        assert (refused.returncode, refused.stderr.count("parking: ")) == (1, 1), refused
