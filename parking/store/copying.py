"""Rows for PostgreSQL's binary COPY, packed straight from entries into one buffer."""

from collections.abc import AsyncIterator, Sequence
from struct import Struct

from parking.domain.events import Entry, content_digest, digest
from parking.domain.instants import SECOND

EVENT_COLUMNS = ("lot", "observed_at", "seq", "received_at", "key", "id", "type", "zone", "body")
IDENTITY_COLUMNS = ("lot", "digest", "body", "observed_at")

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = 946_684_800 * SECOND  # PostgreSQL counts from 2000
_length = Struct("!i").pack
_times = Struct("!iqiqiq").pack
_identity = Struct("!i16si16siq").pack
_nine_columns = Struct("!h").pack(len(EVENT_COLUMNS))
_four_columns = Struct("!h").pack(len(IDENTITY_COLUMNS))


class _Texts(dict[str, bytes]):
    """Packed texts that come again and again within one buffer: lots, zones, keys, types."""

    def __missing__(self, text: str) -> bytes:
        packed = self[text] = _text(text.encode())
        return packed


def _text(encoded: bytes) -> bytes:
    return _length(len(encoded)) + encoded


def event_rows(entries: Sequence[Entry]) -> bytes:
    """Pack rows of the table `event`."""
    texts = _Texts()
    parts = [_HEAD]
    add = parts.append
    for entry in entries:
        add(_nine_columns)
        add(texts[entry.lot])
        add(_times(8, entry.at - _EPOCH, 8, entry.seq, 8, entry.received_at - _EPOCH))
        add(texts[entry.key])
        add(_text(entry.id.encode()))
        add(texts[entry.type])
        add(_NULL if entry.zone is None else texts[entry.zone])
        add(_text(entry.body))
    add(_TAIL)
    return b"".join(parts)


def identity_rows(entries: Sequence[Entry]) -> bytes:
    """Pack rows of the table `event_identity`."""
    texts = _Texts()
    parts = [_HEAD]
    add = parts.append
    for entry in entries:
        add(_four_columns)
        add(texts[entry.lot])
        own, body = digest(entry.id), content_digest(entry.body)
        add(_identity(16, own, 16, body, 8, entry.at - _EPOCH))
    add(_TAIL)
    return b"".join(parts)


async def once(buffer: bytes) -> AsyncIterator[bytes]:
    """Give the buffer to a COPY as its only piece."""
    yield buffer
