"""A JSON text read down to its events, which stay encoded: each is judged on its own."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from parking.domain.events import Event, all_named

MOST_EVENTS = 10_000
"""In one text."""
_LONG = 1 << 18  # bytes, of which few hold more than 2,000 events
Raws = Sequence[bytes | msgspec.Raw]


class NotEvents(Exception):
    """A text holds no list of events; `is_json` tells whether it is JSON at all."""

    def __init__(self, detail: str, *, is_json: bool) -> None:
        """Say why."""
        super().__init__(detail)
        self.detail = detail
        self.is_json = is_json


class _Events(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


class _Read(msgspec.Struct, forbid_unknown_fields=True):
    events: list[Event]


_decode_events = msgspec.json.Decoder(_Read).decode
_decode_object = msgspec.json.Decoder(_Events).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_one = msgspec.json.Decoder(msgspec.Raw).decode


def read_events(body: bytes) -> list[Event] | None:
    """Read the events of `{"events": [...]}` in one go.

    None when something is wrong somewhere, or when that would take long.
    """
    if len(body) > _LONG:
        return None
    try:
        events = _decode_events(body).events
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return events if all_named(events) else None


def read_object(body: bytes) -> Raws:
    """Read `{"events": [...]}`; NotEvents when it is anything else."""
    try:
        return _decode_object(body).events
    except msgspec.ValidationError as error:
        raise NotEvents(str(error), is_json=True) from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        match _read_loosely(body):
            case {"events": [*events], **others} if not others:
                return _encoded(events)
        raise _not_json() from None


def read_any(body: bytes) -> Raws:
    """Read `{"events": [...]}`, a list of events, or one event; NotEvents when it is not JSON.

    Any other object is taken for an event, to be judged as one.
    """
    begins = body.lstrip(b" \t\r\n")[:1]
    try:
        if begins == b"[":
            return _decode_list(body)
        with suppress(msgspec.ValidationError):
            return _decode_object(body).events
        _decode_one(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        match _read_loosely(body):
            case {"events": [*events], **others} if not others:
                return _encoded(events)
            case [*events]:
                return _encoded(events)
            case {}:
                return [body]
        raise _not_json() from None
    if begins != b"{":
        raise NotEvents("neither an event nor a list of events", is_json=True)
    return [body]


def _read_loosely(body: bytes) -> Any:
    r"""Read JSON some text of which holds half of a surrogate pair, such as `\ud800`.

    By JSON's grammar that is a string, so it costs its event alone; msgspec refuses it all. None
    for what is not JSON either.
    """
    if rb"\u" in body:
        with suppress(ValueError, RecursionError):
            return json.loads(body.decode(), parse_constant=_refuse)
    return None


def _encoded(events: list[Any]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _not_json() -> NotEvents:
    return NotEvents("not JSON", is_json=False)
