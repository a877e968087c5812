"""What is read off when metrics are asked for: lots, their zones, and the data folder.

Labels grow with the number of lots, as those of `parking_lot_free` do.
"""

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from parking.domain.numbers import ZoneNumbers
from parking.live.replica import Replica
from parking.store import backups


class LotMetrics(Collector):
    """Of each lot: its spaces, its zones, those of which nothing is known, what it is called."""

    def __init__(self, replica: Replica) -> None:
        """Read `replica`'s board."""
        self._replica = replica

    def describe(self) -> Iterable[Metric]:
        """Name nothing before there are lots."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give the gauges of all lots that are not retired."""
        board = self._replica.board
        board.refresh(self._replica.clock())
        capacity = GaugeMetricFamily("parking_lot_capacity", "Spaces", labels=["lot"])
        zones = GaugeMetricFamily("parking_lot_zones", "Zones", labels=["lot"])
        unknown = GaugeMetricFamily(
            "parking_lot_zones_unknown", "Zones of which nothing is known", labels=["lot"]
        )
        info = GaugeMetricFamily(
            "parking_lot_info", "What the lot is called, and where it is", labels=_INFO
        )
        for live in board.shown():
            if live.view is None:
                continue
            capacity.add_metric([live.id], live.view.availability.capacity)
            zones.add_metric([live.id], len(live.view.zones))
            unknown.add_metric([live.id], sum(map(_is_unknown, live.view.zones)))
            lot = live.timeline.last_layout.lot
            names = (lot.name.get("zh", ""), lot.name.get("en", ""))
            info.add_metric([live.id, lot.district or "", lot.operator, *names], 1)
        yield from (capacity, zones, unknown, info)


_INFO = ("lot", "district", "operator", "zh", "en")


def _is_unknown(zone: ZoneNumbers) -> bool:
    if zone.counting == "flag":
        return zone.level == "unknown"
    return zone.unknown == zone.capacity


class FolderMetrics(Collector):
    """Of the embedded database's folder: the room on its disk, and when it was last backed up."""

    def __init__(self, data_dir: Path | None) -> None:
        """Look at `data_dir`; None where the database is a server of its own: nothing is told."""
        self._data_dir = data_dir

    def describe(self) -> Iterable[Metric]:
        """Name nothing before it is asked for."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give bytes, and seconds since the epoch: 0 where there never was a backup."""
        if self._data_dir is None:
            return
        usage = shutil.disk_usage(self._data_dir)
        yield GaugeMetricFamily(
            "parking_data_disk_size_bytes", "Size of the data folder's disk", value=usage.total
        )
        yield GaugeMetricFamily(
            "parking_data_disk_free_bytes", "What is free of it for the service", value=usage.free
        )
        yield GaugeMetricFamily(
            "parking_last_backup_timestamp_seconds",
            "Up to when the last backup holds all events; 0: there was none",
            value=_last_backup(self._data_dir),
        )


def _last_backup(data_dir: Path) -> float:
    try:
        record = backups.read(data_dir / backups.LAST)
    except (OSError, backups.BackupError):
        return 0.0
    return datetime.fromisoformat(record.holds_until).timestamp()
