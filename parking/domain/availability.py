"""The fold: from a set of events to the state of a lot, and from that to what drivers see.

Nothing else in the house computes a number of free spaces. The state holds what is needed to take
in any further event in any order, and nothing more:

- of a space: its latest reading, and when it was last heard;
- of a zone: its base (the latest count of cars), the passages strictly later than that, its latest
  flag, and when it was last heard;
- of the lot: its latest status.

Latest is by `observed_at`, ties by the greater identity, so the order of arrival cannot matter.
Passages are kept one by one for 48 h behind the newest event of their zone and as one sum before
that. Two things need more than that, and `fold` then says so, for the caller to fold the log anew:
a base that is late by more than 48 h, and a void. States are folded up to a moment: whoever
folds holds events of the future back until their time has come.
"""

from msgspec import UNSET, UnsetType

from parking.domain.events import (
    Count,
    Entry,
    Flag,
    Heartbeat,
    Passage,
    Placed,
    Recount,
    SpaceEvent,
    Status,
)
from parking.domain.instants import HOUR
from parking.domain.placing import Misplaced, place
from parking.domain.states import (
    LEVELS,
    LotState,
    Reading,
    SensorState,
    SpaceState,
    ZoneState,
    later,
)
from parking.domain.timeline import Layout, Timeline

WINDOW = 48 * HOUR
"""How far behind the newest event of its zone a late base is taken in without the log, us."""

MANY = 1024
"""From how many passages on it is looked whether some have left the window."""


def fold(state: LotState, entry: Entry, timeline: Timeline) -> bool:
    """Take one event that is not voided into the state; False: the log must be folded anew."""
    if type(entry) is Placed and entry.timeline is timeline:
        return fold_placed(state, entry, entry.layout, entry.zone)
    layout = timeline.at(entry.at)
    try:
        place_id = place(entry.event, layout)
    except Misplaced:  # described anew between its arrival and its moment: nothing to read
        return True
    return fold_placed(state, entry, layout, place_id)


def fold_placed(  # noqa: C901, PLR0912 - one dispatch
    state: LotState, entry: Entry, layout: Layout | None, place_id: str | None
) -> bool:
    """Take one event in of which it is known what zone it speaks of; as `fold`."""
    event, at, own = entry.event, entry.at, entry.id
    complete = True
    # `type(…) is` and not isinstance, which asks the structs' metaclass: this runs for every event
    if place_id is not None and layout is not None:
        zone = state.zones.get(place_id)
        if zone is None:
            zone = state.zones[place_id] = ZoneState()
        if zone.heard is None or at > zone.heard:
            zone.heard = at
        if type(event) is SpaceEvent:
            space = _heard_space(state, event.space, at)
            latest = space.latest  # mostly older: without a call
            if latest is None or at > latest.at or later(latest, at, own):
                space.latest = Reading(at, own, int(event.occupied))
        elif type(event) is Passage:
            _fold_passage(zone, at, event)
        elif type(event) is Count or type(event) is Recount:
            complete = _fold_base(zone, entry, event, layout.zones[place_id].capacity)
        elif type(event) is Flag:
            if later(zone.flag, at, own):
                zone.flag = Reading(at, own, LEVELS.index(event.level))
        elif type(event) is Heartbeat:
            _fold_heartbeat(state, zone, place_id, entry, event)
    elif type(event) is Status:
        if later(state.status, at, own):
            state.status = Reading(at, own, int(event.status == "closed"))
    else:
        return False
    if event.sensor is not UNSET:
        _fold_sensor(state, entry, event.sensor, place_id)
    return complete


def settle(state: LotState) -> LotState:
    """Bring a state into the one form that equal sets of events share, to be stored or compared."""
    for zone in state.zones.values():
        _settle(zone)
        zone.moves = zone.moves.sorted()
    return state


def _heard_space(state: LotState, space_id: str, at: int) -> SpaceState:
    """Give a space, heard."""
    space = state.spaces.get(space_id)
    if space is None:
        space = state.spaces[space_id] = SpaceState()
    if space.heard is None or at > space.heard:
        space.heard = at
    return space


def _fold_passage(zone: ZoneState, at: int, event: Passage) -> None:
    if zone.base is not None and at <= zone.base.at:
        return
    cars = 1 if event.count is UNSET else event.count
    delta = cars if event.direction == "in" else -cars
    if zone.settled_at is not None and at <= zone.settled_at:
        zone.settled += delta
        return
    zone.moved += delta
    number = zone.moves.append(at, delta)
    if number >= MANY and number & (number - 1) == 0:  # at each doubling: it looks at all of them
        _settle(zone)


def _fold_base(zone: ZoneState, entry: Entry, event: Count | Recount, capacity: int) -> bool:
    """Take in a count of the cars; False when it is too late to know what has passed since."""
    if not later(zone.base, entry.at, entry.id):
        return True
    if zone.settled_at is not None and entry.at < zone.settled_at:
        return False
    if type(event) is Count and event.free is not UNSET:
        occupied = capacity - event.free
    else:
        occupied = event.occupied  # type: ignore[assignment]  # one of the two is set
    zone.base = Reading(entry.at, entry.id, occupied)
    zone.settled, zone.settled_at = 0, None
    _, zone.moves = zone.moves.split(entry.at + 1)
    zone.moved = zone.moves.sum
    return True


def _fold_heartbeat(
    state: LotState, zone: ZoneState, zone_id: str, entry: Entry, event: Heartbeat
) -> None:
    if event.space is not UNSET:
        _heard_space(state, event.space, entry.at)
    elif zone.beat is None or entry.at > zone.beat:
        zone.beat = entry.at
    if event.sensor is UNSET and (
        event.battery_pct is not UNSET
        or event.rssi_dbm is not UNSET
        or event.temperature_c is not UNSET
    ):  # a sensor without a name goes by what it watches
        target = f"space:{event.space}" if event.space is not UNSET else f"zone:{zone_id}"
        _fold_sensor(state, entry, target, zone_id)


def _fold_sensor(state: LotState, entry: Entry, name: str, zone: str | None) -> None:
    """Note that a sensor was heard; names without a sensor id hold a colon, which ids cannot."""
    event, at, own = entry.event, entry.at, entry.id
    sensor = state.sensors.get(name)
    if sensor is None or at > sensor.seen.at or later(sensor.seen, at, own):
        seen = Reading(at, own, 0)
        space: str | UnsetType = UNSET
        if type(event) is SpaceEvent or type(event) is Heartbeat:
            space = event.space
        space_id = None if space is UNSET else space
        if sensor is None:
            sensor = state.sensors[name] = SensorState(seen, zone, space_id)
        else:
            sensor.seen, sensor.zone, sensor.space = seen, zone, space_id
    if type(event) is Heartbeat and later(sensor.health, at, own):
        sensor.health = Reading(at, own, 0)
        sensor.battery_pct = None if event.battery_pct is UNSET else event.battery_pct
        sensor.rssi_dbm = None if event.rssi_dbm is UNSET else event.rssi_dbm
        sensor.temperature_c = None if event.temperature_c is UNSET else event.temperature_c


def _settle(zone: ZoneState) -> None:
    """Sum up the passages that have left the window."""
    if zone.heard is None:
        return
    horizon = zone.heard - WINDOW
    if not zone.moves or zone.moves.oldest >= horizon:
        return
    gone, kept = zone.moves.split(horizon)
    zone.settled_at = gone.newest
    zone.settled += gone.sum
    zone.moves, zone.moved = kept, kept.sum
