"""Sums of hours and days: exact, by whatever parts, and what is read off them."""

from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.domain.calendar import boundaries, hour_of_week, list_buckets, local
from parking.domain.instants import DAY, HOUR, MINUTE, SECOND, micros
from parking.domain.usage import EXACT, Hour, Tally, bucket_of, total
from parking.live.summing import (
    Buckets,
    Figures,
    add_series,
    hours_of_week,
    local_hours,
    series_of,
)
from parking.store import packing
from tests.oracle_usage import quantile_bounds

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")
instants = st.integers(0, 2_000_000_000).map(lambda second: second * SECOND)


def hours_of(start: int, end: int, zone: ZoneInfo, seed: int = 1) -> list[Hour]:
    """Give hours of a lot, of random figures."""
    chance = Random(seed)
    hours = []
    for begin, until in list_buckets(start, end, zone, "hour"):
        span = until - begin
        known = chance.randrange(0, 100) * span
        tally = Tally(
            100 * span, known, known // 3, span, span, 0, span, 0, span, chance.randrange(9),
            chance.randrange(9), EXACT, chance.choice([None, chance.random()]),
            {chance.randrange(300): chance.randrange(1, 5) for _ in range(chance.randrange(3))},
        )  # fmt: skip
        hours.append(Hour(begin, until, {("lot", ""): tally}, {("lot", ""): tally}))
    return hours


def sums_of(hours: list[Hour], buckets: Buckets) -> list[dict[str, Figures]]:
    sums: list[dict[str, Figures]] = [{} for _ in range(buckets.number)]
    for name, series in series_of(hours, "lot", opened=False).items():
        add_series(sums, name, series, buckets)
    return sums


@settings(deadline=None, max_examples=40)
@given(instants, st.sampled_from(ZONES), st.integers(1, 9))
def test_sums_by_days_are_those_of_plain_adding(at: int, name: str, days: int) -> None:
    zone = ZoneInfo(name)
    bounds = boundaries(at, at + days * DAY, zone, "day")
    hours = hours_of(bounds[0], bounds[-1], zone)
    sums = sums_of(hours, Buckets(zone, bounds[:-1], bounds[-1], "days"))
    for start, end, told in zip(bounds, bounds[1:], sums, strict=False):
        mine = [hour.tallies["lot", ""] for hour in hours if start <= hour.start < end]
        plain = total(mine)
        stays, plain.stays = plain.stays, {}
        assert told[""].tally == plain
        counted = told[""].stays
        assert ({} if counted is None else {b: n for b, n in enumerate(counted) if n}) == stays
        by_hour = np.zeros((24, 3))
        for hour in hours:
            if start <= hour.start < end:
                tally = hour.tallies["lot", ""]
                added = (tally.capacity, tally.known, tally.occupied)
                by_hour[local(hour.start, zone).hour] += added
        clock = told[""].clock
        assert clock is not None
        assert np.array_equal(clock, by_hour)


@settings(deadline=None, max_examples=100)
@given(st.lists(instants, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_hours_of_the_week_are_the_calendars(moments: list[int], name: str) -> None:
    zone = ZoneInfo(name)
    told = hours_of_week(np.array(moments), zone)
    assert told.tolist() == [hour_of_week(moment, zone) for moment in moments]
    numbers = local_hours(np.array(moments), zone).tolist()
    for moment, number in zip(moments, numbers, strict=True):
        here = local(moment, zone).replace(tzinfo=None)
        assert number == micros(here.replace(tzinfo=ZoneInfo("UTC"))) // HOUR


def test_a_sum_beyond_63_bits_is_exact() -> None:
    records = np.zeros(5, packing.HOUR)
    records["capacity"], records["peak"] = 2**62, np.nan
    sums = packing.list_sums(records, np.array([0, 1]))
    assert [(tally.capacity, tally.peak) for tally in sums] == [(2**62, None), (2**64, None)]


def test_the_peak_hour_is_that_of_the_greatest_mean_and_of_equals_the_first() -> None:
    clock = np.array([[10, 10, 1]] * 24, np.float64)
    clock[3] = [10, 2, 1]  # half of what little is known
    clock[17] = [10, 10, 5]
    assert Figures(clock=clock).peak_hour == (3, 0.2)
    clock[3] = [10, 0, 0]
    assert Figures(clock=clock).peak_hour == (17, 0)
    clock[3] = [0, 0, 0]  # closed
    assert Figures(clock=clock).peak_hour == (17, 1)
    assert Figures(clock=np.zeros((24, 3))).peak_hour == (None, 0)
    assert Figures().peak_hour == (None, None)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(2 * SECOND, 3 * DAY), min_size=1, max_size=50),
    st.sampled_from([50, 85]),
)
def test_percentiles_are_within_5_percent(stays: list[int], percent: int) -> None:
    counts = np.bincount([bucket_of(stay) for stay in stays])
    (told,) = Figures(stays=counts).dwell_min(percent / 100)
    bounds = quantile_bounds(sorted(stays), percent)
    assert bounds is not None
    assert told is not None
    assert 0.95 * bounds[0] <= told * MINUTE <= 1.05 * bounds[1]


def test_figures_add_whatever_they_have() -> None:
    one = Figures(Tally(capacity=1), None, np.array([1, 2]))
    one.add(Figures(Tally(capacity=2), np.ones((24, 3)), np.array([0, 0, 4])))
    assert one.tally.capacity == 3
    assert one.stays is not None
    assert one.stays.tolist() == [1, 2, 4]
    assert one.clock is not None
    assert one.clock.sum() == 72
    assert Figures().dwell_min(0.5, 0.85) == [None, None]
