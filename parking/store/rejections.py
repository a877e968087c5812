"""Dead letters: what was refused, the latest 10,000 of each operator.

They are no part of the truth: losing some costs nobody an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from parking.domain.instants import micros, moment

KEPT = 10_000
"""Of each operator, and of what belongs to none."""

_INSERT = """
INSERT INTO rejection (received_at, source, key, operator, lot, event, code, detail, item)
SELECT * FROM unnest(
    $1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[]
)
"""
_TRIM = """
DELETE FROM rejection
WHERE operator = $1 AND number <= (
    SELECT number FROM rejection WHERE operator = $1 ORDER BY number DESC OFFSET $2 LIMIT 1
)
"""
_PAGE = """
SELECT number, received_at, source, key, operator, lot, event, code, detail, item FROM rejection
WHERE number < $1 AND ($2::text IS NULL OR operator = $2) AND ($3::text IS NULL OR lot = $3)
ORDER BY number DESC LIMIT $4
"""
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that was refused.

    `received_at` in us; `source` the way it came by; `key` who sent it; `event` its id, where it
    has one; `item` what is kept of it; `number` its place, 0 before it is stored.
    """

    received_at: int
    source: str
    key: str | None
    operator: str | None
    lot: str | None
    event: str | None
    code: str
    detail: str
    item: str | None
    number: int = 0


async def append(connection: asyncpg.Connection, rejected: Sequence[Rejected]) -> None:
    """Store them in their order, and forget of their operators all but the latest."""
    rows = [
        (
            moment(one.received_at),
            one.source,
            one.key,
            one.operator or "",
            one.lot,
            one.event,
            one.code,
            one.detail,
            one.item,
        )
        for one in rejected
    ]
    await connection.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)))
    for operator in sorted({row[3] for row in rows}):
        await connection.execute(_TRIM, operator, KEPT)


async def list_page(
    connection: asyncpg.Connection,
    *,
    operator: str | None,
    lot: str | None,
    before: int | None,
    limit: int,
) -> list[Rejected]:
    """List what was refused, newest first, below a number if one is given; None: of any."""
    start = _LAST if before is None else before
    rows = await connection.fetch(_PAGE, start, operator, lot, limit)
    return [
        Rejected(
            micros(row["received_at"]),
            row["source"],
            row["key"],
            row["operator"] or None,
            row["lot"],
            row["event"],
            row["code"],
            row["detail"],
            row["item"],
            row["number"],
        )
        for row in rows
    ]
