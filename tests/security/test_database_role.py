"""The service under a database role that owns nothing: it does all its work, and nothing else."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from parking.domain.instants import DAY, micros, moment
from parking.store.migrate import SchemaMismatch, migrate
from parking.store.partitions import list_months, month_of, month_start
from tests.conftest import PostgresServer
from tests.service import CHECKOUT, running_services
from tests.web.client import client_of, described, event, until, zone

NOW = time.time_ns() // 1000


@dataclass(frozen=True)
class Roles:
    """Addresses of one database for the schema's owner and for the role that serves."""

    owner: str
    serving: str


def by(dsn: str, role: str) -> str:
    return dsn.replace("//parking@", f"//{role}@")


@pytest.fixture
def roles(postgres_server: PostgresServer) -> Iterator[Roles]:
    """Make an empty database that belongs to a role without other rights, and a second role."""
    name = postgres_server.new_name()
    owner, serving = f"owner_of_{name}", f"serving_{name}"
    for role in (owner, serving):
        postgres_server._execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
    postgres_server._execute(f"CREATE DATABASE {name} OWNER {owner}")
    url = postgres_server.url(name)
    yield Roles(by(url, owner), by(url, serving))
    postgres_server.drop_database(name)
    for role in (owner, serving):
        postgres_server._execute(f"DROP ROLE {role}")


def parking_migrate(roles: Roles, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as an operator would."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PARKING_")}
    return subprocess.run(
        [sys.executable, "-m", "parking", "migrate"],
        env={
            **env,
            "PARKING_DATABASE_URL": roles.serving,
            "PARKING_MIGRATION_URL": roles.owner,
            **more,
        },
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def migrated(roles: Roles) -> Roles:
    done = parking_migrate(roles)
    assert done.returncode == 0, done.stderr
    assert "applied: foundations" in done.stdout
    assert "the role serving_" in done.stdout
    return roles


async def ask(dsn: str, sql: str, *values: object) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql, *values)
    finally:
        await connection.close()


async def months(dsn: str) -> set[int]:
    connection = await asyncpg.connect(dsn)
    try:
        return await list_months(connection)
    finally:
        await connection.close()


def long_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


async def test_all_work_is_done_without_rights(migrated: Roles) -> None:
    """Describe, push, backfill, void, walk, save, start again, drop a month, forget."""
    old, older = micros(datetime.now(UTC)) - 200 * DAY, micros(datetime.now(UTC)) - 400 * DAY
    with running_services(migrated.serving) as (one,):
        async with client_of(one) as client:
            await client.put_lot("p1", described(zone("b1"), zone("ev", "spaces")), 201)
            await client.put_spaces("p1", "ev", "e1")
            await client.accept(
                event("p1", zone="b1", id="in"),
                event("p1", "recount", zone="b1", occupied=3),
                event("p1", "void", event="in"),
                event("p1", "space", space="e1", occupied=True),
                {**event("p1", "recount", zone="b1", occupied=4), "observed_at": long_ago(200)},
                {**event("p1", "recount", zone="b1", occupied=5), "observed_at": long_ago(400)},
            )
            assert (await client.availability("p1"))["occupied"] == 4
            key = await client.new_key("operator", "zd-parking")
            await client.push(event("p1", zone="b1"), event("p1", zone="b9"), key=key)
            await until(lambda: ask(migrated.serving, "SELECT count(*) FROM rejection"), bool)
            assert len((await client.ask("GET", "/v1/audit")).json["items"]) == 7
            assert {month_of(old), month_of(older)} <= await months(migrated.serving)
            worked_up = lambda: ask(migrated.serving, "SELECT count(*) FROM lot_progress")  # noqa: E731
            await until(worked_up, bool, 40)
        one.terminate()
        assert "permission denied" not in one.said()
    await ask(migrated.owner, "UPDATE audit SET at = at - interval '31 days' WHERE change = 1")
    env = {"PARKING_RETENTION_DAYS": "300", "PARKING_AUDIT_DAYS": "30"}
    with running_services(migrated.serving, 1, **env) as (one,):
        async with client_of(one) as client:

            async def dropped() -> bool:
                return month_of(older) not in await months(migrated.serving)

            await until(dropped, bool, 30)
            assert month_of(old) in await months(migrated.serving)
            count = "SELECT count(*) FROM audit WHERE change = 1"
            await until(lambda: ask(migrated.serving, count), lambda found: found == 0)
            assert (await client.availability("p1"))["occupied"] == 5
        one.terminate()
        assert "permission denied" not in one.said()


DENIED = [
    "CREATE TABLE mine ()",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE INDEX ON event (lot)",
    "CREATE ROLE mine",
    "ALTER TABLE event ADD COLUMN mine int",
    "ALTER TABLE event DISABLE TRIGGER ALL",
    "ALTER FUNCTION make_month(integer) RESET search_path",
    "DROP TABLE event",
    "DROP TABLE snapshot",
    "TRUNCATE event",
    "UPDATE event SET body = body",
    "DELETE FROM event",
    "UPDATE lot_change SET key = key",
    "DELETE FROM lot_change",
    "DELETE FROM void",
    "UPDATE audit SET key = key",
    "DELETE FROM audit",
    "INSERT INTO schema_migration (number, name, sha256) VALUES (99, '', '')",
    "DELETE FROM schema_migration",
    "COPY event TO PROGRAM 'true'",
    "COPY event TO '/tmp/mine'",
    "SELECT pg_read_file('/etc/passwd')",
    "SET ROLE {owner}",
]


async def test_nothing_else_can_be_done(migrated: Roles) -> None:
    month = month_of(NOW)
    owner = migrated.owner.partition("//")[2].partition("@")[0]
    connection = await asyncpg.connect(migrated.serving)
    try:
        await connection.execute("SELECT make_month($1)", month)
        table = await connection.fetchval("SELECT month_table($1)", month)
        of_month = [f"DELETE FROM {table}", f"UPDATE {table} SET body = ''", f"DROP TABLE {table}"]
        for sql in (*DENIED, *of_month):
            with pytest.raises(asyncpg.PostgresError) as caught:
                await connection.execute(sql.replace("{owner}", owner))
            assert isinstance(caught.value, asyncpg.InsufficientPrivilegeError), (sql, caught.value)
    finally:
        await connection.close()


async def test_what_is_retained_cannot_be_dropped(migrated: Roles) -> None:
    connection = await asyncpg.connect(migrated.serving)
    try:
        month = month_of(NOW)
        await connection.execute("SELECT make_month($1)", month)
        with pytest.raises(asyncpg.RaiseError, match="is retained"):
            await connection.execute("SELECT drop_month($1)", month)
        retain = "UPDATE log_head SET retained_from = $1"
        await connection.execute(retain, moment(month_start(month + 1)))
        await connection.execute("SELECT drop_month($1)", month)
        assert month not in await list_months(connection)
    finally:
        await connection.close()


async def test_the_latest_acts_cannot_be_hidden(migrated: Roles) -> None:
    insert = "INSERT INTO audit (change, at, key, action) VALUES ($1, $2, 'k', 'key_created')"
    for number, days in enumerate((0, 29, 31)):
        connection = await asyncpg.connect(migrated.serving)
        await connection.execute(insert, number, moment(NOW - days * DAY))
        await connection.close()
    await ask(migrated.serving, "SELECT forget_acts($1)", moment(NOW + DAY))
    assert await ask(migrated.serving, "SELECT count(*) FROM audit") == 2


async def test_a_table_of_ones_own_does_not_stand_in_for_another(migrated: Roles) -> None:
    """The functions of the owner look for tables in the schema alone."""
    connection = await asyncpg.connect(migrated.serving)
    try:
        await connection.execute(
            "CREATE TEMPORARY TABLE event (mine int) PARTITION BY RANGE (mine);"
            "CREATE TEMPORARY TABLE log_head (retained_from timestamptz);"
            "INSERT INTO log_head VALUES ('infinity')"
        )
        await connection.execute("SET search_path = pg_temp, public")
        await connection.execute("SELECT public.make_month($1)", month_of(NOW))
        with pytest.raises(asyncpg.RaiseError, match="is retained"):
            await connection.execute("SELECT public.drop_month($1)", month_of(NOW))
    finally:
        await connection.close()
    assert await months(migrated.owner) == {month_of(NOW)}


async def test_rights_follow_the_schema(migrated: Roles) -> None:
    """Every new version's `parking migrate` grants anew, and takes back what is too much."""
    serving = migrated.serving.partition("//")[2].partition("@")[0]
    connection = await asyncpg.connect(migrated.owner)
    try:
        await connection.execute("CREATE TABLE later (a int)")
        await connection.execute(f"GRANT ALL ON event TO {serving}")
    finally:
        await connection.close()
    done = parking_migrate(migrated)
    assert (done.returncode, "up to date" in done.stdout) == (0, True), done
    assert await ask(migrated.serving, "SELECT count(*) FROM later") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(migrated.serving, "DELETE FROM event")


async def test_a_role_without_rights_says_what_is_needed(roles: Roles) -> None:
    with pytest.raises(SchemaMismatch, match="run `parking migrate` with PARKING_MIGRATION_URL"):
        await migrate(roles.serving)
    await migrate(roles.owner)
    with pytest.raises(SchemaMismatch, match="run `parking migrate` with PARKING_MIGRATION_URL"):
        await migrate(roles.serving)  # it may not even see what there is
    assert parking_migrate(roles).returncode == 0
    assert await migrate(roles.serving) == []


async def test_the_owner_may_serve_too(roles: Roles) -> None:
    alone = Roles(roles.owner, roles.owner)
    assert parking_migrate(alone).returncode == 0
    assert await migrate(roles.owner) == []
    await ask(roles.owner, "DELETE FROM event")


async def test_a_database_of_one_role_can_be_given_two(roles: Roles) -> None:
    assert parking_migrate(Roles(roles.owner, roles.owner)).returncode == 0
    await ask(roles.owner, "SELECT make_month($1)", month_of(NOW))
    one, other = (dsn.partition("//")[2].partition("@")[0] for dsn in (roles.owner, roles.serving))
    superuser = roles.owner.replace(f"//{one}@", "//parking@")
    await ask(superuser, f"REASSIGN OWNED BY {one} TO {other}")
    assert parking_migrate(Roles(roles.serving, roles.owner)).returncode == 0
    await ask(roles.owner, "SELECT make_month($1)", month_of(NOW) + 1)
    for sql in ("DELETE FROM event", "DROP TABLE snapshot"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(roles.owner, sql)
    assert len(await months(roles.owner)) == 2


def test_the_embedded_database_needs_no_second_role(roles: Roles, tmp_path: object) -> None:
    done = parking_migrate(roles, PARKING_DATABASE_URL="", PARKING_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "goes with PARKING_DATABASE_URL" in done.stderr


async def test_many_make_a_month_at_once(migrated: Roles) -> None:
    from parking.store.partitions import make_months

    wanted = {month_of(NOW) + ahead for ahead in range(3)}
    async with contextlib.AsyncExitStack() as stack:
        connections = [await asyncpg.connect(migrated.serving) for _ in range(4)]
        for connection in connections:
            stack.push_async_callback(connection.close)
        made = await asyncio.gather(*(make_months(one, wanted) for one in connections))
    assert made == [wanted] * 4
