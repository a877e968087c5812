"""The log's head, where several want it: one after the other, and each by what it is then."""

import asyncio

import asyncpg
import pytest

from parking.domain.events import Entry
from parking.domain.instants import HOUR, moment
from parking.errors import DatabaseAway
from parking.store import history
from parking.store.at_once import MOST
from parking.store.database import Database
from parking.store.log import LogWriter
from tests.e2e.wire import until
from tests.entries import NOW
from tests.store.logged import cars, stored


async def test_two_writers_with_the_same_entries_at_once(
    database: Database, database_url: str, writer: LogWriter
) -> None:
    other = LogWriter(database_url)
    try:
        for turn in range(30):
            mine, others = cars(20, f"{turn}."), cars(20, f"{turn}.")
            others.reverse()
            one, two = await asyncio.gather(
                writer.commit(mine, suspects=turn % 2 == 0),
                other.commit(others, suspects=turn % 3 == 0),
            )
            outcomes = sorted([*zip(one.outcomes, reversed(two.outcomes), strict=True)])
            assert outcomes in (
                [("accepted", "duplicate")] * 20,
                [("duplicate", "accepted")] * 20,
            )
    finally:
        await other.close()
    assert len(await stored(database)) == 30 * 20


async def test_a_reader_misses_nothing_of_two_writers(
    database: Database, database_url: str, writer: LogWriter
) -> None:
    """Read to the head again and again, as instances do, while two writers commit."""
    other = LogWriter(database_url)
    seen: list[Entry] = []

    async def write(writer: LogWriter, name: str) -> None:
        for turn in range(60):
            await writer.commit(cars(turn % 7 + 1, f"{name}{turn}."), suspects=turn % 5 == 0)

    async def read(position: int) -> int:
        async with database.connection() as connection:
            head = await history.get_head(connection)
            seen.extend(await history.list_tail(connection, position, head.seq))
        return head.seq

    writing = asyncio.gather(write(writer, "a"), write(other, "b"))
    position = 0
    try:
        while not writing.done():
            position = await read(position)
        await writing
        await read(position)
    finally:
        await other.close()
    assert seen == await stored(database)
    assert len(seen) == 2 * sum(turn % 7 + 1 for turn in range(60))


async def test_who_commits_later_has_the_greater_numbers(
    database: Database, database_url: str, writer: LogWriter
) -> None:
    """A slow transaction that has its number already keeps all others from being seen before."""
    await writer.commit(cars(1), suspects=False)
    slow = await asyncpg.connect(database_url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        seq = await slow.fetchval("UPDATE log_head SET seq = seq + 1 RETURNING seq")
        committing = asyncio.create_task(writer.commit(cars(1, "quick"), suspects=False))
        async with database.connection() as connection:
            await until_blocked(connection)
            assert (await history.get_head(connection)).seq == 1
        assert not committing.done()
        await slow.execute(
            "INSERT INTO event SELECT lot, observed_at, $1, received_at, key, 'slow', type, zone,"
            " body FROM event WHERE seq = 1",
            seq,
        )
        await transaction.commit()
        assert (await committing).after == seq + 1
    finally:
        await slow.close()
    async with database.connection() as connection:
        tail = await history.list_tail(connection, 1, seq + 1)
    assert [(entry.seq, entry.id) for entry in tail] == [(seq, "slow"), (seq + 1, "quick0")]


async def test_what_is_worked_up_while_a_batch_waits_is_taken_back(
    database: Database, database_url: str, writer: LogWriter, suspects: bool
) -> None:
    """The head is judged as it is when its lock is got, not as it was when it was asked for."""
    await writer.commit(cars(1), suspects=suspects)
    walker = await asyncpg.connect(database_url)
    try:
        transaction = walker.transaction()
        await transaction.start()
        await walker.execute("UPDATE log_head SET worked_to = $1", moment(NOW + HOUR))
        await walker.execute(
            "INSERT INTO checkpoint (lot, at, state) VALUES ('p1', $1, '')", moment(NOW + HOUR)
        )
        committing = asyncio.create_task(writer.commit(cars(2, "late"), suspects=suspects))
        async with database.connection() as connection:
            await until_blocked(connection)
        await transaction.commit()
        committed = await committing
    finally:
        await walker.close()
    assert (committed.outcomes, committed.before, committed.after) == (["accepted"] * 2, 1, 3)
    assert len(await stored(database)) == 3
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM checkpoint") == 0


@pytest.mark.parametrize("number", [2, MOST + 1])
async def test_what_is_dropped_while_a_batch_waits_is_not_stored(
    database: Database, database_url: str, writer: LogWriter, suspects: bool, number: int
) -> None:
    await writer.commit(cars(1), suspects=suspects)
    keeper = await asyncpg.connect(database_url)
    try:
        async with keeper.transaction():
            await keeper.execute("UPDATE log_head SET retained_from = $1", moment(NOW + HOUR))
            committing = asyncio.create_task(writer.commit(cars(number, "old"), suspects=suspects))
            async with database.connection() as connection:
                await until_blocked(connection)
    finally:
        await keeper.close()
    with pytest.raises(DatabaseAway):
        await committing
    assert len(await stored(database)) == 1


async def test_a_lost_connection_costs_one_commit(
    database: Database, database_url: str, writer: LogWriter, suspects: bool
) -> None:
    await writer.commit(cars(1), suspects=suspects)
    blocker = await asyncpg.connect(database_url)
    async with blocker.transaction():
        await blocker.execute("SELECT 1 FROM log_head FOR UPDATE")
        committing = asyncio.create_task(writer.commit(cars(1, "f"), suspects=suspects))
        async with database.connection() as connection:
            await until_blocked(connection)
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE NOT granted"
            )
        with pytest.raises(DatabaseAway) as caught:
            await committing
        assert int(caught.value.headers["Retry-After"]) > 0
    await blocker.close()
    committed = await writer.commit(cars(1, "f"), suspects=suspects)
    assert committed.outcomes == ["accepted"]
    assert len(await stored(database)) == 2


async def until_blocked(connection: asyncpg.Connection) -> None:
    """Wait until some transaction of the server waits for another."""
    await until(lambda: connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))
