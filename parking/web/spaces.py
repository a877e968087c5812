"""Spaces of a lot, each as it is now, for those who run it."""

from aiohttp import web

from parking.domain.numbers import read_spaces
from parking.live.replica import Replica
from parking.web.calls import Call
from parking.web.pages import cut_page
from parking.web.params import PageQuery
from parking.web.replies import reply_value
from parking.web.visible import get_lot


class Spaces:
    """`/v1/lots/{lot}/spaces`."""

    def __init__(self, replica: Replica) -> None:
        """Read the board."""
        self._replica = replica

    async def list(self, call: Call) -> web.StreamResponse:
        """List the spaces of all zones that have a sensor a space, in the order of the lists."""
        now = self._replica.clock()
        self._replica.board.refresh(now)
        live, layout = get_lot(self._replica, call.part("lot"))
        query: PageQuery = call.query
        found = read_spaces(layout, live.state, now)
        page, following = cut_page(found, query.cursor, query.limit)
        return reply_value({"items": page, "next": following})
