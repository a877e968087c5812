"""ChirpStack v4: what its HTTP integration posts as JSON, with the kind in the query (`?event=up`).

Its JSON leaves out what is 0, false or empty, as Protocol Buffers do. A frame is told once, with a
`deduplicationId` made when the first gateway heard it; `time` is when that gateway did, or when
ChirpStack did where the gateway knows no time. Both are the same when a message is posted again.
"""

import re
from typing import Any

import msgspec
from msgspec import Struct

from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan.frames import (
    Counter,
    Frame,
    Health,
    Port,
    best_rssi,
    made_id,
    read_eui,
    read_payload,
    read_time,
)

KINDS = ("up", "status", "join", "ack", "txack", "log", "location", "integration")
"""The kinds of events that ChirpStack posts."""
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class _Device(Struct, rename="camel"):
    dev_eui: str


class _Heard(Struct, rename="camel"):
    rssi: int | float | None = None


class _Up(Struct, rename="camel"):
    device_info: _Device
    time: str
    deduplication_id: str = ""
    dev_addr: str = ""
    f_cnt: Counter = 0
    f_port: Port = 0
    data: str = ""
    join_server_context: dict[str, Any] | None = None
    rx_info: list[_Heard] = []


class _Status(Struct, rename="camel"):
    device_info: _Device
    time: str
    deduplication_id: str = ""
    battery_level: int | float = 0
    battery_level_unavailable: bool = False
    external_power_source: bool = False


_decode_up = msgspec.json.Decoder(_Up).decode
_decode_status = msgspec.json.Decoder(_Status).decode


def read(kind: str, body: bytes) -> Frame | Health | None:
    """Read a message; None for a kind that says nothing of spaces.

    NotDecodable when it is not what ChirpStack posts as that kind.
    """
    try:
        if kind == "up":
            return _frame(_decode_up(body))
        return _health(_decode_status(body)) if kind == "status" else None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotDecodable(f"not what ChirpStack posts as {kind}: {error}") from None


def _frame(up: _Up) -> Frame:
    if (
        up.join_server_context
    ):  # the payload's key is elsewhere: any bytes would look like a reading
        raise NotDecodable("the payload is encrypted: ChirpStack has not its key")
    dev_eui, at = read_eui(up.device_info.dev_eui), read_time(up.time)
    return Frame(
        dev_eui,
        _id(dev_eui, up.deduplication_id, up.dev_addr, up.f_cnt, at),
        at,
        up.f_port,
        read_payload(up.data),
        best_rssi([heard.rssi for heard in up.rx_info]),
    )


def _health(status: _Status) -> Health:
    dev_eui, at = read_eui(status.device_info.dev_eui), read_time(status.time)
    known = not (status.battery_level_unavailable or status.external_power_source)
    # what a battery tells begins at 1 of 254: a level of 0 is one that was left out
    level = status.battery_level if known and 0 < status.battery_level <= 100 else None
    return Health(dev_eui, _id(dev_eui, status.deduplication_id, "status", at), at, level)


def _id(dev_eui: str, deduplication: str, *facts: str | int) -> str:
    """Give the id by ChirpStack's own, which a person can look for there, or else by the facts."""
    if _UUID.fullmatch(deduplication):
        return f"cs:{dev_eui}:{deduplication.lower()}"
    return made_id("cs", dev_eui, deduplication, *facts)
