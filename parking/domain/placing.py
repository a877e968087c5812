"""Which zone an event speaks of, by the description of its own moment."""

from typing import Literal

from msgspec import UNSET

from parking.domain.events import TYPE_NAMES, Event, Heartbeat, SpaceEvent, Status, Void
from parking.domain.timeline import Layout


class Misplaced(Exception):
    """The lot as described has no place for the event; `code` is the rejection's."""

    def __init__(
        self,
        code: Literal["unknown_lot", "unknown_zone", "unknown_space", "wrong_counting"],
        detail: str,
    ) -> None:
        """Say why, in words for the operator."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


def place(event: Event, layout: Layout | None) -> str | None:
    """Give the id of the zone; None for what speaks of the whole lot. Misplaced when there is none.

    `layout` is that of the event's moment, None when the lot was retired then.
    """
    # `type(…) is` and not isinstance, which asks the structs' metaclass: this runs for every event
    if type(event) is Status or type(event) is Void:
        return None
    if layout is None:
        raise Misplaced("unknown_lot", "the lot was retired at that moment")
    if type(event) is SpaceEvent:
        return _zone_of_space(event.space, layout)
    if type(event) is Heartbeat and event.space is not UNSET:
        return _zone_of_space(event.space, layout)
    kind = TYPE_NAMES[type(event)]
    fitting = layout.fitting[kind]
    if event.zone is not UNSET:
        if event.zone in fitting:
            return event.zone
        zone = layout.zones.get(event.zone)
        if zone is None:
            raise Misplaced("unknown_zone", "the lot has no such zone")
        raise Misplaced("wrong_counting", f"the zone is counted by {zone.counting}")
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Misplaced("unknown_zone", f"several zones take {kind} events: name one")
    raise Misplaced("wrong_counting", f"no zone of the lot takes {kind} events")


def _zone_of_space(space: str, layout: Layout) -> str:
    zone = layout.zone_of.get(space)
    if zone is None:
        raise Misplaced("unknown_space", "no zone of the lot lists that space")
    return zone
