"""Migrations: numbered, forward-only `.sql` files, each in a transaction, under one lock.

The rule that must hold: code serves a schema that is newer than itself only where every migration
it does not know says so. A file that only adds begins with `-- serves: 0012`: it leaves the code
going whose newest migration is 0012, and any newer. A file without that line serves no code but its
own. What files say is kept in the database, as older code has not got the files.

A file that was released is not changed, unless it leads to the same schema as before: it then names
the digest of what it was, `-- was: SHA-256`.

They are applied under a running service. Each holds the head of the log, as every commit does, so
commits wait for it and deadlock with none: what takes long does not belong here. Whoever reads may
be in its way too; it then gives way, and tries again.
"""

import asyncio
import hashlib
import logging
import re
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from parking.errors import ParkingError
from parking.store.database import connect, translated

log = logging.getLogger("parking.store.migrate")

_LOCK = 0x7061726B  # "park"
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE schema_migration ADD COLUMN IF NOT EXISTS serves integer
"""
_THERE = "SELECT to_regclass('schema_migration') IS NOT NULL"
# By way of JSON: a database that was migrated before there was such a column has none.
_APPLIED = """
SELECT number, name, sha256, (to_jsonb(m) ->> 'serves')::integer AS serves
FROM schema_migration m ORDER BY number
"""
_RECORD = "INSERT INTO schema_migration (number, name, sha256, serves) VALUES ($1, $2, $3, $4)"
# PostgreSQL looks for deadlocks after a second: a migration has given way by then.
_GIVE_WAY = "SET LOCAL lock_timeout = '800ms'"
_HAS_HEAD = "SELECT to_regclass('log_head') IS NOT NULL"
_HOLD_HEAD = "LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE"
_ATTEMPTS = 100
_PAUSE_SECONDS = 0.3
_WAS = re.compile(r"^-- was: ([0-9a-f]{64})$", re.MULTILINE)
_SERVES = re.compile(r"-- serves: (\d{4})\n")
_OLDEST_SERVER = 140_000


class SchemaMismatch(ParkingError):
    """The database's schema is not one this version can work with."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the text, to notice a file that was changed after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def is_what(self, sha256: str) -> bool:
        """Whether a text of this digest has led to the same schema."""
        return sha256 == self.sha256 or sha256 in _WAS.findall(self.sql)

    @property
    def serves(self) -> int:
        """The oldest code that works on the schema afterwards, named by its newest migration."""
        said = _SERVES.match(self.sql)
        return self.number if said is None else int(said[1])


def list_migrations() -> list[Migration]:
    """List the migrations of this version in their order."""
    found = []
    for entry in files("parking.store").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", entry.name)
        if match:
            found.append(Migration(int(match[1]), match[2], entry.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.number)


async def migrate(dsn: str) -> list[str]:
    """Bring the schema up to date; gives the names of what was applied. Many may run it at once.

    Where nothing is to be done, a role that may not change the schema is as good as its owner.
    """
    with translated():
        connection = await connect(dsn, command_seconds=600)
    try:
        version = connection.get_server_version()
        if version.major * 10_000 < _OLDEST_SERVER:
            raise SchemaMismatch(f"PostgreSQL 14 or newer is needed, this is {version.major}.")
        with translated():
            try:
                if await connection.fetchval(_THERE) and not await _list_missing(connection):
                    return []
                return await _apply(connection)
            except asyncpg.InsufficientPrivilegeError as error:
                raise SchemaMismatch(
                    "The schema is not up to date, and this role may not change it: run "
                    f"`parking migrate` with PARKING_MIGRATION_URL ({error})."
                ) from error
    finally:
        await connection.close()  # which lets go of the lock


@dataclass(frozen=True, slots=True)
class Plan:
    """What `migrate` would apply, and on what the instances that run now rely."""

    missing: tuple[Migration, ...]
    newest_applied: int

    @property
    def serves_what_runs(self) -> bool:
        """Whether instances of the version that migrated last go on while this is applied."""
        return all(migration.serves <= self.newest_applied for migration in self.missing)


async def plan(dsn: str) -> Plan:
    """Tell what `migrate` would do, and change nothing; SchemaMismatch as there."""
    with translated():
        connection = await connect(dsn)
        try:
            if not await connection.fetchval(_THERE):
                return Plan(tuple(list_migrations()), list_migrations()[-1].number)
            missing = await _list_missing(connection)
            applied = [row["number"] for row in await connection.fetch(_APPLIED)]
            return Plan(tuple(missing), max(applied, default=0))
        finally:
            await connection.close()


async def list_newer(dsn: str) -> list[str]:
    """List the names of applied migrations that this version does not know."""
    with translated():
        connection = await connect(dsn)
        try:
            known = _numbers()
            rows = await connection.fetch(_APPLIED)
            return [row["name"] for row in rows if row["number"] not in known]
        finally:
            await connection.close()


async def _apply(connection: asyncpg.Connection) -> list[str]:
    """Apply what is missing; gives its names."""
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    await connection.execute(_TABLE)
    names = []
    for migration in await _list_missing(connection):
        for attempt in range(_ATTEMPTS, 0, -1):
            try:
                await _apply_one(connection, migration)
                break
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                if attempt == 1:
                    raise
            await asyncio.sleep(_PAUSE_SECONDS)
        log.info("applied migration %04d %s", migration.number, migration.name)
        names.append(migration.name)
    return names


async def _apply_one(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(_GIVE_WAY)
        if await connection.fetchval(_HAS_HEAD):
            await connection.execute(_HOLD_HEAD)
        await connection.execute(migration.sql)
        await connection.execute(
            _RECORD, migration.number, migration.name, migration.sha256, migration.serves
        )


async def _list_missing(connection: asyncpg.Connection) -> list[Migration]:
    """List what is not applied; SchemaMismatch when this version cannot work with what is."""
    rows = await connection.fetch(_APPLIED)
    applied = {row["number"]: row["sha256"] for row in rows}
    migrations = list_migrations()
    for migration in migrations:
        if not migration.is_what(applied.get(migration.number, migration.sha256)):
            raise SchemaMismatch(f"Migration {migration.number} differs from its file.")
    missing = [migration for migration in migrations if migration.number not in applied]
    for row in rows:
        if row["number"] not in _numbers():
            _check_served(row, migrations[-1].number, missing)
    return missing


def _numbers() -> set[int]:
    return {migration.number for migration in list_migrations()}


def _check_served(row: asyncpg.Record, newest: int, missing: list[Migration]) -> None:
    """SchemaMismatch when a migration of a newer version does not leave this one going."""
    of_newer = f"The database has migration {row['number']}, this version knows {newest}"
    if row["serves"] is None or row["serves"] > newest:
        raise SchemaMismatch(f"{of_newer} and is not served by it: start a newer version.")
    if missing:
        raise SchemaMismatch(f"{of_newer}, but {missing[0].number} is not applied.")
    log.warning("migration %04d is of a newer version, and serves this one", row["number"])
