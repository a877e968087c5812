"""Events of a frame: what a message of the network server says of the device's space or zone.

A function of this one message and the device's description, never of what came before. That holds
for hysteresis too: a distance between the thresholds gives no `space` event, only a heartbeat, and
the fold keeps what the latest `space` event said. So the space changes when a threshold is passed
and not in between, exactly as if the sensor remembered, and in whatever order the frames arrive.
"""

from collections.abc import Callable, Mapping
from typing import Any

from parking.domain.devices import Device, Model
from parking.ingest.decoded import Decoded, Unread
from parking.ingest.lorawan import bosch, generic, milesight
from parking.ingest.lorawan.frames import Frame, Health
from parking.ingest.lorawan.readings import Reading

Read = Callable[[int, bytes, Device], Reading]
MODELS: Mapping[Model, Read] = {
    "bosch-tps110": bosch.read,
    "generic-bit": generic.read,
    "milesight-em310-udl": milesight.read_em310,
    "milesight-em400-mud": milesight.read_em400,
    "milesight-em400-tld": milesight.read_em400,
    "milesight-em400-udl": milesight.read_em400,
}
Event = dict[str, Any]


def translate(message: Frame | Health, device: Device) -> Decoded:
    """Give the events of a message; NotDecodable when the model sends no such payload.

    A frame with nothing in it, of port 0 or none, is a sign of life.
    """
    if isinstance(message, Health):
        reading = Reading(battery_pct=message.battery_pct)
        return Decoded([_heartbeat(message, device, reading, None)])
    if message.port == 0 and not message.payload:
        return Decoded([_heartbeat(message, device, Reading(), message.rssi_dbm)])
    reading = MODELS[device.model](message.port, message.payload, device)
    events: list[Event] = []
    if device.space is not None and reading.occupied is not None:
        events.append(_space(message, device, occupied=reading.occupied))
    vital = (reading.battery_pct, reading.temperature_c, message.rssi_dbm)
    if not events or any(value is not None for value in vital):
        events.append(_heartbeat(message, device, reading, message.rssi_dbm))
    return Decoded(events, [] if reading.unread is None else [Unread("payload", reading.unread)])


def _space(message: Frame, device: Device, *, occupied: bool) -> Event:
    return {
        "id": f"{message.id}:s",
        "type": "space",
        "lot": device.lot,
        "space": device.space,
        "occupied": occupied,
        "observed_at": message.at,
        "sensor": message.dev_eui,
    }


def _heartbeat(
    message: Frame | Health, device: Device, reading: Reading, rssi_dbm: float | None
) -> Event:
    told = {
        "space": device.space,
        "zone": device.zone,
        "battery_pct": reading.battery_pct,
        "rssi_dbm": rssi_dbm,
        "temperature_c": reading.temperature_c,
    }
    return {
        "id": f"{message.id}:h",
        "type": "heartbeat",
        "lot": device.lot,
        "observed_at": message.at,
        "sensor": message.dev_eui,
        **{name: value for name, value in told.items() if value is not None},
    }
