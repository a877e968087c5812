"""Entries for the log, made from events in the wire's shape as the intake makes them."""

import json
from typing import Any

from parking.domain.events import Entry, canonical, decode, identity, observed
from parking.domain.instants import micros, rfc3339
from parking.domain.placing import place
from parking.domain.timeline import Timeline
from tests.by_hand import T
from tests.oracle_events import Json

NOW = micros(T)
"""A moment to take for the present, us."""


def entry(event: Json, timeline: Timeline | None = None, received_at: int = NOW) -> Entry:
    """Make an entry; without a timeline its zone is the one it names."""
    decoded = decode(json.dumps(event, ensure_ascii=False).encode())
    at = observed(decoded)
    body = canonical(decoded, at)
    zone = event.get("zone") if timeline is None else place(decoded, timeline.at(at))
    return Entry(decoded.lot, at, identity(decoded, body), zone, decoded, body, "k", received_at)


def passage(id_: str, at: int = NOW, lot: str = "p1", **more: Any) -> Json:
    """Give a car that drives in at a moment, us."""
    event = {"lot": lot, "id": id_, "type": "passage", "direction": "in", "zone": "g"}
    return {**event, "observed_at": rfc3339(at), **more}
