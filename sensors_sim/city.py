"""The whole district as a function of a seed and a first moment.

Nothing here waits or sends: `advance` moves simulated time and returns what the sensors report;
the truth to compare the service with is the cars themselves.
"""

from __future__ import annotations

import hashlib
from operator import attrgetter
from typing import TYPE_CHECKING

from sensors_sim.demand import PROFILES, Traffic, week_start
from sensors_sim.moments import DAY, SECOND
from sensors_sim.truth import LotTruth
from sensors_sim.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensors_sim.places import Place
    from sensors_sim.wire import Event

# Cars of the day before are still there when a run begins.
_WARM_UP = DAY


def run_name(seed: str, start_us: int) -> str:
    """Return the name of a run, the first part of its events' ids; its order is that of starts."""
    mark = hashlib.blake2b(seed.encode(), digest_size=4).hexdigest()
    return f"sim:{start_us // SECOND:x}-{mark}"


class City:
    """The places' cars and sensors from a moment (µs) on.

    The cars are those of the seed and the week: of two runs in one week the later one finds the
    city as the earlier one left it.
    """

    def __init__(self, places: Sequence[Place], seed: str, start_us: int) -> None:
        self.places = tuple(places)
        self.run = run_name(seed, start_us)
        self.at_us = start_us
        self._zones = {place.id: tuple(_zones(place, seed, start_us, self.run)) for place in places}

    def base(self) -> list[Event]:
        """Return the events that fix the state of every zone at the present moment."""
        return [event for zones in self._zones.values() for zone in zones for event in zone.base()]

    def advance(self, until_us: int) -> list[Event]:
        """Let time pass to a moment (µs) and return what was reported, oldest first."""
        self.at_us = until_us
        events = [
            event
            for zones in self._zones.values()
            for zone in zones
            for event in zone.advance(until_us)
        ]
        return sorted(events, key=attrgetter("at_us"))

    def final(self) -> list[Event]:
        """Return every zone's last word at the present moment."""
        return [event for zones in self._zones.values() for zone in zones for event in zone.final()]

    def truths(self) -> list[LotTruth]:
        """Return what is true of each lot now."""
        return [_truth(lot, zones) for lot, zones in self._zones.items()]


def _zones(place: Place, seed: str, start_us: int, run: str) -> list[Zone]:
    since_us = week_start(start_us) - _WARM_UP
    zones = []
    for spec in place.zones:
        traffic = Traffic(
            PROFILES[spec.profile],
            spec.capacity,
            place.opening,
            seed=f"{seed}/{since_us}/{place.id}/{spec.id}",
            since_us=since_us,
        )
        traffic.skip_to(start_us)
        zones.append(Zone(place.id, spec, traffic, run, start_us))
    return zones


def _truth(lot: str, zones: Sequence[Zone]) -> LotTruth:
    capacity = sum(zone.spec.capacity for zone in zones)
    if all(zone.spec.counting == "flag" for zone in zones):
        worst = max((zone.level for zone in zones), key=("available", "limited", "full").index)
        return LotTruth(lot, capacity, None, worst, {})
    classes: dict[str, int] = {}
    for zone in zones:
        classes[zone.spec.class_] = classes.get(zone.spec.class_, 0) + zone.free
    return LotTruth(lot, capacity, sum(classes.values()), None, classes)
