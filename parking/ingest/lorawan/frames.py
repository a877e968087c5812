"""What a network server tells of a device, whichever server it is.

A frame's `id` is the same each time the same frame is told, and never that of another one: it is
made of what the network server numbers messages with, not of the frame counter alone, which begins
anew when a device resets.
"""

from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from parking.domain import devices
from parking.domain.instants import parse, rfc3339
from parking.ingest.decoded import NotDecodable

Port = Annotated[int, Meta(ge=0, le=255)]
"""A frame's port; 0 stands for none too, as both servers leave it out then."""
Counter = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
MOST_PAYLOAD = 255
"""Bytes that a frame of LoRaWAN can hold, and more."""
_LEAST_RSSI, _MOST_RSSI = -300, 100


@dataclass(frozen=True, slots=True)
class Frame:
    """An uplink. `at` is RFC 3339 in UTC; `rssi_dbm` that of the gateway that heard it best."""

    dev_eui: str
    id: str
    at: str
    port: int
    payload: bytes
    rssi_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The network server's own word on a device; `battery_pct` None when it does not know."""

    dev_eui: str
    id: str
    at: str
    battery_pct: float | None = None


def read_eui(text: str) -> str:
    """Give the device's EUI as it is kept; NotDecodable when it is none."""
    found = devices.read_eui(text)
    if found is None:
        raise NotDecodable("the device's EUI is not 16 hex digits")
    return found


def read_time(text: str) -> str:
    """Give a time in UTC, to the microsecond; NotDecodable without date, time and offset."""
    try:
        return rfc3339(parse(text))
    except (ValueError, OverflowError):
        raise NotDecodable("the time is not RFC 3339 with an offset") from None


def read_payload(text: str) -> bytes:
    """Give the bytes of a payload in base64; NotDecodable when it is none, or too long."""
    try:
        payload = b64decode(text, validate=True)
    except ValueError:
        raise NotDecodable("the payload is not base64") from None
    if len(payload) > MOST_PAYLOAD:
        raise NotDecodable(f"the payload is longer than {MOST_PAYLOAD} bytes")
    return payload


def best_rssi(heard: list[float | None]) -> float | None:
    """Give the signal (dBm) of the gateway that heard it best, whatever their order."""
    known = [rssi for rssi in heard if rssi is not None and _LEAST_RSSI <= rssi <= _MOST_RSSI]
    return max(known, default=None)


def made_id(source: str, dev_eui: str, *facts: Any) -> str:
    """Give the id of a frame that is told by these facts."""
    digest = sha256(msgspec.json.encode(facts)).hexdigest()
    return f"{source}:{dev_eui}:{digest[:32]}"
