"""Folders of backups: how they are named, what is told of each, which of them go.

The rule that must hold: **a folder with a backup's name is a whole backup**, verified and on the
disk. Until then, and from the moment it is to go, it bears another name. Whoever writes in a folder
of backups holds the lock on it, so what an earlier one left half done may go.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from parking.store.locks import locked

FORMAT = 1
RECORD = "backup.json"
DATABASE = "pg"
LAST = "last-backup.json"  # in a data folder: what is told of its newest backup
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ")
_UNFINISHED = "unfinished-"


class BackupError(RuntimeError):
    """A backup cannot be made or used; the message says why and what to do."""


class Backup(msgspec.Struct):
    """What is told of a backup, in its file `backup.json`.

    It holds every event that was acknowledged before `holds_until` (RFC 3339): the log up to
    `place` at least, and of what came after that perhaps some. `lsn` is where the write-ahead log
    was then; `manifest` the SHA-256 of PostgreSQL's `backup_manifest`, which has that of each file.
    """

    format: int
    began_at: str
    holds_until: str
    place: int
    lsn: str
    postgresql: str
    service: str
    schema: str
    size: int
    manifest: str


def read(path: Path) -> Backup:
    """Read what is told of a backup; FileNotFoundError, or BackupError when it is not ours."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Backup)
    except msgspec.MsgspecError as error:
        raise BackupError(f"{path} cannot be read: {error}") from error
    if record.format != FORMAT:
        raise BackupError(f"{path} was written by another version: format {record.format}")
    return record


def write(path: Path, record: Backup) -> None:
    """Write `record` to a file that is whole and on the disk, or is not there."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Have the disk know the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def newest(source: Path) -> Path:
    """Give `source` if it is a backup, else the newest of the backups in it; raises BackupError."""
    if (source / RECORD).is_file():
        return source
    found = _list_names(source) if source.is_dir() else []
    if not found:
        raise BackupError(f"{source} is neither a backup nor a folder of backups")
    return source / found[-1]


@contextlib.contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """Give a new folder in `target` to make a backup in; what is left of it at the end goes.

    BackupError while another one is made in `target`.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(target / ".lock") as lock:
        if lock is None:
            raise BackupError(f"another backup is being made in {target}")
        for left in target.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left)
        folder = target / f"{_UNFINISHED}{os.getpid()}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def finish(folder: Path, began_at: str) -> Path:
    """Give an unfinished folder its name, of the second it was begun at; gives where it is."""
    name = re.sub(r"(\.\d+)?Z$", "Z", began_at).replace(":", "-")
    path = folder.parent / name
    if path.exists():
        raise BackupError(f"{path} is there already")
    folder.rename(path)
    sync(path.parent)
    return path


def keep_newest(target: Path, count: int) -> list[Path]:
    """Remove all backups of a folder but the newest `count`; gives those that went."""
    gone = [target / name for name in _list_names(target)[:-count]]
    for path in gone:
        doomed = target / f"{_UNFINISHED}{path.name}"
        path.rename(doomed)
        sync(target)
        shutil.rmtree(doomed)
    return gone


def _list_names(target: Path) -> list[str]:
    """List the names of the backups in a folder, oldest first."""
    return sorted(
        path.parent.name
        for path in target.glob(f"*/{RECORD}")
        if _NAME.fullmatch(path.parent.name) and not path.parent.is_symlink()
    )
