"""Gauges: the numbers of a scope and of a zone's spaces at the present of a meter."""

import heapq

from parking.domain.instants import SECOND
from parking.domain.lots import Zone
from parking.domain.numbers import known_until
from parking.domain.states import LotState
from parking.domain.timeline import Layout
from parking.domain.usage import Tally, bucket_of


class Gauge:
    """The numbers of a scope at the present, added up over time."""

    __slots__ = ("_open", "_since", "capacity", "free", "occupied", "opened", "tally")

    def __init__(self, at: int, *, is_open: bool) -> None:
        """Begin at `at` (us) with nothing."""
        self.capacity = self.occupied = self.free = 0
        self._since = at
        self._open = is_open
        self.tally = Tally(stays={})
        self.opened = Tally(stays={})

    def run(self, at: int) -> None:
        """Add up the time until `at`."""
        passed = at - self._since
        if passed:
            self._since = at
            self._add(self.tally, passed)
            if self._open:
                self._add(self.opened, passed)

    def _add(self, tally: Tally, passed: int) -> None:
        if not self.capacity:
            return
        known = self.occupied + self.free
        tally.capacity += self.capacity * passed
        tally.span += passed
        if self._open:
            tally.opened += passed
        if not known:
            return
        tally.known += known * passed
        tally.occupied += self.occupied * passed
        if self.free:
            tally.full_known += passed
        elif self.occupied == self.capacity:
            tally.full_known += passed
            tally.full += passed
        if self._open:
            if 10 * self.occupied >= 9 * self.capacity:
                tally.saturated += passed
                tally.saturated_known += passed
            elif 10 * (self.capacity - self.free) < 9 * self.capacity:
                tally.saturated_known += passed  # even if all the unknown ones were occupied
        share = self.occupied / self.capacity
        if tally.peak is None or share > tally.peak:
            tally.peak = share

    def turn(self, *, is_open: bool) -> None:
        """Open or close, from the moment it has run to."""
        self._open = is_open

    def flow(self, arrivals: int, departures: int) -> None:
        """Count cars that came and went now."""
        for tally in (self.tally, self.opened) if self._open else (self.tally,):
            tally.arrivals += arrivals
            tally.departures += departures

    def stay(self, length_us: int) -> None:
        """Count a stay that ended now."""
        bucket = bucket_of(length_us)
        for tally in (self.tally, self.opened) if self._open else (self.tally,):
            tally.stays[bucket] = tally.stays.get(bucket, 0) + 1

    def cut(self, flows: int) -> tuple[Tally, Tally]:
        """Give what was added up, and begin anew."""
        done = self.tally, self.opened
        for tally in done:
            tally.flows = flows
        self.tally, self.opened = Tally(stays={}), Tally(stays={})
        return done


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
