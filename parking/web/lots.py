"""Lots and their spaces: described, replaced, read, listed, retired."""

from collections.abc import Iterator
from typing import Any

import msgspec
from aiohttp import web

from parking.domain import hours
from parking.domain.geo import Crs
from parking.domain.lots import Lot
from parking.domain.timeline import Layout
from parking.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound
from parking.live.lot import LiveLot
from parking.live.replica import Replica
from parking.store.lots import Wish
from parking.web import models
from parking.web.calls import Call, read_model
from parking.web.pages import make_cursor, read_cursor
from parking.web.params import LotsQuery
from parking.web.replies import cached, encode, reply_value
from parking.web.visible import get_lot


class Lots:
    """`/v1/lots` and what lies under a lot's description."""

    def __init__(self, replica: Replica) -> None:
        """Read from the replica's board, write through it."""
        self._replica = replica

    async def put_lot(self, call: Call) -> web.StreamResponse:
        """Create or replace a description; one equal to what holds changes nothing."""
        lot_id, who = check_id(call, "lot"), call.who
        model = await read_model(call.request, models.LotDescription)
        wanted = model.to_lot(call.query.crs)
        if not who.may_write_lot(wanted.operator):
            raise Forbidden("A lot's operator must be the key's own.")
        new = True

        def decide() -> list[Wish]:
            nonlocal new
            wishes, new = wish_lot(self._replica, lot_id, wanted, call)
            return wishes

        await self._replica.change_lots(decide, who.key_id)
        described = describe(lot_id, wanted, call.query.crs, self._replica.clock())
        return reply_value(described, status=201 if new else 200)

    async def get_lot(self, call: Call) -> web.StreamResponse:
        """Read a description."""
        live, layout = get_lot(self._replica, call.part("lot"))
        now = self._replica.clock()
        return cached(call.request, encode(describe(live.id, layout.lot, call.query.crs, now)))

    async def delete_lot(self, call: Call) -> web.StreamResponse:
        """Retire a lot."""
        lot_id = call.part("lot")

        def decide() -> list[Wish]:
            get_lot(self._replica, lot_id)
            return [Wish(lot_id, None, self._replica.last_change(lot_id), call.name)]

        await self._replica.change_lots(decide, call.who.key_id)
        return web.Response(status=204)

    async def list_lots(self, call: Call) -> web.StreamResponse:
        """List descriptions by their ids."""
        query: LotsQuery = call.query
        after = read_cursor(query.cursor, 1)[0] if query.cursor is not None else ""
        now = self._replica.clock()
        items: list[dict[str, Any]] = []
        following = None
        for live, layout in self._matching(query):
            if live.id <= after:
                continue
            if len(items) == query.limit:
                following = make_cursor(items[-1]["id"])
                break
            items.append(describe(live.id, layout.lot, query.crs, now))
        return cached(call.request, encode({"items": items, "next": following}))

    def _matching(self, query: LotsQuery) -> Iterator[tuple[LiveLot, Layout]]:
        for live in self._replica.board.shown():
            layout = live.timeline.current
            if layout is None:
                continue
            lot = layout.lot
            if query.district is not None and lot.district != query.district:
                continue
            if query.operator is not None and lot.operator != query.operator:
                continue
            if query.class_ is not None and query.class_ not in layout.classes:
                continue
            if query.bbox is not None:
                place = models.shown(lot, query.crs).location
                if not query.bbox.contains(place.lat, place.lon):
                    continue
            yield live, layout

    async def put_spaces(self, call: Call) -> web.StreamResponse:
        """Replace the list of a zone's spaces."""
        lot_id, zone_id, who = call.part("lot"), call.part("zone"), call.who
        spaces = (await read_model(call.request, models.SpaceList)).to_spaces()

        def decide() -> list[Wish]:
            _, layout = get_lot(self._replica, lot_id)
            if not who.may_write_lot(layout.lot.operator):
                raise Forbidden("The lot is another operator's.")
            self._check_spaces(layout, zone_id, [space.id for space in spaces])
            if layout.lists.get(zone_id) == spaces:
                return []
            last = self._replica.last_change(lot_id)
            return [Wish(lot_id, (zone_id, spaces), last, call.name)]

        await self._replica.change_lots(decide, who.key_id)
        return reply_value({"lot": lot_id, "zone": zone_id, "spaces": spaces})

    @staticmethod
    def _check_spaces(layout: Layout, zone_id: str, spaces: list[str]) -> None:
        zone = layout.zones.get(zone_id)
        if zone is None:
            raise NotFound("There is no such zone.")
        if zone.counting != "spaces":
            raise Conflict(f"The zone is counted by {zone.counting}, it has no list of spaces.")
        if len(spaces) > zone.capacity:
            fault = Fault("/spaces", f"more than the zone's capacity of {zone.capacity}")
            raise InvalidInput("The body is not valid.", faults=[fault])
        for index, space in enumerate(spaces):
            if layout.zone_of.get(space, zone_id) != zone_id:
                fault = Fault(f"/spaces/{index}/id", f"listed in zone {layout.zone_of[space]}")
                raise Conflict("A space belongs to one zone of its lot.", faults=[fault])

    async def get_spaces(self, call: Call) -> web.StreamResponse:
        """Read the list of a zone's spaces."""
        live, layout = get_lot(self._replica, call.part("lot"))
        zone_id = call.part("zone")
        if zone_id not in layout.zones:
            raise NotFound("There is no such zone.")
        spaces = layout.lists.get(zone_id, ())
        return cached(call.request, encode({"lot": live.id, "zone": zone_id, "spaces": spaces}))


def wish_lot(replica: Replica, lot_id: str, wanted: Lot, call: Call) -> tuple[list[Wish], bool]:
    """Give what must change for the lot to be as wanted, and whether it is new."""
    live = replica.board.find(lot_id)
    if live is None:
        return [Wish(lot_id, wanted, 0, call.name)], True
    owner = live.timeline.last_layout.lot.operator
    if not call.who.may_write_lot(owner):
        raise Forbidden("The lot is another operator's.")
    current = live.timeline.current
    if current is not None and current.lot == wanted:
        return [], False
    return [Wish(lot_id, wanted, replica.last_change(lot_id), call.name)], current is None


def check_id(call: Call, name: str) -> str:
    """Give an id in the path that may be new; InvalidInput when it cannot be one."""
    value = call.part(name)
    if not models.is_id(value):
        fault = Fault(f"?{name}", "1-64 of A-Z a-z 0-9 . _ -")
        raise InvalidInput("The path is not valid.", faults=[fault])
    return value


def describe(lot_id: str, lot: Lot, crs: Crs, now: int) -> dict[str, Any]:
    """Give a description as it is answered: its id, named as other objects name it too."""
    described: dict[str, Any] = msgspec.to_builtins(models.shown(lot, crs))
    return {"id": lot_id, "lot": lot_id, **described, "open_now": hours.is_open(lot, now)}
