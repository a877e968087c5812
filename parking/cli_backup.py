"""`parking backup` and `parking restore`, for the embedded database."""

import argparse
import sys
from pathlib import Path

from parking.app import clock
from parking.config import Settings
from parking.domain.instants import rfc3339
from parking.store.restoring import restore
from parking.store.saving import save

_NOT_OURS = (
    "parking: PARKING_DATABASE_URL is set, and a database server is backed up by its own means: "
    "deploy/backup/README.md"
)


def add_backup(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `parking backup`."""
    parser.add_argument("target", type=Path, help="a folder that collects backups; made if new")
    parser.add_argument(
        "--keep",
        type=_positive,
        metavar="N",
        help="then remove all but the newest N",
    )
    parser.set_defaults(run=_backup)


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `parking restore`."""
    parser.add_argument("source", type=Path, help="a backup, or a folder of them: its newest")
    parser.add_argument(
        "--replace", action="store_true", help="move the database that is there aside"
    )
    parser.set_defaults(run=_restore)


def _positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError("a whole number from 1 on")
    return int(value)


async def _backup(arguments: argparse.Namespace, settings: Settings) -> int:
    if settings.database_url is not None:
        print(_NOT_OURS, file=sys.stderr)
        return 2
    target = arguments.target.expanduser().resolve()
    data_dir = settings.data_dir.resolve()
    path, record, gone = await save(data_dir, target, clock, keep=arguments.keep)
    print(
        f"every event acknowledged before {record.holds_until} is in it, the log up to place "
        f"{record.place}; {record.size:,} bytes, verified",
        file=sys.stderr,
    )
    for old in gone:
        print(f"removed {old}", file=sys.stderr)
    print(path)
    return 0


async def _restore(arguments: argparse.Namespace, settings: Settings) -> int:
    if settings.database_url is not None:
        print(_NOT_OURS, file=sys.stderr)
        return 2
    source = arguments.source.expanduser().resolve()
    done = await restore(source, settings.data_dir.resolve(), clock, replace=arguments.replace)
    newest = "none" if done.newest is None else f"the newest received at {rfc3339(done.newest)}"
    print(
        f"restored what was acknowledged before {done.backup.holds_until}: the log up to place "
        f"{done.place}, {newest}; schema {done.backup.schema} of version {done.backup.service}"
    )
    if done.aside is not None:
        print(f"what was there before is in {done.aside}", file=sys.stderr)
    return 0
