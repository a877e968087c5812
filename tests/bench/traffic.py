"""Traffic: what the sensors of the district's lots send, made fast and ahead of the time.

Half are passages through gates, which their gateways number, half are sensors of single spaces,
which name nothing. Each event has a moment of its own, so no two are the same; moments end at the
present, and those of two seeds that follow each other never meet.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from parking.domain.events import Entry, canonical, decode, identity, observed
from sensors_sim.places import Place

STEP_US = 10
"""Between two events that are sent one after the other, us."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One event as it goes over the wire, and where it belongs."""

    lot: str
    zone: str
    raw: bytes

    def entry(self, seq: int = 0) -> Entry:
        """Give what the service stores of it."""
        event = decode(self.raw)
        at = observed(event)
        body = canonical(event, at)
        return Entry(self.lot, at, identity(event, body), self.zone, event, body, "admin", at, seq)


_Spot = tuple[str, str, str]


class Traffic:
    """The traffic of some places, from a seed."""

    def __init__(self, places: Sequence[Place], seed: int) -> None:
        self._random = random.Random(seed)
        self._phase = seed
        self._gates: list[_Spot] = []
        self._bays: list[_Spot] = []
        for place in places:
            for zone in place.zones:
                if zone.counting == "gates":
                    self._gates += [(place.id, zone.id, _passage(place.id, zone.id, way))
                                    for way in ("in", "out")]  # fmt: skip
                elif zone.counting == "spaces":
                    self._bays += [(place.id, zone.id, _space(place.id, space, taken))
                                   for space in zone.space_ids()
                                   for taken in ("true", "false")]  # fmt: skip

    def take(
        self,
        count: int,
        *,
        ending: int | None = None,
        step: int = STEP_US,
        disorder: int = 0,
    ) -> list[Sent]:
        """Make events, the last of `ending` (us), by default the present, `step` us apart.

        `disorder` is by how many places at most the order of sending differs from that of time.
        """
        choose = self._random.choices
        spots = [
            spot
            for pair in zip(
                choose(self._gates, k=(count + 1) // 2),
                choose(self._bays, k=(count + 1) // 2),
                strict=True,
            )
            for spot in pair
        ]
        ending = time.time_ns() // 1000 if ending is None else ending
        first = (ending - count * step) // step * step + self._phase % step
        moments = _moments(first, step, count)
        events = [
            Sent(lot, zone, (form % (at, text)).encode())
            for (lot, zone, form), (at, text) in zip(spots, moments, strict=False)
        ]
        if disorder:
            late = [place + self._random.random() * disorder for place in range(count)]
            events = [event for _, event in sorted(zip(late, events, strict=True), key=_first)]
        return events

    def repeat(self, events: Sequence[Sent], share: float) -> list[Sent]:
        """Make `share` of the events repetitions of some sent up to 10,000 places earlier."""
        mixed = list(events)
        for place in range(1, len(mixed)):
            if self._random.random() < share:
                mixed[place] = mixed[self._random.randrange(max(0, place - 10_000), place)]
        return mixed


def _first(pair: tuple[float, Sent]) -> float:
    return pair[0]


def _passage(lot: str, zone: str, way: str) -> str:
    return (
        f'{{"id":"{zone}:{way}:%d","lot":"{lot}","zone":"{zone}","type":"passage",'
        f'"direction":"{way}","sensor":"{zone}-{way}","observed_at":"%s"}}'
    )


def _space(lot: str, space: str, taken: str) -> str:
    # `%.0s` takes the number that passages have, and shows nothing of it
    return (
        f'{{"lot":"{lot}","type":"space","space":"{space}","occupied":{taken},'
        f'"sensor":"s-{space}%.0s","observed_at":"%s"}}'
    )


def _moments(first: int, step: int, count: int) -> Iterator[tuple[int, str]]:
    """Give moments as us and as RFC 3339; the text of a second is made once."""
    second, text = -1, ""
    for at in range(first, first + step * count, step):
        if at // 1_000_000 != second:
            second = at // 1_000_000
            text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        yield at, f"{text}{at % 1_000_000:06d}Z"


def bodies(events: Sequence[Sent], size: int) -> list[bytes]:
    """Pack events into JSON bodies of `size` each; a smaller rest is left out."""
    return [
        b'{"events":[' + b",".join([event.raw for event in events[at : at + size]]) + b"]}"
        for at in range(0, len(events) - size + 1, size)
    ]


def lines(events: Iterable[Sent]) -> bytes:
    """Pack events as NDJSON."""
    return b"\n".join([event.raw for event in events]) + b"\n"


def first_readings(places: Sequence[Place]) -> list[dict[str, Any]]:
    """Give events that tell the present state of every zone: every third space is free."""
    now = datetime.now(UTC).isoformat()
    events = []
    for place in places:
        for zone in place.zones:
            told = {"lot": place.id, "observed_at": now}
            if zone.counting == "spaces":
                events += [
                    {**told, "type": "space", "space": space, "occupied": number % 3 > 0}
                    for number, space in enumerate(zone.space_ids())
                ]
            elif zone.counting == "flag":
                events.append({**told, "type": "flag", "zone": zone.id, "level": "limited"})
            else:
                kind = "recount" if zone.counting == "gates" else "count"
                level = zone.capacity * 2 // 3
                events.append({**told, "type": kind, "zone": zone.id, "occupied": level})
    return events
