"""Which events the contract takes, and what they are of, once more: half of the tests' oracle.

Written from section 3 of the wire contract alone, never from the product, which it must not import.
Everything is worked out anew at each question: no state, no haste.

Where the contract leaves room, this holds:

* A description holds from its moment on, inclusive; a lot's first one, and a zone's first list of
  spaces, for all time before as well. Lists count while their zone is counted by `spaces`; a space
  in the lists of two such zones is in the one put later, and as if missing from the other.
* An event is of the zone that the description of its own moment says.
* Of several reasons to refuse an event, the first that `verdicts` gives is the one that counts.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
Timeline = Sequence[tuple[datetime | None, Json | None]]
"""A lot's descriptions, oldest first: (holds from, description or None for retired)."""
Lists = Sequence[tuple[datetime | None, str, Sequence[str]]]
"""Its lists of spaces in the order they were put: (holds from, zone, spaces)."""

LOT = "p1"
FUTURE = timedelta(minutes=5)
FITS = {
    "passage": {"gates"},
    "count": {"counts", "gates"},
    "flag": {"flag"},
    "recount": {"gates", "counts"},
    "heartbeat": {"spaces", "gates", "counts", "flag"},
}
"""The countings that an event naming a zone is for."""
LEVELS = ("available", "limited", "full")

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}|sha256:[0-9a-f]{64}")
_FORMS = {
    **dict.fromkeys(("lot", "zone", "space", "sensor"), _NAME),
    **dict.fromkeys(("id", "event"), _EVENT_ID),
    "type": _NAME,
    "direction": re.compile("in|out"),
    "level": re.compile("|".join(LEVELS)),
    "status": re.compile("open|closed"),
    "reason": re.compile("(?s:.*)"),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FIELDS = {
    # type: (must have, may have)
    "space": ({"space", "occupied"}, set()),
    "passage": ({"direction"}, {"count", "zone"}),
    "count": (set(), {"free", "occupied", "zone"}),
    "flag": ({"level"}, {"zone"}),
    "recount": ({"occupied"}, {"reason", "zone"}),
    "heartbeat": (set(), {"space", "zone", "battery_pct", "rssi_dbm", "temperature_c"}),
    "status": ({"status"}, {"reason"}),
    "void": ({"event"}, {"reason"}),
}


def when(event: Json) -> datetime:
    """Give the moment of an event."""
    return datetime.fromisoformat(event["observed_at"])


def canonical(event: Json) -> str:
    """Write an event's content in its one form."""
    utc = when(event).astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    content = {**event, "observed_at": utc}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def identity(event: Json) -> str:
    """Give the event's id, or the one made from its content."""
    if "id" in event:
        return str(event["id"])
    return "sha256:" + hashlib.sha256(canonical(event).encode()).hexdigest()


def content(event: Json) -> str:
    """Write an event's content with its id filled in: what must be the same for a duplicate."""
    return canonical({**event, "id": identity(event)})


def description_at(timeline: Timeline, moment: datetime) -> Json | None:
    """Give the description that holds at a moment; None when retired or never described."""
    if not timeline:
        return None
    held = timeline[0][1]
    for since, description in timeline:
        if since is not None and since <= moment:
            held = description
    return held


def zones_at(timeline: Timeline, moment: datetime) -> dict[str, Json]:
    """Give the zones of that moment by their ids."""
    description = description_at(timeline, moment)
    return {} if description is None else {zone["id"]: zone for zone in description["zones"]}


def spaces_at(timeline: Timeline, lists: Lists, moment: datetime) -> dict[str, list[str]]:
    """Give each `spaces` zone of that moment its list, which may be longer than its capacity."""
    # a list that holds only backwards takes no space from one that was in force
    held: dict[str, tuple[tuple[bool, int], Sequence[str]]] = {}
    for number, (since, zone, spaces) in enumerate(lists):
        in_force = since is None or since <= moment
        if zone not in held or in_force:
            held[zone] = (in_force, number), spaces
    zones = zones_at(timeline, moment)
    held = {z: put for z, put in held.items() if z in zones and zones[z]["counting"] == "spaces"}
    owner = {}
    for zone, (_, spaces) in sorted(held.items(), key=lambda item: item[1][0]):
        owner.update(dict.fromkeys(spaces, zone))
    return {z: [space for space in put[1] if owner[space] == z] for z, put in held.items()}


def zone_of(timeline: Timeline, lists: Lists, event: Json) -> str:
    """Give the zone an event is of by the description of its own moment, "" when of none.

    Raises LookupError with the code to refuse it by.
    """
    moment, kind = when(event), event["type"]
    if kind in {"void", "status"}:
        return ""
    if "space" in event:
        for zone, spaces in spaces_at(timeline, lists, moment).items():
            if event["space"] in spaces:
                return zone
        raise LookupError("unknown_space")
    zones = zones_at(timeline, moment)
    fitting = [zone for zone in zones if zones[zone]["counting"] in FITS[kind]]
    if "zone" in event:
        if event["zone"] not in zones:
            raise LookupError("unknown_zone")
        if event["zone"] not in fitting:
            raise LookupError("wrong_counting")
        return str(event["zone"])
    if len(fitting) != 1:
        raise LookupError("unknown_zone" if fitting else "wrong_counting")
    return fitting[0]


def is_valid(event: Json) -> bool:
    """Tell whether an event has the shape and ranges the contract asks for."""
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        return False
    must, may = _FIELDS[kind]
    must = must | {"lot", "type", "observed_at"}
    if not must <= event.keys() <= must | may | {"id", "sensor"}:
        return False
    if kind == "count" and ("free" in event) == ("occupied" in event):
        return False
    if kind == "heartbeat" and "space" in event and "zone" in event:
        return False
    return all(_is_valid_field(kind, name, value) for name, value in event.items())


def _is_valid_field(kind: str, name: str, value: Any) -> bool:
    if name == "occupied":
        return isinstance(value, bool) if kind == "space" else _is_whole(value, 0)
    if name == "free":
        return _is_whole(value, 0)
    if name == "count":
        return _is_whole(value, 1, 1000)
    if name in {"battery_pct", "rssi_dbm", "temperature_c"}:
        return type(value) in {int, float}
    if name == "observed_at":
        return isinstance(value, str) and _is_time(value)
    return isinstance(value, str) and _FORMS[name].fullmatch(value) is not None


def _is_whole(value: Any, least: int, most: float = math.inf) -> bool:
    return type(value) is int and least <= value <= most


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return _TIME.fullmatch(value) is not None


def verdicts(
    event: Json,
    timeline: Timeline,
    lists: Lists,
    *,
    now: datetime,
    seen: Mapping[str, str] | None = None,
    retention: timedelta | None = None,
    lot: str = LOT,
    operator: str | None = None,
) -> Iterator[str]:
    """Give all that stands against taking an event, the weightiest first; nothing when accepted.

    `seen` has the content of each accepted event by its id; `operator` is the sender's, None for an
    admin.
    """
    if not is_valid(event):
        yield "invalid"
        return
    latest = description_at(timeline, now)
    if event["lot"] != lot or latest is None or description_at(timeline, when(event)) is None:
        yield "unknown_lot"
        return
    if operator not in (None, latest["operator"]):
        yield "forbidden_lot"
    if when(event) - now > FUTURE:
        yield "future"
    if retention is not None and now - when(event) > retention:
        yield "too_old"
    before = (seen or {}).get(identity(event))
    if before is not None:
        yield "duplicate" if before == content(event) else "conflict"
    try:
        zone_of(timeline, lists, event)
    except LookupError as error:
        yield str(error.args[0])


def accept(
    event: Json,
    timeline: Timeline,
    lists: Lists,
    *,
    now: datetime,
    seen: Mapping[str, str] | None = None,
    retention: timedelta | None = None,
    lot: str = LOT,
    operator: str | None = None,
) -> str:
    """Say `accepted`, `duplicate`, or the code an event is refused by."""
    found = verdicts(
        event, timeline, lists, now=now, seen=seen, retention=retention, lot=lot, operator=operator
    )
    return next(found, "accepted")


def accepted(
    events: Iterable[Json],
    timeline: Timeline,
    lists: Lists,
    *,
    now: datetime,
    retention: timedelta | None = None,
    lot: str = LOT,
) -> list[Json]:
    """Give those of the events that are accepted, sent in this order at one moment."""
    seen: dict[str, str] = {}
    taken = []
    for event in events:
        verdict = accept(event, timeline, lists, now=now, seen=seen, retention=retention, lot=lot)
        if verdict == "accepted":
            seen[identity(event)] = content(event)
            taken.append(event)
    return taken
