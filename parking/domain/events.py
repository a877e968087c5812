"""Events: what sensors and operators' systems say, their wire form and their identity.

Within a lot an id names one event. An event without an id is named by its content: `sha256:` and
the hex digest of its canonical JSON (sorted keys, no spaces, the time in UTC with microseconds, all
else as sent), so that a retry is a duplicate.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Annotated, Any, Literal, final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from parking.domain.instants import micros

_ID, _EVENT_ID = r"[A-Za-z0-9._-]{1,64}", r"[A-Za-z0-9._:-]{1,64}"
# msgspec takes five times as long to match a pattern as `decode` does: to it they are a description
Id = Annotated[str, Meta(extra_json_schema={"pattern": f"^{_ID}\\Z"})]
EventId = Annotated[str, Meta(extra_json_schema={"pattern": f"^{_EVENT_ID}\\Z"})]
Target = Annotated[str, Meta(pattern=r"^([A-Za-z0-9._:-]{1,64}|sha256:[0-9a-f]{64})\Z")]
Moment = Annotated[datetime, Meta(tz=True)]
Cars = Annotated[int, Meta(ge=0, le=1_000_000_000)]
"""A reading of cars or spaces; the bound only keeps absurd numbers out of the arithmetic."""
Percent = Annotated[int, Meta(ge=0, le=100)] | Annotated[float, Meta(ge=0, le=100)]
Decibels = Annotated[int, Meta(ge=-300, le=100)] | Annotated[float, Meta(ge=-300, le=100)]
Celsius = Annotated[int, Meta(ge=-273, le=1000)] | Annotated[float, Meta(ge=-273.15, le=1000)]
Reason = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*\Z")]


class _Event(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    gc=False,  # none holds another
):
    lot: str
    observed_at: Moment
    id: EventId | UnsetType = UNSET
    sensor: Id | UnsetType = UNSET


@final
class SpaceEvent(_Event, tag="space"):
    """A sensor says whether its space is occupied."""

    space: str
    occupied: bool


@final
class Passage(_Event, tag="passage"):
    """Cars drove in or out through a gate."""

    direction: Literal["in", "out"]
    count: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET
    zone: str | UnsetType = UNSET


@final
class Count(_Event, tag="count"):
    """The operator's system reports a number: exactly one of free and occupied."""

    free: Cars | UnsetType = UNSET
    occupied: Cars | UnsetType = UNSET
    zone: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if (self.free is UNSET) == (self.occupied is UNSET):
            raise ValueError("exactly one of free and occupied is needed")


@final
class Flag(_Event, tag="flag"):
    """The operator's system knows only a level."""

    level: Literal["available", "limited", "full"]
    zone: str | UnsetType = UNSET


@final
class Recount(_Event, tag="recount"):
    """Someone has counted the cars."""

    occupied: Cars
    reason: Reason | UnsetType = UNSET
    zone: str | UnsetType = UNSET


@final
class Heartbeat(_Event, tag="heartbeat"):
    """A sensor or gateway is alive; battery in percent, signal in dBm, temperature in Celsius."""

    space: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    battery_pct: Percent | UnsetType = UNSET
    rssi_dbm: Decibels | UnsetType = UNSET
    temperature_c: Celsius | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse a heartbeat of two things."""
        if self.space is not UNSET and self.zone is not UNSET:
            raise ValueError("only one of space and zone can be named")


@final
class Status(_Event, tag="status"):
    """The whole lot was opened or closed."""

    status: Literal["open", "closed"]
    reason: Reason | UnsetType = UNSET


@final
class Void(_Event, tag="void"):
    """The event of this lot with the id `event` must not count."""

    event: Target
    reason: Reason | UnsetType = UNSET


Encoded = bytes | memoryview | msgspec.Raw
Event = SpaceEvent | Passage | Count | Flag | Recount | Heartbeat | Status | Void
TYPES: tuple[str, ...] = (
    "space", "passage", "count", "flag", "recount", "heartbeat", "status", "void",
)  # fmt: skip


class Entry(Struct, gc=False):
    """An accepted event in the log.

    `at` is its `observed_at` in us; `zone` the zone it was found to speak of (None for the whole
    lot and for voids); `body` its canonical JSON; `key` who sent it; `received_at` in us; `seq` its
    place in the log, 0 before it is committed.
    """

    lot: str
    at: int
    id: str
    zone: str | None
    event: Event
    body: bytes
    key: str
    received_at: int
    seq: int = 0

    @property
    def type(self) -> str:
        """The event's type as on the wire."""
        return type_name(self.event)


@final
class Placed(Entry, gc=False):
    """An entry where it was judged, and by which timeline's `layout` its zone was found.

    By another one that is to be found anew. It is not stored, nor kept for its moment.
    """

    timeline: object = None
    layout: Any = None

    def entry(self) -> Entry:
        """Give it without that, to be kept."""
        return Entry(*(getattr(self, name) for name in Entry.__struct_fields__))


_match_event_id = re.compile(_EVENT_ID).fullmatch
_match_id = re.compile(_ID).fullmatch
_decode: Callable[[Encoded], Event] = msgspec.json.Decoder(Event).decode
_decode_list: Callable[[bytes], list[Event | None]] = msgspec.json.Decoder(
    list[Event | None]
).decode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode
TYPE_NAMES: dict[type, str] = {
    class_: str(class_.__struct_config__.tag)
    for class_ in (SpaceEvent, Passage, Count, Flag, Recount, Heartbeat, Status, Void)
}
"""What an event's class is called on the wire."""


def type_name(event: Event) -> str:
    """Give the event's type as on the wire."""
    return TYPE_NAMES[type(event)]


def is_event_id(text: str) -> bool:
    """Tell whether a text is an id that an event can be sent with."""
    return _match_event_id(text) is not None


def is_id(text: str) -> bool:
    """Tell whether a text is an id of a lot, zone, space, operator or sensor."""
    return len(text) <= 64 and _matches(text)  # what is longer is not kept


@lru_cache(maxsize=1 << 14)  # the same sensors speak again and again
def _matches(text: str) -> bool:
    return _match_id(text) is not None


def decode(raw: Encoded) -> Event:
    """Read one event strictly; msgspec.DecodeError, UnicodeDecodeError: it is not one."""
    event = _decode(raw)
    if event.id is not UNSET and not _match_event_id(event.id):
        raise msgspec.ValidationError("what `id` holds is not an id - at `$.id`")
    if event.sensor is not UNSET and not is_id(event.sensor):
        raise msgspec.ValidationError("what `sensor` holds is not an id - at `$.sensor`")
    return event


def decode_many(raws: Sequence[Encoded]) -> list[Event] | None:
    """Read events as `decode` does, in half of the time; None when one of them is not one."""
    # Between two stands what neither a string nor an object can hold, so none reaches into another.
    try:
        found = _decode_list(b"[" + b",\nnull,\n".join(raws) + b"]")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    events = [event for event in found if event is not None]
    if len(found) != 2 * len(raws) - 1 or len(events) != len(raws):
        return None
    return events if all_named(events) else None


def all_named(events: Iterable[Event]) -> bool:
    """Tell whether `id` and `sensor` of events just read are ids, where they are there."""
    for event in events:
        if event.id is not UNSET and not _match_event_id(event.id):
            return False
        if event.sensor is not UNSET and not is_id(event.sensor):
            return False
    return True


def canonical(event: Event, at: int) -> bytes:
    """Give the event's canonical JSON; `at` is its `observed_at` in us.

    The time is normalised to UTC in place, since a log line shows what identity was made from.
    """
    if event.observed_at.tzinfo is not UTC:
        event.observed_at = event.observed_at.astimezone(UTC)
    encoded: bytes = _encode_sorted(event)
    if at % 1_000_000 == 0:  # the encoder leaves zero microseconds out, the rule wants them
        mark = b'"observed_at":"'
        end = encoded.index(mark) + len(mark) + len("2026-11-23T00:31:07")
        encoded = encoded[:end] + b".000000" + encoded[end:]
    return encoded


def identity(event: Event, body: bytes) -> str:
    """Give the event's own id or the one made from its canonical JSON."""
    if event.id is not UNSET:
        return event.id
    return "sha256:" + sha256(body).hexdigest()


def digest(text: bytes) -> bytes:
    """128 bits that stand for an id in the index of identities, or for an event's canonical JSON.

    By the latter a retry is told from a contradiction.
    """
    return blake2b(text, digest_size=16).digest()


def observed(event: Event) -> int:
    """When it happened, us; OverflowError when UTC has no such year."""
    return micros(event.observed_at)
