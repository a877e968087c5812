"""What may be kept of something that was refused: enough to mend the sender, nothing of people.

Accepted events have no field for a number plate or a name; what is refused may be refused for just
that. So of a refused event its members stay by name, with values only where an event has such a
member and the value is a number, a truth or a short plain word. What cannot be read as an object
cannot be cleaned, and nothing of it stays.
"""

import re
from typing import Any

import msgspec

from parking.domain.access import SECRET

MOST_BYTES = 2_000
"""Of what is kept of one item."""
LONGEST_EVENT = 8_192
"""Bytes of an item that is looked at; no event is as long."""
_LONGEST_DETAIL = 300
_HIDDEN = "…"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WORD = re.compile(r"[A-Za-z0-9._:+-]{1,80}")
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
_STRANGE = re.compile(r"[^ ]*[^\x20-\x7e…][^ ]*")
_MEMBERS = frozenset((
    "battery_pct", "count", "direction", "event", "free", "id", "level", "lot", "observed_at",
    "occupied", "rssi_dbm", "sensor", "space", "status", "temperature_c", "type", "zone",
))  # fmt: skip


def clean_event(raw: bytes) -> tuple[str | None, str | None]:
    """Give what may be kept of an event that was refused, as JSON, and the id of the lot it names.

    Both None when it is no JSON object, or longer than LONGEST_EVENT.
    """
    if len(raw) > LONGEST_EVENT:
        return None, None
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None, None
    if not isinstance(found, dict):
        return None, None
    kept: dict[str, Any] = {}
    size = 2
    for name, value in found.items():
        shown = name if _WORD.fullmatch(name) and not SECRET.search(name) else _HIDDEN
        put = _value(value) if name in _MEMBERS else _HIDDEN
        size += len(msgspec.json.encode({shown: put}))
        if size > MOST_BYTES:
            break
        kept[shown] = put
    lot = found.get("lot")
    named = lot if isinstance(lot, str) and _ID.fullmatch(lot) else None
    return msgspec.json.encode(kept).decode(), named


def clean_detail(text: str) -> str:
    """Give a sentence of at most 300 plain characters: an error may repeat what it found."""
    line = _CONTROL.sub(" ", SECRET.sub("pk_…", text))
    return _STRANGE.sub(_HIDDEN, line)[:_LONGEST_DETAIL]


def clean_id(event_id: str | None) -> str | None:
    """Give the id of an event, None for one that holds a key: someone has put it there."""
    return None if event_id is None or SECRET.search(event_id) else event_id


def clean_text(text: str) -> str:
    """Give a text that holds nothing of people, as its giver vouches, cut to what is kept."""
    plain = SECRET.sub("pk_…", text.replace("\0", _HIDDEN))
    return plain.encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore")


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**15 else _HIDDEN
    if isinstance(value, str) and _WORD.fullmatch(value) and not SECRET.search(value):
        return value
    return _HIDDEN
