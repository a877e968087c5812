"""What goes wrong between sensors and the service, by name and rate.

Whether and how an event is hit depends only on the seed and the event, so the same run has the
same faults however it is cut into steps. Events that are held come out in the order in which
they would have arrived; a drained channel holds nothing.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensors_sim.breakdowns import BREAKDOWNS, spoil
from sensors_sim.chances import chance
from sensors_sim.moments import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensors_sim.wire import Event

_SHUFFLE = 2 * MINUTE
_SHORTEST_DELAY = 2 * MINUTE
_LONGEST_DELAY = 6 * HOUR
_SHORTEST_OUTAGE = 10 * MINUTE
_LONGEST_OUTAGE = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault: what its rate is of, and whether the service can still know the truth."""

    loses: bool
    meaning: str


FAULTS: dict[str, Fault] = {
    "duplicates": Fault(False, "share of events that are sent a second time"),
    "disorder": Fault(False, "share of events shuffled within two minutes"),
    "delay": Fault(False, "share of events that come 2 min to 6 h late"),
    "outage": Fault(False, "chance per lot and hour of 10 min to 2 h of silence, then backfill"),
    "stuck": Fault(True, "chance per sensor and day to report the same for 1 h to 12 h"),
    "lost-passages": Fault(True, "share of passages that no gate notices"),
    "clock-ahead": Fault(True, "share of events stamped 1 min to 10 min in the future"),
    **{name: Fault(True, meaning) for name, meaning in BREAKDOWNS.items()},
}


def parse_fault(text: str) -> tuple[str, float]:
    """Return the name and rate of `name=rate`; anything else is a ValueError."""
    name, _, rate_text = text.partition("=")
    if name not in FAULTS:
        raise ValueError(f"no fault {name!r}; there are {', '.join(FAULTS)}")
    try:
        rate = float(rate_text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError(f"{text!r}: a rate is a number from 0 to 1")
    return name, rate


def loses_data(rates: Mapping[str, float]) -> bool:
    """Return whether some fault that is on keeps the truth from the service."""
    return any(rate > 0 and FAULTS[name].loses for name, rate in rates.items())


class Channel:
    """The way from the sensors to the service, with faults; `hits` counts them by name."""

    def __init__(self, rates: Mapping[str, float], seed: str) -> None:
        self.hits: Counter[str] = Counter()
        self._rates = {name: rate for name, rate in rates.items() if rate > 0}
        self._seed = seed
        self._held: list[tuple[int, int, Event]] = []
        self._number = 0
        self._last_said: dict[tuple[str, str], Mapping[str, Any]] = {}

    def carry(self, events: Iterable[Event], until_us: int, *, exact: bool = False) -> list[Event]:
        """Take events in and return those that arrive before a moment (µs).

        `exact` events (a base that people have counted) may come late or twice, never wrong.
        """
        return [event for _, event in self.deliver(events, until_us, exact=exact)]

    def deliver(
        self, events: Iterable[Event], until_us: int | None, *, exact: bool = False
    ) -> list[tuple[int, Event]]:
        """Do as `carry`, and tell when (µs) each event arrives; None: all of them do."""
        if not self._rates:
            return [(event.at_us, event) for event in events]
        for event in events:
            for arriving in [event] if exact else self._spoilt(event):
                # what a wrong clock stamps is sent when it happened all the same
                self._hold(arriving, self._happened(arriving, event))
        return self._released(until_us)

    def drain(self) -> list[Event]:
        """Return everything that is still held."""
        return [event for _, event in self._released(None)]

    def _released(self, until_us: int | None) -> list[tuple[int, Event]]:
        events = []
        while self._held and (until_us is None or self._held[0][0] < until_us):
            arrived_us, _, event = heapq.heappop(self._held)
            events.append((arrived_us, event))
        return events

    def _push(self, moment_us: int, event: Event) -> None:
        self._number += 1
        heapq.heappush(self._held, (moment_us, self._number, event))

    def _hit(self, name: str, event: Event) -> bool:
        rate = self._rates.get(name)
        if rate is None or chance(f"{self._seed}/{name}/{event.lot}/{event.id}") >= rate:
            return False
        self.hits[name] += 1
        return True

    def _share(self, name: str, event: Event) -> float:
        return chance(f"{self._seed}/{name} by/{event.lot}/{event.id}")

    def _hold(self, event: Event, at_us: int) -> None:
        """Hold an event that happened at `at_us` until it arrives, perhaps twice."""
        due_us = max(at_us, self._outage_end(event.lot, at_us))
        if due_us > at_us:
            self.hits["outage"] += 1
        if self._hit("delay", event):
            ratio = _LONGEST_DELAY / _SHORTEST_DELAY
            due_us += round(_SHORTEST_DELAY * ratio ** self._share("delay", event))
        if self._hit("disorder", event):
            due_us += round(_SHUFFLE * self._share("disorder", event))
        self._push(due_us, event)
        if self._hit("duplicates", event):
            self._push(due_us + round(HOUR * self._share("duplicates", event) ** 2), event)

    def _outage_end(self, lot: str, at_us: int) -> int:
        """Return the end (µs) of the latest outage the lot is in, or 0."""
        rate = self._rates.get("outage", 0.0)
        end_us = 0
        for hour in range(at_us // HOUR - 2, at_us // HOUR + 1) if rate else ():
            key = f"{self._seed}/outage/{lot}/{hour}"
            if chance(key) >= rate:
                continue
            since_us = hour * HOUR + round(chance(key + "/since") * HOUR)
            length = chance(key + "/length") * (_LONGEST_OUTAGE - _SHORTEST_OUTAGE)
            until_us = since_us + _SHORTEST_OUTAGE + round(length)
            if since_us <= at_us < until_us:
                end_us = max(end_us, until_us)
        return end_us

    def _spoilt(self, event: Event) -> list[Event]:
        """Return what a failing sensor sends instead of an event; nothing when it never does."""
        sent, broken = spoil(self._seed, self._rates, event)
        if broken is not None:
            self.hits[broken] += 1
            return sent
        if event.type == "passage" and self._hit("lost-passages", event):
            return []
        if "stuck" in self._rates:
            stuck = self._as_stuck(event)
            if stuck is None:
                return []
            event = stuck
        if self._hit("clock-ahead", event):
            ahead = MINUTE + round(9 * MINUTE * self._share("clock-ahead", event))
            event = event.at(event.at_us + ahead - ahead % 1000)
        return [event]

    @staticmethod
    def _happened(arriving: Event, event: Event) -> int:
        """Return when (µs) what arrives happened: an event that was made up at its own moment."""
        return event.at_us if arriving.id == event.id else arriving.at_us

    def _as_stuck(self, event: Event) -> Event | None:
        """Return what a stuck sensor reports instead: the same as before, or no change at all."""
        if event.type not in {"space", "count", "flag"}:
            return event
        sensor = str(event.body["sensor"])
        stuck = self._is_stuck(event.lot, sensor, event.at_us)
        if event.type == "space":
            self.hits["stuck"] += stuck
            return None if stuck else event
        name = (event.lot, sensor)
        if stuck and name in self._last_said:
            self.hits["stuck"] += 1
            return event.with_body(self._last_said[name])
        self._last_said[name] = event.body
        return event

    def _is_stuck(self, lot: str, sensor: str, at_us: int) -> bool:
        for day in (at_us // DAY - 1, at_us // DAY):
            key = f"{self._seed}/stuck/{lot}/{sensor}/{day}"
            if chance(key) < self._rates["stuck"]:
                since_us = day * DAY + round(chance(key + "/since") * DAY)
                length = HOUR + round(chance(key + "/length") * 11 * HOUR)
                if since_us <= at_us < since_us + length:
                    return True
        return False
