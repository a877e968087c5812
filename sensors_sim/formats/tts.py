"""The Things Stack v3: uplinks as its webhooks post them."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from sensors_sim.formats.format import FormatSpec, Request
from sensors_sim.formats.lorawan import AsLorawan, Uplink
from sensors_sim.moments import rfc3339

if TYPE_CHECKING:
    from sensors_sim.formats.format import AddOption


def request(uplink: Uplink) -> Request:
    """Return what is posted of an uplink; members that are 0, false or empty are left out."""
    at = rfc3339(uplink.at_us)
    heard = {"gateway_ids": {"gateway_id": "roof-1"}, "time": at, "rssi": uplink.rssi_dbm}
    told: dict[str, Any] = {
        "session_key_id": b64encode(uplink.facts[:16]).decode(),
        "f_port": uplink.port,
        "f_cnt": int.from_bytes(uplink.facts[20:22], "big"),
        "frm_payload": uplink.data,
        "rx_metadata": [heard],
        "settings": {"frequency": "867100000"},
        "received_at": at,
    }
    message = {
        "end_device_ids": {
            "device_id": f"eui-{uplink.dev_eui}",
            "application_ids": {"application_id": "spaces"},
            "dev_eui": uplink.dev_eui.upper(),
            "dev_addr": uplink.facts[16:20].hex().upper(),
        },
        "correlation_ids": [f"as:up:{uplink.facts[:13].hex().upper()}"],
        "received_at": at,
        "uplink_message": {name: value for name, value in told.items() if value},
    }
    return Request("POST", "/v1/lorawan/tts", msgspec.json.encode(message), uplink.tells)


def _add_options(_add: AddOption) -> None:
    """Nothing is to be chosen."""


SPEC = FormatSpec(
    "spaces by a webhook of The Things Stack, all else as events",
    _add_options,
    lambda _: AsLorawan(request),
)
