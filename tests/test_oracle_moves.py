"""What came and went, by the oracle, against numbers worked out by hand."""

import pytest

from tests.by_hand import T, described, lot
from tests.by_hand_usage import (
    COUNTS,
    FLAG,
    GATES,
    SPACES,
    TWO,
    S,
    Z,
    after,
    at,
    car,
    gone,
    hour,
    lasting,
)
from tests.oracle import Lists, Timeline
from tests.oracle_usage import quantile_bounds, usage


class TestMoves:
    """Arrivals, departures and what follows from them."""

    def test_spaces_turn_between_consecutive_events(self) -> None:
        events = [car(100), gone(200), gone(250), car(300), car(400), gone(500)]
        row = hour(SPACES, *events, lists=TWO)
        assert (row["arrivals"], row["departures"], row["arrivals_are"]) == (1, 2, "exact")

    def test_a_pair_counts_at_its_later_event_also_after_a_silence(self) -> None:
        events = [gone(-3 * 86_400), car(0), gone(3600)]
        row = hour(SPACES, *events, lists=TWO)
        assert (row["arrivals"], row["departures"]) == (1, 0)

    def test_events_of_one_instant_are_in_the_order_of_their_ids(self) -> None:
        events = [gone(-5), car(60, id="b"), gone(60, id="B")]
        row = hour(SPACES, *events, lists=TWO)
        assert (row["arrivals"], row["departures"]) == (1, 0)
        row = hour(SPACES, *events[:2], gone(60, id="c"), lists=TWO)
        assert (row["arrivals"], row["departures"], row["stays_us"]) == (1, 1, [0])

    def test_a_space_that_moved_counts_where_it_is(self) -> None:
        timeline = lot(lasting("a", "spaces", 2), lasting("b", "spaces", 2))
        lists: Lists = [(None, "a", ["s1"]), (after(100), "b", ["s1"])]
        a, b = hour(timeline, gone(-1), car(50), gone(150), lists=lists, by="zone")
        assert (a["arrivals"], a["departures"], a["stays_us"]) == (1, 0, [])
        assert (b["arrivals"], b["departures"], b["stays_us"]) == (0, 1, [100 * S])

    def test_a_space_beyond_the_capacity_is_not_counted(self) -> None:
        timeline: Timeline = [
            (None, described(lasting(Z, "spaces", 2))),
            (after(300), described(lasting(Z, "spaces", 1))),
        ]
        events = [gone(-1, space="s2"), car(200, space="s2"), gone(400, space="s2")]
        row = hour(timeline, *events, lists=TWO)
        assert (row["arrivals"], row["departures"], row["stays_us"]) == (1, 0, [])
        assert row["occupied_us"] == 100 * S

    def test_gates_add_up_what_passed_with_or_without_a_base(self) -> None:
        events = [
            at(-1, "passage", direction="in", count=50),
            at(0, "passage", direction="in", count=3),
            at(10, "recount", occupied=9),
            at(20, "count", occupied=1),
            at(30, "passage", direction="out", count=2),
        ]
        row = hour(GATES, *events)
        assert (row["arrivals"], row["departures"], row["arrivals_are"]) == (3, 2, "exact")

    def test_counts_rise_and_fall_unclamped(self) -> None:
        events = [
            at(-60, "count", occupied=4),
            at(0, "count", occupied=6),  # +2
            at(60, "recount", occupied=14),  # +8
            at(120, "count", free=3),  # 7: -7
            at(180, "count", free=12),  # -2: -9
        ]
        row = hour(COUNTS, *events)
        assert (row["arrivals"], row["departures"]) == (10, 16)
        assert row["arrivals_are"] == "lower_bound"

    def test_free_is_read_with_the_capacity_of_its_moment(self) -> None:
        timeline: Timeline = [*COUNTS, (after(100), described(lasting(Z, "counts", 20)))]
        row = hour(timeline, at(50, "count", free=4), at(150, "count", free=4))
        assert (row["arrivals"], row["departures"]) == (10, 0)

    def test_readings_compare_across_a_change_of_counting(self) -> None:
        timeline: Timeline = [*GATES, (after(100), COUNTS[0][1])]
        events = [
            at(50, "recount", occupied=3),
            at(60, "passage", direction="in"),
            at(150, "count", occupied=5),
        ]
        row = hour(timeline, *events)
        assert (row["arrivals"], row["departures"]) == (1 + 2, 0)
        assert row["arrivals_are"] == "lower_bound"
        row = usage(timeline, [], events, T, after(100))
        assert (row["arrivals"], row["arrivals_are"]) == (1, "exact")

    def test_flags_tell_of_no_arrivals(self) -> None:
        row = hour(FLAG, at(-1, "flag", level="full"))
        assert row["arrivals"] is row["departures"] is row["arrivals_are"] is None
        assert row["turnover"] is row["dwell_mean_min"] is None
        assert (row["known_us"], row["occupancy_peak"]) == (0, None)

    def test_a_lot_adds_up_its_zones_that_are_not_flagged(self) -> None:
        timeline = lot(lasting("a", "gates", 10), lasting("f", "flag", 10, "ev"))
        passage = at(5, "passage", direction="in")
        row = hour(timeline, passage)
        assert (row["arrivals"], row["arrivals_are"]) == (1, "exact")
        ev, general = hour(timeline, passage, by="class")
        assert (ev["arrivals"], general["arrivals"]) == (None, 1)

    def test_one_zone_of_counts_makes_a_lower_bound(self) -> None:
        timeline = lot(lasting("a", "gates", 10), lasting("c", "counts", 10))
        assert hour(timeline)["arrivals_are"] == "lower_bound"
        kinds = [row["arrivals_are"] for row in hour(timeline, by="zone")]
        assert kinds == ["exact", "lower_bound"]

    def test_turnover_is_departures_a_space_and_day(self) -> None:
        row = hour(GATES, at(5, "passage", direction="out", count=5))
        assert row["turnover"] == 12  # 5 cars / (10 spaces / 24)

    def test_dwell_is_by_littles_law(self) -> None:
        row = hour(
            GATES, at(0, "recount", occupied=6), at(1800, "passage", direction="out", count=4)
        )
        # 6 for 30 minutes, 2 for 30 minutes, 4 departures
        assert row["dwell_mean_min"] == 60


class TestStays:
    """The lengths of stays that ended in the bucket."""

    def test_a_stay_is_from_its_arrival_to_its_departure(self) -> None:
        events = [gone(-7200), car(-3600), car(-60), gone(60), car(90), gone(100.5)]
        assert hour(SPACES, *events, lists=TWO)["stays_us"] == [10_500_000, 3_660 * S]

    def test_a_stay_whose_beginning_was_not_seen_is_not_measured(self) -> None:
        row = hour(SPACES, car(-60), gone(60), lists=TWO)
        assert (row["departures"], row["stays_us"]) == (1, [])

    def test_a_stay_that_goes_on_or_ended_before_is_not_here(self) -> None:
        events = [gone(-90), car(-60), gone(-1), car(60), gone(3600)]
        assert hour(SPACES, *events, lists=TWO)["stays_us"] == []

    @pytest.mark.parametrize(
        ("stays", "percent", "bounds"),
        [
            ([], 50, None),
            ([4], 85, (4, 4)),
            ([1, 2], 50, (1, 2)),
            ([1, 2, 3], 50, (1, 2)),
            (list(range(1, 101)), 85, (85, 86)),
        ],
    )
    def test_percentiles_have_bounds(
        self, stays: list[int], percent: int, bounds: tuple[int, int] | None
    ) -> None:
        assert quantile_bounds(stays, percent) == bounds
