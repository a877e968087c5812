"""Habits: how often things move at each hour, learnt from the sheets of the weeks before.

Time is measured in moves: a `Warp` tells how many moves were to be expected between two moments,
by the habit of the hour, working days and weekends apart, and no more than the rest of the zone
moved on that very day (so that a holiday, on which nothing moves, is nobody's fault).
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from parking.domain.instants import HOUR
from parking.domain.quality.lengths import bucket, quantile
from parking.domain.quality.sheets import Sheet, ZoneSheet

FEWEST_DAYS = 3
"""Whole days without which nothing is called a habit."""
FEWEST_OF_A_KIND = 2
_ENOUGH_STAYS = 30

Moves = Callable[[ZoneSheet], Sequence[float]]
"""Gives numbers by the 24 hours."""
_NOTHING = ZoneSheet()


def zone_in(sheet: Sheet, zone: str) -> ZoneSheet:
    """Give a zone's part of a sheet; an empty one where there is none."""
    return sheet.zones.get(zone, _NOTHING)


def whole_days(sheets: Sequence[Sheet], before: int) -> list[Sheet]:
    """Give the sheets of days that were over at a moment."""
    return [sheet for sheet in sheets if sheet.through >= sheet.end and sheet.end <= before]


class Rates:
    """Moves in each us that could have moved, by hour, of working days and weekends."""

    def __init__(self, days: Sequence[Sheet], zone: str, moves: Moves, chances: Moves) -> None:
        """Learn them of whole days; hours without a chance have the rate of all hours."""
        self._moved = [[0.0] * 24, [0.0] * 24]
        self._could = [[0.0] * 24, [0.0] * 24]
        self._days = [0, 0]
        for sheet in days:
            part = zone_in(sheet, zone)
            kind = int(sheet.weekend)
            self._days[kind] += 1
            for hour, (moved, could) in enumerate(zip(moves(part), chances(part), strict=True)):
                self._moved[kind][hour] += moved
                self._could[kind][hour] += could
        self.moved = sum(map(sum, self._moved))

    def knows(self, weekend: bool) -> bool:
        """Whether enough days of that kind were seen to say how they are: both of a weekend."""
        return self._days[int(weekend)] >= FEWEST_OF_A_KIND

    def at(self, weekend: bool, hour: int) -> float:
        """Give the rate of an hour; of a kind of day not seen yet, that of the other."""
        kind = int(weekend)
        if not any(self._could[kind]):
            kind = 1 - kind
        could = self._could[kind][hour]
        return self._moved[kind][hour] / could if could else 0.0


class Warp:
    """Expected moves between two moments, as far as the sheets reach."""

    def __init__(self, bounds: Sequence[int], expected: Sequence[float]) -> None:
        """Take hours that follow each other, and what is expected of each when it is whole."""
        self._bounds = bounds
        self._sums = [0.0, *accumulate(expected)]

    def _at(self, moment: int) -> float:
        place = bisect_right(self._bounds, moment) - 1
        if place < 0:
            return 0.0
        if place >= len(self._bounds) - 1:
            return self._sums[-1]
        begin, end = self._bounds[place], self._bounds[place + 1]
        share = (moment - begin) / (end - begin)
        return self._sums[place] + share * (self._sums[place + 1] - self._sums[place])

    def between(self, start: int, end: int) -> float:
        """Give the moves to be expected in [start, end)."""
        return self._at(end) - self._at(start)


def warp(
    sheets: Sequence[Sheet], expected: Callable[[Sheet, int], float], activity: Sequence[float]
) -> Warp:
    """Make a warp of consecutive sheets: `expected` of a sheet and the number of its hour.

    `activity` has a factor a sheet.
    """
    bounds: list[int] = []
    numbers: list[float] = []
    for sheet, factor in zip(sheets, activity, strict=True):
        if bounds and bounds[-1] != sheet.bounds[0]:  # a day that is not known moves nothing
            bounds.append(sheet.bounds[0])
            numbers.append(0.0)
        bounds += sheet.bounds if not bounds else sheet.bounds[1:]
        numbers += [factor * expected(sheet, place) for place in range(len(sheet.clock))]
    return Warp(bounds or [0, HOUR], numbers or [0.0])


@dataclass(frozen=True, slots=True)
class Stays:
    """How long stays of a zone are: log-normal, of the bulk's middle and the upper part's width."""

    mu: float
    sigma: float

    def depth(self, length: int) -> float:
        """Give how many standard deviations a stay is longer than the middle one."""
        return (math.log(max(length, 1) / 1e6) - self.mu) / self.sigma


def find_stays(sheets: Sequence[Sheet], zone: str) -> Stays | None:
    """Give the stays of a zone; None when there were too few."""
    counts: dict[int, int] = {}
    for sheet in sheets:
        for place, count in zone_in(sheet, zone).stays.items():
            counts[place] = counts.get(place, 0) + count
    if sum(counts.values()) < _ENOUGH_STAYS:
        return None
    ordered = sorted(item for item in counts.items() if item[0] > bucket(60_000_000))
    if not ordered:
        return None
    mid, high, higher = (math.log(max(quantile(ordered, q), 1)) for q in (0.5, 0.841, 0.975))
    return Stays(mid, max(0.5, high - mid, (higher - mid) / 1.96))
