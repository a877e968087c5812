"""Activity over HTTP: how many events came lately, by lot."""

from aiohttp import web

from parking.domain.instants import rfc3339
from parking.live.replica import Replica
from parking.web.calls import Call
from parking.web.models import Id
from parking.web.params import Ids, Query
from parking.web.replies import reply_value
from parking.web.visible import list_visible


class ActivityQuery(Query):
    """`GET /v1/activity`."""

    lots: Ids | None = None
    district: Id | None = None


class Recent:
    """`/v1/activity`."""

    def __init__(self, replica: Replica) -> None:
        """Read what `replica` counted as it followed the log."""
        self._replica = replica

    async def get(self, call: Call) -> web.StreamResponse:
        """Give the events of each lot that sent some."""
        query: ActivityQuery = call.query
        visible = list_visible(self._replica, call, query.lots, query.district)
        now = self._replica.clock()
        since, counted = self._replica.activity.read(now)
        items = [
            {"lot": timeline.id, "events": counted[timeline.id]}
            for timeline in visible
            if timeline.id in counted
        ]
        return reply_value(
            {"from": rfc3339(since), "to": rfc3339(now), "items": items, "next": None}
        )
