"""Making a backup of the embedded database, whether a service runs on it or not.

The rule that must hold: **each event acknowledged before the moment that a backup names is in it.**
An event is acknowledged after its commit is on the disk, in the write-ahead log (WAL). The WAL is
received all the while, beside the files and while these are verified; last of all the log's head is
read, and the WAL received to where it was flushed by then. Then the backup is done.
"""

import asyncio
import contextlib
import importlib.metadata
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from parking.domain.instants import rfc3339
from parking.store import backups, manifests
from parking.store.backups import Backup, BackupError
from parking.store.database import connect, translated
from parking.store.embedded import running
from parking.store.programs import Programs, Way, choose_programs, run
from parking.store.receiver import receiving

_SPARE = 1.1
_ROOM_FOR_WAL = 64 << 20
_WAL = "wal"
_SCHEMA = "SELECT number || '_' || name FROM schema_migration ORDER BY number DESC LIMIT 1"
_THERE = "SELECT to_regclass('log_head') IS NOT NULL"
_HEAD = "SELECT seq FROM log_head"
_FLUSHED = "SELECT pg_current_wal_flush_lsn()::text"


@dataclass(frozen=True, slots=True)
class _End:
    """The log's place when it was asked for, at `asked_at` (us), and where the WAL was after it."""

    asked_at: int
    place: int
    lsn: str


async def save(
    data_dir: Path, target: Path, clock: Callable[[], int], *, keep: int | None = None
) -> tuple[Path, Backup, list[Path]]:
    """Make a backup in the folder `target`; gives where it is, what is told of it, and what went.

    With `keep` all backups but the newest so many are removed afterwards. `clock` gives us since
    the epoch. Raises BackupError, EmbeddedPostgresError, DatabaseAway.
    """
    folder = data_dir / backups.DATABASE
    if not (folder / "PG_VERSION").is_file():
        raise BackupError(f"there is no database in {data_dir}: PARKING_DATA_DIR tells where")
    if target.is_relative_to(folder):
        raise BackupError(f"{target} lies in the database's own folder")
    programs = choose_programs(folder)
    way = Way((), os.geteuid(), os.getegid())  # not the server: these programs may run as root
    with backups.unfinished(target) as new:
        _have_room(folder, target)
        began_at = clock()
        async with running(data_dir) as dsn:
            schema = await _read_schema(dsn)
            async with receiving(dsn, new / _WAL, programs, way) as receiver:
                await _receive_files(dsn, new / backups.DATABASE, programs, way)
                manifest = await asyncio.to_thread(manifests.verify_files, new / backups.DATABASE)
                end = await _read_end(dsn, clock)
                await receiver.reach(end.lsn)
        _put_in_place(new / _WAL, new / backups.DATABASE / manifests.WAL)
        await manifests.verify_wal(new / backups.DATABASE, manifest, programs, way, until=end.lsn)
        record = Backup(
            format=backups.FORMAT,
            began_at=rfc3339(began_at),
            holds_until=rfc3339(end.asked_at),
            place=end.place,
            lsn=end.lsn,
            postgresql=programs.version,
            service=importlib.metadata.version("smart-parking-availability"),
            schema=schema,
            size=_size(new),
            manifest=manifest.digest,
        )
        backups.write(new / backups.RECORD, record)
        path = backups.finish(new, record.began_at)
        backups.write(data_dir / backups.LAST, record)
        gone = [] if keep is None else backups.keep_newest(target, keep)
    return path, record, gone


def _have_room(folder: Path, target: Path) -> None:
    """Raise BackupError where there is no room for the files and for some WAL beside them."""
    files = _size(folder) - _size(folder / manifests.WAL)  # of that only what comes meanwhile
    needed = round(files * _SPARE) + _ROOM_FOR_WAL
    free = shutil.disk_usage(target).free
    if free < needed:  # before the disk of the database itself is full, perhaps
        raise BackupError(f"{target} has room for {free:,} bytes, and {needed:,} are needed")


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # it is at work meanwhile
                total += os.lstat(Path(parent) / name).st_size
    return total


async def _read_schema(dsn: str) -> str:
    with translated():
        connection = await connect(dsn)
        try:
            if not await connection.fetchval(_THERE):
                raise BackupError("the database is empty: no service has run on it yet")
            schema: str = await connection.fetchval(_SCHEMA)
        finally:
            await connection.close()
    return schema


async def _receive_files(dsn: str, folder: Path, programs: Programs, way: Way) -> None:
    """Have PostgreSQL send its files into `folder`, and flush them to the disk."""
    await run(
        way,
        [
            programs.folder / "pg_basebackup",
            f"--dbname={dsn}",
            f"--pgdata={folder}",
            "--wal-method=none",
            "--checkpoint=fast",
            f"--manifest-checksums={manifests.ALGORITHM}",
            "--no-password",
        ],
    )


async def _read_end(dsn: str, clock: Callable[[], int]) -> _End:
    with translated():
        connection = await connect(dsn)
        try:
            asked_at = clock()
            place = await connection.fetchval(_HEAD)
            return _End(asked_at, place, await connection.fetchval(_FLUSHED))
        finally:
            await connection.close()


def _put_in_place(wal: Path, folder: Path) -> None:
    for path in wal.iterdir():
        path.rename(folder / path.name)
    wal.rmdir()
    backups.sync(folder)
