"""What a file says becomes what holds: all of it in one transaction, or nothing.

The rule that must hold: an import changes what its file tells otherwise than it is, and nothing
else. So the same file a second time changes nothing, lots that it does not name stay, and a zone
whose list of spaces it does not give keeps it.
"""

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

import msgspec.structs

from parking.domain.geo import Crs
from parking.domain.lots import Lot, Position, Space
from parking.domain.timeline import Described, Listed, Timeline
from parking.errors import DatabaseAway
from parking.store import lots
from parking.store.database import open_database
from parking.web.lotfiles.described import LotFile
from parking.web.lotfiles.reading import read_lots
from parking.web.lotfiles.source import FileFault

KEY = "import"
"""Stands in the history for the key, as imports need none."""
_NEAR_DEG = 1e-9
"""A tenth of a millimetre: what a position may move by going to another system and back."""

_Lists = dict[str, tuple[Space, ...]]
_Kind = Literal["new", "changed", "unchanged"]
_What = Lot | tuple[str, tuple[Space, ...]]


@dataclass(slots=True)
class Imported:
    """How many lots were (or would be) new, changed, or as the file says already."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[FileFault] = field(default_factory=list)
    """Why nothing was imported: the file contradicts what is stored."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What must be stored for a lot to be as the file says, in view of its last change."""

    lot: str
    after: int
    kind: _Kind
    whats: tuple[_What, ...]


async def import_lots(
    dsn: str, file: LotFile, *, operator: str | None = None, dry_run: bool = False
) -> Imported:
    """Store what differs, all or nothing; DatabaseAway when it cannot be.

    The file must be without faults. With `operator`, a stored lot of another one is a fault.
    """
    if file.faults:
        raise ValueError("a file with faults cannot be imported")
    async with open_database(dsn) as database:
        while True:
            try:
                async with database.transaction() as connection:
                    histories = _by_lot(await lots.list_changes(connection))
                    outcome, plans = _decide(file, histories, operator)
                    if not (outcome.faults or dry_run):
                        await _store(connection, plans)
            except lots.Overtaken:
                continue  # a lot was changed meanwhile: look again
            return outcome


async def _store(connection: Any, plans: Iterable[_Plan]) -> None:
    now = time.time_ns() // 1000
    for plan in plans:
        after = plan.after
        for what in plan.whats:  # one by one: each is made in view of the one before it
            wish = lots.Wish(plan.lot, what, after)
            [stored] = await lots.append(connection, [wish], now, KEY)
            after = stored.number


def _by_lot(stored: Iterable[lots.StoredChange]) -> dict[str, list[lots.StoredChange]]:
    histories: dict[str, list[lots.StoredChange]] = {}
    for item in stored:
        histories.setdefault(item.lot, []).append(item)
    return histories


def _decide(
    file: LotFile, histories: Mapping[str, list[lots.StoredChange]], operator: str | None
) -> tuple[Imported, list[_Plan]]:
    outcome, plans = Imported(), list[_Plan]()
    lists: dict[str, _Lists] = {}
    for (lot_id, zone), spaces in file.spaces.items():
        lists.setdefault(lot_id, {})[zone] = spaces.to_spaces()
    for lot_id, description in file.descriptions.items():
        wanted = description.to_lot(file.crs)
        history = histories.get(lot_id, [])
        plan = _plan(lot_id, wanted, lists.get(lot_id, {}), history, file.crs)
        outcome.faults += [
            FileFault(*file.places[lot_id], f"lot {lot_id}", message)
            for message in _objections(lot_id, wanted, lists.get(lot_id, {}), history, operator)
        ]
        setattr(outcome, plan.kind, getattr(outcome, plan.kind) + 1)
        plans.append(plan)
    return outcome, plans


def _plan(
    lot_id: str,
    wanted: Lot,
    lists: _Lists,
    history: list[lots.StoredChange],
    crs: Crs,
) -> _Plan:
    """Find what a lot lacks to be as wanted."""
    if not history:
        return _Plan(lot_id, 0, "new", (wanted, *lists.items()))
    current = Timeline(lot_id, [item.change for item in history]).current
    put = (item.change for item in history)
    last = {change.zone: change.spaces for change in put if isinstance(change, Listed)}
    whats: list[_What] = []
    if current is None or not _same(current.lot, wanted, crs):
        whats.append(wanted)
    # A list may hold in part only, another zone's later one having taken spaces: put it again.
    whats += [
        (zone, spaces)
        for zone, spaces in lists.items()
        if current is None or current.lists.get(zone) != spaces or last.get(zone) != spaces
    ]
    kind: _Kind = "changed" if whats else "unchanged"
    return _Plan(lot_id, history[-1].number, "new" if current is None else kind, tuple(whats))


def _objections(
    lot_id: str,
    wanted: Lot,
    lists: _Lists,
    history: list[lots.StoredChange],
    operator: str | None,
) -> Iterator[str]:
    """Say what the same PUTs would be refused for."""
    if not history:
        return
    changes = [item.change for item in history]
    owner = Timeline(lot_id, changes).last_layout.lot.operator
    if operator is not None and owner != operator:
        yield f'it is the operator "{owner}"\'s, and the import is for "{operator}"'
    described = Described(changes[-1].at + 1, wanted)
    layout = Timeline(lot_id, [*changes, described]).last_layout
    for zone, spaces in lists.items():
        for space in spaces:
            holder = layout.zone_of.get(space.id, zone)
            if holder not in lists:
                yield f'space "{space.id}" of zone {zone} is in the stored list of zone {holder}'


def _same(stored: Lot, wanted: Lot, crs: Crs) -> bool:
    """Whether they are one description; rounding by a change of system makes no difference."""
    if crs == "wgs84" or len(stored.entrances) != len(wanted.entrances):
        return stored == wanted
    moved = msgspec.structs.replace(
        wanted,
        location=_settled(stored.location, wanted.location),
        entrances=tuple(
            msgspec.structs.replace(new, location=_settled(old.location, new.location))
            for old, new in zip(stored.entrances, wanted.entrances, strict=True)
        ),
    )
    return stored == moved


def _settled(stored: Position, wanted: Position) -> Position:
    apart = max(abs(stored.lat - wanted.lat), abs(stored.lon - wanted.lon))
    return stored if apart < _NEAR_DEG else wanted


async def run(
    dsn: str,
    path: Path,
    *,
    crs: Crs = "wgs84",
    operator: str | None = None,
    dry_run: bool = False,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Import a file: `FILE:LINE:COLUMN: what` for each fault to `err`, a summary to `out`.

    Gives the exit code: 0 imported (or could be), 1 the file is wrong, 2 the file cannot be read or
    the database not be reached. The schema must be there.
    """
    out, err = out or sys.stdout, err or sys.stderr
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        print(f"{path}: {error.strerror or error}", file=err)
        return 2
    file = read_lots(data, path.name, crs, operator)
    done, faults = Imported(), file.faults
    if not faults:
        try:
            done = await import_lots(dsn, file, operator=operator, dry_run=dry_run)
        except DatabaseAway as error:
            print(f"{path}: nothing was imported: {error.detail}", file=err)
            return 2
        faults = done.faults
    for fault in faults:
        print(f"{path}:{fault}", file=err)
    if faults:
        errors = "1 error" if len(faults) == 1 else f"{len(faults)} errors"
        print(f"{path}: {errors}, nothing was imported", file=err)
        return 1
    would = "would be " if dry_run else ""
    print(
        f"{path}: {would}{done.new} new, {done.changed} changed, {done.unchanged} unchanged",
        file=out,
    )
    return 0
