"""The local calendar against the oracle's, and at moments where clocks are set."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.domain.calendar import (
    Bucket,
    bucket_start,
    hour_of_week,
    hour_start,
    list_buckets,
    next_bucket,
    next_hour,
    zone_of,
)
from parking.domain.instants import HOUR, MINUTE, micros, moment
from tests import oracle_calendar

ZONES = (
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # its clocks are set by half an hour
    "Pacific/Apia",  # has no 30 December 2011
    "UTC",
)
MARKS = (
    "2026-03-29T01:00:00",
    "2026-10-25T01:00:00",
    "2026-03-08T07:00:00",
    "2026-11-01T06:00:00",
    "2026-04-04T15:00:00",
    "2026-10-03T15:30:00",
    "2011-12-30T10:00:00",
    "2024-02-29T23:59:59",
    "2026-12-31T16:00:00",
)

zones = st.sampled_from(ZONES)
instants = st.builds(
    lambda mark, minutes, us: micros(datetime.fromisoformat(mark + "Z")) + minutes * MINUTE + us,
    st.sampled_from(MARKS),
    st.integers(-2880, 2880),
    st.sampled_from([0, 0, 1, -1, 31_000_000]),
)
buckets = st.sampled_from(["hour", "day", "week", "month"])


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text))


@settings(deadline=None, max_examples=80)
@given(instants, st.integers(1, 30), zones, buckets)
def test_buckets_are_the_oracles(start: int, hours: int, name: str, bucket: Bucket) -> None:
    end = start + hours * HOUR
    wanted = oracle_calendar.local_buckets(bucket, moment(start), moment(end), name)
    found = list(list_buckets(start, end, zone_of(name), bucket))
    assert [(moment(first), moment(last)) for first, last in found] == wanted


@settings(deadline=None, max_examples=300)
@given(instants, zones, buckets)
def test_bounds_agree(us: int, name: str, bucket: Bucket) -> None:
    zone = zone_of(name)
    start, end = bucket_start(us, zone, bucket), next_bucket(us, zone, bucket)
    assert start <= us < end
    assert bucket_start(start, zone, bucket) == bucket_start(end - 1, zone, bucket) == start
    assert next_bucket(start, zone, bucket) == next_bucket(end - 1, zone, bucket) == end
    assert bucket_start(end, zone, bucket) == end
    assert hour_start(start, zone) == start  # so that sums of hours are exact
    assert next_hour(us, zone) <= end


@settings(deadline=None, max_examples=200)
@given(instants, zones)
def test_hours_of_the_week_are_the_oracles(us: int, name: str) -> None:
    start = hour_start(us, zone_of(name))
    assert hour_of_week(start, zone_of(name)) == oracle_calendar.hour_of_week(moment(start), name)
    assert 0 <= hour_of_week(us, zone_of(name)) < 168


@pytest.mark.parametrize(
    ("day", "name", "hours"),
    [
        ("2026-03-29T10:00:00Z", "Europe/Berlin", 23),
        ("2026-10-25T10:00:00Z", "Europe/Berlin", 25),
        ("2026-11-01T12:00:00Z", "America/New_York", 25),
        ("2026-04-05T00:00:00Z", "Australia/Lord_Howe", 24.5),
        ("2026-10-04T00:00:00Z", "Australia/Lord_Howe", 23.5),
        ("2026-11-23T00:00:00Z", "Asia/Shanghai", 24),
    ],
)
def test_lengths_of_days(day: str, name: str, hours: float) -> None:
    zone = zone_of(name)
    start, end = bucket_start(at(day), zone, "day"), next_bucket(at(day), zone, "day")
    assert (end - start) / HOUR == hours
    pieces = list(list_buckets(start, end, zone, "hour"))
    assert sum(last - first for first, last in pieces) == end - start
    assert pieces[0][0] == start
    assert pieces[-1][1] == end


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    zone = zone_of("Asia/Shanghai")
    sunday = at("2026-11-22T23:59:59+08:00")
    assert moment(bucket_start(sunday, zone, "week")) == datetime(2026, 11, 15, 16, tzinfo=UTC)
    assert moment(next_bucket(sunday, zone, "week")) == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert moment(bucket_start(sunday, zone, "month")) == datetime(2026, 10, 31, 16, tzinfo=UTC)
    december = next_bucket(sunday, zone, "month")
    assert moment(next_bucket(december, zone, "month")) == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert hour_of_week(sunday, zone) == 167
    assert hour_of_week(sunday + 1_000_000, zone) == 0


def test_no_bucket_where_nothing_is_asked_for() -> None:
    zone = zone_of("Europe/Berlin")
    start = at("2026-11-23T00:00:00+01:00")
    assert list(list_buckets(start, start, zone, "day")) == []
    assert list(list_buckets(start + HOUR, start, zone, "hour")) == []


def test_hours_of_half_an_hour() -> None:
    """Where the clock goes back by half an hour, that half hour is an hour of its own."""
    zone = zone_of("Australia/Lord_Howe")
    change = at("2026-04-04T15:00:00+00:00")
    pieces = list(list_buckets(change - HOUR, change + HOUR, zone, "hour"))
    assert HOUR // 2 in {end - start for start, end in pieces}
    assert all(end == start for (_, end), (start, _) in pairwise(pieces))
