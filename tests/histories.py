"""Random lots and random histories of events, as hypothesis strategies, in the wire's shapes.

Made to hit the corners: few zones and spaces, ids that share prefixes, times on a coarse grid (so
that ties, and silences of exactly `stale_after_s`, are common) up to days before `NOW`, numbers
beyond the capacity, voids of what is to come, of voids and of themselves.

`lots()` draws a `Lot`, `histories()` a `History`: a lot and its events. `instants(history)` draws a
moment worth asking for. What a history holds is accepted at `NOW`, unless `misfits` are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from hypothesis import strategies as st

from tests.oracle_events import (
    FITS,
    LEVELS,
    LOT,
    Json,
    Lists,
    Timeline,
    accepted,
    identity,
    spaces_at,
    when,
    zones_at,
)

Item = TypeVar("Item")

NOW = datetime(2026, 11, 23, 0, 31, 7, tzinfo=UTC)
TICK = timedelta(seconds=30)
MICROSECOND = timedelta(microseconds=1)
OPERATOR = "op"

_COUNTINGS = ("spaces", "gates", "counts", "spaces", "gates", "counts", "flag")
_ZONES = ("z", "z1", "z10", "Z", "z-1")
_SPACES = ("s", "s1", "s10", "s2", "S", "s.1", "s-1")
_STALE_S = (3600, 86_400, 300, 172_800, 120, 30, 7200, 43_200)
_SHANGHAI = timezone(timedelta(hours=8))
_CARS = st.integers(0, 9)  # beyond any capacity
_DETAILS: dict[str, st.SearchStrategy[Json]] = {
    "space": st.fixed_dictionaries({"occupied": st.booleans()}),
    "passage": st.fixed_dictionaries(
        {"direction": st.sampled_from(["in", "out"])},
        optional={"count": st.sampled_from([1, 2, 7])},
    ),
    "count": st.one_of(
        st.fixed_dictionaries({"free": _CARS}), st.fixed_dictionaries({"occupied": _CARS})
    ),
    "flag": st.fixed_dictionaries({"level": st.sampled_from(LEVELS)}),
    "recount": st.fixed_dictionaries(
        {"occupied": _CARS}, optional={"reason": st.just("夜间清点 \u2028")}
    ),
    "heartbeat": st.fixed_dictionaries(
        {}, optional={"battery_pct": st.just(71), "temperature_c": st.just(-3.5)}
    ),
    "status": st.fixed_dictionaries({"status": st.sampled_from(["open", "closed"])}),
}
"""The fields of each type but for where it was."""
_ODD_IDS = ("a", "a1", "a:1", "A", "a.", "a10", "_", "a-1", "0", "aa")


@dataclass(frozen=True)
class Lot:
    """A lot's descriptions and lists of spaces over time, as the oracle takes them."""

    timeline: Timeline
    lists: Lists
    id: str = LOT


@dataclass(frozen=True)
class History:
    """A lot and what was sent of it."""

    lot: Lot
    events: list[Json]


_DICE = st.integers(0, 119)  # drawn from a strategy made once: making them is what takes time


def _pick(draw: st.DrawFn, items: Sequence[Item]) -> Item:
    """Draw one of a few items."""
    return items[draw(_DICE) % len(items)]


def moments(*, ahead: int = 0) -> st.SearchStrategy[datetime]:
    """Draw moments from five days before `NOW` to `ahead` ticks after it, most of them close."""
    close = st.integers(-ahead, 12)
    ticks = st.one_of(close, close, close, st.integers(0, 150), st.integers(0, 5 * 2880))
    micros = st.sampled_from([0, 0, 0, 0, 0, 0, 1, 500_000])
    return st.builds(lambda n, us: NOW - n * TICK - us * MICROSECOND, ticks, micros)


_PAST = moments()
_SENT = moments(ahead=10)
_SENT_TOO_EARLY = moments(ahead=12)
_PUTS = st.lists(_PAST, max_size=4, unique=True)
_ZONE_IDS = st.lists(st.sampled_from(_ZONES), min_size=1, max_size=4, unique=True)
_SPACE_LISTS = st.one_of(st.just(_SPACES), st.lists(st.sampled_from(_SPACES), unique=True))
_ZONE_REST = st.fixed_dictionaries(
    {
        "class": st.sampled_from(["general", "ev", "truck"]),
        "capacity": st.integers(1, 6),
        "counting": st.sampled_from(_COUNTINGS),
        "stale_after_s": st.sampled_from(_STALE_S),
    }
)


@st.composite
def lots(
    draw: st.DrawFn, *, max_changes: int = 3, retired: bool = False, thefts: bool = True
) -> Lot:
    """Draw a lot of one to four zones, its descriptions and lists changing up to `NOW`.

    `max_changes`, up to 4, bounds the later descriptions; it may be retired for a while, and at
    `NOW` too if `retired`. With `thefts` a list may name spaces that are in another zone's list.
    """
    zones = [{"id": zone, **draw(_ZONE_REST)} for zone in draw(_ZONE_IDS)]
    timeline: list[tuple[datetime | None, Json | None]] = [(None, _description(zones))]
    for since in sorted(draw(_PUTS)[:max_changes]):
        if timeline[-1][1] is not None and _pick(draw, range(8)) == 7:
            timeline.append((since, None))
            continue
        zones = _changed(draw, zones)
        timeline.append((since, _description(zones)))
    if timeline[-1][1] is None and not retired:
        timeline.pop()
    return Lot(timeline, _lists(draw, timeline, thefts=thefts))


def _description(zones: list[Json]) -> Json:
    return {
        "name": {"en": "P1"},
        "operator": OPERATOR,
        "kind": "surface",
        "location": {"lat": 34.7602, "lon": 113.7708},
        "timezone": "Asia/Shanghai",
        "zones": zones,
    }


def _changed(draw: st.DrawFn, zones: list[Json]) -> list[Json]:
    """Draw other zones: one changed in one respect, or gone, or come (back)."""
    at = _pick(draw, range(len(zones)))
    what = _pick(draw, ["capacity", "capacity", "stale_after_s", "counting", "go", "come"])
    if what == "go" and len(zones) > 1:
        return zones[:at] + zones[at + 1 :]
    other = draw(_ZONE_REST)
    if what == "come" and len(zones) < 4:
        absent = [zone for zone in _ZONES if zone not in {present["id"] for present in zones}]
        return [*zones, {"id": _pick(draw, absent), **other}]
    field = what if what in other else "capacity"
    return [*zones[:at], {**zones[at], field: other[field]}, *zones[at + 1 :]]


def _lists(
    draw: st.DrawFn, timeline: Timeline, *, thefts: bool
) -> list[tuple[datetime | None, str, list[str]]]:
    """Draw lists of spaces, each put while its zone was counted by spaces, not above capacity."""
    lists: list[tuple[datetime | None, str, list[str]]] = []
    for since in [None, *sorted(draw(_PUTS))]:
        zones = zones_at(timeline, since or datetime.min.replace(tzinfo=UTC)).values()
        countable = [zone for zone in zones if zone["counting"] == "spaces"]
        if since is not None and countable:
            countable = [_pick(draw, countable)]
        for zone in countable:
            prefix = "" if thefts else f"{zone['id']}."
            spaces = [prefix + name for name in draw(_SPACE_LISTS)[: zone["capacity"]]]
            lists.append((since, zone["id"], spaces))
    return lists


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    lot: Lot | None = None,
    max_events: int = 25,
    max_changes: int = 3,
    ordered: bool = False,
    duplicates: bool = True,
    voids: bool = True,
    misfits: bool = False,
    thefts: bool = True,
) -> History:
    """Draw a lot (unless one is given) and events of it that are accepted at `NOW`.

    `ordered`: by time and identity; else in any order. `duplicates`: some are sent again, with the
    same time written otherwise. `misfits`: some are not acceptable, and ids may be used twice.
    `max_events`, up to 100, does not count voids and duplicates: those add up to 7.
    """
    if lot is None:
        lot = draw(lots(max_changes=max_changes, thefts=thefts, retired=misfits))
    events = []
    for number in range(_pick(draw, range(max_events + 1))):
        body = _body(draw, lot, misfits=misfits)
        events.append(_named(draw, body, _pick(draw, range(number + 1)) if misfits else number))
    if voids:
        events += _voids(draw, lot, events)
    if duplicates and events:
        again = [_pick(draw, events) for _ in range(_pick(draw, range(5)))]
        events += [{**event, "observed_at": _spelt(draw, when(event))} for event in again]
    if not misfits:
        taken = {identity(e) for e in accepted(events, lot.timeline, lot.lists, now=NOW)}
        events = [event for event in events if identity(event) in taken]
    if ordered:
        events.sort(key=lambda event: (when(event), identity(event).encode()))
    else:
        events = list(draw(st.permutations(events)))
    return History(lot, events)


def instants(history: History) -> st.SearchStrategy[datetime]:
    """Draw a moment to ask for: about events, changes, and where something goes stale."""
    marks = [NOW] * 4 + [NOW + 4 * TICK, NOW - timedelta(hours=1), NOW + timedelta(days=2)]
    marks += [when(event) for event in history.events]
    marks += [since for since, *_ in history.lot.timeline if since is not None]
    marks += [since for since, *_ in history.lot.lists if since is not None]
    waits = [timedelta(0)] * 9 + [timedelta(seconds=seconds) for seconds in _STALE_S]
    steps = [timedelta(0), timedelta(0), MICROSECOND, -MICROSECOND]
    return st.builds(
        lambda mark, wait, step: mark + wait + step,
        st.sampled_from(marks),
        st.sampled_from(waits),
        st.sampled_from(steps),
    )


def _body(draw: st.DrawFn, lot: Lot, *, misfits: bool) -> Json:
    """Draw an event without an id, of a type some zone of its moment is for."""
    at = draw(_SENT_TOO_EARLY if misfits else _SENT)
    zones, spaces = zones_at(lot.timeline, at), spaces_at(lot.timeline, lot.lists, at)
    named = [space for those in spaces.values() for space in those]
    kinds = ["space"] * 5 * bool(named) + ["heartbeat", "heartbeat", "status"]
    for counting in (zone["counting"] for zone in zones.values()):
        kinds += [kind for kind in FITS if counting in FITS[kind] and kind != "heartbeat"]
    kind = _pick(draw, kinds if not misfits else [*kinds, *FITS, "space"])
    event: Json = {"lot": lot.id, "type": kind, "observed_at": _spelt(draw, at)}
    event |= draw(_DETAILS[kind])
    if kind == "space" or (kind == "heartbeat" and named and draw(st.booleans())):
        return event | {"space": _pick(draw, [*named, *_SPACES] if misfits else named)}
    if kind in FITS:
        fitting = [zone for zone in zones if zones[zone]["counting"] in FITS[kind]]
        pool = fitting if fitting and not misfits else [*zones, *_ZONES]
        if len(fitting) != 1 or draw(st.booleans()):
            event["zone"] = _pick(draw, pool)
    return event


def _named(draw: st.DrawFn, body: Json, number: int) -> Json:
    """Draw the event with the id of that number, or without one."""
    own = _ODD_IDS[number] if number < len(_ODD_IDS) else f"a1{number}"
    return {**body, "id": own} if draw(st.booleans()) else body


def _voids(draw: st.DrawFn, lot: Lot, events: list[Json]) -> list[Json]:
    """Draw a few voids: of events, of events never sent, of voids, of themselves."""
    voids: list[Json] = []
    for number in range(_pick(draw, [0, 0, 1, 2, 3])):
        own = f"v{number}"
        targets = [identity(event) for event in [*events, *voids]] + [own, "v1", "never-sent"]
        body = {"lot": lot.id, "type": "void", "observed_at": _spelt(draw, draw(_SENT))}
        named = {"id": own} if _pick(draw, range(3)) else {}
        voids.append({**body, **named, "event": _pick(draw, targets)})
    return voids


def _spelt(draw: st.DrawFn, at: datetime) -> str:
    """Draw a way to write a moment."""
    utc = at.astimezone(UTC)
    zulu = utc.isoformat().replace("+00:00", "Z")
    local = at.astimezone(_SHANGHAI).isoformat()
    return _pick(draw, [zulu, zulu, local, utc.isoformat(timespec="microseconds")])
