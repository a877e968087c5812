"""The log's writer: each identity once, numbered in the order of commits."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from parking.domain.events import Entry
from parking.domain.instants import DAY, HOUR, micros, moment
from parking.errors import DatabaseAway
from parking.store import at_once, history
from parking.store.at_once import MOST
from parking.store.database import Database, open_database
from parking.store.log import LogWriter
from parking.store.partitions import make_months, month_of
from tests.e2e.wire import until
from tests.entries import NOW, entry, passage

ODD = ["\t\n\r\\N\\.", "'\"$1 %s", "夜间清点 \u2028\ufeff", "😀" * 500, "\x01\x1f\x7f\x80", "", " "]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
async def writer(database_url: str) -> AsyncIterator[LogWriter]:
    writer = LogWriter(database_url)
    yield writer
    await writer.close()


@pytest.fixture(params=["at once", "copied", "suspected"])
def suspects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether some are thought to be there already; where not, both ways that small ones go."""
    if request.param == "copied":
        monkeypatch.setattr(at_once, "MOST", 0)
    return bool(request.param == "suspected")


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


async def test_new_entries(database: Database, writer: LogWriter, suspects: bool) -> None:
    first, second = cars(5), cars(3, "f")
    committed = await writer.commit(first, suspects=suspects)
    assert (committed.before, committed.after) == (0, 5)
    assert committed.outcomes == ["accepted"] * 5
    committed = await writer.commit(second, suspects=suspects)
    assert (committed.before, committed.after) == (5, 8)
    assert [entry.seq for entry in first + second] == list(range(1, 9))
    assert await stored(database) == first + second


async def test_known_new_and_contradicting_in_one_batch(
    database: Database, writer: LogWriter, suspects: bool
) -> None:
    await writer.commit(cars(3), suspects=False)
    other = entry(passage("e1", NOW - 1, count=2))
    moved = entry(passage("e2", NOW - 40 * DAY))  # even in another month
    batch = [*cars(1, "new"), cars(1)[0], other, moved, *cars(1, "newer"), *cars(1, lot="p2")]
    committed = await writer.commit(batch, suspects=suspects)
    wanted = ["accepted", "duplicate", "conflict", "conflict", "accepted", "accepted"]
    assert committed.outcomes == wanted
    assert committed.before == 3
    entries = await stored(database)
    assert [(entry.lot, entry.id) for entry in entries[3:]] == [
        ("p1", "new0"),
        ("p1", "newer0"),
        ("p2", "e0"),
    ]
    fresh = [
        e for e, outcome in zip(batch, committed.outcomes, strict=True) if outcome == "accepted"
    ]
    assert entries[3:] == fresh
    assert entries[-1].seq == committed.after


@pytest.mark.parametrize("others", [2, MOST + 1])
async def test_what_is_there_twice_is_stored_once(
    database: Database, writer: LogWriter, suspects: bool, others: int
) -> None:
    """Whichever way it goes: at once, by COPY, or claimed from the start."""
    once, again, other = cars(1)[0], cars(1)[0], entry(passage("e0", count=2))
    filling = cars(others, "f")
    committed = await writer.commit([once, *filling, other, again], suspects=suspects)
    assert committed.outcomes == ["accepted"] * (1 + others) + ["conflict", "duplicate"]
    assert await stored(database) == [once, *filling]
    committed = await writer.commit([other, again, other], suspects=suspects)
    assert committed.outcomes == ["conflict", "duplicate", "conflict"]


async def test_only_known_ones_are_stored_no_second_time(
    database: Database, writer: LogWriter, suspects: bool
) -> None:
    await writer.commit(cars(4), suspects=False)
    for _ in range(2):
        committed = await writer.commit(cars(4), suspects=suspects)
        assert committed.outcomes == ["duplicate"] * 4
    assert len(await stored(database)) == 4
    # and it goes on after that
    assert (await writer.commit(cars(2, "f"), suspects=suspects)).outcomes == ["accepted"] * 2
    assert len(await stored(database)) == 6


async def test_an_entry_is_read_as_it_was_written(
    database: Database, writer: LogWriter, suspects: bool
) -> None:
    events = [{"lot": "._-A9", "type": "status", "status": "open", "reason": text} for text in ODD]
    moments = [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2000, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ]
    written = [
        entry({**event, "id": f"odd:{n}.{m}", "observed_at": at.isoformat()})
        for n, event in enumerate(events)
        for m, at in enumerate(moments)
    ]
    written.append(entry(passage("x" * 64, zone="z" * 64, sensor="m" * 64)))
    nameless = {"lot": "p1", "type": "void", "event": "x" * 64}
    written.append(entry({**nameless, "observed_at": "1999-01-01T00:00:00Z"}))
    assert written[-1].id.startswith("sha256:")
    for some in (written[:1], written[1:-1], written[-1:]):  # a void is never stored at once
        await writer.commit(some, suspects=suspects)
    assert await stored(database) == written


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


async def test_a_failing_commit_leaves_nothing(
    database: Database, writer: LogWriter, suspects: bool
) -> None:
    broken = entry(passage("broken"))
    broken.body = b'{"half": "\0"}'  # which no text of PostgreSQL holds
    with pytest.raises(asyncpg.PostgresError):
        await writer.commit([*cars(3), broken], suspects=suspects)
    assert await stored(database) == []
    committed = await writer.commit(cars(3), suspects=suspects)
    assert (committed.before, committed.after) == (0, 3)


async def test_a_month_that_is_gone_is_made_again(
    database: Database, writer: LogWriter, suspects: bool
) -> None:
    await writer.commit(cars(1), suspects=suspects)
    old = NOW - 100 * DAY
    await writer.commit([entry(passage("old", old))], suspects=suspects)
    async with database.transaction() as connection:
        months = await make_months(connection, {month_of(old)})
        assert month_of(old) in months
        await connection.execute("DELETE FROM event_identity WHERE observed_at < '2026-09-01'")
        await connection.execute("DROP TABLE event_2026_08")
    committed = await writer.commit(
        [entry(passage("again", old)), *cars(1, "f")], suspects=suspects
    )
    assert committed.outcomes == ["accepted"] * 2


async def test_voids_are_noted_with_or_without_their_target(
    database: Database, writer: LogWriter
) -> None:
    void = {"lot": "p1", "type": "void", "observed_at": "2026-11-01T00:00:00Z"}
    voids: Sequence[Entry] = [
        entry({**void, "id": f"v{n}", "event": target}) for n, target in enumerate(("e0", "never"))
    ]
    await writer.commit(voids, suspects=False)
    await writer.commit(cars(1), suspects=False)
    await writer.commit([entry({**void, "id": "v2", "event": "e0"})], suspects=True)
    async with database.connection() as connection:
        assert await history.list_voided(connection, "p1") == {"e0", "never"}
        lines = await history.list_page(
            connection, "p1", start=NOW - HOUR, end=None, type_=None, before=None, limit=9
        )
    assert [(line.entry.id, line.voided_by) for line in lines] == [("e0", "v0")]
