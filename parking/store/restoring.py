"""Bringing a backup back as the embedded database.

The rule that must hold: **what is there is not touched before the backup has proved itself**: it is
copied beside, every file of the copy is held against its checksum, PostgreSQL is started on the
copy and recovers, and the log in it reaches the place that the backup names. Then the copy is moved
to its place in one step; what was there is moved aside, and removed by nobody.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from parking.domain.instants import micros, rfc3339
from parking.store import backups, manifests
from parking.store.backups import Backup, BackupError
from parking.store.database import connect, translated
from parking.store.embedded import data_lock, running
from parking.store.programs import Way, choose_programs

_NEW = "restoring"
_SPARE = 1.1
_PLACE = "SELECT seq FROM log_head"
_NEWEST = "SELECT received_at FROM event WHERE seq <= $1 ORDER BY seq DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Restored:
    """What is there now: the log up to `place`, whose newest event came at `newest` (us).

    `aside`: where the database is that was there before.
    """

    backup: Backup
    place: int
    newest: int | None
    aside: Path | None


async def restore(
    source: Path, data_dir: Path, clock: Callable[[], int], *, replace: bool
) -> Restored:
    """Restore a backup, or the newest one of a folder of backups.

    A database that is there is moved aside if `replace` allows it; none may be running. `clock`
    gives us since the epoch. Raises BackupError, EmbeddedPostgresError.
    """
    backup = backups.newest(source)
    record = backups.read(backup / backups.RECORD)
    if manifests.read(backup / backups.DATABASE).digest != record.manifest:
        raise BackupError(f"{backups.RECORD} and {manifests.MANIFEST} are not of one backup")
    with data_lock(data_dir) as lock:
        if lock is None:
            raise BackupError(f"a database runs in {data_dir}: stop the service first")
        folder = data_dir / backups.DATABASE
        there = folder.exists() and any(folder.iterdir())
        if there and not replace:
            raise BackupError(
                f"{folder} holds a database: move it away, or have it moved aside by --replace"
            )
        new = data_dir / _NEW
        shutil.rmtree(new, ignore_errors=True)  # of a restore that was cut off
        try:
            _copy(backup, new, record)
            place, newest = await _prove(new, record)
            aside = _move(new, folder, rfc3339(clock()), there=there)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    if not (data_dir / backups.LAST).exists():
        backups.write(data_dir / backups.LAST, record)
    return Restored(record, place, newest, aside)


def _copy(backup: Path, new: Path, record: Backup) -> None:
    new.mkdir(mode=0o700)
    needed, free = round(record.size * _SPARE), shutil.disk_usage(new).free
    if free < needed:
        raise BackupError(f"{new.parent} has room for {free:,} bytes, and {needed:,} are needed")
    shutil.copytree(backup / backups.DATABASE, new / backups.DATABASE, symlinks=True)
    (new / backups.DATABASE).chmod(0o700)


async def _prove(new: Path, record: Backup) -> tuple[int, int | None]:
    """Verify the copy, start it, and ask it for the log's place and the newest event's time, us."""
    folder = new / backups.DATABASE
    programs = choose_programs(folder)
    manifest = manifests.verify_files(folder)
    way = Way((), os.geteuid(), os.getegid())
    await manifests.verify_wal(folder, manifest, programs, way, until=record.lsn)
    # PostgreSQL writes all of it to the disk before it recovers
    async with running(new) as dsn:
        with translated():
            connection = await connect(dsn)
            try:
                place = await connection.fetchval(_PLACE)
                newest = await connection.fetchval(_NEWEST, place)
            finally:
                await connection.close()
    if place < record.place:
        raise BackupError(f"the log ends at {place}, before {record.place}: this is damaged")
    return place, None if newest is None else micros(newest)


def _move(new: Path, folder: Path, now: str, *, there: bool) -> Path | None:
    aside = None
    if there:
        aside = folder.with_name(f"{folder.name}.before-{now.replace(':', '-')}")
        folder.rename(aside)
    elif folder.exists():
        folder.rmdir()
    (new / backups.DATABASE).rename(folder)
    backups.sync(folder.parent)
    return aside
