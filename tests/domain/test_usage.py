"""Tallies: they add up, and what is read off them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.domain.instants import DAY, HOUR, MINUTE, SECOND
from parking.domain.usage import (
    EXACT,
    LOWER_BOUND,
    Clock,
    Tally,
    bucket_of,
    dwell_min,
    length_of,
    total,
)
from tests.oracle_usage import quantile_bounds

whole = st.integers(0, 10**15)
tallies = st.builds(
    Tally,
    capacity=whole,
    known=whole,
    occupied=whole,
    span=whole,
    opened=whole,
    full=whole,
    full_known=whole,
    saturated=whole,
    saturated_known=whole,
    arrivals=st.integers(0, 1000),
    departures=st.integers(0, 1000),
    flows=st.sampled_from([0, EXACT, LOWER_BOUND]),
    peak=st.none() | st.floats(0, 1),
    stays=st.dictionaries(st.integers(0, 300), st.integers(1, 9), max_size=4),
)


@settings(deadline=None, max_examples=100)
@given(st.lists(tallies, max_size=6), st.randoms())
def test_the_order_and_grouping_of_a_sum_do_not_matter(parts: list[Tally], chance: object) -> None:
    whole_sum = total(parts)
    halves = [total(parts[: len(parts) // 2]), total(parts[len(parts) // 2 :])]
    assert total(halves) == whole_sum == total(reversed(parts))
    assert whole_sum.capacity == sum(part.capacity for part in parts)
    assert whole_sum.peak == max((p.peak for p in parts if p.peak is not None), default=None)


def test_a_sum_leaves_its_parts_alone() -> None:
    part = Tally(capacity=1, stays={3: 1})
    added = total([part, part])
    assert part == Tally(capacity=1, stays={3: 1})
    assert added.stays == {3: 2}
    assert Tally().stays == {}


def test_nothing_tells_nothing() -> None:
    empty = Tally()
    assert (empty.coverage, empty.occupancy_mean, empty.peak) == (0, None, None)
    assert (empty.turnover, empty.dwell_mean_min, dwell_min({}, 0.5)) == (None, None, None)


def test_ratios() -> None:
    day = Tally(capacity=10 * DAY, known=5 * DAY, occupied=2 * DAY, departures=40, flows=EXACT)
    assert day.coverage == 0.5
    assert day.occupancy_mean == 0.4
    assert day.turnover == 4
    assert day.dwell_mean_min == 2 * DAY / MINUTE / 40


def test_turnover_needs_departures_that_are_counted() -> None:
    assert Tally(capacity=DAY, known=DAY).turnover is None
    assert Tally(capacity=DAY, flows=LOWER_BOUND).turnover == 0
    assert Tally(capacity=0, flows=EXACT).turnover is None


@settings(deadline=None, max_examples=200)
@given(st.integers(SECOND + SECOND // 10, 400 * DAY))
def test_a_stay_is_told_within_5_percent(stay: int) -> None:
    assert length_of(bucket_of(stay)) * MINUTE == pytest.approx(stay, rel=0.05)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(2 * SECOND, 3 * DAY), min_size=1, max_size=50),
    st.sampled_from([50, 85]),
)
def test_percentiles_are_within_5_percent(stays: list[int], percent: int) -> None:
    tally = Tally(stays={})
    for stay in stays:
        tally.add(Tally(stays={bucket_of(stay): 1}))
    bounds = quantile_bounds(sorted(stays), percent)
    told = dwell_min(tally.stays, percent / 100)
    assert bounds is not None
    assert told is not None
    assert 0.95 * bounds[0] <= told * MINUTE <= 1.05 * bounds[1]


def test_stays_at_the_edges() -> None:
    assert bucket_of(0) == bucket_of(1) == bucket_of(SECOND) == 0
    assert bucket_of(HOUR) < bucket_of(math.ceil(HOUR * 1.05))
    buckets = [bucket_of(stay) for stay in range(1, 60 * SECOND, SECOND // 7)]
    assert buckets == sorted(buckets)


def test_the_peak_hour_is_that_of_the_greatest_mean_and_of_equals_the_first() -> None:
    known = [10] * 24
    occupied = [1] * 24
    known[3], occupied[3] = 2, 1  # half of what little is known
    occupied[17] = 5
    clock = Clock([10] * 24, known, occupied)
    assert clock.peak_hour == 3
    assert clock.coverage == 0.2
    known[3] = occupied[3] = 0
    assert Clock([10] * 24, known, occupied).peak_hour == 17
    assert Clock([10] * 24, known, occupied).coverage == 0
    assert (Clock().peak_hour, Clock().coverage) == (None, 0)


def test_hours_of_the_day_without_capacity_do_not_spoil_the_clock() -> None:
    by_day = [0] * 8 + [10] * 12 + [0] * 4
    clock = Clock(by_day, by_day, [0] * 9 + [1] + [0] * 14)
    assert (clock.peak_hour, clock.coverage) == (9, 1)
    clock.add(Clock(by_day, [0] * 24, [0] * 24))
    assert (clock.peak_hour, clock.coverage) == (9, 0.5)
