"""The registry of devices: one row each, changed with the log's head locked, like lots and keys."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import msgspec

from parking.domain.devices import Device
from parking.domain.instants import moment
from parking.store import audit
from parking.store.lots import Overtaken, lock

_LIST = """
SELECT dev_eui, change, body::text AS body FROM device WHERE change > $1 ORDER BY change
"""
_LAST = "SELECT change FROM device WHERE dev_eui = $1"
_LAST_OF_LOTS = """
SELECT lot, max(change) AS change FROM lot_change WHERE lot = ANY($1::text[]) GROUP BY lot
"""
_PUT = """
INSERT INTO device (dev_eui, change, at, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (dev_eui) DO UPDATE SET change = excluded.change, at = excluded.at, body = excluded.body
"""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Device).decode


@dataclass(frozen=True, slots=True)
class StoredDevice:
    """A device as it was last described, None when removed; `number` in the order of changes."""

    dev_eui: str
    number: int
    device: Device | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A change of a device that is asked for."""

    dev_eui: str
    lot: str
    """The lot of the device that is wished or, for one to be removed, of the one that is there."""
    device: Device | None
    """A description, or None to remove it."""
    after: int
    """The number of the device's last change that the wish was made in view of; 0 for none."""
    lots_after: Mapping[str, int]
    """The same of the lots that it is, was and will be in, which say whose it is."""
    request: str | None = None
    """The request that it came by."""


async def list_devices(connection: asyncpg.Connection, after: int = 0) -> list[StoredDevice]:
    """List the devices changed after change number `after`, removed ones too, in their order."""
    return [
        StoredDevice(
            row["dev_eui"],
            row["change"],
            None if row["body"] is None else _decode(row["body"]),
        )
        for row in await connection.fetch(_LIST, after)
    ]


async def change_device(connection: asyncpg.Connection, wish: Wish, now: int, key: str) -> None:
    """Store a change in the caller's transaction, at `now` (us).

    Overtaken: the device or one of its lots was changed since the wish was made; nothing may be
    stored.
    """
    number = await lock(connection)
    last = await connection.fetchval(_LAST, wish.dev_eui)
    of_lots = await connection.fetch(_LAST_OF_LOTS, list(wish.lots_after))
    if (last or 0) != wish.after or dict(of_lots) != wish.lots_after:
        raise Overtaken
    body = None if wish.device is None else _encode(wish.device).decode()
    await connection.execute(_PUT, wish.dev_eui, number, moment(now), body)
    await audit.record(
        connection,
        number,
        now,
        key=key,
        action="device_removed" if wish.device is None else "device_registered",
        lot=wish.lot,
        zone=None if wish.device is None else wish.device.zone,
        target=wish.dev_eui,
        request=wish.request,
    )
