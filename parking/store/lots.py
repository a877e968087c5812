"""Descriptions of lots: an append-only history of changes, numbered with the log's head locked."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from parking.domain.instants import micros, moment
from parking.domain.lots import Lot, Space
from parking.domain.timeline import Change, Described, Listed
from parking.store import audit

_CHANGES = """
SELECT lot, change, at, kind, zone, body::text AS body FROM lot_change
WHERE change > $1 ORDER BY change
"""
_NEXT = "UPDATE log_head SET changes = changes + 1 RETURNING changes"
_LATEST = """
SELECT max(change) AS change, max(at) AS at FROM lot_change WHERE lot = $1
"""
_INSERT = """
INSERT INTO lot_change (lot, change, at, kind, zone, body, key) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_encode = msgspec.json.Encoder().encode
_lot = msgspec.json.Decoder(Lot, strict=False).decode
_spaces = msgspec.json.Decoder(tuple[Space, ...]).decode


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change of a lot, with its number in the order of all changes."""

    lot: str
    number: int
    change: Change


@dataclass(frozen=True, slots=True)
class Wish:
    """A change that is asked for; its moment is found when it is stored."""

    lot: str
    what: Lot | tuple[str, tuple[Space, ...]] | None
    """A description, a zone with its list, or None to retire."""
    after: int
    """The number of the lot's last change that the wish was made in view of; 0 for none."""
    request: str | None = None
    """The request that it came by."""

    def at(self, us: int) -> Change:
        """Give the change as it holds from `us` on."""
        if isinstance(self.what, tuple):
            return Listed(us, self.what[0], self.what[1])
        return Described(us, self.what)


class Overtaken(Exception):
    """A lot was changed since the wish was made."""


async def list_changes(connection: asyncpg.Connection, after: int = 0) -> list[StoredChange]:
    """List the changes of all lots after number `after`, in their order."""
    return [_read(row) for row in await connection.fetch(_CHANGES, after)]


def _read(row: asyncpg.Record) -> StoredChange:
    at = micros(row["at"])
    change: Change
    if row["kind"] == "spaces":
        change = Listed(at, row["zone"], _spaces(row["body"]))
    elif row["kind"] == "description":
        change = Described(at, _lot(row["body"]))
    else:
        change = Described(at, None)
    return StoredChange(row["lot"], row["change"], change)


async def lock(connection: asyncpg.Connection) -> int:
    """Lock the head for this transaction and count one change; gives its number."""
    number: int = await connection.fetchval(_NEXT)
    return number


async def append(
    connection: asyncpg.Connection, wishes: Sequence[Wish], now: int, key: str
) -> list[StoredChange]:
    """Store changes, all in the caller's transaction; a lot's moments (us) strictly increase.

    Overtaken: another change of one of the lots came between; nothing may be stored.
    """
    stored = []
    for wish in wishes:
        number = await lock(connection)
        latest = await connection.fetchrow(_LATEST, wish.lot)
        if (latest["change"] or 0) != wish.after:
            raise Overtaken
        at = now if latest["at"] is None else max(now, micros(latest["at"]) + 1)
        change = wish.at(at)
        action: audit.Action
        if isinstance(change, Listed):
            kind, zone, body = "spaces", change.zone, _encode(change.spaces).decode()
            action = "spaces_listed"
        elif change.lot is None:
            kind, zone, body = "retired", None, None
            action = "lot_retired"
        else:
            kind, zone, body = "description", None, _encode(change.lot).decode()
            action = "lot_described"
        await connection.execute(_INSERT, wish.lot, number, moment(at), kind, zone, body, key)
        await audit.record(
            connection,
            number,
            now,
            key=key,
            action=action,
            lot=wish.lot,
            zone=zone,
            request=wish.request,
        )
        stored.append(StoredChange(wish.lot, number, change))
    return stored
