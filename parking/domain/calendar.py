"""The local calendar of a lot: hours, days, weeks from Monday, months, as instants in us.

Every boundary of a day, week or month is one of an hour, so sums of hours are exact. Where the
clock is set by half an hour, the hour it happens in falls into pieces at that moment.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from parking.domain.instants import DAY, HOUR, SECOND, micros, moment

Bucket = Literal["hour", "day", "week", "month"]


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Give the IANA time zone of a name."""
    return ZoneInfo(name)


def local(us: int, zone: ZoneInfo) -> datetime:
    """Give the local time of an instant."""
    return moment(us).astimezone(zone)


def hour_start(us: int, zone: ZoneInfo) -> int:
    """Give the start of the local hour that an instant lies in."""
    here = local(us, zone)
    start = us - (here.minute * 60 + here.second) * 1_000_000 - here.microsecond
    if local(start, zone).minute == 0:
        return start
    return _change(start, us, zone)  # the clock was set by half an hour in between


def _change(before: int, after: int, zone: ZoneInfo) -> int:
    """Give the second in (before, after] at which the zone's offset changes."""
    offset = offset_at(before, zone)
    seconds = range(before // SECOND, after // SECOND + 1)
    place = bisect_right(
        seconds, 0, key=lambda second: int(offset_at(second * SECOND, zone) != offset)
    )
    return seconds[place] * SECOND


def offset_at(us: int, zone: ZoneInfo) -> int:
    """Give how far local clocks are ahead of UTC at an instant, us."""
    offset = local(us, zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)


@lru_cache(maxsize=100_000)
def steady_offset(day: int, zone: ZoneInfo) -> int | None:
    """Give the offset all through a day of UTC, counted from 1970, us; None when it changes."""
    first, last = (offset_at(at, zone) for at in (day * DAY, day * DAY + DAY - 1))
    return first if first == last else None


def steady_until(us: int, end: int, zone: ZoneInfo) -> int:
    """Give until when, `end` at most, no clock is set after an instant; it may be longer, us."""
    day = us // DAY
    offset = steady_offset(day, zone)
    if offset is None:
        return us
    while day * DAY < end and steady_offset(day, zone) == offset:
        day += 1
    return min(day * DAY, end)


def next_hour(us: int, zone: ZoneInfo) -> int:
    """Give the first start of a local hour after an instant."""
    start = hour_start(us, zone)
    following = hour_start(start + HOUR, zone)
    return following if following > us else hour_start(following + HOUR, zone)


def bucket_start(us: int, zone: ZoneInfo, bucket: Bucket) -> int:
    """Give the start of the bucket that an instant lies in."""
    if bucket == "hour":
        return hour_start(us, zone)
    day = local(us, zone).date()
    if bucket == "week":
        day -= timedelta(days=day.weekday())
    elif bucket == "month":
        day = day.replace(day=1)
    return micros(datetime(day.year, day.month, day.day, tzinfo=zone))


def next_bucket(us: int, zone: ZoneInfo, bucket: Bucket) -> int:
    """Give the start of the bucket after the one that an instant lies in."""
    if bucket == "hour":
        return next_hour(us, zone)
    day = local(us, zone).date()
    if bucket == "day":
        day += timedelta(days=1)
    elif bucket == "week":
        day += timedelta(days=7 - day.weekday())
    else:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return micros(datetime(day.year, day.month, day.day, tzinfo=zone))


def list_buckets(start: int, end: int, zone: ZoneInfo, bucket: Bucket) -> Iterator[tuple[int, int]]:
    """List the whole buckets (start, end) that [start, end) reaches into."""
    at = bucket_start(start, zone, bucket)
    while at < end:
        following = next_bucket(at, zone, bucket)
        yield at, following
        at = following


@lru_cache(maxsize=64)
def boundaries(start: int, end: int, zone: ZoneInfo, bucket: Bucket) -> tuple[int, ...]:
    """Give the starts of the buckets that [start, end) reaches into, and the end of the last."""
    buckets = list(list_buckets(start, end, zone, bucket))
    return (*(begin for begin, _ in buckets), buckets[-1][1]) if buckets else (start,)


def hour_of_week(us: int, zone: ZoneInfo) -> int:
    """Give the hour of the local week, 0 from Monday 00:00 to 167."""
    here = local(us, zone)
    return here.weekday() * 24 + here.hour
