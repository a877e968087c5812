"""The months of the log: made ahead, made on the way for a backfill, and dropped whole.

Both are functions of the database, which a role without rights to the schema may call.
"""

from datetime import UTC, datetime

import asyncpg

from parking.domain.instants import micros, moment
from parking.store.database import transaction_on

_LOCK = 0x6D6F6E74  # "mont"
_MAKE = "SELECT make_month($1)"
_DROP = "SELECT drop_month($1)"
_LIST = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'event'::regclass
"""


def month_of(us: int) -> int:
    """Give the month of an instant as a count of months since the year 0, in UTC."""
    at = moment(us)
    return at.year * 12 + at.month - 1


def month_start(month: int) -> int:
    """Give the first instant of a month, us."""
    return micros(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))


def _month_of_name(name: str) -> int:
    year, month = name.removeprefix("event_").split("_")
    return int(year) * 12 + int(month) - 1


async def list_months(connection: asyncpg.Connection) -> set[int]:
    """List the months there are partitions for."""
    return {_month_of_name(row["relname"]) for row in await connection.fetch(_LIST)}


async def make_months(connection: asyncpg.Connection, months: set[int]) -> set[int]:
    """Make what is missing of these months; gives all that there are."""
    there = await list_months(connection)
    if months <= there:
        return there
    async with transaction_on(connection):
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        there = await list_months(connection)
        for month in sorted(months - there):
            await connection.execute(_MAKE, month)
    return there | months


async def drop_partition(connection: asyncpg.Connection, month: int) -> None:
    """Drop a month's table; it must be before what is retained."""
    await connection.execute(_DROP, month)
