"""Tallies: they add up, and what is read off them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.domain.instants import DAY, HOUR, MINUTE, SECOND
from parking.domain.usage import (
    EXACT,
    LOWER_BOUND,
    Tally,
    bucket_of,
    length_of,
    total,
)

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
    assert (empty.turnover, empty.dwell_mean_min, empty.saturation) == (None, None, None)
    assert (empty.full_coverage, empty.saturation_coverage) == (0, 0)


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


def test_stays_at_the_edges() -> None:
    assert bucket_of(0) == bucket_of(1) == bucket_of(SECOND) == 0
    assert bucket_of(HOUR) < bucket_of(math.ceil(HOUR * 1.05))
    buckets = [bucket_of(stay) for stay in range(1, 60 * SECOND, SECOND // 7)]
    assert buckets == sorted(buckets)
