"""The oracle's local calendar against dates looked up by hand."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.oracle_calendar import Bucket, hour_of_week, local_buckets, local_hours

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lengths(buckets: list[Bucket]) -> list[int]:
    """Give their lengths in minutes, after a look that they join."""
    assert all(one[1] == other[0] for one, other in pairwise(buckets))
    return [(end - start) // MINUTE for start, end in buckets]


def day(date: str, tz: str) -> Bucket:
    noon = utc(f"{date}T12:00") - timedelta(hours=6)  # noon somewhere near the zones asked for
    [bucket] = local_buckets("day", noon, noon + MINUTE, tz)
    return bucket


def test_a_range_is_widened_to_whole_buckets() -> None:
    start, end = utc("2026-11-23T00:31:07"), utc("2026-11-23T02:00:00.000001")
    found = local_hours(start, end, "Asia/Shanghai")
    assert found[0] == (utc("2026-11-23T00:00"), utc("2026-11-23T01:00"))
    assert lengths(found) == [60, 60, 60]


def test_whole_buckets_stay_as_they_are() -> None:
    found = local_hours(utc("2026-11-23T00:00"), utc("2026-11-23T02:00"), "Asia/Shanghai")
    assert lengths(found) == [60, 60]
    assert local_hours(found[0][0], found[0][0], "Asia/Shanghai") == []


def test_hours_of_half_hour_zones_begin_on_the_half_hour() -> None:
    found = local_hours(utc("2026-11-23T00:00"), utc("2026-11-23T01:00"), "Asia/Kolkata")
    assert [start.isoformat()[11:16] for start, _ in found] == ["23:30", "00:30"]
    nepal = local_hours(utc("2026-11-23T00:20"), utc("2026-11-23T00:21"), "Asia/Kathmandu")
    assert nepal == [(utc("2026-11-23T00:15"), utc("2026-11-23T01:15"))]
    assert day("2026-11-23", "Asia/Kolkata")[0] == utc("2026-11-22T18:30")


@pytest.mark.parametrize(
    ("date", "start", "hours"),
    [("2026-03-29", "2026-03-28T23:00", 23), ("2026-10-25", "2026-10-24T22:00", 25)],
)
def test_days_when_berlin_changes_its_clocks(date: str, start: str, hours: int) -> None:
    bucket = day(date, "Europe/Berlin")
    assert bucket == (utc(start), utc(start) + hours * HOUR)
    assert lengths(local_hours(*bucket, "Europe/Berlin")) == [60] * hours


def test_days_when_lord_howe_changes_its_clocks_by_half_an_hour() -> None:
    # to 11:00 ahead of UTC at 2:00 on 4 October, back to 10:30 at 2:00 on 5 April
    spring = day("2026-10-04", "Australia/Lord_Howe")
    assert spring == (utc("2026-10-03T13:30"), utc("2026-10-04T13:00"))
    assert lengths(local_hours(*spring, "Australia/Lord_Howe")) == [60, 60, 30] + [60] * 21
    autumn = day("2026-04-05", "Australia/Lord_Howe")
    assert autumn == (utc("2026-04-04T13:00"), utc("2026-04-05T13:30"))
    assert lengths(local_hours(*autumn, "Australia/Lord_Howe")) == [60, 60, 30] + [60] * 22


def test_a_day_may_begin_at_one_o_clock() -> None:
    # Chile's clocks go on at midnight
    bucket = day("2026-09-06", "America/Santiago")
    assert bucket == (utc("2026-09-06T04:00"), utc("2026-09-07T03:00"))


def test_weeks_begin_on_monday() -> None:
    found = local_buckets("week", utc("2026-10-25T22:59"), utc("2026-10-25T23:01"), "Europe/Berlin")
    assert found == [
        (utc("2026-10-18T22:00"), utc("2026-10-25T23:00")),
        (utc("2026-10-25T23:00"), utc("2026-11-01T23:00")),
    ]


def test_a_week_may_lie_in_two_years() -> None:
    [week] = local_buckets("week", utc("2027-01-01T00:00"), utc("2027-01-01T01:00"), "UTC")
    assert week == (utc("2026-12-28T00:00"), utc("2027-01-04T00:00"))


def test_months_are_the_calendars() -> None:
    found = local_buckets("month", utc("2026-02-10T00:00"), utc("2026-03-10T00:00"), "Asia/Kolkata")
    assert found == [
        (utc("2026-01-31T18:30"), utc("2026-02-28T18:30")),
        (utc("2026-02-28T18:30"), utc("2026-03-31T18:30")),
    ]


@pytest.mark.parametrize("tz", ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_days_are_made_of_hours_and_weeks_and_months_of_days(tz: str) -> None:
    [month] = local_buckets("month", utc("2026-10-15T00:00"), utc("2026-10-15T00:01"), tz)
    days = local_buckets("day", *month, tz)
    hours = local_hours(*month, tz)
    assert len(days) == 31
    assert {bound for one in days for bound in one} <= {bound for one in hours for bound in one}
    weeks = local_buckets("week", *month, tz)
    inner = {bound for week in weeks for bound in week if month[0] <= bound <= month[1]}
    assert inner <= {bound for one in days for bound in one}
    assert sum(lengths(days)) == sum(lengths(hours)) == (month[1] - month[0]) // MINUTE


def test_hours_of_the_week_are_the_clocks() -> None:
    assert hour_of_week(utc("2026-11-22T18:30"), "Asia/Kolkata") == 0
    assert hour_of_week(utc("2026-11-22T17:30"), "Asia/Kolkata") == 167
    twice = [hour_of_week(utc(f"2026-10-25T0{hour}:00"), "Europe/Berlin") for hour in (0, 1)]
    assert twice == [146, 146]  # Sunday, two o'clock
