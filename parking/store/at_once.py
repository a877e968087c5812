"""A small batch as one statement: one round trip to the database instead of five.

It takes what is plainly new. Where something is to be taken back, or an identity is there already,
nothing is stored and the caller goes the long way. As there, the head's row is locked before
anything is written and until all of it is committed.
"""

from collections.abc import Sequence

import asyncpg

from parking.domain.events import Entry, Void, digest
from parking.domain.instants import moment

MOST = 400
"""From about so many entries on, COPY is the faster way."""

_COMMIT = """
WITH head AS (
    UPDATE log_head SET seq = seq + $1 WHERE worked_to <= $2 AND retained_from <= $2 RETURNING seq
), identities AS (
    INSERT INTO event_identity (lot, digest, body, observed_at)
    SELECT lot, encode(own, 'hex')::uuid, encode(body, 'hex')::uuid, observed_at
    FROM head, unnest($3::text[], $4::bytea[], $5::bytea[], $6::timestamptz[])
        AS new (lot, own, body, observed_at)
), events AS (
    INSERT INTO event (lot, observed_at, seq, received_at, key, id, type, zone, body)
    SELECT lot, observed_at, head.seq - $1 + place, received_at, key, id, type, zone, body
    FROM head, unnest(
        $3::text[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::text[]
    ) WITH ORDINALITY
        AS new (lot, observed_at, received_at, key, id, type, zone, body, place)
)
SELECT seq FROM head
"""


def fits(entries: Sequence[Entry]) -> bool:
    """Tell whether a batch may go this way."""
    return len(entries) <= MOST and Void not in {type(entry.event) for entry in entries}


async def commit(connection: asyncpg.Connection, entries: Sequence[Entry]) -> int | None:
    """Store entries, number them, and give the log's place after them.

    None: some come before what is worked up, or is retained. UniqueViolationError: some identity is
    in the log. Nothing is stored then.
    """
    observed = [entry.event.observed_at for entry in entries]
    after: int | None = await connection.fetchval(
        _COMMIT,
        len(entries),
        min(observed),
        [entry.lot for entry in entries],
        [digest(entry.id.encode()) for entry in entries],
        [digest(entry.body) for entry in entries],
        observed,
        [moment(entry.received_at) for entry in entries],
        [entry.key for entry in entries],
        [entry.id for entry in entries],
        [entry.type for entry in entries],
        [entry.zone for entry in entries],
        [entry.body.decode() for entry in entries],
    )
    if after is not None:
        for seq, entry in enumerate(entries, after - len(entries) + 1):
            entry.seq = seq
    return after
