"""Spaces watched by LoRaWAN devices: what each sends, whichever network server tells of it.

A device is a pure function of its space, and an uplink of its event: the same event sent twice is
the same frame told twice. Only `space` events and heartbeats of spaces are told by radio; gates,
counts and signs have their own systems and are sent as events.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sensors_sim.client import RefusedError, problem
from sensors_sim.formats.format import Request, deliver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sensors_sim.client import Service
    from sensors_sim.lots import LotPlan
    from sensors_sim.wire import Event

MODELS = ("bosch-tps110", "milesight-em310-udl", "milesight-em400-mud")
_CEILING_MM, _ROOF_MM = 2_600, 900
_THRESHOLDS = {"occupied_below_mm": 1_400, "free_above_mm": 2_000}
_PORT_STATUS, _PORT_TEMPERATURE, _PORT_MILESIGHT = 1, 7, 85


@dataclass(frozen=True, slots=True)
class Uplink:
    """A frame as it left its device; `facts` are 32 bytes that differ for every other frame.

    `tells`: how many events a service makes of it.
    """

    dev_eui: str
    at_us: int
    port: int
    payload: bytes
    rssi_dbm: float
    facts: bytes
    tells: int

    @property
    def data(self) -> str:
        """Return the payload as both network servers write it."""
        return b64encode(self.payload).decode()


def dev_eui(lot: str, space: str) -> str:
    """Return the EUI of a space's device, of those that no maker gives out."""
    return "02" + sha256(f"{lot}/{space}".encode()).hexdigest()[:14]


def model(lot: str, space: str) -> str:
    """Return the model of a space's device."""
    return MODELS[zlib.crc32(f"{lot}/{space}".encode()) % len(MODELS)]


def description(lot: str, space: str) -> dict[str, Any]:
    """Return a space's device as its operator would register it."""
    made: dict[str, Any] = {"lot": lot, "space": space, "model": model(lot, space)}
    return made if made["model"] == "bosch-tps110" else {**made, "distance": _THRESHOLDS}


def uplink(event: Event) -> Uplink | None:
    """Return the frame that tells of an event; None when no device of a space would."""
    space = event.body.get("space")
    if event.type not in {"space", "heartbeat"} or space is None:
        return None
    of = model(event.lot, space)
    if event.type == "space":
        port, payload = _seen(of, bool(event.body["occupied"]))
    else:
        port, payload = _alive(of, event.body)
    facts = sha256(f"{event.lot}/{event.id}".encode()).digest()
    rssi = event.body.get("rssi_dbm", -60 - zlib.crc32(space.encode()) % 50)
    tells = 2 if event.type == "space" else 1
    eui = dev_eui(event.lot, space)
    return Uplink(eui, event.at_us, port, payload, rssi, facts, tells)


def _seen(of: str, occupied: bool) -> tuple[int, bytes]:
    if of == "bosch-tps110":
        return _PORT_STATUS, bytes([occupied])
    channel = 3 if of == "milesight-em310-udl" else 4
    distance = _ROOF_MM if occupied else _CEILING_MM
    return _PORT_MILESIGHT, bytes([channel, 0x82, *distance.to_bytes(2, "little")])


def _alive(of: str, body: Any) -> tuple[int, bytes]:
    if of == "bosch-tps110":
        celsius = round(body.get("temperature_c", 15))
        return _PORT_TEMPERATURE, celsius.to_bytes(1, "little", signed=True)
    payload = bytes([0x01, 0x75, round(body.get("battery_pct", 100))])
    if of == "milesight-em400-mud":
        tenths = round(10 * body.get("temperature_c", 15))
        payload += bytes([0x03, 0x67, *tenths.to_bytes(2, "little", signed=True)])
    return _PORT_MILESIGHT, payload


class AsLorawan:
    """Sends what spaces say as a network server does, and all else as events."""

    def __init__(self, request: Callable[[Uplink], Request]) -> None:
        self._request = request

    async def prepare(self, service: Service, plans: Sequence[LotPlan]) -> None:
        """Register the device of each space; one that is registered so already stays."""
        for plan in plans:
            for space in (space for spaces in plan.spaces.values() for space in spaces):
                path = f"/v1/devices/{dev_eui(plan.id, space)}"
                answer = await service.put(path, description(plan.id, space))
                if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
                    raise RefusedError(f"device of {plan.id}/{space}: {problem(answer)}")

    async def send(self, service: Service, events: Iterable[Event]) -> None:
        """Send each frame by itself, and other events in batches."""
        others: list[Event] = []
        for event in events:
            frame = uplink(event)
            if frame is None:
                others.append(event)
            else:
                await deliver(service, [self._request(frame)])
            if len(others) == service.target.batch:
                await service.send(others)
                others = []
        if others:
            await service.send(others)

    async def close(self) -> None:
        """Nothing is open."""
