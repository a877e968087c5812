"""The nearest lots that suit, for drivers."""

from collections import defaultdict
from dataclasses import dataclass

from aiohttp import web

from parking.domain.geo import Crs, to_wgs84
from parking.domain.numbers import View
from parking.domain.timeline import Layout
from parking.live.lot import LiveLot
from parking.live.nearby import Nearby
from parking.live.replica import Replica
from parking.web import models
from parking.web.calls import Call
from parking.web.params import NearbyQuery
from parking.web.prebuilt import Validated, mark
from parking.web.replies import cached, encode, validated

_OPEN = {True: b"true", False: b"false", None: b"null"}


@dataclass(frozen=True, slots=True)
class _Piece:
    """A lot in short as JSON that lacks the distance, and a mark of it; made of what is beside."""

    described: bytes
    view: View | None
    hours_open: bool | None
    json: bytes
    mark: bytes

    @classmethod
    def of(cls, described: bytes, live: LiveLot) -> "_Piece":
        """Make it of a description and of what the lot shows now."""
        parts = described, _OPEN[live.hours_open], live.brief
        json = b'%s,"open_now":%s,"availability":%s,"distance_m":' % parts
        return cls(described, live.view, live.hours_open, json, mark(json))


class NearbyLots:
    """`/v1/nearby`."""

    def __init__(self, replica: Replica) -> None:
        """Look on the board of `replica`."""
        self._replica = replica
        self._board = replica.board
        self._nearby = Nearby(replica.board)
        self._made_for = -1
        self._pieces: defaultdict[Crs, dict[str, _Piece]] = defaultdict(dict)

    async def get(self, call: Call) -> web.StreamResponse:
        """Show the nearest lots that suit."""
        return cached(call.request, self.find(call.query))

    def find(self, query: NearbyQuery) -> Validated:
        """Give the nearest lots that suit."""
        self._board.refresh(self._replica.clock())
        if self._made_for != self._board.descriptions:
            self._pieces.clear()
            self._made_for = self._board.descriptions
        lat, lon = to_wgs84(query.lat, query.lon, query.crs)
        pieces = self._pieces[query.crs]
        items: list[bytes] = []
        marks: list[bytes] = []  # the same wherever the same is shown, as validators are
        for metres, live in self._nearby.within(lat, lon, query.radius_m):
            if len(items) == query.limit:
                break
            layout = live.timeline.current
            if layout is None or not _suits(live, layout, query):
                continue
            piece = pieces.get(live.id)
            if (
                piece is None
                or piece.view is not live.view
                or piece.hours_open is not live.hours_open
            ):
                described = _describe(live.id, layout, query.crs) if not piece else piece.described
                piece = pieces[live.id] = _Piece.of(described, live)
            distance = b"%.1f" % metres
            items.append(b"%s%s}" % (piece.json, distance))
            marks += piece.mark, distance
        body = b'{"items":[%s],"next":null}' % b",".join(items)
        return validated(body, told_by=b" ".join(marks))


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
