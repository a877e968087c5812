"""What is read off the data folder when metrics are asked for."""

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from parking.store import backups


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
