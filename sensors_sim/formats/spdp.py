"""SPDP v2: counts of whole seconds of lots that have one zone for them, and signs that say full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sensors_sim.formats.format import FormatSpec, Request
from sensors_sim.formats.pushing import Pushing
from sensors_sim.moments import SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensors_sim.formats.fitting import Fitting
    from sensors_sim.wire import Event

_FULL = {"full": True, "available": False}


def told(event: Event, fitting: Fitting) -> bool:
    """Return whether the format can tell an event: it knows whole seconds, and no `limited`."""
    if event.at_us % SECOND:
        return False
    if event.type == "flag":
        return fitting.capacity(event) is not None and event.body["level"] in _FULL
    return fitting.free(event) is not None


def tell(events: Sequence[Event], fitting: Fitting) -> Request:
    """Return the state of one facility."""
    [event] = events
    status: dict[str, Any] = {"lastUpdated": event.at_us // SECOND}
    if event.type == "flag":
        status["full"] = _FULL[event.body["level"]]
    else:
        free = fitting.free(event)
        status |= {
            "parkingCapacity": fitting.capacity(event),
            "vacantSpaces": free,
            "full": free == 0,
        }
    facility = {"identifier": event.lot, "facilityActualStatus": status}
    body = msgspec.json.encode({"parkingFacilityDynamicInformation": facility})
    return Request("PUT", f"/v1/connect/spdp/dynamic/{event.lot}", body, 1)


SPEC = FormatSpec(
    "counts and signs as SPDP v2, a request each", lambda _: None, lambda _: Pushing(told, tell)
)
