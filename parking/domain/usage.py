"""Usage: what planners plan from, as sums that add up exactly over hours, zones and lots.

All times are integers: space-microseconds and microseconds. A tally is of one scope (a zone, a
class or the whole lot) over one stretch of time; tallies of following stretches add up to that of
the longer one, those of zones to that of their lot, but for what belongs to a joint step function:
peak, full and saturated time are kept for zone, class and lot each.
"""

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct

from parking.domain.instants import DAY, MINUTE

EXACT = 1
LOWER_BOUND = 2
"""How arrivals were counted in a scope, as bits: by sensors or gates; by readings of a number."""

_WIDTH = math.log(1.04)  # stays are counted in buckets 4 % wide: their middle is within 2 %


class Tally(Struct, array_like=True):
    """Sums over a stretch of time; `flows` are the bits above, 0 when nothing counts arrivals.

    `capacity`, `known`, `occupied`: space-us. `span`, `opened`: us in which there were spaces, and
    of these the us in which the lot was open. `full`: us with no free space and nothing unknown,
    of the `full_known` us in which it is known whether that was so. `saturated`: us in which the
    lot was open and nine tenths of the capacity occupied or more, of the `saturated_known` us in
    which it was open and that is known. `peak`: greatest share occupied. `stays`: how many stays
    ended, by the bucket of their length.
    """

    capacity: int = 0
    known: int = 0
    occupied: int = 0
    span: int = 0
    opened: int = 0
    full: int = 0
    full_known: int = 0
    saturated: int = 0
    saturated_known: int = 0
    arrivals: int = 0
    departures: int = 0
    flows: int = 0
    peak: float | None = None
    stays: dict[int, int] = {}

    def add(self, other: "Tally") -> None:
        """Add the tally of another stretch of the same scope, or of another scope."""
        self.capacity += other.capacity
        self.known += other.known
        self.occupied += other.occupied
        self.span += other.span
        self.opened += other.opened
        self.full += other.full
        self.full_known += other.full_known
        self.saturated += other.saturated
        self.saturated_known += other.saturated_known
        self.arrivals += other.arrivals
        self.departures += other.departures
        self.flows |= other.flows
        if other.peak is not None and (self.peak is None or other.peak > self.peak):
            self.peak = other.peak
        for bucket, count in other.stays.items():
            self.stays[bucket] = self.stays.get(bucket, 0) + count

    @property
    def coverage(self) -> float:
        """The share of space-time that is known, 0 to 1."""
        return self.known / self.capacity if self.capacity else 0.0

    @property
    def occupancy_mean(self) -> float | None:
        """The share of known space-time that was occupied; None when nothing was known."""
        return self.occupied / self.known if self.known else None

    @property
    def full_coverage(self) -> float:
        """The share of the time in which it is known whether all was full, 0 to 1."""
        return self.full_known / self.span if self.span else 0.0

    @property
    def saturation(self) -> float | None:
        """The share of opening hours in which nine tenths or more were occupied, where known."""
        return self.saturated / self.saturated_known if self.saturated_known else None

    @property
    def saturation_coverage(self) -> float:
        """The share of opening hours in which saturation is known, 0 to 1."""
        return self.saturated_known / self.opened if self.opened else 0.0

    @property
    def turnover(self) -> float | None:
        """Departures per space and day; None where departures are not counted."""
        if not self.flows or not self.capacity:
            return None
        return self.departures / (self.capacity / DAY)

    @property
    def dwell_mean_min(self) -> float | None:
        """Occupied space-minutes per departure (Little's law); None without departures."""
        return self.occupied / MINUTE / self.departures if self.departures else None


class TurnedAway(Struct):
    """Cars to be expected while all was full; `unrated`: us of full time without an estimate."""

    cars: float = 0.0
    unrated: int = 0

    def add(self, other: "TurnedAway") -> None:
        """Add those of another stretch or another scope."""
        self.cars += other.cars
        self.unrated += other.unrated

    def coverage(self, tally: Tally) -> float:
        """Give the share of a tally's time of which the number is known, 0 to 1."""
        return (tally.full_known - self.unrated) / tally.span if tally.span else 0.0


def bucket_of(stay_us: int) -> int:
    """Give the bucket of a stay's length; lengths up to a second share one."""
    return max(0, math.floor(math.log(max(stay_us, 1) / 1_000_000) / _WIDTH)) if stay_us else 0


def length_of(bucket: int) -> float:
    """Give the middle of a bucket, minutes."""
    return math.exp((bucket + 0.5) * _WIDTH) / 60


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    result = Tally(stays={})
    for tally in tallies:
        result.add(tally)
    return result


Scope = tuple[str, str]
"""What a tally is of: ("lot", ""), ("class", "ev") or ("zone", "b1")."""


class Hour(Struct):
    """The tallies of a lot over a stretch [start, end), us; `opened`: of the time it was open."""

    start: int
    end: int
    tallies: Mapping[Scope, Tally]
    opened: Mapping[Scope, Tally]
