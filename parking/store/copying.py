"""Rows for PostgreSQL's binary COPY, packed straight from entries into one buffer."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from parking.domain.events import TYPE_NAMES, Entry, digest
from parking.domain.instants import SECOND

EVENT_COLUMNS = ("seq", "observed_at", "received_at", "lot", "key", "id", "type", "zone", "body")
IDENTITY_COLUMNS = ("lot", "digest", "body", "observed_at")

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = 946_684_800 * SECOND  # PostgreSQL counts from 2000
_length = Struct("!i").pack
_numbers = Struct("!hiqiqiq").pack
_identity = Struct("!i16si16siq").pack
_IDENTITY = Struct("!h").pack(len(IDENTITY_COLUMNS))
_MOST_TEXTS = 50_000  # of at most 74 letters
_SEQ_AT = 6  # in what `_numbers` packs


def _text(encoded: bytes) -> bytes:
    return _length(len(encoded)) + encoded


_TYPES = {class_: _text(name.encode()) for class_, name in TYPE_NAMES.items()}


class _Texts(dict[str | None, bytes]):
    """Packed texts that come again and again: lots, zones, keys."""

    def __init__(self, before: bytes = b"") -> None:
        """Have `before` stand before each."""
        super().__init__()
        self._before = before

    def __missing__(self, text: str | None) -> bytes:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        packed = _NULL if text is None else _text(text.encode())
        packed = self[text] = self._before + packed
        return packed


_owners, _texts = _Texts(_IDENTITY), _Texts()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of some entries for both tables; `places` are where those of `event` have their `seq`.

    That is filled in last: an entry's place in the log is known when its batch has the log's head.
    """

    identities: bytes
    events: bytes
    places: NDArray[np.int64]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Rows":
        """Pack rows; this may be done long before they are stored."""
        owners, texts = _owners, _texts
        identities: list[bytes] = []
        events: list[bytes] = []
        for entry in entries:
            lot, at, own, body = entry.lot, entry.at - _EPOCH, entry.id.encode(), entry.body
            identities.append(owners[lot])
            identities.append(_identity(16, digest(own), 16, digest(body), 8, at))
            row = (
                _numbers(len(EVENT_COLUMNS), 8, 0, 8, at, 8, entry.received_at - _EPOCH),
                texts[lot],
                texts[entry.key],
                _length(len(own)),
                own,
                _TYPES[type(entry.event)],
                texts[entry.zone],
                _length(len(body)),
                body,
            )
            events.append(b"".join(row))
        lengths = np.fromiter(map(len, events), np.int64, len(events))
        places = lengths.cumsum() - lengths + _SEQ_AT
        return cls(b"".join(identities), b"".join(events), places)


def identities_file(packed: Sequence[Rows]) -> bytes:
    """Give what a COPY into `event_identity` takes."""
    return b"".join([_HEAD, *(rows.identities for rows in packed), _TAIL])


def events_file(packed: Sequence[Rows], first: int) -> bytearray:
    """Give what a COPY into `event` takes: its rows have the places from `first` on in the log."""
    file = bytearray().join([_HEAD, *(rows.events for rows in packed), _TAIL])
    starts = accumulate((len(rows.events) for rows in packed), initial=len(_HEAD))
    places = np.concatenate([at + rows.places for at, rows in zip(starts, packed, strict=False)])
    seqs = np.arange(first, first + len(places), dtype=">i8")
    bytes_of = np.frombuffer(file, np.uint8)
    bytes_of[places[:, None] + np.arange(8)] = seqs.view(np.uint8).reshape(-1, 8)
    return file


async def once(buffer: bytes | bytearray) -> AsyncIterator[bytes | bytearray]:
    """Give the buffer to a COPY as its only piece."""
    yield buffer
