"""Lots together: sums, weights, and what is left out of them."""

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.domain.usage import bucket_of, length_of
from parking.live.summing import Figures
from parking.web.report.data import Cell, Day, LotUsage
from parking.web.report.together import (
    Sum,
    cell_of,
    daily_of,
    peak_hour,
    percentile,
    together,
    weekly_of,
)
from tests.web.report.samples import district, figures, silent_lot


def lot(name: str, stays: tuple[tuple[float, int], ...] = (), **known: Any) -> LotUsage:
    """Give a lot of which all is known, and what is named besides."""
    total = figures(**{"coverage": 1.0, "known_s": 1000.0, "occupied_s": 500.0, **known})
    return replace(silent_lot(name), total=total, stays=stays)


def test_a_lot_counts_from_half_known_on() -> None:
    lots = (lot("a", coverage=0.5), lot("b", coverage=0.4999), silent_lot("c"))
    sums = together(lots)
    assert [one.id for one in sums.counted] == ["a"]
    assert [one.id for one in sums.left_out] == ["b", "c"]
    assert sums.capacity == 10


def test_means_are_by_space_time_and_never_of_means() -> None:
    small = lot("a", capacity_s=100.0, known_s=100.0, occupied_s=100.0)
    large = lot("b", capacity_s=1000.0, known_s=900.0, occupied_s=0.0)
    sums = together((small, large))
    assert sums.occupancy_mean == pytest.approx(0.1)
    assert sums.coverage == pytest.approx(1000 / 1100)


def test_flows_are_of_the_lots_that_count_them() -> None:
    day_s = 10 * 86_400.0
    counted = lot(
        "a", capacity_s=day_s, occupied_s=3600.0, arrivals=12, departures=20, arrivals_are="exact"
    )
    unknown = lot("b", capacity_s=day_s, occupied_s=7200.0)
    sums = together((counted, unknown))
    assert (sums.arrivals, sums.departures) == (Sum(12, 1), Sum(20, 1))
    assert sums.turnover == pytest.approx(2.0)
    assert sums.dwell_mean_min == pytest.approx(3.0)
    assert not sums.at_least
    rising = replace(counted, total=replace(counted.total, arrivals_are="lower_bound"))
    assert together((counted, rising)).at_least


def test_nothing_known_is_no_sum_of_zero() -> None:
    sums = together((lot("a"), lot("b")))
    for part in (sums.arrivals, sums.departures, sums.turned_away, sums.full_minutes):
        assert part == Sum(None, 0)
    nothing = (sums.turnover, sums.dwell_mean_min, sums.peak_lot, sums.peak_hour)
    assert nothing == (None,) * 4


def test_no_departures_is_no_mean_stay() -> None:
    sums = together((lot("a", arrivals=0, departures=0),))
    assert (sums.departures, sums.turnover, sums.dwell_mean_min) == (Sum(0, 1), 0.0, None)


def test_figures_that_rest_on_little_do_not_count() -> None:
    little = lot("a", turned_away=500.0, turned_away_coverage=0.4, saturation=1.0)
    much = lot("b", turned_away=3.0, turned_away_coverage=0.6, saturation=0.2)
    much = replace(much, total=replace(much.total, saturation_coverage=0.5))
    little = replace(little, total=replace(little.total, full_minutes=9.0, full_coverage=0.4))
    sums = together((little, much))
    assert sums.full_minutes == Sum(None, 0)
    assert sums.turned_away == Sum(3.0, 1)
    assert sums.saturated_lot is much


def test_the_peak_is_the_highest_of_any_lot_the_first_of_equals() -> None:
    lots = tuple(
        lot(name, occupancy_peak=peak) for name, peak in (("a", 0.4), ("b", 0.9), ("c", 0.9))
    )
    assert together(lots).peak_lot is lots[1]


@given(st.lists(st.integers(1_000_000, 10**12), min_size=1, max_size=60), st.floats(0.01, 1))
def test_percentiles_are_those_of_usage(stays: list[int], share: float) -> None:
    counts = Counter(bucket_of(stay) for stay in stays)
    buckets = tuple((length_of(bucket), count) for bucket, count in counts.items())
    split = tuple((length, 1) for length, count in buckets for _ in range(count))
    usage = Figures(stays=np.bincount([bucket_of(stay) for stay in stays]))
    assert [percentile(buckets, share)] == [percentile(split, share)] == usage.dwell_min(share)


def test_no_stays_have_no_percentile() -> None:
    assert percentile((), 0.5) is percentile(((3.0, 0),), 0.5) is None


def test_cells_weigh_by_what_is_known_of_them() -> None:
    cells = (
        Cell(1.0, 0.1, 1000.0, 100.0),
        Cell(0.0, 0.3, 1000.0, 300.0),
        Cell(None, 0.0, 2000.0, 0.0),
    )
    together_ = cell_of(cells)
    assert together_.occupancy_mean == pytest.approx(0.25)
    assert together_.coverage == pytest.approx(0.1)
    assert (together_.capacity_s, together_.known_s) == (4000.0, 400.0)
    assert cell_of(cells[2:]) == Cell(None, 0.0, 2000.0, 0.0)


def test_no_lots_have_a_week_of_which_nothing_is_known() -> None:
    assert weekly_of(()) == (Cell(None, 0.0, 0.0, 0.0),) * 168


@given(st.integers(0, 23), st.floats(0.51, 1))
def test_the_fullest_hour_and_the_coverage_of_the_least_known(hour: int, mean: float) -> None:
    weekly = [Cell(0.5, 1.0, 100.0, 100.0)] * 168
    for day in range(7):
        weekly[day * 24 + hour] = Cell(mean, 0.75, 100.0, 75.0)
    assert peak_hour(weekly) == (hour, 0.75)
    for day in range(7):
        weekly[day * 24 + hour] = Cell(None, 0.0, 100.0, 0.0)
    assert peak_hour(weekly) == (0 if hour else 1, 0.0)


def test_hours_that_have_not_come_yet_are_not_the_least_known() -> None:
    weekly = [Cell(None, 0.0, 0.0, 0.0)] * 168
    assert peak_hour(weekly) == (None, 0.0)
    weekly[3] = Cell(0.2, 0.9, 100.0, 90.0)
    assert peak_hour(weekly) == (3, 0.9)


def test_days_are_added_up_and_their_peak_is_of_any_lot() -> None:
    one = Day("2026-11-02", 0.2, 0.5, 1.0, 10.0, 7, 100.0, 100.0)
    other = Day("2026-11-02", 0.8, 0.9, 0.5, 5.0, None, 600.0, 300.0)
    unheard = Day("2026-11-02", None, None, 0.0, 0.0, None, 300.0, 0.0)
    lots = [replace(silent_lot(), days=(day,)) for day in (one, other, unheard)]
    [day] = daily_of(lots).values()
    assert day.occupancy_mean == pytest.approx(0.65)
    assert (day.occupancy_peak, day.full_minutes, day.arrivals) == (0.9, 15.0, 7)
    assert day.coverage == pytest.approx(0.4)


def test_days_are_in_order_whatever_lots_have_them() -> None:
    lots = [
        replace(silent_lot(), days=(Day(at, None, None, 0.0, 0.0, None, 1.0, 0.0),))
        for at in ("2026-11-09", "2026-11-02")
    ]
    assert list(daily_of(lots)) == ["2026-11-02", "2026-11-09"]


def test_one_lot_together_is_itself() -> None:
    [one] = district(1)
    sums = together((one,))
    assert sums.occupancy_mean == pytest.approx(one.total.occupancy_mean)
    assert sums.turnover == pytest.approx(one.total.turnover)
    assert sums.stays == tuple(sorted(one.stays))
    for cell, own in zip(weekly_of((one,)), one.weekly, strict=True):
        assert math.isclose(cell.occupancy_mean or -1, own.occupancy_mean or -1)
