"""The buckets of a lot's local calendar, once more, slowly: half of the oracle of usage.

Written from section 6 of the wire contract alone, never from the product, which it must not import.
The clock on the wall is read every quarter of an hour, on which all zones' offsets and changes have
fallen for decades: a bucket begins where it shows another day, week (from Monday) or month. An hour
begins where it shows another hour, or was put back: so no hour has the same clock time in it twice,
and where clocks go back by half an hour, the half that comes again is an hour of its own.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["hour", "day", "week", "month"]
Bucket = tuple[datetime, datetime]

_QUARTER = timedelta(minutes=15)
_LABELS: dict[str, Callable[[datetime], object]] = {
    "hour": lambda wall: (wall.date(), wall.hour),
    "day": lambda wall: wall.date(),
    "week": lambda wall: wall.isocalendar()[:2],
    "month": lambda wall: (wall.year, wall.month),
}


def local_hours(start: datetime, end: datetime, tz: str) -> list[Bucket]:
    """Give the local hours of `local_buckets`."""
    return local_buckets("hour", start, end, tz)


def local_buckets(kind: Kind, start: datetime, end: datetime, tz: str) -> list[Bucket]:
    """Give the (start, end) in UTC of all buckets with a part in [start, end), whole."""
    quarter = start.astimezone(UTC).replace(second=0, microsecond=0)
    quarter -= timedelta(minutes=quarter.minute % 15)
    while not _begins(kind, quarter, tz):
        quarter -= _QUARTER
    bounds = [quarter]
    while bounds[-1] < end:
        quarter += _QUARTER
        if _begins(kind, quarter, tz):
            bounds.append(quarter)
    return list(pairwise(bounds))


def hour_of_week(start: datetime, tz: str) -> int:
    """Give the hour of the local week an hour that begins then is: 0 is Monday's first."""
    wall = _wall(start, tz)
    return 24 * wall.weekday() + wall.hour


def _begins(kind: Kind, quarter: datetime, tz: str) -> bool:
    before, wall = _wall(quarter - _QUARTER, tz), _wall(quarter, tz)
    was_put_back = kind == "hour" and wall < before
    return was_put_back or _LABELS[kind](wall) != _LABELS[kind](before)


def _wall(moment: datetime, tz: str) -> datetime:
    """Give what a clock on the wall shows, without an offset."""
    return moment.astimezone(ZoneInfo(tz)).replace(tzinfo=None, fold=0)
