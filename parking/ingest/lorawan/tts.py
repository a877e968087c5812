"""The Things Stack v3: what its webhooks post as JSON; the member that is there tells the kind.

Members that are 0, false or empty are left out. A frame is told once, when the Network Server has
put together what the gateways heard, and has then one session, one frame counter and one
`received_at`; a retry repeats them. All three make its id: a device that joins again counts from 0
in a new session, and one activated by personalisation from 0 in the same session, but later.

`uplink_message.received_at` is the Network Server's clock and is what an event's time is taken
from: gateways' own times (`rx_metadata`, `settings`) are as good as each gateway's clock.
"""

from typing import Any

import msgspec
from msgspec import Struct

from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan.frames import (
    Counter,
    Frame,
    Port,
    best_rssi,
    made_id,
    read_eui,
    read_payload,
    read_time,
)

KINDS = (
    "uplink_message", "uplink_normalized", "join_accept", "downlink_ack", "downlink_nack",
    "downlink_sent", "downlink_failed", "downlink_queued", "downlink_queue_invalidated",
    "location_solved", "service_data",
)  # fmt: skip
"""The kinds of messages that The Things Stack posts, each the name of a member."""


class _Device(Struct):
    dev_eui: str
    dev_addr: str = ""


class _Heard(Struct):
    rssi: int | float | None = None


class _Uplink(Struct):
    session_key_id: str = ""
    f_port: Port = 0
    f_cnt: Counter = 0
    frm_payload: str = ""
    app_s_key: dict[str, Any] | None = None
    received_at: str = ""
    rx_metadata: list[_Heard] = []


class _Message(Struct):
    end_device_ids: _Device
    uplink_message: _Uplink
    received_at: str = ""


_decode = msgspec.json.Decoder(_Message).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def find_kind(body: bytes) -> str | None:
    """Give the kind of a message; None when it is none of The Things Stack's."""
    try:
        found = _members(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return next((name for name in KINDS if name in found), None)


def read(body: bytes) -> Frame | None:
    """Read a message; None for a kind that says nothing of spaces.

    NotDecodable when it is not what The Things Stack posts. The one uplink can be posted as
    `uplink_message` and as `uplink_normalized`; only the former is read.
    """
    kind = find_kind(body)
    if kind is None:
        raise NotDecodable("not what The Things Stack posts: no member tells its kind")
    if kind != "uplink_message":
        return None
    try:
        return _frame(_decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotDecodable(f"not an uplink of The Things Stack: {error}") from None


def _frame(message: _Message) -> Frame:
    device, uplink = message.end_device_ids, message.uplink_message
    if uplink.app_s_key:  # told where the payload is left as it came: any bytes look like a reading
        raise NotDecodable("the payload is encrypted: payload crypto is skipped for the device")
    dev_eui = read_eui(device.dev_eui)
    at = read_time(uplink.received_at or message.received_at)
    return Frame(
        dev_eui,
        made_id("tts", dev_eui, uplink.session_key_id, device.dev_addr, uplink.f_cnt, at),
        at,
        uplink.f_port,
        read_payload(uplink.frm_payload),
        best_rssi([heard.rssi for heard in uplink.rx_metadata]),
    )
