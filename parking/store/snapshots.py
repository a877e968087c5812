"""Snapshots of the live board: what it had folded up to a place in the log, to start from."""

from collections.abc import Mapping

import asyncpg
import msgspec

from parking.domain.events import Entry
from parking.domain.states import LotState
from parking.store import states
from parking.store.database import transaction_on

_HEAD = "SELECT seq, changes FROM snapshot_head"
_FORGET = "DELETE FROM snapshot"
_FORGET_HEAD = "DELETE FROM snapshot_head"
_LOAD = "SELECT lot, state FROM snapshot"
_SAVE = """
INSERT INTO snapshot (lot, seq, state)
SELECT lot, $2, state FROM unnest($1::text[], $3::bytea[]) AS s (lot, state)
ON CONFLICT (lot) DO UPDATE SET seq = EXCLUDED.seq, state = EXCLUDED.state
WHERE snapshot.seq <= EXCLUDED.seq
"""
_SAVE_HEAD = """
INSERT INTO snapshot_head (seq, changes) VALUES ($1, $2)
ON CONFLICT (one) DO UPDATE SET seq = EXCLUDED.seq, changes = EXCLUDED.changes
WHERE snapshot_head.seq <= EXCLUDED.seq
"""


class LotSnapshot(msgspec.Struct):
    """A lot's state; `pending` are entries of the future that it does not hold yet.

    Where it was rebuilt from the log both hold the entries up to place `rebuilt_seq`, which may lie
    after the place of the snapshot.
    """

    state: LotState
    pending: list[Entry]
    rebuilt_seq: int


_decode = states.decoder(LotSnapshot).decode


async def load(
    connection: asyncpg.Connection, until: int
) -> tuple[int, int, dict[str, LotSnapshot]]:
    """Give the place in the log and the count of changes it was taken at, and it by lot.

    One from beyond the log's end `until` is of another log, and forgotten.
    """
    head = await connection.fetchrow(_HEAD)
    if head is not None and head["seq"] > until:
        await connection.execute(_FORGET)
        await connection.execute(_FORGET_HEAD)
        return 0, 0, {}
    if head is None:
        return 0, 0, {}
    rows = await connection.fetch(_LOAD)
    return head["seq"], head["changes"], {row["lot"]: _decode(row["state"]) for row in rows}


def encode(shots: Mapping[str, LotSnapshot]) -> dict[str, bytes]:
    """Freeze snapshots of states that go on changing."""
    return {lot: states.encode(shot) for lot, shot in shots.items()}


async def save(
    connection: asyncpg.Connection, seq: int, changes: int, changed: Mapping[str, bytes]
) -> None:
    """Store the lots that changed since this instance loaded or stored them last."""
    async with transaction_on(connection):
        await connection.execute(_SAVE, list(changed), seq, list(changed.values()))
        await connection.execute(_SAVE_HEAD, seq, changes)
