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
_columns = Struct("!h").pack


class _Texts(dict[str | None, bytes]):
    """Packed texts that come again and again within one buffer: lots, zones, keys, types."""

    def __init__(self, before: bytes = b"") -> None:
        """Have `before` stand before each."""
        super().__init__()
        self._before = before

    def __missing__(self, text: str | None) -> bytes:
        packed = _NULL if text is None else _text(text.encode())
        packed = self[text] = self._before + packed
        return packed


def _text(encoded: bytes) -> bytes:
    return _length(len(encoded)) + encoded


def event_rows(entries: Sequence[Entry]) -> bytes:
    """Pack rows of the table `event`."""
    lots, texts = _Texts(_columns(len(EVENT_COLUMNS))), _Texts()
    parts = [_HEAD]
    for entry in entries:
        own, body = entry.id.encode(), entry.body
        parts += (
            lots[entry.lot],
            _times(8, entry.at - _EPOCH, 8, entry.seq, 8, entry.received_at - _EPOCH),
            texts[entry.key],
            _length(len(own)),
            own,
            texts[entry.type],
            texts[entry.zone],
            _length(len(body)),
            body,
        )
    parts.append(_TAIL)
    return b"".join(parts)


def identity_rows(entries: Sequence[Entry]) -> bytes:
    """Pack rows of the table `event_identity`."""
    lots = _Texts(_columns(len(IDENTITY_COLUMNS)))
    parts = [_HEAD]
    for entry in entries:
        own, body = digest(entry.id), content_digest(entry.body)
        parts += lots[entry.lot], _identity(16, own, 16, body, 8, entry.at - _EPOCH)
    parts.append(_TAIL)
    return b"".join(parts)


async def once(buffer: bytes) -> AsyncIterator[bytes]:
    """Give the buffer to a COPY as its only piece."""
    yield buffer
