"""Gauges: the numbers of a scope and of a zone's spaces at the present of a meter."""

import heapq

from parking.domain.instants import SECOND
from parking.domain.lots import Zone
from parking.domain.numbers import known_until
from parking.domain.states import LotState
from parking.domain.timeline import Layout
from parking.domain.usage import Tally, bucket_of, total


class Gauge:
    """The numbers of a scope at the present, added up over time."""

    __slots__ = ("_closed", "_now", "_open", "_since", "capacity", "free", "occupied")

    def __init__(self, at: int, *, is_open: bool) -> None:
        """Begin at `at` (us) with nothing."""
        self.capacity = self.occupied = self.free = 0
        self._since = at
        self._open = Tally(stays={})  # of the time that the lot is open
        self._closed = Tally(stays={})
        self._now = self._open if is_open else self._closed

    def run(self, at: int) -> None:
        """Add up the time until `at`."""
        passed = at - self._since
        if passed:
            self._since = at
            if self.capacity:
                self._add(passed)

    def _add(self, passed: int) -> None:
        tally, capacity, occupied, free = self._now, self.capacity, self.occupied, self.free
        is_open = tally is self._open
        known = occupied + free
        tally.capacity += capacity * passed
        tally.span += passed
        if is_open:
            tally.opened += passed
        if not known:
            return
        tally.known += known * passed
        tally.occupied += occupied * passed
        if free:
            tally.full_known += passed
        elif occupied == capacity:
            tally.full_known += passed
            tally.full += passed
        if is_open:
            if 10 * occupied >= 9 * capacity:
                tally.saturated += passed
                tally.saturated_known += passed
            elif 10 * (capacity - free) < 9 * capacity:
                tally.saturated_known += passed  # even if all the unknown ones were occupied
        share = occupied / capacity
        if tally.peak is None or share > tally.peak:
            tally.peak = share

    def turn(self, *, is_open: bool) -> None:
        """Open or close, from the moment it has run to."""
        self._now = self._open if is_open else self._closed

    def flow(self, arrivals: int, departures: int) -> None:
        """Count cars that came and went now."""
        self._now.arrivals += arrivals
        self._now.departures += departures

    def stay(self, length_us: int) -> None:
        """Count a stay that ended now."""
        stays, bucket = self._now.stays, bucket_of(length_us)
        stays[bucket] = stays.get(bucket, 0) + 1

    def cut(self, flows: int) -> tuple[Tally, Tally]:
        """Give what was added up, in all and of the time it was open, and begin anew."""
        is_open = self._now is self._open
        opened, closed = self._open, self._closed
        self._open, self._closed = Tally(stays={}), Tally(stays={})
        self.turn(is_open=is_open)
        whole = total((opened, closed))
        whole.flows = opened.flows = flows
        return whole, opened


class SpacesGauge:
    """The spaces of a zone, read one by one as they change."""

    def __init__(self, zone: Zone, layout: Layout, state: LotState, at: int) -> None:
        """Read all spaces at `at` (us); `state` is looked at again and again."""
        self._state = state
        self._zone = zone.id
        self._stale_us = zone.stale_after_s * SECOND
        self._shown: dict[str, int | None] = {}
        self.occupied = self.free = 0
        self._expiries: list[tuple[int, str]] = []
        self._queued: set[str] = set()  # each space stands in the heap once
        for space in layout.counted.get(zone.id, ()):
            self._shown[space] = None
            self.read(space, at)

    def read(self, space: str, at: int) -> None:
        """Read a space anew."""
        if space not in self._shown:
            return  # beyond the capacity
        before = self._shown[space]
        if before is not None:
            self._count(before, -1)
        known = self._state.spaces.get(space)
        zone = self._state.zones.get(self._zone)
        beat = None if zone is None else zone.beat
        until = None if known is None else known_until(known, beat, self._stale_us)
        now = None
        if known is not None and known.latest is not None and until is not None and at < until:
            now = known.latest.value
            self._count(now, 1)
            if space not in self._queued:
                self._queued.add(space)
                heapq.heappush(self._expiries, (until, space))
        self._shown[space] = now

    def read_all(self, at: int) -> None:
        """Read all anew, after a heartbeat of the zone."""
        for space in self._shown:
            self.read(space, at)

    def _count(self, value: int, by: int) -> None:
        if value:
            self.occupied += by
        else:
            self.free += by

    def expire(self, at: int) -> None:
        """Read anew what may have gone stale by `at`."""
        while self._expiries and self._expiries[0][0] <= at:
            space = heapq.heappop(self._expiries)[1]
            self._queued.discard(space)
            if self._shown.get(space) is not None:
                self.read(space, at)

    @property
    def until(self) -> int | None:
        """When something may next go stale."""
        return self._expiries[0][0] if self._expiries else None
