"""Checkpoints: states of lots at whole hours, so that no moment is read from the whole log.

A checkpoint of `at` holds all events observed until `at`; it is made LAG behind the clock, and an
event that comes later than that deletes, in its own transaction, the checkpoints it belongs into.
"""

from collections.abc import Mapping

import asyncpg
import msgspec

from parking.domain.instants import MINUTE, micros, moment
from parking.domain.states import LotState

LAG = 15 * MINUTE
"""How long after a moment a checkpoint of it may be made, us."""

_TAKE_BACK = """
WITH touched AS (SELECT * FROM unnest($1::text[], $2::timestamptz[]) AS t (lot, at)),
     gone AS (DELETE FROM checkpoint c USING touched t WHERE c.lot = t.lot AND c.at >= t.at)
UPDATE lot_progress p SET through = t.at FROM touched t WHERE p.lot = t.lot AND p.through >= t.at
"""
_NEAREST = "SELECT at, state FROM checkpoint WHERE lot = $1 AND at <= $2 ORDER BY at DESC LIMIT 1"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LotState).decode


def encode_state(state: LotState) -> bytes:
    """Give a state as it is stored."""
    return _encode(state)


def decode_state(stored: bytes) -> LotState:
    """Read a stored state."""
    return _decode(stored)


async def take_back(connection: asyncpg.Connection, touched: Mapping[str, int]) -> None:
    """Delete the checkpoints of each lot from the given moment (us) on."""
    lots, moments = list(touched), [moment(us) for us in touched.values()]
    await connection.execute(_TAKE_BACK, lots, moments)


async def find_nearest(
    connection: asyncpg.Connection, lot: str, at: int
) -> tuple[int, LotState] | None:
    """Give the latest checkpoint of the lot at or before `at` (us), with its own moment."""
    row = await connection.fetchrow(_NEAREST, lot, moment(at))
    return None if row is None else (micros(row["at"]), decode_state(row["state"]))
