"""A small batch as one statement: one round trip to the database instead of six.

It takes what is plainly new. Where something is to be taken back, or an identity is there already,
nothing is stored and the caller goes the long way. As there, the head's row is locked before
anything is written and until all of it is committed.
"""

from collections.abc import Sequence

import asyncpg

from parking.domain.events import TYPE_NAMES, Entry, Void, digest
from parking.domain.instants import moment

MOST = 400
"""From about so many entries on, COPY is the faster way."""

_COMMIT = """
WITH head AS (
    UPDATE log_head SET seq = seq + $1 WHERE worked_to <= $2 AND retained_from <= $2 RETURNING seq
), identities AS (
    INSERT INTO event_identity (lot, digest, body, observed_at)
    SELECT lot, own::uuid, body::uuid, 'epoch'::timestamptz + observed * '1 us'::interval
    FROM head, unnest(
        string_to_array($3, E'\\x1f'), string_to_array($4, E'\\x1f'),
        string_to_array($5, E'\\x1f'), string_to_array($6, E'\\x1f')::bigint[]
    ) AS new (lot, own, body, observed)
), events AS (
    INSERT INTO event (lot, observed_at, seq, received_at, key, id, type, zone, body)
    SELECT
        lot, 'epoch'::timestamptz + observed * '1 us'::interval, head.seq - $1 + place,
        'epoch'::timestamptz + received * '1 us'::interval, key, id, type, zone, body
    FROM head, unnest(
        string_to_array($3, E'\\x1f'), string_to_array($6, E'\\x1f')::bigint[],
        string_to_array($7, E'\\x1f')::bigint[], string_to_array($8, E'\\x1f'),
        string_to_array($9, E'\\x1f'), string_to_array($10, E'\\x1f'),
        string_to_array($11, E'\\x1f', ''), string_to_array($12, E'\\x1f')
    ) WITH ORDINALITY
        AS new (lot, observed, received, key, id, type, zone, body, place)
)
SELECT seq FROM head
"""
# A column is one text, its values parted by the unit separator: no id holds one, and JSON escapes
# it. The driver looks at each value of an array for long, to learn that it is no array itself.
_column = "\x1f".join


def fits(entries: Sequence[Entry]) -> bool:
    """Tell whether a batch may go this way."""
    return len(entries) <= MOST and Void not in {type(entry.event) for entry in entries}


async def commit(connection: asyncpg.Connection, entries: Sequence[Entry]) -> int | None:
    """Store entries, number them, and give the log's place after them.

    None: some come before what is worked up, or is retained. UniqueViolationError: some identity is
    in the log. Nothing is stored then.
    """
    after: int | None = await connection.fetchval(
        _COMMIT,
        len(entries),
        moment(min([entry.at for entry in entries])),
        _column([entry.lot for entry in entries]),
        _column([digest(entry.id.encode()).hex() for entry in entries]),
        _column([digest(entry.body).hex() for entry in entries]),
        _column([str(entry.at) for entry in entries]),
        _column([str(entry.received_at) for entry in entries]),
        _column([entry.key for entry in entries]),
        _column([entry.id for entry in entries]),
        _column([TYPE_NAMES[type(entry.event)] for entry in entries]),
        _column([entry.zone or "" for entry in entries]),
        _column([entry.body.decode() for entry in entries]),
    )
    if after is not None:
        for seq, entry in enumerate(entries, after - len(entries) + 1):
            entry.seq = seq
    return after
