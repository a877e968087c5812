"""What a decoder gathers on its way through a message: events, and what it could not read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from parking.ingest.decoded import Decoded, NotDecodable, Unread
from parking.ingest.formats.places import IDENTICAL, Places

MOST_EVENTS = 10_000
"""Events of a message."""
MOST_UNREAD = 1_000
"""Unread parts that are told of a message."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How an operator's messages of a known format are to be read.

    `zone` is the time zone of times without an offset; `only` the types of events that are wanted,
    None for all; `encoding`, `delimiter` and `columns` of text and CSV, None to find out.
    """

    places: Places = IDENTICAL
    zone: ZoneInfo | None = None
    only: frozenset[str] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: tuple[str, ...] | None = None


PLAIN = Reading()


@dataclass(slots=True)
class Gathering:
    """Events and unread parts so far."""

    only: frozenset[str] | None = None
    _events: list[dict[str, Any]] = field(default_factory=list)
    _unread: list[Unread] = field(default_factory=list)

    def event(self, type_: str, fields: Mapping[str, Any]) -> None:
        """Take an event, unless its type is not wanted; fields that are None are left out."""
        if self.only is not None and type_ not in self.only:
            return
        if len(self._events) == MOST_EVENTS:
            raise NotDecodable(f"it holds more than {MOST_EVENTS} events")
        made = {name: value for name, value in fields.items() if value is not None}
        self._events.append({"type": type_, **made})

    def unread(self, place: str, reason: str) -> None:
        """Note a part that gives no event."""
        if len(self._unread) < MOST_UNREAD:
            self._unread.append(Unread(place, reason))

    def result(self) -> Decoded:
        """Give all of it."""
        return Decoded(self._events, self._unread)
