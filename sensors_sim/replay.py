"""Recordings as lots and `count` events: one zone of class general a car park.

An event's id is its row, zero-padded: ids are compared by bytes, so of two rows for one moment
the later one holds.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensors_sim.formats.events import AsEvents
from sensors_sim.lots import LotPlan, ensure_lots
from sensors_sim.moments import SECOND, rfc3339
from sensors_sim.wire import Event

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sensors_sim.client import Service
    from sensors_sim.formats.format import Format
    from sensors_sim.progress import Progress
    from sensors_sim.recordings import CarPark, Measure, Reading, Recording

ZONE = "all"
_ID_COLUMNS = ("id", "lot", "code", "SystemCodeNumber")
_NAME_COLUMNS = ("name", "nombre", "label")
_LAT_COLUMNS = ("lat", "latitude")
_LON_COLUMNS = ("lon", "lng", "longitude")


@dataclass(frozen=True, slots=True)
class Naming:
    """How car parks become lots: ids, owner, place, time zone and how long a reading holds (s)."""

    operator: str = "replay"
    prefix: str = ""
    district: str = "replay"
    timezone: str = "UTC"
    language: str = "en"
    stale_after_s: int = 31_536_000
    position: tuple[float, float] = (0.0, 0.0)
    sites: Mapping[str, Site] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of a car park beside its readings: its name and WGS-84 position."""

    name: str
    lat: float
    lon: float


@dataclass(slots=True)
class Readings:
    """What kinds of readings were mapped."""

    total: int = 0
    negative: int = 0
    over_capacity: int = 0


def read_sites(path: Path) -> dict[str, Site]:
    """Return the sites in a CSV file with an id, a name, a latitude and a longitude column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        header = list(rows.fieldnames or [])
        key, name, lat, lon = (
            _column(header, names, path.name)
            for names in (_ID_COLUMNS, _NAME_COLUMNS, _LAT_COLUMNS, _LON_COLUMNS)
        )
        return {row[key]: Site(row[name], float(row[lat]), float(row[lon])) for row in rows}


def _column(header: list[str], names: tuple[str, ...], file: str) -> str:
    for name in names:
        if name in header:
            return name
    raise ValueError(f"{file} has no column {' or '.join(names)}")


def lot_ids(names: Iterable[str], prefix: str) -> dict[str, str]:
    """Return each car park's lot id; two names that would share one are a ValueError."""
    ids = {name: _lot_id(name, prefix) for name in names}
    if len(set(ids.values())) < len(ids):
        raise ValueError("two car parks would get the same lot id")
    return ids


def _lot_id(name: str, prefix: str) -> str:
    lot = (prefix + re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-"))[:64]
    if not re.fullmatch(r"[A-Za-z0-9._-]+", lot):
        raise ValueError(f"{name!r} makes no lot id")
    return lot


def lot_plan(park: CarPark, lot: str, naming: Naming) -> LotPlan:
    """Return a car park as a lot of one counted zone."""
    site = naming.sites.get(park.name) or Site(park.name, *naming.position)
    return LotPlan(
        lot,
        {
            "name": {naming.language: site.name},
            "operator": naming.operator,
            "kind": "multistorey",
            "location": {"lat": site.lat, "lon": site.lon},
            "district": naming.district,
            "timezone": naming.timezone,
            "zones": [
                {
                    "id": ZONE,
                    "class": "general",
                    "capacity": park.capacity,
                    "counting": "counts",
                    "stale_after_s": naming.stale_after_s,
                }
            ],
        },
        {},
    )


def shift_to(parks: Iterable[CarPark], now_us: int) -> int:
    """Return the shift (µs, whole seconds) that moves the newest reading to just before now."""
    newest = max(park.last_us for park in parks)
    shift = now_us - 2 * SECOND - newest
    return shift - shift % SECOND


def event_id(row: int, shift_us: int) -> str:
    """Return a row's id; a shifted recording is another one, and its ids say so."""
    return f"{row:09d}" if not shift_us else f"{shift_us // SECOND}:{row:09d}"


def to_event(reading: Reading, lot: str, measure: Measure, shift_us: int) -> Event:
    """Return a reading as a count of its lot, as it was said."""
    facts = {measure: reading.value, "zone": ZONE}
    at_us = reading.at_us + shift_us
    return Event(lot, event_id(reading.row, shift_us), "count", at_us, facts)


def occupied(reading: Reading, measure: Measure, capacity: int) -> int:
    """Return the cars a reading tells of, unclamped."""
    return reading.value if measure == "occupied" else capacity - reading.value


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """What a replay came to: what was read, and what the service made of it."""

    file: str
    car_parks: int
    skipped: int
    shift_us: int
    readings: Readings
    receipts: Mapping[str, Any]
    receipt_lines: Sequence[str]

    @property
    def wrong(self) -> str | None:
        """Return what is wrong with the receipts; only negative readings are invalid."""
        if self.receipts["unaccounted"]:
            return "receipts do not add up"
        wanted = {"invalid": self.readings.negative} if self.readings.negative else {}
        found = self.receipts["rejected"]
        return None if found == wanted else f"expected the rejections {wanted}, got {found}"

    def facts(self) -> dict[str, Any]:
        """Return the outcome as plain data for a summary file."""
        return {
            "file": self.file,
            "car_parks": self.car_parks,
            "readings": self.readings.total,
            "negative": self.readings.negative,
            "over_capacity": self.readings.over_capacity,
            "skipped": self.skipped,
            "shift_s": self.shift_us // SECOND,
            "events": dict(self.receipts),
            "wrong": self.wrong,
        }

    def lines(self) -> list[str]:
        """Return the outcome for people."""
        read = self.readings
        lines = [
            f"{self.file}: {self.car_parks} car parks, shifted by {self.shift_us // SECOND} s",
            f"readings    {read.total:>12,}   unreadable {self.skipped:,}",
            f"  negative  {read.negative:>12,}   to be rejected",
            f"  too great {read.over_capacity:>12,}   to be shown clamped",
        ]
        return [*lines, *self.receipt_lines, *([self.wrong] if self.wrong else [])]


class Replay:
    """A recording on its way to the service; `readings` counts what was sent."""

    def __init__(
        self, recording: Recording, parks: Mapping[str, CarPark], naming: Naming, shift_us: int
    ) -> None:
        self.readings = Readings()
        self.ids = lot_ids(parks, naming.prefix)
        self._recording = recording
        self._parks = parks
        self._naming = naming
        self._shift_us = shift_us

    async def go(
        self, service: Service, progress: Progress, format_: Format | None = None
    ) -> ReplayOutcome:
        """Make the lots and send every reading."""
        plans = [lot_plan(park, self.ids[name], self._naming) for name, park in self._parks.items()]
        changes = await ensure_lots(service, plans)
        progress.say(changes.line())
        if changes.replaced:
            progress.say("a replaced description holds from now on: the past keeps the former one")
        way = format_ or AsEvents()
        await way.prepare(service, plans)
        await way.send(service, self._events(progress, service.stop))
        progress.done()
        return ReplayOutcome(
            self._recording.path.name,
            len(self._parks),
            self._recording.skipped,
            self._shift_us,
            self.readings,
            service.tally.facts(),
            service.tally.lines(),
        )

    def _events(self, progress: Progress, stop: asyncio.Event) -> Iterator[Event]:
        total = sum(park.readings for park in self._parks.values())
        measure = self._recording.columns.measure
        for reading in self._recording:
            if stop.is_set():
                return
            cars = occupied(reading, measure, self._parks[reading.lot].capacity)
            self.readings.total += 1
            self.readings.negative += reading.value < 0
            in_range = 0 <= cars <= self._parks[reading.lot].capacity
            self.readings.over_capacity += reading.value >= 0 and not in_range
            if self.readings.total % 1000 == 0:
                moment = rfc3339(reading.at_us + self._shift_us)
                progress.show(
                    self.readings.total / total, f"{moment}  {self.readings.total:,} read"
                )
            yield to_event(reading, self.ids[reading.lot], measure, self._shift_us)
