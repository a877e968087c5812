"""Events as they go over the wire, and their packing into bodies.

An event is plain data until it is packed; packing is the only place that knows JSON. A packed
batch never exceeds the service's limits for a JSON body.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sensors_sim.moments import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_EVENTS = 10_000
MAX_BYTES = 8 * 1024 * 1024
_ENVELOPE = len(b'{"events":[]}')

Format = Literal["json", "ndjson"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its identity within the lot, its moment (µs) and what its type adds."""

    lot: str
    id: str
    type: str
    at_us: int
    body: Mapping[str, Any]

    def at(self, moment_us: int) -> Event:
        """Return the same event, observed at another moment (µs)."""
        return replace(self, at_us=moment_us)

    def renamed(self, event_id: str) -> Event:
        """Return the same event under another id."""
        return replace(self, id=event_id)

    def with_body(self, body: Mapping[str, Any]) -> Event:
        """Return the same event with other facts."""
        return replace(self, body=body)


def pack(event: Event) -> bytes:
    """Return one event as JSON, without a line end."""
    return msgspec.json.encode(
        {
            "id": event.id,
            "lot": event.lot,
            "type": event.type,
            "observed_at": rfc3339(event.at_us),
            **event.body,
        }
    )


def batches(events: Iterable[bytes], max_events: int, max_bytes: int) -> Iterator[list[bytes]]:
    """Cut packed events into batches of at most so many events and body bytes."""
    batch: list[bytes] = []
    size = _ENVELOPE
    for event in events:
        if batch and (len(batch) >= max_events or size + len(event) + 1 > max_bytes):
            yield batch
            batch, size = [], _ENVELOPE
        batch.append(event)
        size += len(event) + 1
    if batch:
        yield batch


def body(batch: Sequence[bytes], kind: Format) -> tuple[bytes, dict[str, str]]:
    """Return the body of a batch and its headers: a JSON list, or gzipped NDJSON."""
    if kind == "json":
        return b'{"events":[' + b",".join(batch) + b"]}", {"Content-Type": "application/json"}
    lines = b"\n".join(batch) + b"\n"
    return gzip.compress(lines, compresslevel=1, mtime=0), {
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
    }
