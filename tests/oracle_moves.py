"""What came to and went from a lot's zones, once more, slowly: a part of the oracle of usage.

Written from section 6 of the wire contract alone, never from the product, which it must not import.

Where the contract leaves room, this holds:

* An arrival or departure happens at the later event of the pair, in the zone that this event is of
  at that moment, however long ago and in whatever zone the earlier one was. Spaces beyond their
  zone's capacity at that moment are not counted here either, though their state is followed.
* Readings are neither clamped nor distinct in time: of two at one instant the greater identity is
  the later one. A gate zone's `count` and `recount` are no passages, yet a reading to compare with
  once the zone is counted by `counts`.
* A stay begins with the event that turned a space from free to occupied and ends with the one that
  turns it back; one whose beginning was not seen as such a change is not measured.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.oracle_events import (
    Json,
    Lists,
    Timeline,
    identity,
    spaces_at,
    when,
    zone_of,
    zones_at,
)

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Move:
    """Cars that came to or went from a zone at a moment, and the stay that ended so."""

    at: datetime
    zone: str
    arrivals: int
    departures: int
    stay_us: int | None = None


def unvoided(events: Iterable[Json], lot: str) -> list[Json]:
    """Give the lot's events that count, each once and with its id, in order."""
    mine = {identity(event): event for event in events if event["lot"] == lot}
    voided = {event["event"] for event in mine.values() if event["type"] == "void"}
    kept = [
        {**event, "id": name}
        for name, event in mine.items()
        if event["type"] != "void" and name not in voided
    ]
    return sorted(kept, key=lambda event: (when(event), event["id"].encode()))


def moves(timeline: Timeline, lists: Lists, events: list[Json]) -> Iterator[Move]:
    """Give what came and went, from the events that count, in order."""
    readings: dict[str, int] = {}
    states: dict[str, bool] = {}
    begun: dict[str, datetime] = {}
    for event in events:
        try:
            zone = zone_of(timeline, lists, event)
        except LookupError:
            continue  # not read at all
        at, kind = when(event).astimezone(UTC), event["type"]
        described = zones_at(timeline, at).get(zone, {})

        if kind == "space":
            space, is_taken = event["space"], event["occupied"]
            was_taken = bool(states.get(space, is_taken))
            states[space] = is_taken
            if was_taken == is_taken:
                continue
            if is_taken:
                begun[space] = at
            since = None if is_taken else begun.pop(space, None)
            stay_us = None if since is None else (at - since) // MICROSECOND
            if space in spaces_at(timeline, lists, at)[zone][: described["capacity"]]:
                yield Move(at, zone, int(is_taken), int(was_taken), stay_us)
        elif kind == "passage":
            cars, comes = event.get("count", 1), event["direction"] == "in"
            yield Move(at, zone, cars if comes else 0, 0 if comes else cars)
        elif kind in {"count", "recount"}:
            free = event.get("free")
            cars = event["occupied"] if free is None else described["capacity"] - free
            change = cars - readings.get(zone, cars)
            readings[zone] = cars
            if described["counting"] == "counts":
                yield Move(at, zone, max(change, 0), max(-change, 0))
