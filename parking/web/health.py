"""Whether the service lives, whether it can serve, and its metrics."""

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from parking import metrics
from parking.errors import ParkingError
from parking.ingest.mqtt.subscriber import Subscriber
from parking.live.replica import Replica
from parking.web.calls import Call
from parking.web.lot_gauges import LotGauges
from parking.web.replies import reply_value


class NotReady(ParkingError):
    """The service cannot serve now."""

    status = 503


class Health:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(
        self, replica: Replica, gauges: LotGauges, subscriber: Subscriber | None = None
    ) -> None:
        """Look at `replica` and its database, and at what comes by a broker, if there is one."""
        self._replica = replica
        self._gauges = gauges
        self._subscriber = subscriber

    async def get_alive(self, _: Call) -> web.StreamResponse:
        """Answer as long as the loop turns."""
        return reply_value({"status": "alive"})

    async def get_ready(self, _: Call) -> web.StreamResponse:
        """Answer 200 when the state is rebuilt and the database answers.

        A broker that is away is told and no more: drivers can be served without.
        """
        if not self._replica.ready:
            raise NotReady("The state is being rebuilt.", headers={"Retry-After": "1"})
        await self._replica.database.ping()
        if self._subscriber is None:
            return reply_value({"status": "ready"})
        mqtt = "connected" if self._subscriber.connected else "away"
        return reply_value({"status": "ready", "mqtt": mqtt})

    async def get_metrics(self, _: Call) -> web.StreamResponse:
        """Give all metrics in Prometheus' text format."""
        lots = await self._gauges.render()
        return web.Response(
            body=generate_latest(metrics.registry) + lots,
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )
