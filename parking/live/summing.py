"""Summing: a lot's hours and days into the buckets that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from parking.domain import instants
from parking.domain.calendar import local
from parking.domain.usage import Clock, Hour, Tally, TurnedAway
from parking.store import packing
from parking.store.packing import DAY, HOUR, STAY, Records
from parking.store.usage import Series

HOURS_OF_A_WEEK = 168
Numbers = NDArray[np.int64]


@dataclass(slots=True)
class Figures:
    """The usage of one scope in one bucket.

    The clock is told of days and longer only, cars turned away where arrivals are counted and only
    if they were asked for.
    """

    tally: Tally = field(default_factory=lambda: Tally(stays={}))
    clock: Clock = field(default_factory=Clock)
    turned_away: TurnedAway | None = None

    def add(self, other: "Figures") -> None:
        """Add the figures of another stretch or another scope."""
        self.tally.add(other.tally)
        self.clock.add(other.clock)
        if other.turned_away is not None:
            self.turned_away = self.turned_away or TurnedAway()
            self.turned_away.add(other.turned_away)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Buckets of a local calendar: they begin at `starts`, us, and the last ends at `end`.

    With `each` of "week", [starts[0], end) is told by the 168 hours of the week instead.
    """

    zone: ZoneInfo
    starts: Sequence[int]
    end: int
    each: Literal["hour", "days", "week"]

    @property
    def number(self) -> int:
        """How many there are."""
        return HOURS_OF_A_WEEK if self.each == "week" else len(self.starts)

    def keys(self, moments: Numbers) -> Numbers:
        """Give the number of the bucket of each moment, us."""
        if self.each == "week":
            return hours_of_week(moments, self.zone)
        return np.searchsorted(np.array(self.starts), moments, "right") - 1


def add_series(sums: list[dict[str, Figures]], name: str, series: Series, into: Buckets) -> None:
    """Add records of `HOUR` or `DAY`, in order, to the sums of their buckets."""
    if not len(series.figures):
        return
    keys = into.keys(series.figures["start"])
    order = np.argsort(keys, kind="stable")
    ordered, records = keys[order], series.figures[order]
    firsts = np.flatnonzero(np.diff(ordered, prepend=-1))
    tallies = packing.list_sums(records, firsts)
    clocks = _clocks(records, firsts, into)
    places = ordered[firsts].tolist()
    for key, tally, clock in zip(places, tallies, clocks, strict=True):
        if name in sums[key]:
            sums[key][name].add(Figures(tally, clock))
        else:
            sums[key][name] = Figures(tally, clock)
    _add_stays(sums, name, keys[series.of], series.stays)


def _clocks(records: Records, firsts: NDArray[np.intp], into: Buckets) -> list[Clock]:
    if into.each != "days":
        return [Clock() for _ in firsts]
    if records.dtype == DAY:
        return packing.list_clocks(records, firsts)
    clocks = []
    hours = hours_of_week(records["start"], into.zone) % 24
    for first, last in zip(firsts, [*firsts[1:], len(records)], strict=True):
        clock = np.zeros((len(Clock.COLUMNS), 24), np.int64)
        for row, name in zip(clock, Clock.COLUMNS, strict=True):
            np.add.at(row, hours[first:last], records[name][first:last])
        clocks.append(Clock(*clock.tolist()))
    return clocks


def _add_stays(sums: list[dict[str, Figures]], name: str, keys: Numbers, stays: Records) -> None:
    if not len(stays):
        return
    width = int(stays["bucket"].max()) + 1
    counts = np.bincount(keys * width + stays["bucket"], stays["count"])  # exact up to 2 ** 53
    filled = np.flatnonzero(counts)
    groups, first = np.unique(filled // width, return_index=True)
    buckets, numbers = (filled % width).tolist(), counts[filled].astype(np.int64).tolist()
    places = [*first.tolist(), len(filled)]
    for key, begin, end in zip(groups.tolist(), places, places[1:], strict=False):
        counted = dict(zip(buckets[begin:end], numbers[begin:end], strict=True))
        tally = sums[key][name].tally
        if tally.stays:
            tally.add(Tally(stays=counted))
        else:
            tally.stays = counted


def series_of(hours: Sequence[Hour], scope: str, *, opened: bool) -> dict[str, Series]:
    """Give metered hours as series, by name."""
    told: dict[str, list[tuple[int, int, Tally]]] = {}
    for hour in hours:
        for (kind, name), tally in (hour.opened if opened else hour.tallies).items():
            if kind == scope:
                told.setdefault(name, []).append((hour.start, hour.end, tally))
    return {name: _series(tallies) for name, tallies in told.items()}


def _series(tallies: Sequence[tuple[int, int, Tally]]) -> Series:
    counts = [
        (place, bucket, count)
        for place, (_, _, tally) in enumerate(tallies)
        for bucket, count in tally.stays.items()
    ]
    of = np.array([place for place, _, _ in counts], np.intp)
    stays = np.array([(0, bucket, count) for _, bucket, count in counts], STAY)
    return Series(np.array([packing.hour_record(*tally) for tally in tallies], HOUR), stays, of)


def hours_of_week(moments: Numbers, zone: ZoneInfo) -> Numbers:
    """Give the hour of the local week, 0 to 167, in which each moment, us, lies."""
    return (local_hours(moments, zone) + 3 * 24) % HOURS_OF_A_WEEK  # 1970 began on a Thursday


def local_hours(moments: Numbers, zone: ZoneInfo) -> Numbers:
    """Give how many hours local clocks are past the beginning of 1970 at each moment, us."""
    days, of = np.unique(moments // instants.DAY, return_inverse=True)
    offsets = [_offset(day, zone) for day in days.tolist()]
    local_us: Numbers = moments + np.array([offset or 0 for offset in offsets], np.int64)[of]
    for place in np.flatnonzero(np.array([offset is None for offset in offsets])[of]).tolist():
        local_us[place] += _offset_at(int(moments[place]), zone)
    return local_us // instants.HOUR


@lru_cache(maxsize=100_000)
def _offset(day: int, zone: ZoneInfo) -> int | None:
    """Give the offset from UTC, us, all through a day of UTC; None when it changes."""
    begin = day * instants.DAY
    first, last = (_offset_at(at, zone) for at in (begin, begin + instants.DAY - 1))
    return first if first == last else None


def _offset_at(us: int, zone: ZoneInfo) -> int:
    offset = local(us, zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
