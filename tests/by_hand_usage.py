"""Events and lots put together by hand for usage: of the hour from `T`, in its seconds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.by_hand import T, ago, event, lot, zone
from tests.oracle import Json, Lists, Timeline
from tests.oracle_usage import usage

S = 1_000_000
HOUR = timedelta(hours=1)
Z = "z"


def lasting(id_: str, counting: str, capacity: int, class_: str = "general") -> Json:
    """Give a zone that stays known all the bucket long."""
    return zone(id_, counting, capacity, class_) | {"stale_after_s": 86_400}


def at(seconds: float, type_: str, **fields: Any) -> Json:
    return event(type_, -seconds, **fields)


def after(seconds: float) -> datetime:
    return ago(-seconds)


def car(seconds: float, *, space: str = "s1", **fields: Any) -> Json:
    return at(seconds, "space", space=space, occupied=True, **fields)


def gone(seconds: float, *, space: str = "s1", **fields: Any) -> Json:
    return at(seconds, "space", space=space, occupied=False, **fields)


def hour(timeline: Timeline, *events: Json, lists: Lists = (), **options: Any) -> Any:
    return usage(timeline, lists, events, T, T + HOUR, **options)


def spaces(*ids: str, zone_id: str = Z) -> list[tuple[None, str, Sequence[str]]]:
    return [(None, zone_id, ids)]


GATES = lot(lasting(Z, "gates", 10))
COUNTS = lot(lasting(Z, "counts", 10))
FLAG = lot(lasting(Z, "flag", 10))
SPACES = lot(lasting(Z, "spaces", 2))
TWO = spaces("s1", "s2")
