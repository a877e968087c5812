"""Milesight's distance sensors EM310-UDL and EM400-MUD, -TLD, -UDL: channels, one after another.

Each is a byte for the channel, one for its type, and as many bytes as that type has, least
significant first. Values are told as they are or with an alarm's state behind them. The port is the
operator's choice (85 unless set otherwise) and tells nothing.

| channel and type | what | EM310 | EM400 |
|---|---|---|---|
| `01 75` | battery, % | yes | yes |
| `03 67`, `83 67` | temperature, 0.1 °C, signed | | yes |
| `03 82` | distance, mm | yes | |
| `04 82`, `84 82` | distance, mm, and the same with an alarm | | yes |
| `04 00` | position: 0 normal, 1 tilted | yes | |
| `05 00` | the same | | yes |

A distance of 0, or one that would be negative, is no measurement: no such sensor sees that near.
Of what stands behind a channel that is not known nothing can be told, not even where it ends.
"""

from collections.abc import Mapping
from typing import Literal

from parking.domain.devices import Device
from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan.readings import Reading

_What = Literal["battery", "temperature", "distance", "position"]
_Channels = Mapping[tuple[int, int], tuple[_What | None, int]]
"""What each channel and type tells, None for what is of no use here, and its length."""

# Tells of the device itself (ff), and answers to settings (fe and ff): the same for all.
_INFORMATION = {
    0x01: 1, 0x02: 2, 0x03: 2, 0x06: 9, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x10: 1, 0x13: 1,
    0x16: 8, 0x1C: 2, 0x28: 1, 0x3E: 1, 0x4A: 1, 0x56: 1, 0x70: 2, 0x71: 1, 0x77: 2, 0xFE: 1,
    0xFF: 2,
}  # fmt: skip
_ALL: dict[tuple[int, int], tuple[_What | None, int]] = {
    (channel, kind): (None, length)
    for kind, length in _INFORMATION.items()
    for channel in (0xFE, 0xFF)
}
_EM310: _Channels = _ALL | {
    (0x01, 0x75): ("battery", 1),
    (0x03, 0x82): ("distance", 2),
    (0x04, 0x00): ("position", 1),
}
_EM400: _Channels = _ALL | {
    (0x01, 0x75): ("battery", 1),
    (0x03, 0x67): ("temperature", 2),
    (0x04, 0x82): ("distance", 2),
    (0x05, 0x00): ("position", 1),
    (0x06, 0x88): (None, 9),
    (0x83, 0x67): ("temperature", 3),
    (0x84, 0x82): ("distance", 3),
}


def read_em310(_port: int, payload: bytes, device: Device) -> Reading:
    """Read a payload of an EM310-UDL; NotDecodable when it is cut off."""
    return _read(payload, device, _EM310)


def read_em400(_port: int, payload: bytes, device: Device) -> Reading:
    """Read a payload of an EM400; NotDecodable when it is cut off."""
    return _read(payload, device, _EM400)


def _read(payload: bytes, device: Device, channels: _Channels) -> Reading:
    if not payload:
        raise NotDecodable("the payload is empty")
    found: dict[_What, bytes] = {}
    unread = None
    at = 0
    while at < len(payload):
        if at + 2 > len(payload):
            raise NotDecodable(f"the payload is cut off after byte {at}")
        known = channels.get((payload[at], payload[at + 1]))
        if known is None:
            unread = f"byte {at}: channel {payload[at : at + 2].hex(' ')} is not known"
            break
        what, length = known
        end = at + 2 + length
        if end > len(payload):
            raise NotDecodable(f"the payload is cut off in the channel at byte {at}")
        if what is not None:
            found[what] = payload[at + 2 : end]
        at = end
    battery, temperature = found.get("battery"), found.get("temperature")
    return Reading(
        occupied=_occupied(found, device),
        battery_pct=battery[0] if battery is not None and battery[0] <= 100 else None,
        temperature_c=None if temperature is None else _signed(temperature) / 10,
        unread=unread,
    )


def _occupied(found: Mapping[_What, bytes], device: Device) -> bool | None:
    if device.distance is None or "distance" not in found:
        return None
    measured = _signed(found["distance"])
    if measured <= 0:
        return None
    return device.distance.occupied(measured, tilted=found.get("position", b"\0") != b"\0")


def _signed(value: bytes) -> int:
    """Give a number of two bytes, behind which an alarm's state may stand."""
    return int.from_bytes(value[:2], "little", signed=True)
