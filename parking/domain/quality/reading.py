"""Reading: events in order of time become a sheet, beside the fold that gives the levels."""

from collections.abc import Iterable
from operator import attrgetter

from msgspec import UNSET

from parking.domain.availability import fold_placed
from parking.domain.events import (
    Count,
    Entry,
    Event,
    Heartbeat,
    Passage,
    Recount,
    SpaceEvent,
    Status,
    Void,
)
from parking.domain.instants import MINUTE, SECOND
from parking.domain.lots import Zone
from parking.domain.placing import Misplaced, place
from parking.domain.quality.lengths import bucket
from parking.domain.quality.sheets import Base, Hearing, Sheet, Source, SpaceSheet, ZoneSheet
from parking.domain.states import LotState
from parking.domain.timeline import Timeline

FLAP = 2 * MINUTE
"""Three changes within this are no cars."""
SWING_WITHIN = 30 * MINUTE


def slack(capacity: int) -> int:
    """Give by how many cars a number may pass its bounds: someone stands where there is no bay."""
    return max(1, capacity // 50)


def swing(capacity: int) -> int:
    """Give from how many cars on a count has jumped."""
    return max(5, capacity // 10)


def read(sheet: Sheet, state: LotState, entries: Iterable[Entry], timeline: Timeline) -> None:
    """Take all entries that count of a stretch of the day, in any order, into sheet and state.

    `state` is that of the lot at the sheet's `through`; voids and what they name are left out.
    """
    for entry in sorted(entries, key=attrgetter("at", "id")):
        take(sheet, state, entry, timeline)


def take(sheet: Sheet, state: LotState, entry: Entry, timeline: Timeline) -> None:
    """Take one entry, the next in order of time and identity, into sheet and state."""
    event, at = entry.event, entry.at
    layout = timeline.at(at)
    try:
        zone_id = place(event, layout)
    except Misplaced:
        return
    if isinstance(event, Void):
        return
    sheet.events += 1
    if zone_id is not None and layout is not None:
        described = layout.zones[zone_id]
        zone = sheet.zone(zone_id)
        stale = described.stale_after_s * SECOND
        zone.hearing.hear(at, stale, sheet.start)
        if isinstance(event, SpaceEvent):
            space = _heard_space(sheet, event.space, zone_id, at, stale)
            _read_space(sheet, zone, space, at, int(event.occupied))
        elif isinstance(event, Heartbeat) and event.space is not UNSET:
            _heard_space(sheet, event.space, zone_id, at, stale)
        elif isinstance(event, Count | Recount):
            _read_count(sheet, zone, state, entry, described)
    fold_placed(state, entry, layout, zone_id)
    if zone_id is not None and layout is not None and isinstance(event, Passage):
        _read_passage(sheet, zone, event, at)
        level = state.zones[zone_id].level
        if level is not None:
            _note_level(zone, level, described.capacity)
    if not isinstance(event, Recount | Status):
        _note_delay(sheet, entry, zone_id)


def finish(sheet: Sheet, through: int) -> None:
    """Have taken all entries before `through`: add up the time until then."""
    for space in sheet.spaces.values():
        if space.value >= 0:
            _accrue(sheet, sheet.zone(space.zone), space, through)
    sheet.through = through


def _heard_space(sheet: Sheet, name: str, zone: str, at: int, stale: int) -> SpaceSheet:
    space = sheet.spaces.get(name)
    if space is None:
        space = sheet.spaces[name] = SpaceSheet(zone, hearing=Hearing())
    if space.zone != zone:  # until now it stood in the other one, wherever the reading was cut
        if space.value >= 0:
            _accrue(sheet, sheet.zone(space.zone), space, at)
        space.zone = zone
    space.hearing.hear(at, stale, sheet.start)
    return space


def _read_space(sheet: Sheet, zone: ZoneSheet, space: SpaceSheet, at: int, value: int) -> None:
    if space.value == value:
        return
    if space.value < 0:
        space.accrued = at
    else:
        _accrue(sheet, zone, space, at)
        hour = sheet.hour(at)
        if value:
            zone.arrivals[hour] += 1
            space.arrivals += 1
        else:
            zone.departures[hour] += 1
            if space.begun:
                length = bucket(at - space.since)
                zone.stays[length] = zone.stays.get(length, 0) + 1
        space.changes += 1
        if space.before is not None and at - space.before < FLAP:
            space.flaps += 1
        space.before, space.last = space.last, at
        space.begun = True
    space.value, space.since = value, at


def _accrue(sheet: Sheet, zone: ZoneSheet, space: SpaceSheet, until: int) -> None:
    """Add up the time that a space has been free or occupied since it was last done."""
    at = space.accrued
    number = sheet.place(at)
    spent = zone.occupied if space.value else zone.free
    while at < until and number < len(sheet.clock):
        end = min(sheet.bounds[number + 1], until)
        hour, length = sheet.clock[number], max(0, end - at)
        spent[hour] += length
        if space.known:
            space.known[hour] += length
            if space.value:
                space.occupied[hour] += length
        at = max(at, end)
        number += 1
    space.accrued = max(space.accrued, until)


def _read_passage(sheet: Sheet, zone: ZoneSheet, event: Passage, at: int) -> None:
    cars = 1 if event.count is UNSET else event.count
    if event.direction == "in":
        zone.arrivals[sheet.hour(at)] += cars
        zone.last_in = at
    else:
        zone.departures[sheet.hour(at)] += cars
        zone.last_out = at


def _read_count(
    sheet: Sheet, zone: ZoneSheet, state: LotState, entry: Entry, described: Zone
) -> None:
    event = entry.event
    if isinstance(event, Count) and event.free is not UNSET:
        counted = described.capacity - event.free
    else:
        counted = event.occupied  # type: ignore[union-attr, assignment]  # one of the two is set
    known = state.zones.get(described.id)
    if described.counting == "gates":
        if known is not None and known.base is not None and known.level is not None:
            zone.bases.append(Base(entry.at, counted, known.level, known.base.at))
    elif isinstance(event, Count):
        _read_number(sheet, zone, entry.at, counted, described.capacity)
    _note_level(zone, counted, described.capacity)


def _read_number(sheet: Sheet, zone: ZoneSheet, at: int, counted: int, capacity: int) -> None:
    """Take a reading of a counted zone."""
    hour = sheet.hour(at)
    zone.readings[hour] += 1
    if zone.value is None:
        zone.value, zone.since = counted, at
    elif counted != zone.value:
        zone.moved[hour] += 1
        jump = counted - zone.value
        if abs(jump) >= swing(capacity):
            if jump * zone.swung < 0 and at - zone.swung_at <= SWING_WITHIN:
                zone.flaps += 1
            zone.swung, zone.swung_at = jump, at
        zone.value, zone.since = counted, at


def _note_level(zone: ZoneSheet, level: int, capacity: int) -> None:
    zone.seen += 1
    if level > capacity + slack(capacity):
        zone.above += 1
        zone.worst_above = max(zone.worst_above, level - capacity)
    elif level < -slack(capacity):
        zone.below += 1
        zone.worst_below = max(zone.worst_below, -level)


def sender_of(event: Event, zone: str | None) -> str:
    """Name who sent an event: its sensor, or else the space or zone that it is of."""
    if event.sensor is not UNSET:
        return event.sensor
    space = getattr(event, "space", UNSET)
    return f"zone:{zone}" if space is UNSET else f"space:{space}"


def _note_delay(sheet: Sheet, entry: Entry, zone_id: str | None) -> None:
    space = getattr(entry.event, "space", UNSET)
    space_id = None if space is UNSET else space
    name = sender_of(entry.event, zone_id)
    source = sheet.sources.get(name)
    if source is None:
        source = sheet.sources[name] = Source(zone_id, space_id, {})
    source.note(entry.at, entry.received_at)
