"""Checkpoints: states of lots at whole hours, so that no moment is read from the whole log.

A checkpoint of `at` holds all events observed before `at`; it is made LAG behind the clock, and an
event that comes later than that deletes, in its own transaction, the checkpoints it belongs into.
"""

from collections.abc import Mapping

import asyncpg
import msgspec

from parking.domain.availability import settle
from parking.domain.instants import MINUTE, micros, moment
from parking.domain.meter import Past
from parking.domain.states import LotState
from parking.store import states
from parking.store.database import transaction_on

LAG = 2 * MINUTE
"""How long after a moment a checkpoint of it may be made, us."""

_TAKE_BACK = """
WITH touched AS (SELECT * FROM unnest($1::text[], $2::timestamptz[]) AS t (lot, at)),
     gone AS (DELETE FROM checkpoint c USING touched t WHERE c.lot = t.lot AND c.at > t.at),
     judged AS (UPDATE quality_progress q SET through = t.at FROM touched t
                WHERE q.lot = t.lot AND q.through > t.at)
UPDATE lot_progress p SET through = t.at FROM touched t WHERE p.lot = t.lot AND p.through > t.at
"""
_NEAREST = """
SELECT at, state, stays FROM checkpoint WHERE lot = $1 AND at <= $2 ORDER BY at DESC LIMIT 1
"""

_OVERTAKEN = """
SELECT EXISTS (
    SELECT FROM event WHERE seq > $1 AND lot = $2 AND (observed_at < $3 OR type = 'void')
)
"""
_STORE = """
INSERT INTO checkpoint (lot, at, state, stays)
SELECT $1, at, state, stays
FROM unnest($2::timestamptz[], $3::bytea[], $4::bytea[]) AS c (at, state, stays)
ON CONFLICT (lot, at) DO UPDATE SET state = EXCLUDED.state, stays = EXCLUDED.stays
"""
_PROGRESS = """
INSERT INTO lot_progress (lot, through, timezone) VALUES ($1, $2, $3)
ON CONFLICT (lot) DO UPDATE SET through = EXCLUDED.through, timezone = EXCLUDED.timezone
"""
_REACHED = "SELECT through, timezone FROM lot_progress WHERE lot = $1"
_THROUGH = "SELECT through FROM lot_progress WHERE lot = $1"
_FORGET = """
DELETE FROM checkpoint WHERE lot = $1 AND at > (SELECT retained_from FROM log_head)
"""
_WORKED = "UPDATE log_head SET worked_to = $1 WHERE worked_to < $1"
_THIN_OUT = """
DELETE FROM checkpoint c WHERE at < $1 AND EXISTS (
    SELECT FROM checkpoint n WHERE n.lot = c.lot AND n.at > c.at
    AND n.at < date_trunc('day', c.at, 'UTC') + interval '1 day'
)
"""

_decode = states.decoder(LotState).decode
_decode_stays = msgspec.msgpack.Decoder(dict[str, int]).decode


class Overtaken(Exception):
    """An event came that belongs into what was worked up meanwhile."""


class Stored(msgspec.Struct):
    """A checkpoint as it is stored: a state, and since when the stays under way last, encoded."""

    state: bytes
    stays: bytes


def encode(past: Past) -> Stored:
    """Freeze a past that goes on changing."""
    return Stored(states.encode(settle(past.state)), states.encode(past.stays))


async def take_back(connection: asyncpg.Connection, touched: Mapping[str, int]) -> None:
    """Delete the checkpoints of each lot after the given moment (us), and judge it again."""
    lots, moments = list(touched), [moment(us) for us in touched.values()]
    await connection.execute(_TAKE_BACK, lots, moments)


async def find_nearest(
    connection: asyncpg.Connection, lot: str, at: int
) -> tuple[int, Past] | None:
    """Give the latest checkpoint of the lot at or before `at` (us), with its own moment."""
    row = await connection.fetchrow(_NEAREST, lot, moment(at))
    if row is None:
        return None
    return micros(row["at"]), Past(_decode(row["state"]), _decode_stays(row["stays"]))


async def list_progress(connection: asyncpg.Connection) -> dict[str, tuple[int, str]]:
    """List up to when (us) each lot's hours are worked up, and by the calendar of which zone."""
    rows = await connection.fetch("SELECT lot, through, timezone FROM lot_progress")
    return {row["lot"]: (micros(row["through"]), row["timezone"]) for row in rows}


async def find_progress(connection: asyncpg.Connection, lot: str) -> tuple[int, str] | None:
    """Give up to when (us) a lot's hours are worked up, and by the calendar of which zone."""
    row = await connection.fetchrow(_REACHED, lot)
    return None if row is None else (micros(row["through"]), row["timezone"])


async def take_back_all(connection: asyncpg.Connection, lot: str, at: int) -> int:
    """Take a lot back to `at`, us, in a transaction; gives how far it was worked up."""
    await connection.execute("SELECT 1 FROM log_head FOR UPDATE")
    reached = await connection.fetchval(_THROUGH, lot)
    if reached is None:
        return at  # it was begun anew meanwhile
    await take_back(connection, {lot: at})
    return micros(reached)


async def forget(connection: asyncpg.Connection, lot: str) -> None:
    """Take a lot back to the oldest that is retained, in a transaction."""
    await connection.execute("SELECT 1 FROM log_head FOR UPDATE")
    await connection.execute(_FORGET, lot)
    await connection.execute("DELETE FROM lot_progress WHERE lot = $1", lot)


async def store(
    connection: asyncpg.Connection,
    lot: str,
    made: Mapping[int, Stored],
    *,
    through: int,
    timezone: str,
    seq: int,
) -> None:
    """Store checkpoints computed from the log up to place `seq`; Overtaken ends the transaction.

    The head is locked from here on, so an event either is looked for here, or finds what is stored
    here and deletes it.
    """
    await hold(connection, lot, through, seq)
    await connection.execute(
        _STORE,
        lot,
        [moment(at) for at in made],
        [stored.state for stored in made.values()],
        [stored.stays for stored in made.values()],
    )
    await connection.execute(_PROGRESS, lot, moment(through), timezone)
    await connection.execute(_WORKED, moment(through))


async def hold(connection: asyncpg.Connection, lot: str, through: int, seq: int) -> None:
    """Lock the head to store what was made of the log up to place `seq`, in a transaction.

    Overtaken when an event has come since that belongs before `through`, us, or a void.
    """
    await connection.execute("SELECT 1 FROM log_head FOR UPDATE")
    if await connection.fetchval(_OVERTAKEN, seq, lot, moment(through)):
        raise Overtaken


async def thin_out(connection: asyncpg.Connection, before: int) -> None:
    """Delete checkpoints before `before` (us) but the last of each day in UTC."""
    async with transaction_on(connection):
        await connection.execute("SELECT 1 FROM log_head FOR UPDATE")  # as all who delete them
        await connection.execute(_THIN_OUT, moment(before))
