"""How cars come and how long they stay.

Arrivals are a Poisson process whose rate follows hour and weekday; stays are log-normal, so a
few are very long. The moves of a zone depend only on its seed and its first moment, never on
how the time is cut into steps. A car that finds the zone full drives on.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensors_sim.moments import DAY, HOUR, MINUTE
from sensors_sim.places import MINUTES_A_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

# The district has kept UTC+8 without summer time since 1991.
_LOCAL = 8 * HOUR
# 1970-01-01 was a Thursday; weeks are counted from Monday.
_WEEK_SHIFT = 3 * DAY
_MILLISECOND = 1_000
_LONGEST_STAY = 14 * DAY
_SHORTEST_STAY = 2 * MINUTE


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of place: arrivals per space on a full day, when they come, how long they stay."""

    turnover: float
    weekday: tuple[float, ...]
    weekend: tuple[float, ...]
    days: tuple[float, ...]
    stay_median_min: float
    stay_sigma: float


def _hours(text: str) -> tuple[float, ...]:
    """Return 24 hourly weights that add up to 1."""
    weights = [float(word) for word in text.split()]
    if len(weights) != 24:
        raise ValueError("a day has 24 weights")
    total = sum(weights)
    return tuple(weight / total for weight in weights)


_OFFICE = _hours("0 0 0 0 0 1 4 14 22 14 6 4 4 6 6 4 3 3 2 2 1 1 0 0")
_VISITS = _hours("1 1 1 1 1 1 2 3 4 6 8 8 7 7 8 8 8 8 7 6 4 3 2 1")
_STATION = _hours("2 1 1 1 2 6 10 12 11 10 9 8 8 8 9 9 10 11 10 8 7 6 5 3")
_MALL = _hours("0 0 0 0 0 0 0 1 2 5 10 12 10 8 9 9 9 11 14 12 7 3 1 0")
_HOSPITAL = _hours("1 1 1 1 1 2 8 16 18 14 9 5 5 9 9 7 5 4 4 3 2 2 1 1")
_EVENT = _hours("0 0 0 0 0 0 1 4 12 16 12 7 5 9 9 6 5 6 8 4 1 0 0 0")
_HOUSING = _hours("1 1 0 0 0 1 2 3 3 3 3 4 5 4 4 4 6 12 16 14 10 7 4 2")
_FREIGHT = _hours("4 4 5 6 7 8 7 5 4 4 4 4 4 4 4 4 4 4 5 6 7 7 6 5")

_WORKDAYS = (1.0, 1.0, 1.0, 1.0, 1.0, 0.35, 0.25)
_WEEKENDS = (0.75, 0.75, 0.75, 0.8, 1.0, 1.25, 1.2)
_TRAVEL = (1.0, 0.9, 0.9, 1.0, 1.25, 1.05, 1.15)
_CLINIC = (1.1, 1.0, 1.0, 1.0, 1.0, 0.7, 0.55)
_EVENLY = (1.0,) * 7

PROFILES: dict[str, Profile] = {
    "office": Profile(2.1, _OFFICE, _VISITS, _WORKDAYS, 260, 0.9),
    "street": Profile(8.0, _VISITS, _VISITS, _WORKDAYS, 45, 0.9),
    "charging": Profile(5.0, _VISITS, _VISITS, _WORKDAYS, 75, 0.6),
    "station": Profile(5.5, _STATION, _STATION, _TRAVEL, 70, 1.2),
    "mall": Profile(3.6, _MALL, _MALL, _WEEKENDS, 110, 0.7),
    "hospital": Profile(4.2, _HOSPITAL, _HOSPITAL, _CLINIC, 110, 0.9),
    "event": Profile(2.6, _EVENT, _EVENT, _WEEKENDS, 180, 0.7),
    "housing": Profile(1.3, _HOUSING, _VISITS, _EVENLY, 480, 0.8),
    "freight": Profile(2.0, _FREIGHT, _FREIGHT, _WORKDAYS, 300, 0.8),
}


def hour_of_week(moment_us: int) -> int:
    """Return the local hour of the week, 0 for Monday 00:00 to 01:00."""
    return (moment_us + _LOCAL + _WEEK_SHIFT) // HOUR % 168


def week_start(moment_us: int) -> int:
    """Return the Monday 00:00 (local; µs) at or before a moment."""
    return moment_us - (moment_us + _LOCAL + _WEEK_SHIFT) % (7 * DAY)


def minute_of_day(moment_us: int) -> int:
    """Return the local minute of the day."""
    return (moment_us + _LOCAL) // MINUTE % MINUTES_A_DAY


def weekly_rates(profile: Profile, capacity: int) -> tuple[float, ...]:
    """Return the expected arrivals in each of the 168 hours of a week."""
    return tuple(
        capacity
        * profile.turnover
        * profile.days[day]
        * (profile.weekday if day < 5 else profile.weekend)[hour]
        for day in range(7)
        for hour in range(24)
    )


@dataclass(frozen=True, slots=True)
class Move:
    """A car takes or leaves a bay (numbered from 0) at a moment (µs)."""

    at_us: int
    arrives: bool
    bay: int


class Traffic:
    """The cars of one zone; its moves come in strictly increasing milliseconds."""

    def __init__(
        self, profile: Profile, capacity: int, opening: tuple[int, int], *, seed: str, since_us: int
    ) -> None:
        self.capacity = capacity
        self._rates = weekly_rates(profile, capacity)
        self._peak = max(self._rates)
        self._mu = math.log(profile.stay_median_min * MINUTE)
        self._sigma = profile.stay_sigma
        self._opening = opening
        self._random = random.Random(seed)
        self._bays = list(range(capacity))
        self._due: list[tuple[int, int]] = []
        self._last_us = since_us
        self._candidate_us = float(since_us)
        self._arrival_us = self._next_arrival()

    @property
    def occupied(self) -> int:
        """Return how many cars stand here now."""
        return len(self._due)

    @property
    def taken(self) -> frozenset[int]:
        """Return the bays that are taken now."""
        return frozenset(bay for _, bay in self._due)

    def skip_to(self, moment_us: int) -> None:
        """Let time pass up to a moment (µs) unseen; later moves are strictly after it."""
        for _ in self.moves(moment_us):
            pass
        self._last_us = max(self._last_us, moment_us)

    def moves(self, until_us: int) -> Iterator[Move]:
        """Yield the next moves before a moment (µs), in order."""
        while True:
            leaves = bool(self._due) and self._due[0][0] <= self._arrival_us
            wanted = self._due[0][0] if leaves else self._arrival_us
            at_us = max(wanted, self._last_us + _MILLISECOND)
            if at_us >= until_us:
                return
            move = self._leave(at_us) if leaves else self._arrive(at_us)
            if move is not None:
                self._last_us = at_us
                yield move

    def _leave(self, at_us: int) -> Move:
        _, bay = heapq.heappop(self._due)
        self._bays.append(bay)
        return Move(at_us, arrives=False, bay=bay)

    def _arrive(self, at_us: int) -> Move | None:
        self._arrival_us = self._next_arrival()
        if not self._bays:
            return None
        pick = self._random.randrange(len(self._bays))
        self._bays[pick], self._bays[-1] = self._bays[-1], self._bays[pick]
        bay = self._bays.pop()
        stay = self._random.lognormvariate(self._mu, self._sigma)
        stay_us = min(max(int(stay), _SHORTEST_STAY), _LONGEST_STAY)
        due_us = at_us + stay_us - stay_us % _MILLISECOND
        heapq.heappush(self._due, (due_us, bay))
        return Move(at_us, arrives=True, bay=bay)

    def _next_arrival(self) -> int:
        """Return the next arrival by thinning: candidates at the peak rate, some of them real."""
        while True:
            self._candidate_us += self._random.expovariate(self._peak) * HOUR
            at_us = int(self._candidate_us)
            real = self._random.random() * self._peak < self._rates[hour_of_week(at_us)]
            if real and self._opening[0] <= minute_of_day(at_us) < self._opening[1]:
                return at_us - at_us % _MILLISECOND
