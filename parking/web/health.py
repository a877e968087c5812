"""Whether the service lives, whether it can serve, and its metrics."""

from collections.abc import Iterable

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from parking import metrics
from parking.domain.instants import SECOND
from parking.errors import ParkingError
from parking.ingest.mqtt.subscriber import Subscriber
from parking.live.replica import Replica
from parking.live.verdicts import Verdicts
from parking.web.calls import Call
from parking.web.replies import reply_value


class NotReady(ParkingError):
    """The service cannot serve now."""

    status = 503


class Health:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, replica: Replica, subscriber: Subscriber | None = None) -> None:
        """Look at `replica` and its database, and at what comes by a broker, if there is one."""
        self._replica = replica
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
        return web.Response(
            body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


class BoardMetrics(Collector):
    """Per-lot gauges, read off the board when they are asked for."""

    def __init__(self, replica: Replica, verdicts: Verdicts) -> None:
        """Read `replica`'s board, and what this instance found of the lots if it judges them."""
        self._replica = replica
        self._verdicts = verdicts

    def describe(self) -> Iterable[Metric]:
        """Name nothing before there are lots."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give what is free, unknown and heard of each lot, and what was found of it."""
        board, now = self._replica.board, self._replica.clock()
        board.refresh(now)
        free = GaugeMetricFamily("parking_lot_free", "Free spaces, where known", labels=["lot"])
        unknown = GaugeMetricFamily("parking_lot_unknown", "Unknown spaces", labels=["lot"])
        spaces = GaugeMetricFamily(
            "parking_lot_unknown_spaces", "The same as parking_lot_unknown", labels=["lot"]
        )
        age = GaugeMetricFamily(
            "parking_lot_heard_age_seconds",
            "Time since anything of the lot was last observed",
            labels=["lot"],
        )
        zones = 0
        for live in board.shown():
            if live.view is None:
                continue
            numbers = live.view.availability
            if numbers.free is not None:
                free.add_metric([live.id], numbers.free)
            unknown.add_metric([live.id], numbers.unknown)
            spaces.add_metric([live.id], numbers.unknown)
            heard = [zone.heard for zone in live.state.zones.values() if zone.heard is not None]
            if heard:
                age.add_metric([live.id], max(0, now - max(heard)) / SECOND)
            zones += sum(
                zone.unknown == zone.capacity and zone.counting != "flag"
                for zone in live.view.zones
            )
        yield from (free, unknown, spaces, age)
        yield GaugeMetricFamily(
            "parking_zones_unknown", "Zones of which nothing is known", value=zones
        )
        yield from self._quality()

    def _quality(self) -> Iterable[Metric]:
        """Give what the instance that judges lots found of them; others have nothing to tell."""
        silent = GaugeMetricFamily(
            "parking_lot_silent_sensors", "Spaces and zones that are not heard", labels=["lot"]
        )
        score = GaugeMetricFamily(
            "parking_lot_quality_score", "Quality of the running day, 0 to 100", labels=["lot"]
        )
        drift = GaugeMetricFamily(
            "parking_lot_drift_cars_per_day",
            "Cars a day by which the level of a gate zone goes wrong, as estimated",
            labels=["lot", "zone"],
        )
        for lot, report in self._verdicts.reports.items():
            silent.add_metric([lot], report.silent)
            score.add_metric([lot], report.score)
            for zone in report.zones:
                if zone.drift is not None:
                    drift.add_metric([lot, zone.zone], zone.drift.cars_per_day)
        yield from (silent, score, drift)
