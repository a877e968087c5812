"""Making a backup of the embedded database, whether a service runs on it or not.

The rule that must hold: **each event acknowledged before the moment that a backup names is in it.**
While PostgreSQL sends its files and its write-ahead log (WAL), the log's head is read again and
again, each time with the place in the WAL after it. A head whose place the WAL sent reaches is in
the backup: the last such head is the one that counts, a fraction of a second before PostgreSQL
ended the backup. An event is acknowledged only after its commit, so what was acknowledged before
that head was asked for is below it.
"""

import asyncio
import contextlib
import importlib.metadata
import os
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from parking.domain.instants import rfc3339
from parking.store import backups, manifests
from parking.store.backups import Backup, BackupError
from parking.store.database import connect, translated
from parking.store.embedded import running
from parking.store.programs import Programs, Way, choose_programs, run

_HEADS = 36_000  # of the last hour
_ASK_S = 0.1
_SPARE = 1.1
_SCHEMA = "SELECT number || '_' || name FROM schema_migration ORDER BY number DESC LIMIT 1"
_THERE = "SELECT to_regclass('log_head') IS NOT NULL"
_HEAD = "SELECT seq, pg_current_wal_insert_lsn()::text AS lsn FROM log_head"


@dataclass(frozen=True, slots=True)
class _Head:
    """The log's place at `asked_at` (us), and where the write-ahead log was after that, bytes."""

    asked_at: int
    place: int
    lsn: int


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
            heads = await _receive(dsn, new / backups.DATABASE, programs, way, clock)
        manifest = await manifests.verify(new / backups.DATABASE, programs, way)
        held = [head for head in heads if head.lsn <= manifest.end]
        if not held:
            raise BackupError("the database did not answer while its files were sent: try again")
        record = Backup(
            format=backups.FORMAT,
            began_at=rfc3339(began_at),
            holds_until=rfc3339(held[-1].asked_at),
            place=held[-1].place,
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
    needed = round(_size(folder) * _SPARE)
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


async def _receive(
    dsn: str, folder: Path, programs: Programs, way: Way, clock: Callable[[], int]
) -> Sequence[_Head]:
    """Have PostgreSQL send everything into `folder`; gives the heads of the log meanwhile."""
    heads: deque[_Head] = deque(maxlen=_HEADS)
    asking = asyncio.create_task(_ask(dsn, heads, clock))
    try:
        await run(
            way,
            [
                programs.folder / "pg_basebackup",
                f"--dbname={dsn}",
                f"--pgdata={folder}",
                "--wal-method=stream",
                "--checkpoint=fast",
                f"--manifest-checksums={manifests.ALGORITHM}",
                "--no-password",
            ],
        )
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
    return heads


async def _ask(dsn: str, heads: deque[_Head], clock: Callable[[], int]) -> None:
    """Read the head of the log again and again until cancelled, or the server is gone."""
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await connect(dsn)
        try:
            while True:
                asked_at = clock()
                row = await connection.fetchrow(_HEAD)
                heads.append(_Head(asked_at, row["seq"], manifests.read_place(row["lsn"])))
                await asyncio.sleep(_ASK_S)
        finally:
            connection.terminate()
