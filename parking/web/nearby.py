"""The nearest lots that suit, for drivers."""

from aiohttp import web

from parking.domain.geo import Crs, to_wgs84
from parking.domain.timeline import Layout
from parking.live.lot import LiveLot
from parking.live.nearby import Nearby
from parking.live.replica import Replica
from parking.web import models
from parking.web.calls import Call
from parking.web.params import NearbyQuery
from parking.web.prebuilt import Validated
from parking.web.replies import cached, encode, validated

_OPEN = {True: b"true", False: b"false", None: b"null"}


class NearbyLots:
    """`/v1/nearby`."""

    def __init__(self, replica: Replica) -> None:
        """Look on the board of `replica`."""
        self._replica = replica
        self._board = replica.board
        self._nearby = Nearby(replica.board)
        self._made_for = -1
        self._described: dict[tuple[str, Crs], bytes] = {}

    async def get(self, call: Call) -> web.StreamResponse:
        """Show the nearest lots that suit."""
        return cached(call.request, self.find(call.query))

    def find(self, query: NearbyQuery) -> Validated:
        """Give the nearest lots that suit."""
        self._board.refresh(self._replica.clock())
        if self._made_for != self._board.descriptions:
            self._described.clear()
            self._made_for = self._board.descriptions
        lat, lon = to_wgs84(query.lat, query.lon, query.crs)
        items: list[bytes] = []
        for metres, live in self._nearby.within(lat, lon, query.radius_m):
            if len(items) == query.limit:
                break
            layout = live.timeline.current
            if layout is not None and _suits(live, layout, query):
                items.append(self._near(live, layout, metres, query.crs))
        return validated(b'{"items":[' + b",".join(items) + b'],"next":null}')

    def _near(self, live: LiveLot, layout: Layout, metres: float, crs: Crs) -> bytes:
        """Give a lot in short with its distance and availability."""
        described = self._described.get((live.id, crs))
        if described is None:
            described = self._described[live.id, crs] = _describe(live.id, layout, crs)
        return b'%s,"open_now":%s,"distance_m":%s,"availability":%s}' % (
            described,
            _OPEN[live.hours_open],
            encode(round(metres, 1)),
            live.brief,
        )


def _describe(lot_id: str, layout: Layout, crs: Crs) -> bytes:
    """Give what a description tells of a lot in short, as JSON that goes on."""
    lot = models.shown(layout.lot, crs)
    short = {
        "id": lot_id,
        "lot": lot_id,
        "name": lot.name,
        "kind": lot.kind,
        "location": lot.location,
        "entrances": lot.entrances,
        "address": lot.address,
        "district": lot.district,
        "max_height_m": lot.max_height_m,
        "opening_hours": lot.opening_hours,
    }
    return encode(short)[:-1]


def _suits(live: LiveLot, layout: Layout, query: NearbyQuery) -> bool:
    if live.view is None:
        return False
    height = layout.lot.max_height_m
    if query.height_m is not None and height is not None and query.height_m > height:
        return False
    if query.class_ is not None and query.class_ not in layout.classes:
        return False
    if query.min_free is None:
        return True
    numbers = live.view.availability
    free = numbers.free if query.class_ is None else numbers.classes[query.class_].free
    return free is not None and free >= query.min_free
