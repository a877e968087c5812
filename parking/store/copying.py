"""Rows for PostgreSQL's binary COPY, packed straight from entries into one buffer."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from parking.domain.events import TYPE_NAMES, Entry, Event, digest
from parking.domain.instants import SECOND

EVENT_COLUMNS = ("seq", "received_at", "observed_at", "lot", "key", "zone", "type", "id", "body")
IDENTITY_COLUMNS = ("lot", "digest", "body", "observed_at")

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"
_EPOCH = 946_684_800 * SECOND  # PostgreSQL counts from 2000
_length = Struct("!i").pack
_LENGTHS = tuple(map(_length, range(1 << 10)))
_moment = Struct("!iq").pack
_begin = Struct("!hiqiq").pack
_SEQ_AT = 6  # in what it packs
_IDENTITY = Struct("!h").pack(len(IDENTITY_COLUMNS))
_DIGEST = _length(16)
_MOST_KNOWN = 50_000  # of at most 300 letters


def _text(text: str | None) -> bytes:
    if text is None:
        return b"\xff\xff\xff\xff"
    encoded = text.encode()
    return _length(len(encoded)) + encoded


class _Owners(dict[str, bytes]):
    """What rows of identities begin with, by lot: the same again and again."""

    def __missing__(self, lot: str) -> bytes:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        packed = self[lot] = _IDENTITY + _text(lot)
        return packed


class _Senders(dict[tuple[str, str, str | None, type[Event]], bytes]):
    """What rows of events have in their middle, by lot, key, zone and type of event."""

    def __missing__(self, sender: tuple[str, str, str | None, type[Event]]) -> bytes:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        *texts, kind = sender
        packed = self[sender] = b"".join(map(_text, (*texts, TYPE_NAMES[kind])))
        return packed


_owners, _senders = _Owners(), _Senders()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of some entries for both tables; `places` are where those of `event` have their `seq`.

    That is filled in last: an entry's place in the log is known when its batch has the log's head.
    `earliest` and `latest` are their first and last moment, us.
    """

    identities: bytes
    events: bytes
    places: NDArray[np.int64]
    earliest: int
    latest: int

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Rows":
        """Pack rows of one entry or more; this may be done long before they are stored."""
        owners, senders, lengths = _owners, _senders, _LENGTHS
        identities: list[bytes] = []
        events: list[bytes] = []
        received_at, begin = -1, b""
        for entry in entries:
            if entry.received_at != received_at:
                received_at = entry.received_at
                begin = _begin(len(EVENT_COLUMNS), 8, 0, 8, received_at - _EPOCH)
            lot, own, body = entry.lot, entry.id.encode(), entry.body
            observed_at = _moment(8, entry.at - _EPOCH)
            identities.append(_DIGEST.join((owners[lot], digest(own), digest(body))))
            identities.append(observed_at)
            row = (
                begin,
                observed_at,
                senders[lot, entry.key, entry.zone, type(entry.event)],
                lengths[len(own)],
                own,
                lengths[len(body)] if len(body) < len(lengths) else _length(len(body)),
                body,
            )
            events.append(b"".join(row))
        sizes = np.fromiter(map(len, events), np.int64, len(events))
        places = sizes.cumsum() - sizes + _SEQ_AT
        moments = [entry.at for entry in entries]
        return cls(
            b"".join(identities),
            b"".join(events),
            places,
            min(moments),
            max(moments),
        )


def identities_file(packed: Sequence[Rows]) -> bytes:
    """Give what a COPY into `event_identity` takes."""
    return b"".join([_HEAD, *(rows.identities for rows in packed), _TAIL])


def events_file(packed: Sequence[Rows], first: int) -> bytearray:
    """Give what a COPY into `event` takes: its rows have the places from `first` on in the log."""
    file = bytearray().join([_HEAD, *(rows.events for rows in packed), _TAIL])
    starts = accumulate((len(rows.events) for rows in packed), initial=len(_HEAD))
    places = np.concatenate([at + rows.places for at, rows in zip(starts, packed, strict=False)])
    # as integers that begin at each of its bytes
    numbers = np.ndarray(len(file) - 7, ">i8", file, strides=1)
    numbers[places] = np.arange(first, first + len(places))
    return file


async def once(
    buffer: bytes | bytearray, meanwhile: Callable[[], None] | None = None
) -> AsyncIterator[bytes | bytearray]:
    """Give the buffer to a COPY as its only piece; `meanwhile`: what to do as it is taken in."""
    yield buffer
    if meanwhile is not None:
        meanwhile()
