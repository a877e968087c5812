"""The months of the log: found or made wherever an event goes, and dropped with what they held."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from parking.domain.instants import DAY, micros
from parking.store.log import LogWriter
from parking.store.partitions import (
    list_months,
    make_months,
    month_of,
    month_start,
)
from tests.entries import NOW, entry, passage


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def first(year: int, month: int) -> int:
    return micros(datetime(year, month, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("year", "month", "following"),
    [(1970, 1, (1970, 2)), (2023, 12, (2024, 1)), (2024, 2, (2024, 3)), (9999, 11, (9999, 12))],
)
def test_months_begin_where_the_one_before_ends(
    year: int, month: int, following: tuple[int, int]
) -> None:
    number = month_of(first(year, month))
    assert month_start(number) == first(year, month)
    assert month_start(number + 1) == first(*following)
    assert month_of(first(*following) - 1) == number
    assert month_of(first(*following)) == number + 1


async def tables(connection: asyncpg.Connection) -> dict[str, str]:
    """Give for each event in which table it is."""
    rows = await connection.fetch("SELECT id, tableoid::regclass::text AS name FROM event")
    return {row["id"]: row["name"] for row in rows}


async def test_events_go_to_their_months_to_the_microsecond(
    connection: asyncpg.Connection, writer: LogWriter
) -> None:
    assert await list_months(connection) == set()
    moments = {"new-year": first(2026, 1), "sylvester": first(2026, 1) - 1, "now": NOW}
    moments |= {"old": first(1970, 1), "leap": first(2024, 3) - 1}
    entries = [entry(passage(id_, at)) for id_, at in moments.items()]
    committed = await writer.commit(entries, suspects=False)
    assert committed.outcomes == ["accepted"] * len(entries)
    assert await tables(connection) == {
        "new-year": "event_2026_01",
        "sylvester": "event_2025_12",
        "now": "event_2026_11",
        "old": "event_1970_01",
        "leap": "event_2024_02",
    }
    assert await list_months(connection) == {month_of(at) for at in moments.values()}


async def test_made_once(connection: asyncpg.Connection) -> None:
    some = {month_of(NOW), month_of(NOW) + 1}
    assert await make_months(connection, some) == some
    assert await make_months(connection, some) == some
    more = {month_of(NOW) + 1, month_of(NOW) + 2}
    assert await make_months(connection, more) == some | more
    assert await make_months(connection, set()) == some | more


async def test_made_by_many_at_once(connection: asyncpg.Connection, database_url: str) -> None:
    months = {month_of(NOW) - ago for ago in range(6)}
    others = [await asyncpg.connect(database_url) for _ in range(5)]
    try:
        made = await asyncio.gather(*(make_months(other, months) for other in others))
    finally:
        for other in others:
            await other.close()
    assert made == [months] * 5
    assert await list_months(connection) == months


async def test_many_writers_send_a_backfill_at_once(
    connection: asyncpg.Connection, database_url: str
) -> None:
    writers = [LogWriter(database_url) for _ in range(4)]
    try:
        await asyncio.gather(
            *(
                writer.commit(
                    [entry(passage(f"{n}.{m}", NOW - (n + m) * 30 * DAY)) for m in range(8)],
                    suspects=n % 2 == 0,
                )
                for n, writer in enumerate(writers)
            )
        )
    finally:
        for writer in writers:
            await writer.close()
    assert len(await tables(connection)) == 4 * 8


async def test_making_a_month_waits_for_no_reader_and_no_writer(
    connection: asyncpg.Connection, database_url: str, writer: LogWriter
) -> None:
    await writer.commit([entry(passage("a"))], suspects=False)
    other = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.fetch("SELECT * FROM event")
            await connection.execute("UPDATE event SET key = 'k'")
            async with asyncio.timeout(5):
                await make_months(other, {month_of(NOW) + 5})
    finally:
        await other.close()
    assert month_of(NOW) + 5 in await list_months(connection)
