"""The log's writer: each identity once, numbered in the order of commits."""

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from parking.domain.events import Entry
from parking.domain.instants import DAY, HOUR
from parking.store import history
from parking.store.at_once import MOST
from parking.store.database import Database
from parking.store.log import LogWriter
from parking.store.partitions import make_months, month_of
from tests.entries import NOW, entry, passage
from tests.store.logged import cars, stored

ODD = ["\t\n\r\\N\\.", "'\"$1 %s", "夜间清点 \u2028\ufeff", "😀" * 500, "\x01\x1f\x7f\x80", "", " "]


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
