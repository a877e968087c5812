"""Upgrades and rollbacks under load: two versions on one database, and no event is lost.

The version to come is this one with further migrations: it is a copy of the package, so that both
run side by side, each with its own files.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from parking.store.migrate import list_migrations
from tests.e2e.gateways import Gateway, check_log, describe, progress, sending
from tests.e2e.wire import Refusal, Wire, connected, until
from tests.service import CHECKOUT, RunningService, running_services

NEWEST = list_migrations()[-1].number
# What may be added while the version before runs: tables, and to each table columns.
ADDS = f"""-- serves: {NEWEST:04d}
CREATE TABLE addition (one int PRIMARY KEY, lot text);
CREATE INDEX addition_lot ON addition (lot);
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
          AND NOT relispartition AND relname <> 'addition'
    LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN addition text DEFAULT %L', name, 'more');
        EXECUTE format('ALTER TABLE %I ADD COLUMN other bigint', name);
    END LOOP;
END $$;
"""
REMOVES = "ALTER TABLE event DROP COLUMN body;\n"


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """Make the version to come; gives the folder that it runs from."""
    return version(tmp_path / "next", {f"{NEWEST + 1:04d}_additions": ADDS})


def version(folder: Path, migrations: dict[str, str]) -> Path:
    shutil.copytree(CHECKOUT / "parking", folder / "parking", ignore=ignored)
    for name, sql in migrations.items():
        folder.joinpath("parking", "store", "migrations", f"{name}.sql").write_text(sql)
    return folder


def ignored(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]


def parking(code: Path, database_url: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of one version."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PARKING_")}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parking", *command],
        cwd=code,
        env={**env, "PARKING_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def two(database_url: str) -> Iterator[tuple[RunningService, ...]]:
    with running_services(database_url, 2) as services:
        yield services


async def test_upgrade_and_rollback_lose_nothing(
    two: tuple[RunningService, ...], database_url: str, next_version: Path
) -> None:
    """Migrate, exchange one instance after the other, and go back with one, under load."""
    async with connected(*two, lasting=False) as wires:
        await describe(wires[0], ["u1", "u2"])
        await until(lambda: knows(wires[1], "u2"))
        gateways = [Gateway(wires[n % 2], f"u{n % 2 + 1}", n) for n in range(4)]
        async with sending(gateways):
            await progress(gateways, 20)
            said = await asyncio.to_thread(parking, next_version, database_url, "migrate", "--plan")
            assert (said.returncode, "go on meanwhile" in said.stdout) == (0, True), said
            await progress(gateways, 20)
            said = await asyncio.to_thread(parking, next_version, database_url, "migrate")
            assert (said.returncode, said.stdout) == (0, "applied: additions\n"), said
            await progress(gateways, 20)  # the version before, on the schema to come
            for one, code in [(two[0], next_version), (two[1], next_version), (two[0], CHECKOUT)]:
                await asyncio.to_thread(exchange, one, code)
                await progress(gateways, 20)  # both versions at once
        for wire in wires:
            await check_log(database_url, wire, gateways)
    assert await additions(database_url) > 0
    for one in two:
        assert one.terminate() == 0
        assert "Traceback" not in one.said()
    assert two[0].said().count("serves this one") == 1  # after its way back
    said = parking(CHECKOUT, database_url, "migrate")  # which leaves rights as the newer gave them
    assert said.stdout.endswith("it is of a newer version, which serves this one: additions\n")


def exchange(one: RunningService, code: Path) -> None:
    assert one.terminate() == 0
    one.code = code
    one.start()


async def knows(wire: Wire, lot: str) -> bool:
    """Whether an instance has read all that `describe` tells of a lot: last of all its spaces."""
    try:
        listed = await wire.ask("GET", f"/v1/lots/{lot}/zones/bays/spaces")
    except Refusal:
        return False
    return bool(listed["spaces"])


async def additions(database_url: str) -> int:
    """Count what was stored with the new columns, by either version."""
    connection = await asyncpg.connect(database_url)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM event WHERE addition = 'more'")
    finally:
        await connection.close()
    return count


def test_a_removal_ends_the_version_before(database_url: str, tmp_path: Path) -> None:
    """It is announced, and neither the service nor a command works on what it does not know."""
    removing = version(tmp_path / "removing", {f"{NEWEST + 1:04d}_removal": REMOVES})
    said = parking(removing, database_url, "migrate", "--plan")
    assert (said.returncode, "stop them first" in said.stdout) == (3, True), said
    assert parking(CHECKOUT, database_url, "migrate").stdout == "the schema is up to date\n"
    assert parking(removing, database_url, "migrate").returncode == 0
    for command in ("serve", "migrate"):
        said = parking(CHECKOUT, database_url, command)
        assert said.returncode == 1
        assert re.search(r"parking: .* is not served by it: start a newer version", said.stderr)
