"""Reading the log: what came after a place, and a lot's state at a moment."""

from dataclasses import dataclass

import asyncpg

from parking.domain.availability import rebuild
from parking.domain.events import Entry, decode
from parking.domain.instants import micros, moment
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.store.checkpoints import find_nearest

_ROW = "lot, observed_at, seq, received_at, key, id, zone, body"
_HEAD = "SELECT seq, changes, retained_from FROM log_head"
_TAIL = f"SELECT {_ROW} FROM event WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3"
_STRETCH = f"SELECT {_ROW} FROM event WHERE lot = $1 AND observed_at > $2 AND observed_at <= $3"
_ALL_UNTIL = f"SELECT {_ROW} FROM event WHERE lot = $1 AND observed_at <= $2"
_VOIDED = "SELECT target FROM void WHERE lot = $1"
_ALL_VOIDED = "SELECT DISTINCT lot, target FROM void"


@dataclass(frozen=True, slots=True)
class Head:
    """The log's last place, the count of changes of descriptions and keys, and what is retained."""

    seq: int
    changes: int
    retained_from: int


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


async def list_tail(
    connection: asyncpg.Connection, after: int, until: int, limit: int = 20_000
) -> list[Entry]:
    """List entries with `after` < place <= `until` in their order, at most `limit` of them."""
    return [read_entry(row) for row in await connection.fetch(_TAIL, after, until, limit)]


async def list_stretch(
    connection: asyncpg.Connection, lot: str, after: int | None, until: int
) -> list[Entry]:
    """List a lot's entries observed in (after, until], in no order; None: from the beginning."""
    if after is None:
        rows = await connection.fetch(_ALL_UNTIL, lot, moment(until))
    else:
        rows = await connection.fetch(_STRETCH, lot, moment(after), moment(until))
    return [read_entry(row) for row in rows]


async def list_voided(connection: asyncpg.Connection, lot: str) -> set[str]:
    """List the ids in a lot that must not count, in the log or still to come."""
    return {row["target"] for row in await connection.fetch(_VOIDED, lot)}


async def list_all_voided(connection: asyncpg.Connection) -> dict[str, set[str]]:
    """List the ids that must not count, by lot."""
    voided: dict[str, set[str]] = {}
    for row in await connection.fetch(_ALL_VOIDED):
        voided.setdefault(row["lot"], set()).add(row["target"])
    return voided


async def read_state(
    connection: asyncpg.Connection, timeline: Timeline, at: int
) -> LotState:
    """Give a lot's state from all its events observed until `at` (us).

    The connection is in a transaction that sees one snapshot, for checkpoint and log to agree.
    """
    nearest = await find_nearest(connection, timeline.id, at)
    since, state = (None, LotState()) if nearest is None else nearest
    voided = await list_voided(connection, timeline.id)
    entries = await list_stretch(connection, timeline.id, since, at)
    return rebuild(state, entries, voided, timeline)
