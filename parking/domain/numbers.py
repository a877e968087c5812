"""The numbers: what a state says at a moment, in the wire's terms.

capacity = occupied + free + unknown, always; unknown is never shown as free and never as 0. Where
all of a lot, zone or class is unknown, `occupied` and `free` are None.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from parking.domain.instants import SECOND, rfc3339
from parking.domain.lots import Class, Counting, Zone
from parking.domain.states import LEVELS, LotState, SpaceState, ZoneState
from parking.domain.timeline import Layout

Level = Literal["available", "limited", "full", "unknown", "closed"]


class Numbers(Struct, frozen=True):
    """Spaces of a class."""

    capacity: int
    occupied: int | None
    free: int | None
    unknown: int


class ZoneNumbers(Struct, frozen=True):
    """Spaces of a zone; `observed_at` is null when it is not known, `heard_at` if never heard.

    `level` is there for zones counted by flag.
    """

    id: str
    class_: Class = field(name="class")
    counting: Counting
    capacity: int
    occupied: int | None
    free: int | None
    unknown: int
    observed_at: str | None
    heard_at: str | None
    level: Level | UnsetType = UNSET


class Availability(Struct, frozen=True):
    """A lot at a moment, as it goes over the wire."""

    lot: str
    status: Literal["open", "closed"]
    level: Level
    capacity: int
    occupied: int | None
    free: int | None
    unknown: int
    basis: Literal["spaces", "gates", "counts", "flag", "mixed"]
    observed_at: str | None
    classes: dict[Class, Numbers]


class SpaceNumbers(Struct, frozen=True):
    """One space of a zone; `occupied` is null when it is not known, `heard_at` if never heard.

    `counted`: not beyond the zone's capacity.
    """

    space: str
    zone: str
    label: str | None
    occupied: bool | None
    heard_at: str | None
    counted: bool


class View(Struct, frozen=True):
    """What a state says at a moment, and until when (us) it says so if no event comes."""

    availability: Availability
    zones: tuple[ZoneNumbers, ...]
    until: int | None


class ZoneReading(Struct):
    """One zone read at a moment: None where it is not known."""

    occupied: int | None = None
    free: int | None = None
    known: bool = False
    heard: int | None = None
    flag: int | None = None
    until: int | None = None


def view(lot_id: str, layout: Layout, state: LotState, at: int, *, hours_open: bool | None) -> View:
    """Read a state that holds the lot's events up to `at` (us).

    `hours_open`: whether the opening hours of that moment are open; None: they are not known.
    """
    readings = {zone.id: read_zone(zone, layout, state, at) for zone in layout.lot.zones}
    totals = _add(layout.lot.zones, readings)
    classes = {
        class_: _add([zone for zone in layout.lot.zones if zone.class_ == class_], readings)
        for class_ in dict.fromkeys(zone.class_ for zone in layout.lot.zones)
    }
    closed = hours_open is False or (state.status is not None and state.status.value == 1)
    countings = {zone.counting for zone in layout.lot.zones}
    oldest = min(
        (r.heard for r in readings.values() if r.known and r.heard is not None), default=None
    )
    flags = [r.flag for r in readings.values() if r.flag is not None]
    return View(
        Availability(
            lot=lot_id,
            status="closed" if closed else "open",
            level="closed" if closed else level(totals, max(flags, default=None)),
            capacity=totals.capacity,
            occupied=totals.occupied,
            free=totals.free,
            unknown=totals.unknown,
            basis=countings.pop() if len(countings) == 1 else "mixed",
            observed_at=None if oldest is None else rfc3339(oldest),
            classes=classes,
        ),
        tuple(_zone_numbers(zone, readings[zone.id]) for zone in layout.lot.zones),
        min((r.until for r in readings.values() if r.until is not None), default=None),
    )


def level(numbers: Numbers, worst_flag: int | None) -> Level:
    """Give the level of an open lot; `worst_flag` is the greatest known index into LEVELS."""
    if numbers.free is None or numbers.occupied is None:
        return "unknown" if worst_flag is None else LEVELS[worst_flag]  # type: ignore[return-value]
    if numbers.free == 0 and numbers.unknown == 0:
        return "full"
    if numbers.free < 1 or 10 * numbers.free < numbers.occupied + numbers.free:
        return "limited"
    return "available"


def _add(zones: list[Zone] | tuple[Zone, ...], readings: dict[str, ZoneReading]) -> Numbers:
    capacity = sum(zone.capacity for zone in zones)
    occupied = sum(readings[zone.id].occupied or 0 for zone in zones)
    free = sum(readings[zone.id].free or 0 for zone in zones)
    unknown = capacity - occupied - free
    if unknown == capacity:
        return Numbers(capacity, None, None, unknown)
    return Numbers(capacity, occupied, free, unknown)


def _zone_numbers(zone: Zone, reading: ZoneReading) -> ZoneNumbers:
    known = (reading.occupied or 0) + (reading.free or 0)
    flag = None if reading.flag is None else LEVELS[reading.flag]
    return ZoneNumbers(
        id=zone.id,
        class_=zone.class_,
        counting=zone.counting,
        capacity=zone.capacity,
        occupied=reading.occupied,
        free=reading.free,
        unknown=zone.capacity - known,
        observed_at=None if not reading.known or reading.heard is None else rfc3339(reading.heard),
        heard_at=None if reading.heard is None else rfc3339(reading.heard),
        level=(flag or "unknown") if zone.counting == "flag" else UNSET,  # type: ignore[arg-type]
    )


def read_zone(zone: Zone, layout: Layout, state: LotState, at: int) -> ZoneReading:
    """Read one zone of a state that holds the lot's events up to `at` (us)."""
    known = state.zones.get(zone.id)
    if zone.counting == "spaces":
        return _read_spaces(zone, layout, state, at)
    if known is None or known.heard is None:
        return ZoneReading()
    until = known.heard + zone.stale_after_s * SECOND
    if at >= until:
        return ZoneReading(heard=known.heard)
    if zone.counting == "flag":
        flag = None if known.flag is None else known.flag.value
        return ZoneReading(known=flag is not None, heard=known.heard, flag=flag, until=until)
    if known.base is None:
        return ZoneReading(heard=known.heard)
    # a zone counted by counts shows the reading alone, one counted by gates what drove since
    cars = known.level if zone.counting == "gates" else known.base.value
    assert cars is not None  # noqa: S101 - there is a base
    occupied = min(max(cars, 0), zone.capacity)
    return ZoneReading(
        occupied, zone.capacity - occupied, known=True, heard=known.heard, until=until
    )


def known_until(space: SpaceState, beat: int | None, stale_us: int) -> int | None:
    """Until when (us) a space is known; None when it never was read.

    `beat` is the latest heartbeat of its zone, which keeps its spaces alive.
    """
    if space.latest is None or space.heard is None:
        return None
    heard = space.heard if beat is None or beat < space.heard else beat
    return heard + stale_us


def read_spaces(layout: Layout, state: LotState, at: int) -> list[SpaceNumbers]:
    """Read each listed space by the rule of the zones' numbers; zones and lists in their order."""
    found = []
    for zone in layout.lot.zones:
        known = state.zones.get(zone.id)
        beat = None if known is None else known.beat
        counted = set(layout.counted.get(zone.id, ()))
        for listed in layout.lists.get(zone.id, ()):
            space = state.spaces.get(listed.id) or SpaceState()
            until = known_until(space, beat, zone.stale_after_s * SECOND)
            is_known = space.latest is not None and until is not None and at < until
            heard = max((one for one in (space.heard, beat) if one is not None), default=None)
            found.append(
                SpaceNumbers(
                    space=listed.id,
                    zone=zone.id,
                    label=listed.label,
                    occupied=bool(space.latest.value) if is_known and space.latest else None,
                    heard_at=None if heard is None else rfc3339(heard),
                    counted=listed.id in counted,
                )
            )
    return found


def _read_spaces(zone: Zone, layout: Layout, state: LotState, at: int) -> ZoneReading:
    known = state.zones.get(zone.id) or ZoneState()
    stale_us = zone.stale_after_s * SECOND
    heard, until = known.heard, None
    occupied = free = 0
    for space in _spaces(zone, layout, state):
        if space.heard is not None and (heard is None or space.heard > heard):
            heard = space.heard
        expires = known_until(space, known.beat, stale_us)
        if space.latest is None or expires is None or at >= expires:
            continue
        if until is None or expires < until:
            until = expires
        if space.latest.value:
            occupied += 1
        else:
            free += 1
    if occupied + free == 0:
        return ZoneReading(heard=heard)
    return ZoneReading(occupied, free, known=True, heard=heard, until=until)


def _spaces(zone: Zone, layout: Layout, state: LotState) -> Iterator[SpaceState]:
    """Give the states of the zone's counted spaces, as far as they have been heard of."""
    for space_id in layout.counted.get(zone.id, ()):
        space = state.spaces.get(space_id)
        if space is not None:
            yield space
