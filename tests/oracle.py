"""What the contract says the numbers are, once more, slowly: an oracle for the tests.

Written from section 4 of the wire contract alone, never from the product, which it must not import
(section 3 is in `oracle_events`). All is worked out anew from the whole set of events: no state, no
order, no haste.

Where the contract leaves room, this holds:

* An event is read with the description of its own moment. If that has no zone for it (the lot was
  described anew between its arrival and its moment, some minutes ahead), it is not read at all.
* What a counting needs is taken from all the events of the zone's id, also from times when the zone
  was counted in another way, or was not there for a while.
* A zone is heard by what names it, and by what names a space that was in its list then or is
  counted in it now.
* A list is cut to the zone's capacity after the spaces that another zone has were taken out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.oracle_events import (
    LEVELS,
    LOT,
    Json,
    Lists,
    Timeline,
    accept,
    accepted,
    description_at,
    identity,
    spaces_at,
    verdicts,
    when,
    zone_of,
    zones_at,
)

__all__ = [
    "LOT",
    "Json",
    "Lists",
    "Timeline",
    "accept",
    "accepted",
    "availability",
    "identity",
    "shown",
    "verdicts",
]

IsOpen = Callable[[Json, datetime], bool | None]


def availability(
    timeline: Timeline,
    lists: Lists,
    events: Iterable[Json],
    t: datetime,
    *,
    is_open: IsOpen = lambda _description, _t: None,
    lot: str = LOT,
) -> Json | None:
    """Give the availability object of a lot at `t`, with `zones`; None when it is retired then.

    `events` are the accepted ones, in any order, repeated or not. `is_open` tells whether a
    description's opening hours have it open, None where they are unknown.
    """
    description = description_at(timeline, t)
    if description is None:
        return None
    readings = _readings(timeline, lists, events, t, lot)
    spaces = spaces_at(timeline, lists, t)
    zones = [
        _zone(zone, spaces.get(zone["id"], [])[: zone["capacity"]], readings, t)
        for zone in description["zones"]
    ]
    status = _latest(reading for reading in readings if reading.type == "status")
    is_closed = status is not None and status.event["status"] == "closed"
    is_closed = is_closed or is_open(description, t) is False
    total = _sum(zones)
    countings = {zone["counting"] for zone in zones}
    heard = [zone["heard"] for zone in zones if zone["is_known"]]
    return {
        "lot": lot,
        "status": "closed" if is_closed else "open",
        "level": "closed" if is_closed else _level(total, zones),
        **total,
        "basis": countings.pop() if len(countings) == 1 else "mixed",
        "observed_at": shown(min(heard)) if heard else None,
        "classes": {
            name: _sum([zone for zone in zones if zone["class"] == name])
            for name in {zone["class"]: None for zone in zones}
        },
        "zones": [_shown_zone(zone) for zone in zones],
    }


def shown(moment: datetime) -> str:
    """Write a moment as the service does: UTC, `Z`, microseconds only when not zero."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class _Reading:
    """An event that counts at the moment asked for, with the zone it was of at its own."""

    at: datetime
    id: bytes
    type: str
    event: Json
    zone: str
    capacity: int
    """Of that zone, at the event's own moment."""

    @property
    def occupied(self) -> int:
        """What a `count` or `recount` says, not clamped."""
        if "free" in self.event:
            return self.capacity - int(self.event["free"])
        return int(self.event["occupied"])


def _readings(
    timeline: Timeline, lists: Lists, events: Iterable[Json], t: datetime, lot: str
) -> list[_Reading]:
    mine = {identity(event): event for event in events if event["lot"] == lot}
    voided = {event["event"] for event in mine.values() if event["type"] == "void"}
    readings = []
    for name, event in mine.items():
        if event["type"] == "void" or name in voided or when(event) > t:
            continue
        try:
            zone = zone_of(timeline, lists, event)
        except LookupError:
            continue
        capacity = zones_at(timeline, when(event))[zone]["capacity"] if zone else 0
        kind = event["type"]
        readings.append(_Reading(when(event), name.encode(), kind, event, zone, capacity))
    return readings


def _latest(readings: Iterable[_Reading]) -> _Reading | None:
    return max(readings, key=lambda reading: (reading.at, reading.id), default=None)


def _zone(zone: Json, counted: Sequence[str], readings: list[_Reading], t: datetime) -> Json:
    """Give the zone with its numbers at `t`, when it `heard`, whether it `is_known`."""
    capacity, counting = zone["capacity"], zone["counting"]
    patience = timedelta(seconds=zone["stale_after_s"])
    own = [r for r in readings if r.zone == zone["id"]]
    near = own + [r for r in readings if r.event.get("space") in counted]
    heard = max((r.at for r in near), default=None)
    is_heard = heard is not None and t - heard < patience
    level = None
    occupied: int | None = None
    free: int | None = None
    unknown = capacity

    if counting == "spaces":
        states = [_space(space, zone["id"], readings, t, patience) for space in counted]
        known = [state for state in states if state is not None]
        unknown = capacity - len(known)
        if known:
            occupied, free = known.count(True), known.count(False)
    elif counting == "flag":
        flag = _latest(r for r in own if r.type == "flag")
        if flag is not None and is_heard:
            level = flag.event["level"]
    else:
        base = _latest(r for r in own if r.type in {"count", "recount"})
        if base is not None and is_heard:
            cars = base.occupied
            if counting == "gates":
                cars += sum(_change(r) for r in own if r.at > base.at)
            occupied = min(max(cars, 0), capacity)
            free, unknown = capacity - occupied, 0
    return {
        **zone,
        "occupied": occupied,
        "free": free,
        "unknown": unknown,
        "level": level,
        "heard": heard,
        "is_known": occupied is not None or level is not None,
    }


def _space(
    space: str, zone: str, readings: list[_Reading], t: datetime, patience: timedelta
) -> bool | None:
    """Tell whether a space is occupied, None when that is not known."""
    own = [r for r in readings if r.event.get("space") == space]
    beats = [
        r for r in readings if r.type == "heartbeat" and "space" not in r.event and r.zone == zone
    ]
    latest = _latest(r for r in own if r.type == "space")
    if latest is None or t - max(r.at for r in own + beats) >= patience:
        return None
    return bool(latest.event["occupied"])


def _change(reading: _Reading) -> int:
    """Give by how many cars a reading changes the level: passages only."""
    if reading.type != "passage":
        return 0
    cars = int(reading.event.get("count", 1))
    return cars if reading.event["direction"] == "in" else -cars


def _sum(zones: Sequence[Json]) -> Json:
    """Add zones up; occupied and free are null where nothing is known."""
    capacity = sum(zone["capacity"] for zone in zones)
    unknown = sum(zone["unknown"] for zone in zones)
    is_known = unknown < capacity
    return {
        "capacity": capacity,
        "occupied": sum(zone["occupied"] or 0 for zone in zones) if is_known else None,
        "free": sum(zone["free"] or 0 for zone in zones) if is_known else None,
        "unknown": unknown,
    }


def _level(total: Json, zones: Sequence[Json]) -> str:
    """Give the level of a lot that is open."""
    if total["unknown"] == total["capacity"]:
        flags = [zone["level"] for zone in zones if zone["level"] is not None]
        return max(flags, key=LEVELS.index, default="unknown")
    free, known = total["free"], total["occupied"] + total["free"]
    if free == 0 and total["unknown"] == 0:
        return "full"
    # free < max(1, known / 10), in whole numbers
    return "limited" if free < 1 or 10 * free < known else "available"


def _shown_zone(zone: Json) -> Json:
    names = ["id", "class", "counting", "capacity", "occupied", "free", "unknown"]
    observed_at = shown(zone["heard"]) if zone["is_known"] else None
    level = {"level": zone["level"] or "unknown"} if zone["counting"] == "flag" else {}
    return {**{name: zone[name] for name in names}, "observed_at": observed_at, **level}
