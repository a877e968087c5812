"""The audit: who changed lots, devices and keys, who recounted and voided, newest first.

What is done to lots, devices and keys is recorded here, in the transaction that does it. Recounts
and voids are events, which the log has with their keys; they are read from there and never written
twice.
"""

from dataclasses import dataclass
from typing import Literal

import asyncpg
import msgspec

from parking.domain.instants import micros, moment

Action = Literal[
    "lot_described",
    "spaces_listed",
    "lot_retired",
    "key_created",
    "key_revoked",
    "device_registered",
    "device_removed",
    "recount",
    "void",
]
COMMAND_LINE = "command-line"
"""Stands for the key of who may reach the database, and so needs none."""

_RECORD = """
INSERT INTO audit (change, at, key, action, lot, zone, target, request)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# Each part has its own index; a place in the whole is (at, source, number).
_PAGE = """
(SELECT at, 0 AS source, change AS number, key, action, lot, zone, target, request,
        NULL::text AS event, NULL::text AS body
 FROM audit
 WHERE at >= $1 AND at < $2 AND at <= $3 AND (at, 0, change) < ($3, $4::int, $5::bigint)
   AND ($6::text IS NULL OR lot = $6) AND ($7::text IS NULL OR key = $7)
   AND ($8::text IS NULL OR action = $8)
 ORDER BY at DESC, change DESC LIMIT $9)
UNION ALL
(SELECT received_at, 1, seq, key, type, lot, zone, NULL, NULL, id, body
 FROM event
 WHERE type IN ('recount', 'void')
   AND received_at >= $1 AND received_at < $2
   AND received_at <= $3 AND (received_at, 1, seq) < ($3, $4::int, $5::bigint)
   AND ($6::text IS NULL OR lot = $6) AND ($7::text IS NULL OR key = $7)
   AND ($8::text IS NULL OR type = $8)
 ORDER BY received_at DESC, seq DESC LIMIT $9)
ORDER BY at DESC, source DESC, number DESC LIMIT $9
"""
_FORGET = "SELECT forget_acts($1)"
_FIRST, _LAST = 0, 253_402_300_799_000_000  # 1970 and 9999, us
Place = tuple[int, int, int]
"""When (us), 0 for the table or 1 for the log, and the number there."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done. `target`: the key or device, or the event that was voided.

    `event` is the id of a recount or void, which have no `request`.
    """

    place: Place
    key: str
    action: Action
    lot: str | None
    zone: str | None
    target: str | None
    event: str | None
    request: str | None


async def record(
    connection: asyncpg.Connection,
    change: int,
    at: int,
    *,
    key: str,
    action: Action,
    lot: str | None = None,
    zone: str | None = None,
    target: str | None = None,
    request: str | None = None,
) -> None:
    """Record change number `change` in the transaction that makes it."""
    await connection.execute(_RECORD, change, moment(at), key, action, lot, zone, target, request)


async def list_page(
    connection: asyncpg.Connection,
    *,
    start: int | None,
    end: int | None,
    lot: str | None,
    key: str | None,
    action: Action | None,
    before: Place | None,
    limit: int,
) -> list[Act]:
    """List what was done in [start, end), before a place if one is given, newest first."""
    at, source, number = before or (_LAST, 0, 0)
    rows = await connection.fetch(
        _PAGE,
        moment(_FIRST if start is None else start),
        moment(_LAST if end is None else end),
        moment(at),
        source,
        number,
        lot,
        key,
        action,
        limit,
    )
    return [_read(row) for row in rows]


def _read(row: asyncpg.Record) -> Act:
    target = row["target"]
    if row["action"] == "void":
        target = msgspec.json.decode(row["body"])["event"]
    return Act(
        (micros(row["at"]), row["source"], row["number"]),
        row["key"],
        row["action"],
        row["lot"],
        row["zone"],
        target,
        row["event"],
        row["request"],
    )


async def forget(connection: asyncpg.Connection, before: int) -> None:
    """Delete what was recorded before a moment (us) at least 30 days ago."""
    await connection.execute(_FORGET, moment(before))
