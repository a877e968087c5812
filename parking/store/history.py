"""Reading the log: what came after a place, and a lot's state at a moment."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from parking.domain.availability import fold
from parking.domain.events import Entry, Void, decode
from parking.domain.instants import micros, moment
from parking.domain.meter import Past
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.store.checkpoints import find_nearest

_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
_MOST = (1 << 63) - 1
_ROW = "lot, observed_at, seq, received_at, key, id, type, zone, body"
_HEAD = "SELECT seq, changes, retained_from FROM log_head"
_AT_PLACE = "SELECT lot, id FROM event WHERE seq = $1"
_NEWEST = f"SELECT {_ROW} FROM event WHERE seq <= $1 ORDER BY seq DESC LIMIT 1"
_TAIL = f"SELECT {_ROW} FROM event WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3"
_ORDERED = f"""
SELECT {_ROW} FROM event WHERE lot = $1 AND observed_at >= $2 AND observed_at < $3
ORDER BY observed_at, id
"""
_VOIDED = "SELECT target FROM void WHERE lot = $1"
_PAGE = f"""
SELECT {_ROW}, (
    SELECT min(v.id) FROM void v WHERE v.lot = event.lot AND v.target = event.id
) AS voided_by
FROM event
WHERE lot = $1 AND observed_at >= $2 AND observed_at < $3 AND ($4::text IS NULL OR type = $4)
  AND (observed_at, seq) < ($5, $6)
ORDER BY observed_at DESC, seq DESC LIMIT $7
"""
_ALL_VOIDED = "SELECT DISTINCT lot, target FROM void"


@dataclass(frozen=True, slots=True)
class Head:
    """The log's last place, the count of changes of descriptions and keys, and what is retained."""

    seq: int
    changes: int
    retained_from: int


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it stands in the log; `voided_by` is the id of a void that names it."""

    entry: Entry
    voided_by: str | None


def read_entry(row: asyncpg.Record) -> Entry:
    """Give a row of the log as an entry."""
    body = row["body"].encode()
    return Entry(
        row["lot"],
        micros(row["observed_at"]),
        row["id"],
        row["zone"],
        decode(body),
        body,
        row["key"],
        micros(row["received_at"]),
        row["seq"],
    )


async def get_head(connection: asyncpg.Connection) -> Head:
    """Read the head of the log."""
    row = await connection.fetchrow(_HEAD)
    return Head(row["seq"], row["changes"], micros(row["retained_from"]))


async def holds(connection: asyncpg.Connection, seq: int, changes: int, last: Entry | None) -> bool:
    """Tell whether the log is the one that was read to a place and a number of changes.

    `last`, an entry that was read, must stand at its place, as far as its month is retained.
    """
    row = None if last is None else await connection.fetchrow(_AT_PLACE, last.seq)
    head = await get_head(connection)  # after the row, which may be dropped at any time
    if head.seq < seq or head.changes < changes:
        return False
    if row is None:
        return last is None or last.at < head.retained_from
    return last is None or (row["lot"], row["id"]) == (last.lot, last.id)


async def find_last(connection: asyncpg.Connection, until: int) -> Entry | None:
    """Give the last entry up to place `until`; None when there is none, or none is retained."""
    row = await connection.fetchrow(_NEWEST, until)
    return None if row is None else read_entry(row)


async def list_tail(
    connection: asyncpg.Connection, after: int, until: int, limit: int = 20_000
) -> list[Entry]:
    """List entries with `after` < place <= `until` in their order, at most `limit` of them."""
    return [read_entry(row) for row in await connection.fetch(_TAIL, after, until, limit)]


async def in_order(
    connection: asyncpg.Connection, lot: str, start: int | None, end: int
) -> AsyncIterator[Entry]:
    """Give a lot's entries observed in [start, end) by time and identity, a few at a time.

    The connection is in a transaction.
    """
    first = _FIRST if start is None else moment(start)
    async for row in connection.cursor(_ORDERED, lot, first, moment(end), prefetch=1000):
        yield read_entry(row)


async def instants(
    connection: asyncpg.Connection, lot: str, voided: set[str], start: int | None, end: int
) -> AsyncIterator[tuple[int, list[Entry]]]:
    """Give a lot's entries that count, observed in [start, end), by their instants (us)."""
    group: list[Entry] = []
    async for entry in in_order(connection, lot, start, end):
        if entry.id in voided or isinstance(entry.event, Void):
            continue
        if group and entry.at != group[0].at:
            yield group[0].at, group
            group = []
        group.append(entry)
    if group:
        yield group[0].at, group


async def list_voided(connection: asyncpg.Connection, lot: str) -> set[str]:
    """List the ids in a lot that must not count, in the log or still to come."""
    return {row["target"] for row in await connection.fetch(_VOIDED, lot)}


async def list_all_voided(connection: asyncpg.Connection) -> dict[str, set[str]]:
    """List the ids that must not count, by lot."""
    voided: dict[str, set[str]] = {}
    for row in await connection.fetch(_ALL_VOIDED):
        voided.setdefault(row["lot"], set()).add(row["target"])
    return voided


async def read_state(connection: asyncpg.Connection, timeline: Timeline, at: int) -> LotState:
    """Give a lot's state from all its events observed until `at` (us), a few at a time.

    The connection is in a transaction that sees one snapshot, for checkpoint and log to agree.
    """
    nearest = await find_nearest(connection, timeline.id, at)
    since, past = (None, Past(LotState(), {})) if nearest is None else nearest
    voided = await list_voided(connection, timeline.id)
    async for entry in in_order(connection, timeline.id, since, at + 1):
        if entry.id not in voided and not isinstance(entry.event, Void):
            fold(past.state, entry, timeline)  # in order of time no base is late
    return past.state


async def list_ahead(connection: asyncpg.Connection, lot: str, at: int) -> list[Entry]:
    """List a lot's entries observed after `at` (us), but for voids, which have no time.

    There are some of a few minutes; hours of them where the clock is behind.
    """
    rows = await connection.fetch(_ORDERED, lot, moment(at + 1), _LAST)
    return [read_entry(row) for row in rows if row["type"] != "void"]


async def list_page(
    connection: asyncpg.Connection,
    lot: str,
    *,
    start: int | None,
    end: int | None,
    type_: str | None,
    before: tuple[int, int] | None,
    limit: int,
) -> list[Line]:
    """List a lot's entries observed in [start, end) (us), newest first.

    `before` is the (moment in us, place) of the last entry of the page before.
    """
    at, seq = (_LAST, _MOST) if before is None else (moment(before[0]), before[1])
    rows = await connection.fetch(
        _PAGE,
        lot,
        _FIRST if start is None else moment(start),
        _LAST if end is None else moment(end),
        type_,
        at,
        seq,
        limit,
    )
    return [
        Line(read_entry(row), None if row["type"] == "void" else row["voided_by"]) for row in rows
    ]
