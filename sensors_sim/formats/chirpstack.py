"""ChirpStack v4: uplinks as its HTTP integration posts them, with the encoding JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from sensors_sim.formats.format import FormatSpec, Request
from sensors_sim.formats.lorawan import AsLorawan, Uplink
from sensors_sim.moments import rfc3339

if TYPE_CHECKING:
    from sensors_sim.formats.format import AddOption


def request(uplink: Uplink) -> Request:
    """Return what is posted of an uplink; members that are 0, false or empty are left out."""
    at = rfc3339(uplink.at_us)
    message: dict[str, Any] = {
        "deduplicationId": str(UUID(bytes=uplink.facts[:16], version=4)),
        "time": at,
        "deviceInfo": {
            "tenantName": "parking",
            "applicationName": "spaces",
            "deviceProfileName": "space sensor",
            "deviceName": uplink.dev_eui,
            "devEui": uplink.dev_eui,
            "tags": {},
        },
        "devAddr": uplink.facts[16:20].hex(),
        "dr": 3,
        "fCnt": int.from_bytes(uplink.facts[20:22], "big"),
        "fPort": uplink.port,
        "data": uplink.data,
        "rxInfo": [{"gatewayId": "0016c001f1000001", "rssi": uplink.rssi_dbm, "gwTime": at}],
        "txInfo": {"frequency": 867_100_000},
    }
    body = msgspec.json.encode({name: value for name, value in message.items() if value})
    return Request("POST", "/v1/lorawan/chirpstack?event=up", body, uplink.tells)


def _add_options(_add: AddOption) -> None:
    """Nothing is to be chosen."""


SPEC = FormatSpec(
    "spaces by ChirpStack's HTTP integration, all else as events",
    _add_options,
    lambda _: AsLorawan(request),
)
