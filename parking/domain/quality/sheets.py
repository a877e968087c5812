"""Sheets: a lot's local day in few numbers, made of its events in order of time.

A sheet can be stored and gone on with later. What reaches over midnight (a value that has not
changed since, a sensor that was not heard since) is carried from one day's sheet to the next.
Moments and lengths are in us; lists of 24 are by the hour that the lot's clocks show.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct, field

from parking.domain.calendar import boundaries, bucket_start, local, next_bucket, zone_of
from parking.domain.instants import MINUTE, SECOND
from parking.domain.quality.lengths import bucket
from parking.domain.states import LotState

_WEEKEND = 5


def _hours() -> list[int]:
    return [0] * 24


class Hearing(Struct, array_like=True):
    """When something was last heard; the longest gap that ended in the day, and silent time."""

    at: int | None = None
    gap: int = 0
    silent: int = 0

    def hear(self, at: int, stale: int, start: int) -> None:
        """Hear it again; `stale` is from when on it counts as silent, `start` the day's."""
        if self.at is not None:
            self.gap = max(self.gap, at - self.at)
            self.silent += max(0, at - max(self.at + stale, start))
        self.at = at


class Tilt(Struct, array_like=True):
    """Sums over the hours of a day: `x` is the share a space was occupied, `y` that of the rest."""

    n: int = 0
    x: float = 0
    y: float = 0
    xx: float = 0
    yy: float = 0
    xy: float = 0

    def add(self, other: "Tilt") -> None:
        """Add the sums of another day."""
        self.n += other.n
        self.x += other.x
        self.y += other.y
        self.xx += other.xx
        self.yy += other.yy
        self.xy += other.xy

    @property
    def spreads(self) -> tuple[float, float, float]:
        """Variance of x, variance of y, covariance."""
        if not self.n:
            return 0, 0, 0
        x, y = self.x / self.n, self.y / self.n
        return self.xx / self.n - x * x, self.yy / self.n - y * y, self.xy / self.n - x * y


class SpaceSheet(Struct, array_like=True):
    """One space: its value (1 occupied, -1 unknown) `since` when, and how it moved in the day.

    `begun`: whether that run was seen to begin. `last` and `before` are the latest two changes.
    `flaps` counts changes that were the third within `FLAP`. `occupied`, `known`: us by hour, until
    the day is over and `tilt` is made of them.
    """

    zone: str
    value: int = -1
    since: int = 0
    begun: bool = False
    last: int | None = None
    before: int | None = None
    accrued: int = 0
    arrivals: int = 0
    changes: int = 0
    flaps: int = 0
    hearing: Hearing = field(default_factory=Hearing)
    occupied: list[int] = field(default_factory=_hours)
    known: list[int] = field(default_factory=_hours)
    tilt: Tilt | None = None


class Base(Struct, array_like=True):
    """The cars were counted: when, how many, and how many the gates had it at.

    `since` is the count before, from which they had gone on.
    """

    at: int
    counted: int
    level: int
    since: int


class ZoneSheet(Struct, array_like=True):
    """One zone. Of spaces: their changes and time added up, `stays` by length. Of gates: cars.

    Of counts: `readings`, and how many `moved` from the one before. `value` has stood `since`;
    `last_in`, `last_out`: the latest passages. `seen` readings or levels, of which so many were
    `above` the capacity or `below` zero, the worst by how many cars. `swung`, `swung_at`: the
    latest great jump of a count; `flaps`: jumps back.
    """

    hearing: Hearing = field(default_factory=Hearing)
    arrivals: list[int] = field(default_factory=_hours)
    departures: list[int] = field(default_factory=_hours)
    free: list[int] = field(default_factory=_hours)
    occupied: list[int] = field(default_factory=_hours)
    readings: list[int] = field(default_factory=_hours)
    moved: list[int] = field(default_factory=_hours)
    stays: dict[int, int] = {}
    value: int | None = None
    since: int = 0
    last_in: int | None = None
    last_out: int | None = None
    seen: int = 0
    above: int = 0
    below: int = 0
    worst_above: int = 0
    worst_below: int = 0
    swung: int = 0
    swung_at: int = 0
    flaps: int = 0
    bases: list[Base] = []


class Source(Struct, array_like=True):
    """Who sends: what it watches, and its events by the bucket of received_at - observed_at.

    `steps` counts stretches of a minute and more between its events, `paced` those of them in which
    as much time passed here: what is imported, or sent after an outage, comes faster than that.
    """

    zone: str | None
    space: str | None
    delays: dict[int, int] = {}
    at: int | None = None
    received: int = 0
    steps: int = 0
    paced: int = 0

    def note(self, at: int, received: int) -> None:
        """Take an event, the next in order of time."""
        delay = bucket(received - at)
        self.delays[delay] = self.delays.get(delay, 0) + 1
        if self.at is not None and at - self.at >= MINUTE:
            self.steps += 1
            off = abs((received - self.received) - (at - self.at))
            self.paced += off <= max(10 * SECOND, (at - self.at) // 10)
        if self.at is None or at - self.at >= MINUTE:
            self.at, self.received = at, received


class Sheet(Struct):
    """A lot's day [start, end), of which all events before `through` are in here."""

    start: int
    end: int
    through: int
    bounds: list[int]
    clock: list[int]
    weekend: bool
    events: int = 0
    zones: dict[str, ZoneSheet] = {}
    spaces: dict[str, SpaceSheet] = {}
    sources: dict[str, Source] = {}

    def silence(self, hearing: Hearing, stale: int) -> int:
        """Give for how much of the day, us, something was not heard for `stale` us or more."""
        if hearing.at is None:
            return self.through - self.start
        open_ = max(0, self.through - max(hearing.at + stale, self.start))
        return hearing.silent + open_

    def place(self, at: int) -> int:
        """Give the number of the hour that a moment lies in; of what lies outside, the nearest."""
        return min(max(bisect_right(self.bounds, at) - 1, 0), len(self.clock) - 1)

    def hour(self, at: int) -> int:
        """Give the hour that the lot's clocks show at a moment."""
        return self.clock[self.place(at)]

    def zone(self, zone: str) -> ZoneSheet:
        """Give a zone's part."""
        found = self.zones.get(zone)
        if found is None:
            found = self.zones[zone] = ZoneSheet()
        return found


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: [start, end), us."""

    start: int
    end: int


def day_of(at: int, timezone: str) -> Day:
    """Give the local day that a moment lies in."""
    zone = zone_of(timezone)
    return Day(bucket_start(at, zone, "day"), next_bucket(at, zone, "day"))


def open_sheet(
    day: Day,
    timezone: str,
    previous: Sheet | None,
    state: LotState,
    zone_of_space: Mapping[str, str],
) -> Sheet:
    """Begin a day with what is carried from the one before, and the lot's state at its start."""
    zone = zone_of(timezone)
    bounds = boundaries(day.start, day.end, zone, "hour")
    sheet = Sheet(
        day.start,
        day.end,
        day.start,
        list(bounds),
        [local(at, zone).hour for at in bounds[:-1]],
        local(day.start, zone).weekday() >= _WEEKEND,
    )
    for name, known in state.zones.items():
        part = sheet.zone(name)
        part.hearing.at = known.heard
        if known.base is not None:
            part.value, part.since = known.base.value, known.base.at
    for name, space in state.spaces.items():
        if space.latest is not None and name in zone_of_space:
            value, since = space.latest.value, space.latest.at
            sheet.spaces[name] = SpaceSheet(
                zone_of_space[name],
                value,
                since,
                accrued=day.start,
                hearing=Hearing(space.heard),
            )
    if previous is not None:
        _carry(previous, sheet)
    return sheet


def _carry(previous: Sheet, sheet: Sheet) -> None:
    for name, was in previous.zones.items():
        part = sheet.zone(name)
        part.last_in, part.last_out = was.last_in, was.last_out
        part.swung, part.swung_at = was.swung, was.swung_at
        if part.value == was.value:
            part.since = was.since
    for name, had in previous.spaces.items():
        space = sheet.spaces.get(name)
        if space is not None:
            space.last, space.before = had.last, had.before
            if space.value == had.value:
                space.since, space.begun = had.since, had.begun


def seal(sheet: Sheet) -> None:
    """End a day that is over: what was kept by hours of each space becomes its tilt."""
    for space in sheet.spaces.values():
        zone = sheet.zones.get(space.zone)
        if zone is not None and space.tilt is None:
            space.tilt = _tilt(space, zone)
        space.occupied, space.known = [], []


def _tilt(space: SpaceSheet, zone: ZoneSheet) -> Tilt:
    tilt = Tilt()
    for hour in range(24):
        known = space.known[hour]
        rest = zone.free[hour] + zone.occupied[hour] - known
        if known and rest > 3 * known:
            x = space.occupied[hour] / known
            y = (zone.occupied[hour] - space.occupied[hour]) / rest
            tilt.add(Tilt(1, x, y, x * x, y * y, x * y))
    return tilt
