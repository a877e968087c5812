"""A simulated zone: its cars, and what its sensors report of them.

Every event's id is made of the run, the zone and the moment, so a run repeated sends the same
events again, and nothing has to be remembered to number them.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from sensors_sim.moments import HOUR, MINUTE
from sensors_sim.wire import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensors_sim.demand import Traffic
    from sensors_sim.places import ZoneSpec

# Far below every stale_after_s of the sample lots, so that nothing goes stale in a running city.
READING_EVERY = 5 * MINUTE
HEARTBEAT_EVERY = 5 * MINUTE
SPACE_HEARTBEAT_EVERY = 6 * HOUR


def grid(since_us: int, until_us: int, every_us: int, offset_us: int) -> range:
    """Return the moments of a fixed grid in [since, until)."""
    first = since_us + (offset_us - since_us) % every_us
    return range(first, until_us, every_us)


def level(free: int, capacity: int) -> str:
    """Return the level a lot's sign shows for so many free spaces."""
    if free <= 0:
        return "full"
    return "limited" if free < max(1, 0.1 * capacity) else "available"


class Zone:
    """One zone from `start_us` on; `advance` tells what its sensors report up to a moment."""

    def __init__(self, lot: str, spec: ZoneSpec, traffic: Traffic, run: str, start_us: int) -> None:
        self.spec = spec
        self._lot = lot
        self._traffic = traffic
        self._run = run
        self._at_us = start_us
        self._spaces = spec.space_ids() if spec.counting == "spaces" else []
        self._offset_us = zlib.crc32(f"{lot}/{spec.id}".encode()) * 1_000_000
        self._shown = self.level

    @property
    def free(self) -> int:
        """Return the truth: how many spaces are free now."""
        return self.spec.capacity - self._traffic.occupied

    @property
    def level(self) -> str:
        """Return the truth for a sign: available, limited or full."""
        return level(self.free, self.spec.capacity)

    def base(self) -> list[Event]:
        """Return what fixes the zone's state at its first moment, whatever was known before."""
        match self.spec.counting:
            case "spaces":
                taken = self._traffic.taken
                return [
                    self._space(n, n in taken, self._at_us, f"b{n:05d}")
                    for n in range(self.spec.capacity)
                ]
            case "gates":
                facts = {"occupied": self._traffic.occupied, "reason": "start of the simulation"}
                return [self._event("recount", self._at_us, "b", facts)]
            case "counts":
                return [self._reading(self._at_us, "b")]
            case _:
                return [self._sign(self._at_us, "b")]

    def advance(self, until_us: int) -> list[Event]:
        """Return the reports of [now, until), in order of their kind, and go on to `until`."""
        since_us, self._at_us = self._at_us, until_us
        match self.spec.counting:
            case "spaces":
                events = self._space_reports(since_us, until_us)
            case "gates":
                events = self._passages(until_us)
            case "counts":
                return self._readings(since_us, until_us)
            case _:
                events = self._signs(until_us)
        ticks = grid(since_us, until_us, HEARTBEAT_EVERY, self._offset_us)
        return [*events, *(self._heartbeat(at_us, "h") for at_us in ticks)]

    def final(self) -> list[Event]:
        """Return the last word at the present moment: the newest reading, or a sign of life."""
        if self.spec.counting == "counts":
            return [self._reading(self._at_us, "e")]
        return [self._heartbeat(self._at_us, "e")]

    def _event(self, kind: str, at_us: int, mark: str, facts: dict[str, Any]) -> Event:
        event_id = f"{self._run}:{self.spec.id}:{mark}{at_us // 1000:013d}"
        return Event(self._lot, event_id, kind, at_us, {"zone": self.spec.id, **facts})

    def _heartbeat(self, at_us: int, mark: str) -> Event:
        return self._event("heartbeat", at_us, mark, {"sensor": f"{self.spec.id}-gateway"})

    def _reading(self, at_us: int, mark: str) -> Event:
        facts = {"occupied": self._traffic.occupied, "sensor": f"{self.spec.id}-system"}
        return self._event("count", at_us, mark, facts)

    def _readings(self, since_us: int, until_us: int) -> list[Event]:
        events = []
        for at_us in grid(since_us, until_us, READING_EVERY, self._offset_us):
            for _ in self._traffic.moves(at_us):
                pass
            events.append(self._reading(at_us, "c"))
        for _ in self._traffic.moves(until_us):
            pass
        return events

    def _passages(self, until_us: int) -> list[Event]:
        events = []
        for move in self._traffic.moves(until_us):
            direction = "in" if move.arrives else "out"
            facts = {"direction": direction, "sensor": f"{self.spec.id}-{direction}"}
            events.append(self._event("passage", move.at_us, "p", facts))
        return events

    def _sign(self, at_us: int, mark: str) -> Event:
        self._shown = self.level
        facts = {"level": self._shown, "sensor": f"{self.spec.id}-sign"}
        return self._event("flag", at_us, mark, facts)

    def _signs(self, until_us: int) -> list[Event]:
        return [
            self._sign(move.at_us, "f")
            for move in self._traffic.moves(until_us)
            if self.level != self._shown
        ]

    def _space(self, bay: int, occupied: bool, at_us: int, mark: str) -> Event:
        space = self._spaces[bay]
        event_id = f"{self._run}:{self.spec.id}:{mark}"
        facts = {"space": space, "occupied": occupied, "sensor": f"s-{space}"}
        return Event(self._lot, event_id, "space", at_us, facts)

    def _space_reports(self, since_us: int, until_us: int) -> list[Event]:
        moves = [
            self._space(move.bay, move.arrives, move.at_us, f"s{move.at_us // 1000:013d}")
            for move in self._traffic.moves(until_us)
        ]
        return [*moves, *self._space_heartbeats(since_us, until_us)]

    def _space_heartbeats(self, since_us: int, until_us: int) -> Iterator[Event]:
        """Yield one space's heartbeat after another, each space once in its interval."""
        every_us = SPACE_HEARTBEAT_EVERY // len(self._spaces)
        for at_us in grid(since_us, until_us, every_us, 0):
            bay = at_us // every_us % len(self._spaces)
            space = self._spaces[bay]
            noise = zlib.crc32(f"{self._lot}/{space}".encode())
            facts = {
                "space": space,
                "sensor": f"s-{space}",
                "battery_pct": 60 + noise % 40,
                "rssi_dbm": -110 + noise % 45,
                "temperature_c": 12.5 + noise % 16,
            }
            event_id = f"{self._run}:{self.spec.id}:w{at_us // 1000:013d}"
            yield Event(self._lot, event_id, "heartbeat", at_us, facts)
