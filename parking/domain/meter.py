"""The meter: it goes through a lot's events in their order and tallies usage on the way.

It uses the one fold for the state and the one reading of it for the numbers, so that statistics and
what was shown live are the same. Between two instants at which something can change (events,
expiries, new descriptions, opening and closing) the numbers are constant, and are added up once.
"""

from collections.abc import Iterable

from msgspec import UNSET, Struct

from parking.domain import hours
from parking.domain.availability import fold_placed
from parking.domain.events import Count, Entry, Passage, Recount, SpaceEvent
from parking.domain.gauges import Gauge, SpacesGauge
from parking.domain.lots import Zone
from parking.domain.numbers import read_zone
from parking.domain.placing import Misplaced, place
from parking.domain.states import LotState, Reading
from parking.domain.timeline import Layout, Timeline
from parking.domain.usage import EXACT, LOWER_BOUND, Hour, Scope, Tally

_FLOWS = {"spaces": EXACT, "gates": EXACT, "counts": LOWER_BOUND, "flag": 0}


class Past(Struct):
    """What the meter needs of a lot's past: its state, and since when the stays under way last."""

    state: LotState
    stays: dict[str, int]


class Meter:
    """One lot's usage, from a moment on."""

    def __init__(self, timeline: Timeline, past: Past, start: int) -> None:
        """Begin at `start` (us) with the state of all events before it; `past` is changed."""
        self._timeline = timeline
        self.past = past
        self._start = self._at = start
        self._gauges: dict[Scope, Gauge] = {}
        self._spaces: dict[str, SpacesGauge] = {}
        self._zone_until: dict[str, int] = {}
        self._flows: dict[Scope, int] = {}
        self._touched: set[str] = set()
        self._layout: Layout | None = None
        self._layout_until: int | None = None
        self._open = True
        self._hours_open: bool | None = None
        self._hours_until: int | None = None
        self._describe(start)

    # -- going on --------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether nothing is known, so that nothing is added up but the capacity."""
        return not any(gauge.occupied or gauge.free for gauge in self._gauges.values())

    def take(self, at: int, entries: Iterable[Entry]) -> None:
        """Go on to the instant `at` and take its events, none of them voided; none are fine."""
        self._run(at)
        moved: list[tuple[str, int, int]] = []
        ended: list[tuple[str, int]] = []
        for entry in entries:
            self._flow(entry, moved, ended)
        self._read(at)
        for zone, arrivals, departures in moved:
            for gauge in self._of_zone(zone):
                gauge.flow(arrivals, departures)
        for zone, length in ended:
            for gauge in self._of_zone(zone):
                gauge.stay(length)

    def cut(self, at: int) -> Hour:
        """Go on to `at`, before its events, give what was tallied until then, and begin anew."""
        self._run(at)
        tallies: dict[Scope, Tally] = {}
        opened: dict[Scope, Tally] = {}
        for scope, gauge in self._gauges.items():
            gauge.run(at)
            tallies[scope], opened[scope] = gauge.cut(self._flows.get(scope, 0))
        done = Hour(self._start, at, tallies, opened)
        self._start = at
        self._flows.clear()
        if self._layout_until == at:
            self._describe(at)
        else:
            self._note_flows()
        self._gauges = {scope: gauge for scope, gauge in self._gauges.items() if gauge.capacity}
        return done

    # -- what changes by itself ------------------------------------------------------------------

    def _run(self, at: int) -> None:
        """Go through the instants before `at` at which something changes by itself."""
        while (due := self._next()) is not None and due < at:
            self._read(due)
        self._at = at

    def _next(self) -> int | None:
        due = [self._layout_until, self._hours_until, *self._zone_until.values()]
        due += [spaces.until for spaces in self._spaces.values()]
        return min((moment for moment in due if moment is not None), default=None)

    def _read(self, at: int) -> None:
        """Read at `at` what was touched by events or has come due."""
        if self._layout_until is not None and self._layout_until <= at:
            self._describe(at)
            return
        if self._hours_until is not None and self._hours_until <= at:
            self._look_at_hours(at)
        for zone, spaces in self._spaces.items():
            if spaces.until is not None and spaces.until <= at:
                spaces.expire(at)
                self._touched.add(zone)
        self._touched.update(zone for zone, due in self._zone_until.items() if due <= at)
        if self._touched:
            self._show(at, self._touched)
            self._touched.clear()
        self._open_or_close(at)

    def _describe(self, at: int) -> None:
        """Read everything anew by the description of `at`."""
        self._layout = self._timeline.at(at)
        self._layout_until = self._timeline.next_change(at)
        self._spaces.clear()
        self._zone_until.clear()
        self._touched.clear()
        zones = () if self._layout is None else self._layout.lot.zones
        scopes = {("lot", "")} if zones else set()
        for zone in zones:
            scopes |= {("zone", zone.id), ("class", zone.class_)}
            if self._layout is not None and zone.counting == "spaces":
                self._spaces[zone.id] = SpacesGauge(zone, self._layout, self.past.state, at)
        for gauge in self._gauges.values():
            gauge.run(at)
            gauge.capacity = gauge.occupied = gauge.free = 0
        for scope in scopes - self._gauges.keys():
            self._gauges[scope] = Gauge(at, is_open=self._open)
        self._note_flows()
        self._look_at_hours(at)
        self._show(at, {zone.id for zone in zones})
        self._open_or_close(at)

    def _note_flows(self) -> None:
        """Note how arrivals are counted in each scope from now on."""
        for zone in () if self._layout is None else self._layout.lot.zones:
            for scope in (("zone", zone.id), ("class", zone.class_), ("lot", "")):
                self._flows[scope] = self._flows.get(scope, 0) | _FLOWS[zone.counting]

    def _look_at_hours(self, at: int) -> None:
        if self._layout is None:
            self._hours_open = self._hours_until = None
        else:
            self._hours_open = hours.is_open(self._layout.lot, at)
            self._hours_until = hours.next_change(self._layout.lot, at)

    def _open_or_close(self, at: int) -> None:
        status = self.past.state.status
        is_open = self._hours_open is not False and (status is None or status.value == 0)
        if is_open != self._open:
            self._open = is_open
            for gauge in self._gauges.values():
                gauge.run(at)
                gauge.turn(is_open=is_open)

    # -- reading ---------------------------------------------------------------------------------

    def _show(self, at: int, zones: set[str]) -> None:
        """Read these zones, and take their difference over into their class and lot."""
        if self._layout is None:
            return
        for zone_id in zones:
            zone = self._layout.zones.get(zone_id)
            if zone is None:
                continue
            occupied, free = self._numbers(zone, at)
            own = self._gauges["zone", zone_id]
            capacity_by = zone.capacity - own.capacity
            occupied_by, free_by = occupied - own.occupied, free - own.free
            for gauge in self._of_zone(zone_id):
                gauge.run(at)
                gauge.capacity += capacity_by
                gauge.occupied += occupied_by
                gauge.free += free_by

    def _numbers(self, zone: Zone, at: int) -> tuple[int, int]:
        spaces = self._spaces.get(zone.id)
        if spaces is not None:
            return spaces.occupied, spaces.free
        assert self._layout is not None  # noqa: S101 - it has the zone
        reading = read_zone(zone, self._layout, self.past.state, at)
        self._zone_until.pop(zone.id, None)
        if reading.until is not None:
            self._zone_until[zone.id] = reading.until
        return reading.occupied or 0, reading.free or 0

    def _of_zone(self, zone_id: str) -> list[Gauge]:
        """Give the gauges that a zone counts in."""
        zone = None if self._layout is None else self._layout.zones.get(zone_id)
        if zone is None:
            return []
        scopes = (("zone", zone_id), ("class", zone.class_), ("lot", ""))
        return [self._gauges[scope] for scope in scopes]

    # -- events ----------------------------------------------------------------------------------

    def _flow(  # noqa: C901, PLR0912 - one dispatch
        self, entry: Entry, moved: list[tuple[str, int, int]], ended: list[tuple[str, int]]
    ) -> None:
        """Fold an event, and note the cars that it tells to have come or gone."""
        event, state = entry.event, self.past.state
        try:
            zone = place(event, layout := self._timeline.at(entry.at))
        except Misplaced:
            return
        if zone is None or layout is None:
            fold_placed(state, entry, layout, zone)
            return
        self._touched.add(zone)
        if isinstance(event, SpaceEvent):
            known = self.past.state.spaces.get(event.space)
            before = None if known is None else known.latest
            fold_placed(state, entry, layout, zone)
            turned, stay = self._turned(entry, event, before)
            if turned and event.space in layout.counted_spaces:
                moved.append((zone, 1, 0) if event.occupied else (zone, 0, 1))
                if stay is not None:
                    ended.append((zone, stay))
            if zone in self._spaces:
                self._spaces[zone].read(event.space, entry.at)
        elif isinstance(event, Passage):
            cars = 1 if event.count is UNSET else event.count
            moved.append((zone, cars, 0) if event.direction == "in" else (zone, 0, cars))
            fold_placed(state, entry, layout, zone)
        elif isinstance(event, Count | Recount):
            base = state.zones[zone].base if zone in state.zones else None
            fold_placed(state, entry, layout, zone)
            after = state.zones[zone].base
            if layout.zones[zone].counting == "counts" and base is not None and after is not None:
                rise = after.value - base.value
                moved.append((zone, max(rise, 0), max(-rise, 0)))
        else:
            fold_placed(state, entry, layout, zone)
            spaces = self._spaces.get(zone)
            if spaces is not None:
                space = getattr(event, "space", UNSET)
                if space is UNSET:
                    spaces.read_all(entry.at)
                else:
                    spaces.read(space, entry.at)

    def _turned(
        self, entry: Entry, event: SpaceEvent, before: Reading | None
    ) -> tuple[bool, int | None]:
        """Tell whether a space turned, and the length of the stay that ended with it, us.

        A stay whose beginning was not seen is not measured.
        """
        if before is None or bool(before.value) == event.occupied:
            return False, None
        if event.occupied:
            self.past.stays[event.space] = entry.at
            return True, None
        began = self.past.stays.pop(event.space, None)
        return True, None if began is None else entry.at - began
