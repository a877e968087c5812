"""The rights of the role that serves: to read and write what the service does, and no more.

The log, the history of lots and the audit only grow; whoever takes the service over can change
nothing of them. The schema belongs to another role, that of `PARKING_MIGRATION_URL`.
"""

import asyncpg

from parking.store.database import connect, translated

_GROWING = frozenset(("event", "void", "lot_change", "audit"))
_READ = frozenset(("schema_migration",))
# Months of the log are reached through the log: nobody needs a right on one of them.
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
  AND NOT relispartition AND relowner = current_user::regrole
"""
_ROLE = "SELECT current_user"
_QUOTED = "SELECT format('%I', $1::text)"
_FUNCTIONS = "make_month(integer), drop_month(integer), forget_acts(timestamptz)"


async def grant(owner_dsn: str, serving_dsn: str) -> str:
    """Give the role of `serving_dsn` what it needs to serve; gives its name.

    `owner_dsn` is of the role that owns the schema, which must be up to date.
    """
    with translated():
        serving = await connect(serving_dsn)
        try:
            role: str = await serving.fetchval(_ROLE)
        finally:
            await serving.close()
        owner = await connect(owner_dsn)
        try:
            if await owner.fetchval(_ROLE) != role:
                async with owner.transaction():
                    await _grant(owner, role)
        finally:
            await owner.close()
    return role


async def _grant(owner: asyncpg.Connection, role: str) -> None:
    to = await _quoted(owner, role)
    schema = await _quoted(owner, await owner.fetchval("SELECT current_schema()"))
    await owner.execute(f"GRANT USAGE ON SCHEMA {schema} TO {to}")
    for row in await owner.fetch(_TABLES):
        table = f"{schema}.{await _quoted(owner, row['relname'])}"
        await owner.execute(f"REVOKE ALL ON {table} FROM {to}")
        await owner.execute(f"GRANT {_rights(row['relname'])} ON {table} TO {to}")
    await owner.execute(f"GRANT EXECUTE ON FUNCTION {_FUNCTIONS} TO {to}")


def _rights(table: str) -> str:
    if table in _READ:
        return "SELECT"
    return "SELECT, INSERT" if table in _GROWING else "SELECT, INSERT, UPDATE, DELETE"


async def _quoted(connection: asyncpg.Connection, name: str) -> str:
    quoted: str = await connection.fetchval(_QUOTED, name)
    return quoted
