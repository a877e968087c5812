"""Whether the service lives, whether it can serve, and its metrics."""

from collections.abc import Iterable

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from parking import metrics
from parking.errors import ParkingError
from parking.live.replica import Replica
from parking.web.calls import Call
from parking.web.replies import reply_value


class NotReady(ParkingError):
    """The service cannot serve now."""

    status = 503


class Health:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, replica: Replica) -> None:
        """Look at `replica` and its database."""
        self._replica = replica

    async def get_alive(self, _: Call) -> web.StreamResponse:
        """Answer as long as the loop turns."""
        return reply_value({"status": "alive"})

    async def get_ready(self, _: Call) -> web.StreamResponse:
        """Answer 200 when the state is rebuilt and the database answers."""
        if not self._replica.ready:
            raise NotReady("The state is being rebuilt.", headers={"Retry-After": "1"})
        await self._replica.database.ping()
        return reply_value({"status": "ready"})

    async def get_metrics(self, _: Call) -> web.StreamResponse:
        """Give all metrics in Prometheus' text format."""
        return web.Response(
            body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


class BoardMetrics(Collector):
    """Per-lot gauges, read off the board when they are asked for."""

    def __init__(self, replica: Replica) -> None:
        """Read `replica`'s board."""
        self._replica = replica

    def describe(self) -> Iterable[Metric]:
        """Name nothing before there are lots."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give free and unknown spaces of each lot, and the number of zones wholly unknown."""
        board = self._replica.board
        board.refresh(self._replica.clock())
        free = GaugeMetricFamily("parking_lot_free", "Free spaces, where known", labels=["lot"])
        unknown = GaugeMetricFamily("parking_lot_unknown", "Unknown spaces", labels=["lot"])
        zones = 0
        for live in board.shown():
            if live.view is None:
                continue
            numbers = live.view.availability
            if numbers.free is not None:
                free.add_metric([live.id], numbers.free)
            unknown.add_metric([live.id], numbers.unknown)
            zones += sum(
                zone.unknown == zone.capacity and zone.counting != "flag"
                for zone in live.view.zones
            )
        yield free
        yield unknown
        yield GaugeMetricFamily(
            "parking_zones_unknown", "Zones of which nothing is known", value=zones
        )
