"""What can be watched of the folder that the embedded database lives in."""

from datetime import UTC, datetime
from pathlib import Path

from parking.store import backups
from parking.web.folder_gauges import FolderMetrics


def sample(data_dir: Path, name: str) -> float:
    (found,) = (family for family in FolderMetrics(data_dir).collect() if family.name == name)
    return float(found.samples[0].value)


def test_folder(tmp_path: Path) -> None:
    free, size = (sample(tmp_path, f"parking_data_disk_{what}_bytes") for what in ("free", "size"))
    assert 0 < free <= size
    assert sample(tmp_path, "parking_last_backup_timestamp_seconds") == 0
    until = datetime(2026, 11, 25, 12, tzinfo=UTC)
    began = "2026-11-25T11:59:00Z"
    record = backups.Backup(1, began, until.isoformat(), 7, "0/1", "18.4", "1", "1_a", 9, "")
    backups.write(tmp_path / backups.LAST, record)
    assert sample(tmp_path, "parking_last_backup_timestamp_seconds") == until.timestamp()
    (tmp_path / backups.LAST).write_text("{")
    assert sample(tmp_path, "parking_last_backup_timestamp_seconds") == 0
    assert list(FolderMetrics(None).collect()) == []
