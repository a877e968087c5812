"""Spaces of a lot, each as it is now, for those who run it."""

from aiohttp import web

from parking.domain.numbers import read_spaces
from parking.errors import NotFound
from parking.live.replica import Replica
from parking.web.calls import Call
from parking.web.pages import invalid_cursor, make_cursor, read_cursor
from parking.web.params import PageQuery
from parking.web.replies import reply_value


class Spaces:
    """`/v1/lots/{lot}/spaces`."""

    def __init__(self, replica: Replica) -> None:
        """Read the board."""
        self._replica = replica

    async def list(self, call: Call) -> web.StreamResponse:
        """List the spaces of all zones that have a sensor a space, in the order of the lists."""
        now = self._replica.clock()
        self._replica.board.refresh(now)
        live = self._replica.board.find_shown(call.part("lot"))
        if live is None or live.timeline.current is None:
            raise NotFound("There is no such lot.")
        query: PageQuery = call.query
        start = 0
        if query.cursor is not None:
            [place] = read_cursor(query.cursor, 1)
            if not place.isdecimal() or len(place) > 9:
                raise invalid_cursor()
            start = int(place)
        found = read_spaces(live.timeline.current, live.state, now)
        page = found[start : start + query.limit]
        following = make_cursor(str(start + len(page))) if start + len(page) < len(found) else None
        return reply_value({"items": page, "next": following})
