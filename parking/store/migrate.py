"""Migrations: numbered, forward-only `.sql` files, each in a transaction, under one lock."""

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
)
"""
_THERE = "SELECT to_regclass('schema_migration') IS NOT NULL"
_APPLIED = "SELECT number, name, sha256 FROM schema_migration ORDER BY number"
_RECORD = "INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)"
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
            if await connection.fetchval(_THERE) and not await _list_missing(connection):
                return []
            try:
                return await _apply(connection)
            except asyncpg.InsufficientPrivilegeError as error:
                raise SchemaMismatch(
                    "The schema is not up to date, and this role may not change it: run "
                    f"`parking migrate` with PARKING_MIGRATION_URL ({error})."
                ) from error
    finally:
        await connection.close()  # which lets go of the lock


async def _apply(connection: asyncpg.Connection) -> list[str]:
    """Apply what is missing; gives its names."""
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    await connection.execute(_TABLE)
    names = []
    for migration in await _list_missing(connection):
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(_RECORD, migration.number, migration.name, migration.sha256)
        log.info("applied migration %04d %s", migration.number, migration.name)
        names.append(migration.name)
    return names


async def _list_missing(connection: asyncpg.Connection) -> list[Migration]:
    """List what is not applied; SchemaMismatch when what is applied is not of this version."""
    applied = {row["number"]: row["sha256"] for row in await connection.fetch(_APPLIED)}
    migrations = list_migrations()
    newest = migrations[-1].number
    if applied and max(applied) > newest:
        raise SchemaMismatch(
            f"The database has migration {max(applied)}, this version knows {newest}."
        )
    for migration in migrations:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise SchemaMismatch(f"Migration {migration.number} differs from its file.")
    return [migration for migration in migrations if migration.number not in applied]
