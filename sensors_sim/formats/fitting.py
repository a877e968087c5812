"""Zones that need not be named: operators' systems know car parks, and seldom their zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensors_sim.lots import LotPlan
    from sensors_sim.wire import Event

_COUNTINGS = {"count": {"counts", "gates"}, "passage": {"gates"}, "flag": {"flag"}}


@dataclass(frozen=True, slots=True)
class Fitting:
    """By lot and type of event, the capacity of the only zone that takes such events."""

    zones: Mapping[tuple[str, str], tuple[str, int]]

    def capacity(self, event: Event) -> int | None:
        """Return the capacity of an event's zone, if the lot has no other for it; else None."""
        zone, capacity = self.zones.get((event.lot, event.type), ("", 0))
        return capacity if zone and event.body.get("zone", zone) == zone else None

    def free(self, event: Event) -> int | None:
        """Return how many spaces a count says are free; None for what cannot be told so."""
        capacity = self.capacity(event) if event.type == "count" else None
        if capacity is None:
            return None
        if "free" in event.body:
            return int(event.body["free"])
        free = capacity - int(event.body["occupied"])
        return free if free >= 0 else None


def fitting(plans: Sequence[LotPlan]) -> Fitting:
    """Return what fits in the lots as they are described."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for plan in plans:
        zones: Sequence[Mapping[str, Any]] = plan.description["zones"]
        for kind, countings in _COUNTINGS.items():
            fit = [zone for zone in zones if zone["counting"] in countings]
            if len(fit) == 1:
                found[plan.id, kind] = (fit[0]["id"], fit[0]["capacity"])
    return Fitting(found)
