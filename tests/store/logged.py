"""Entries to be logged, and the log as it is read."""

from parking.domain.events import Entry
from parking.domain.instants import micros
from parking.store import history
from parking.store.database import Database
from tests.entries import NOW, entry, passage


async def stored(database: Database) -> list[Entry]:
    """Read the whole log, which must have each identity once."""
    async with database.connection() as connection:
        head = await history.get_head(connection)
        entries = await history.list_tail(connection, 0, head.seq)
        claimed = await connection.fetch("SELECT lot, observed_at FROM event_identity")
    assert sorted((row["lot"], micros(row["observed_at"])) for row in claimed) == sorted(
        (entry.lot, entry.at) for entry in entries
    )
    assert all(entry.seq <= head.seq for entry in entries)
    return entries


def cars(count: int, prefix: str = "e", lot: str = "p1") -> list[Entry]:
    return [entry(passage(f"{prefix}{n}", NOW - n, lot)) for n in range(count)]
