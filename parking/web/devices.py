"""The registry of devices: described, read, listed, removed by the operators of their lots."""

from typing import Annotated, Any, Self

import msgspec
from aiohttp import web
from pydantic import Field, model_validator

from parking.domain import devices
from parking.domain.access import Principal
from parking.domain.devices import MEASURING, Device
from parking.domain.timeline import Layout
from parking.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound
from parking.live.replica import Replica
from parking.store.devices import Wish
from parking.web.calls import Call, read_model
from parking.web.models import Id, Model
from parking.web.pages import make_cursor, read_cursor
from parking.web.params import PageQuery
from parking.web.replies import reply_value

Millimetres = Annotated[int, Field(ge=1, le=32_767)]


class DistanceThresholds(Model):
    """When a measured distance means a vehicle; what lies between the two changes nothing."""

    occupied_below_mm: Annotated[Millimetres, Field(description="nearer: a vehicle is there")]
    free_above_mm: Annotated[
        Millimetres, Field(description="farther: none is; at least occupied_below_mm")
    ]
    ignore_tilted: Annotated[
        bool, Field(description="whether a sensor that says it is tilted tells no distance")
    ] = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.free_above_mm < self.occupied_below_mm:
            raise ValueError("free_above_mm must not be less than occupied_below_mm")
        return self


class GenericBit(Model):
    """How the generic payload is read: bit 0 of byte 0, and byte 1 where there is one."""

    occupied_when: Annotated[
        int, Field(ge=0, le=1, description="the bit's value when a vehicle is there")
    ] = 1
    battery_full: Annotated[
        int, Field(ge=1, le=255, description="byte 1 at 100 %; greater values tell nothing")
    ] = 100


class DeviceDescription(Model):
    """A device of a LoRaWAN network: what it watches, and how its payloads are read."""

    lot: Id
    space: Annotated[Id | None, Field(description="the space it watches, or else a zone")] = None
    zone: Annotated[
        Id | None, Field(description="the zone it belongs to: it gives only signs of life")
    ] = None
    model: devices.Model
    distance: Annotated[
        DistanceThresholds | None, Field(description="for models that measure a distance")
    ] = None
    bit: Annotated[GenericBit | None, Field(description="for the generic model")] = None

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if (self.space is None) == (self.zone is None):
            raise ValueError("exactly one of space and zone is needed")
        return self

    @model_validator(mode="after")
    def _set_up(self) -> Self:
        if (self.model in MEASURING) != (self.distance is not None):
            raise ValueError("distance is needed for models that measure one, and only there")
        if self.bit is not None and self.model != "generic-bit":
            raise ValueError("bit is for the model generic-bit alone")
        return self

    def to_device(self) -> Device:
        """Give the description as kept."""
        return msgspec.convert(self.model_dump(), Device)


class DevicesQuery(PageQuery):
    """`GET /v1/devices`."""

    lot: Id | None = None


class DeviceRegistry:
    """`/v1/devices`."""

    def __init__(self, replica: Replica) -> None:
        """Read from the replica's devices, write through it."""
        self._replica = replica

    async def put(self, call: Call) -> web.StreamResponse:
        """Register or replace a device; a description equal to what holds changes nothing."""
        dev_eui = devices.read_eui(call.part("dev_eui"))
        if dev_eui is None:
            fault = Fault("?dev_eui", "16 hex digits")
            raise InvalidInput("The path is not valid.", faults=[fault])
        wanted = (await read_model(call.request, DeviceDescription)).to_device()
        new = True

        def decide() -> Wish | None:
            nonlocal new
            known = self._replica.devices.find(dev_eui)
            new = known is None
            if known is not None:
                self._check_owner(known, call.who)
            self._check_place(wanted, call.who)
            if known == wanted:
                return None
            lots = {wanted.lot} if known is None else {wanted.lot, known.lot}
            return self._wish(dev_eui, wanted.lot, wanted, lots, call)

        await self._replica.change_device(decide, call.who.key_id)
        return reply_value(_shown(dev_eui, wanted), status=201 if new else 200)

    async def get(self, call: Call) -> web.StreamResponse:
        """Read a device."""
        return reply_value(_shown(*self._find(call)))

    async def delete(self, call: Call) -> web.StreamResponse:
        """Remove a device."""

        def decide() -> Wish:
            dev_eui, known = self._find(call)
            return self._wish(dev_eui, known.lot, None, {known.lot}, call)

        await self._replica.change_device(decide, call.who.key_id)
        return web.Response(status=204)

    async def list(self, call: Call) -> web.StreamResponse:
        """List devices by their EUIs; an operator sees those of its own lots."""
        query: DevicesQuery = call.query
        after = "" if query.cursor is None else read_cursor(query.cursor, 1)[0]
        items: list[dict[str, Any]] = []
        following = None
        for dev_eui, device in self._replica.devices.after(after):
            if query.lot not in (None, device.lot) or not self._is_own(device, call.who):
                continue
            if len(items) == query.limit:
                following = make_cursor(items[-1]["dev_eui"])
                break
            items.append(_shown(dev_eui, device))
        return reply_value({"items": items, "next": following})

    def _find(self, call: Call) -> tuple[str, Device]:
        dev_eui = devices.read_eui(call.part("dev_eui"))
        device = None if dev_eui is None else self._replica.devices.find(dev_eui)
        if dev_eui is None or device is None:
            raise NotFound("There is no such device.")
        self._check_owner(device, call.who)
        return dev_eui, device

    def _wish(
        self, dev_eui: str, lot: str, device: Device | None, lots: set[str], call: Call
    ) -> Wish:
        after = self._replica.devices.last_change(dev_eui)
        lots_after = {name: self._replica.last_change(name) for name in lots}
        return Wish(dev_eui, lot, device, after, lots_after, call.name)

    def _is_own(self, device: Device, who: Principal) -> bool:
        owner = self._replica.owner(device.lot)
        return owner is not None and who.may_write_lot(owner)

    def _check_owner(self, device: Device, who: Principal) -> None:
        if not self._is_own(device, who):
            raise Forbidden("The device is another operator's.")

    def _check_place(self, wanted: Device, who: Principal) -> None:
        """Refuse a place that is not there, or not for this one to fill."""
        live = self._replica.board.find(wanted.lot)
        layout = None if live is None else live.timeline.current
        if layout is None:
            raise _misplaced("/lot", "there is no such lot")
        if not who.may_write_lot(layout.lot.operator):
            raise Forbidden("The lot is another operator's.")
        _check_space_or_zone(wanted, layout)


def _check_space_or_zone(wanted: Device, layout: Layout) -> None:
    if wanted.space is not None and wanted.space not in layout.zone_of:
        raise _misplaced("/space", "no zone of the lot lists that space")
    if wanted.zone is not None and wanted.zone not in layout.zones:
        raise _misplaced("/zone", "the lot has no such zone")


def _misplaced(pointer: str, detail: str) -> Conflict:
    return Conflict("A device watches what is there.", faults=[Fault(pointer, detail)])


def _shown(dev_eui: str, device: Device) -> dict[str, Any]:
    """Give a device as it is answered, each member there."""
    return {
        "dev_eui": dev_eui,
        "lot": device.lot,
        "space": device.space,
        "zone": device.zone,
        "model": device.model,
        "distance": device.distance,
        "bit": device.bit,
    }
