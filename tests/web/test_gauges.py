"""What can be watched of each lot, and of the folder that the embedded database lives in."""

from datetime import UTC, datetime
from pathlib import Path

from parking.store import backups
from parking.web.gauges import FolderMetrics
from tests.web.client import Client, ago, zone


async def test_lots(client: Client) -> None:
    lot = await client.new_lot(
        zone("c", "counts", capacity=10), zone("f", "flag", capacity=5), zone("s", "flag")
    )
    await client.push(
        {"type": "count", "lot": lot, "zone": "c", "observed_at": ago(1), "free": 4},
        {"type": "flag", "lot": lot, "zone": "f", "observed_at": ago(1), "level": "full"},
    )
    text = (await client.ask("GET", "/metrics", key=None)).body.decode()
    assert f'parking_lot_zones{{lot="{lot}"}} 3.0' in text
    assert f'parking_lot_zones_unknown{{lot="{lot}"}} 1.0' in text
    assert f'parking_lot_capacity{{lot="{lot}"}} ' in text
    (info,) = (line for line in text.splitlines() if "parking_lot_info{" in line and lot in line)
    assert all(f'{name}="' in info for name in ("district", "operator", "zh", "en"))
    assert info.endswith(" 1.0")
    # the database is a server's: nothing is known of its disk
    assert "parking_data_disk" not in text
    assert "parking_last_backup" not in text


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
