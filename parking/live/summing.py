"""Summing: a lot's hours and days into the buckets that are asked for."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from parking.domain import instants
from parking.domain.calendar import offset_at, steady_offset
from parking.domain.usage import Hour, Tally, TurnedAway, length_of
from parking.live.metering import Run
from parking.store import packing
from parking.store.packing import DAY, HOUR, STAY, Records
from parking.store.usage import Series

HOURS_OF_A_WEEK = 168
Numbers = NDArray[np.int64]


@dataclass(slots=True)
class Figures:
    """The usage of one scope in one bucket.

    `clock`: space-us in all, known and occupied by the local hour of the day (24 x 3), of days and
    longer. `stays`: how many ended, by the bucket of their length. `turned_away`: where arrivals
    are counted, and only if it was asked for.
    """

    tally: Tally = field(default_factory=Tally)
    clock: NDArray[np.float64] | None = None
    stays: Numbers | None = None
    turned_away: TurnedAway | None = None

    def add(self, other: "Figures") -> None:
        """Add the figures of another stretch or another scope."""
        self.tally.add(other.tally)
        if other.clock is not None:
            self.clock = other.clock if self.clock is None else self.clock + other.clock
        if other.stays is not None:
            self.stays = other.stays if self.stays is None else _added(self.stays, other.stays)
        if other.turned_away is not None:
            self.turned_away = self.turned_away or TurnedAway()
            self.turned_away.add(other.turned_away)

    @property
    def peak_hour(self) -> tuple[int | None, float | None]:
        """The hour of the day with the greatest mean share occupied, the first of equals.

        Beside it the coverage of the hour that is known least, 0 to 1. (None, None): not of days.
        """
        return peak_hours([self])[0]

    def dwell_min(self, *shares: float) -> list[float | None]:
        """Give the lengths, minutes, that these shares of the stays do not pass."""
        if self.stays is None:
            return [None for _ in shares]
        numbers = self.stays.cumsum()
        ranks = [max(math.ceil(share * int(numbers[-1])), 1) for share in shares]
        return [length_of(bucket) for bucket in numbers.searchsorted(ranks).tolist()]


def peak_hours(all_figures: Sequence[Figures]) -> list[tuple[int | None, float | None]]:
    """Give the peak hour of each, and its coverage; for many this is faster than one by one."""
    peaks: list[tuple[int | None, float | None]] = [(None, None) for _ in all_figures]
    places = [place for place, figures in enumerate(all_figures) if figures.clock is not None]
    if not places:
        return peaks
    clocks = np.array([all_figures[place].clock for place in places])
    capacity, known, occupied = clocks[:, :, 0], clocks[:, :, 1], clocks[:, :, 2]
    means = np.divide(occupied, known, out=np.full_like(known, -1), where=known > 0)
    coverages = np.divide(known, capacity, out=np.ones_like(known), where=capacity > 0)
    best, least = means.argmax(axis=1).tolist(), coverages.min(axis=1).tolist()
    for place, is_known, peak, coverage in zip(
        places, np.any(known, axis=1), best, least, strict=True
    ):
        peaks[place] = (peak, coverage) if is_known else (None, 0.0)
    return peaks


def _added(one: Numbers, other: Numbers) -> Numbers:
    if len(one) < len(other):
        one, other = other, one
    added = one.copy()
    added[: len(other)] += other
    return added


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
    places = ordered[firsts].tolist()
    clocks = _clocks(records, firsts, into) if into.each == "days" else [None for _ in places]
    for key, tally, clock in zip(places, tallies, clocks, strict=True):
        _add(sums[key], name, Figures(tally, clock))
    if len(series.stays):
        for key, stays in _stays(keys[series.of], series.stays):
            _add(sums[key], name, Figures(stays=stays))


def _add(sums: dict[str, Figures], name: str, figures: Figures) -> None:
    if name in sums:
        sums[name].add(figures)
    else:
        sums[name] = figures


def _clocks(
    records: Records, firsts: NDArray[np.intp], into: Buckets
) -> Iterable[NDArray[np.float64]]:
    """Sum up by the hour of the day, in floats: shares is all that is told of it."""
    if records.dtype == DAY:
        return np.add.reduceat(records["clock"].astype(np.float64), firsts, axis=0)
    clocks = np.zeros((len(firsts), 24, len(packing.CLOCK)))
    lengths = np.diff(firsts, append=len(records))
    places = np.repeat(np.arange(len(firsts)), lengths)
    hours = hours_of_week(records["start"], into.zone) % 24
    for column, name in enumerate(packing.CLOCK):
        np.add.at(clocks[:, :, column], (places, hours), records[name])
    return clocks


def _stays(keys: Numbers, stays: Records) -> Iterator[tuple[int, Numbers]]:
    """Give the counts of stays by the bucket of their length, for each key that has any."""
    width, number = int(stays["bucket"].max()) + 1, int(keys.max()) + 1
    counts = np.bincount(keys * width + stays["bucket"], stays["count"], number * width)
    table = counts.astype(np.int64).reshape(number, width)  # floats are exact up to 2 ** 53
    for key in np.flatnonzero(table.any(axis=1)).tolist():
        yield key, table[key]


def series_of(hours: Sequence[Hour], scope: str, *, opened: bool) -> dict[str, Series]:
    """Give metered hours as series, by name."""
    told: dict[str, list[tuple[int, int, Tally]]] = {}
    for hour in hours:
        for (kind, name), tally in (hour.opened if opened else hour.tallies).items():
            if kind == scope:
                told.setdefault(name, []).append((hour.start, hour.end, tally))
    return {name: _series(tallies) for name, tallies in told.items()}


def silent_series(run: Run, scope: str, *, opened: bool) -> dict[str, Series]:
    """Give a run of hours in which nothing was known as series, by name."""
    bounds = np.array(run.bounds, np.int64)
    told = {}
    for (kind, name), tally in (run.opened if opened else run.tallies).items():
        if kind == scope:
            records = np.full(len(bounds) - 1, np.array(packing.hour_record(0, 0, tally), HOUR))
            records["start"], records["end"] = bounds[:-1], bounds[1:]
            told[name] = Series(records, np.empty(0, STAY), np.empty(0, np.intp))
    return told


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
    offsets = [steady_offset(day, zone) for day in days.tolist()]
    local_us: Numbers = moments + np.array([offset or 0 for offset in offsets], np.int64)[of]
    for place in np.flatnonzero(np.array([offset is None for offset in offsets])[of]).tolist():
        local_us[place] += offset_at(int(moments[place]), zone)
    return local_us // instants.HOUR
