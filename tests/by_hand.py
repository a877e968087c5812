"""Lots and events put together by hand, in the wire's shapes, about a fixed moment `T`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.oracle import LOT, Json, Timeline, shown

T = datetime(2026, 11, 23, 0, 31, 7, tzinfo=UTC)
STALE = 600


def zone(id_: str, counting: str, capacity: int, class_: str = "general") -> Json:
    return {
        "id": id_,
        "class": class_,
        "capacity": capacity,
        "counting": counting,
        "stale_after_s": STALE,
    }


def described(*zones: Json) -> Json:
    return {"operator": "op", "zones": list(zones)}


def lot(*zones: Json) -> Timeline:
    return [(None, described(*zones))]


def ago(seconds: float) -> datetime:
    return T - timedelta(seconds=seconds)


def event(type_: str, seconds_ago: float = 0, **fields: Any) -> Json:
    return {"lot": LOT, "type": type_, "observed_at": shown(ago(seconds_ago)), **fields}
