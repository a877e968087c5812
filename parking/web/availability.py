"""What drivers read: availability now and at a past moment."""

import asyncio

from aiohttp import web

from parking.domain.instants import rfc3339
from parking.domain.numbers import View
from parking.domain.timeline import Timeline
from parking.errors import Fault, Gone, InvalidInput, NotFound
from parking.ingest.intake import Intake
from parking.live.changes import Filter
from parking.live.lot import LiveLot, zoned_json
from parking.live.past import Past
from parking.live.replica import Replica
from parking.web.calls import Call
from parking.web.params import AtQuery, AvailabilityQuery, FilterQuery
from parking.web.prebuilt import Validated
from parking.web.replies import cached, encode, validated

_MOST_MADE = 100


class Availability:
    """`/v1/availability` and `/v1/lots/{lot}/availability`."""

    def __init__(self, replica: Replica, past: Past, intake: Intake) -> None:
        """Read the board live and the log for the past; `intake` knows what is retained."""
        self._replica = replica
        self._board = replica.board
        self._past = past
        self._intake = intake
        self._lots: dict[str, Validated] = {}
        self._made: dict[Filter, Validated] = {}
        self._made_for = -1

    async def get_all(self, call: Call) -> web.StreamResponse:
        """Show all lots, or those that the filters take."""
        query: AvailabilityQuery = call.query
        wanted = wanted_lots(query)
        if query.at is not None:
            return cached(call.request, await self._all_at(wanted, query.at))
        return cached(call.request, self._all(wanted))

    def find_all(self, query: AvailabilityQuery) -> Validated | None:
        """Give all lots as they are now, or those that the filters take; None for the past."""
        return None if query.at is not None else self._all(wanted_lots(query))

    def find_one(self, lot_id: str, query: AtQuery) -> Validated | None:
        """Give a lot as it is now; None for the past, NotFound without such a lot."""
        return None if query.at is not None else self._one(lot_id)

    def _all(self, wanted: Filter) -> Validated:
        """Give all lots that a filter takes, made once a version of the board."""
        self._board.refresh(self._replica.clock())
        if self._made_for != self._board.version:
            self._made_for = self._board.version
            self._made.clear()
        made = self._made.get(wanted)
        if made is None:
            made = validated(self._join(wanted))
            if len(self._made) < _MOST_MADE:
                self._made[wanted] = made
        return made

    def _join(self, wanted: Filter) -> bytes:
        bodies = [
            live.brief
            for live in self._board.shown()
            if live.view is not None
            and live.timeline.current is not None
            and wanted.takes(live.id, live.timeline.current)
        ]
        head = b'{"cursor":"%s","items":[' % self._board.cursor().encode()
        return head + b",".join(bodies) + b"]}"

    async def _all_at(self, wanted: Filter, at: int) -> bytes:
        self._check_past(at)
        timelines = [
            live.timeline
            for live in self._board.shown()
            if (layout := live.timeline.at(at)) is not None and wanted.takes(live.id, layout)
        ]
        views = await asyncio.gather(*(self._past.find_view(line, at) for line in timelines))
        items = [seen.availability for seen in views if seen is not None]
        return encode({"cursor": None, "at": rfc3339(at), "items": items})

    async def get_one(self, call: Call) -> web.StreamResponse:
        """Show a lot with its zones."""
        at: int | None = call.query.at
        if at is None:
            return cached(call.request, self._one(call.part("lot")))
        live = self._find(call.part("lot"))
        self._check_past(at)
        seen = await self._view_at(live.timeline, at)
        return cached(call.request, zoned_json(seen))

    def _one(self, lot_id: str) -> Validated:
        live = self._find(lot_id)
        made = self._lots.get(live.id)
        if made is None or made.body is not live.zoned:
            made = self._lots[live.id] = validated(live.zoned)
        return made

    async def _view_at(self, timeline: Timeline, at: int) -> View:
        seen = await self._past.find_view(timeline, at)
        if seen is None:
            raise NotFound("The lot was retired at that moment.")
        return seen

    def _find(self, lot_id: str) -> LiveLot:
        self._board.refresh(self._replica.clock())
        live = self._board.find_shown(lot_id)
        if live is None:
            raise NotFound("There is no such lot.")
        return live

    def _check_past(self, at: int) -> None:
        now = self._replica.clock()
        if at > now:
            fault = Fault("?at", "not a past moment")
            raise InvalidInput("A parameter is not valid.", faults=[fault])
        oldest = self._intake.oldest(now)
        if oldest > 0 and at < oldest:
            raise Gone(f"What is retained begins at {rfc3339(oldest)}.")


def wanted_lots(query: FilterQuery) -> Filter:
    """Give the filter that a query asks for."""
    lots = None if query.lots is None else frozenset(query.lots)
    return Filter(lots, query.district, query.class_)
