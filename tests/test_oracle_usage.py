"""The oracle of usage against numbers worked out by hand, and against itself.

The bucket is the hour from `T` unless a case says otherwise; `at` counts seconds from its start.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.by_hand import T, ago, described, lot, zone
from tests.by_hand_usage import (
    COUNTS,
    GATES,
    HOUR,
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
from tests.oracle_usage import SUMS, add, usage


class TestTime:
    """The columns that are integrals of the step function."""

    def test_of_a_lot_never_heard_nothing_is_known(self) -> None:
        row = hour(GATES)
        assert (row["start"], row["end"], row["capacity"]) == (T, T + HOUR, 10)
        told = {"capacity_us": 36_000 * S, "span_us": 3600 * S, "opened_us": 3600 * S}
        assert {name: row[name] for name in SUMS} == dict.fromkeys(SUMS, 0) | told
        assert (row["full_coverage"], row["saturation"], row["saturation_coverage"]) == (0, None, 0)
        assert row["coverage"] == 0
        assert row["occupancy_mean"] is row["occupancy_peak"] is row["dwell_mean_min"] is None
        assert (row["arrivals"], row["departures"], row["turnover"]) == (0, 0, 0)

    def test_occupied_time_is_cars_times_seconds(self) -> None:
        row = hour(
            GATES,
            at(-1, "recount", occupied=4),
            at(600, "passage", direction="in", count=2),
            at(1800, "passage", direction="out"),
        )
        # 4 for 600 s, 6 for 1200 s, 5 for 1800 s
        assert row["occupied_us"] == (2400 + 7200 + 9000) * S
        assert row["known_us"] == row["capacity_us"] == 36_000 * S
        assert row["coverage"] == 1
        assert row["occupancy_mean"] == 18_600 / 36_000

    def test_what_goes_stale_is_known_up_to_then(self) -> None:
        row = hour(lot(zone(Z, "counts", 10)), at(300, "count", occupied=3))
        assert row["known_us"] == 6000 * S  # 600 s of patience
        assert row["occupied_us"] == 1800 * S
        assert row["coverage"] == 1 / 6
        assert row["occupancy_mean"] == 0.3

    def test_a_heartbeat_prolongs_what_is_known(self) -> None:
        row = hour(
            lot(zone(Z, "counts", 10)),
            at(-300, "count", occupied=3),
            at(299.5, "heartbeat", zone=Z),
        )
        assert row["known_us"] == 8_995 * S

    def test_microseconds_are_exact(self) -> None:
        row = usage(GATES, [], [at(-1, "recount", occupied=3)], T, T + timedelta(microseconds=7))
        assert (row["capacity_us"], row["occupied_us"]) == (70, 21)

    def test_a_local_day_of_25_hours_has_25_hours(self) -> None:
        start = datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin"))
        row = usage(GATES, [], [], start, start + timedelta(days=1))  # by the clock on the wall
        assert row["capacity_us"] == 25 * 36_000 * S

    def test_the_state_at_an_instant_is_that_after_all_its_events(self) -> None:
        row = hour(
            GATES,
            at(-1, "recount", occupied=0),
            at(60, "passage", direction="in", count=10),
            at(60, "passage", direction="out", count=9),
        )
        assert row["occupancy_peak"] == 0.1
        assert row["full_us"] == 0
        assert (row["arrivals"], row["departures"]) == (10, 9)

    def test_a_space_counts_by_itself(self) -> None:
        row = hour(SPACES, car(-10), car(1800, space="s2"), lists=TWO)
        assert row["known_us"] == (3600 + 1800) * S
        assert row["occupied_us"] == row["known_us"]
        assert row["full_us"] == row["saturated_us"] == 1800 * S

    def test_a_void_acts_whenever_it_was_observed(self) -> None:
        events = [at(-1, "recount", occupied=4), at(60, "count", occupied=9, id="odd")]
        row = hour(GATES, *events, at(9999, "void", event="odd"))
        assert row == hour(GATES, events[0])

    def test_neither_order_nor_repetition_matters(self) -> None:
        events = [car(-10), gone(20), car(50), gone(900)]
        again = [*events[::-1], *events[:2]]
        assert hour(SPACES, *again, lists=TWO) == hour(SPACES, *events, lists=TWO)


class TestDescriptions:
    """What a new description or list changes, and from when on."""

    def test_capacity_is_that_of_the_end(self) -> None:
        timeline: Timeline = [
            (None, described(lasting(Z, "gates", 10))),
            (after(900), described(lasting(Z, "gates", 20))),
            (after(3600), described(lasting(Z, "gates", 30))),  # the next bucket's
        ]
        row = hour(timeline, at(-1, "recount", occupied=10))
        assert row["capacity"] == 20
        assert row["capacity_us"] == (900 * 10 + 2700 * 20) * S
        assert row["occupied_us"] == 36_000 * S
        assert row["occupancy_peak"] == 1
        assert row["full_us"] == 900 * S

    def test_a_retired_stretch_has_no_capacity(self) -> None:
        timeline: Timeline = [*GATES, (after(600), None), (after(3000), GATES[0][1])]
        row = hour(timeline, at(-1, "recount", occupied=5))
        assert row["capacity_us"] == 12_000 * S
        assert row["occupied_us"] == 6_000 * S
        assert row["coverage"] == 1

    def test_a_lot_that_is_gone_at_the_end_has_its_last_capacity(self) -> None:
        row = hour([*GATES, (after(600), None)])
        assert (row["capacity"], row["capacity_us"]) == (10, 6000 * S)

    def test_a_lot_retired_all_the_while_has_an_empty_row(self) -> None:
        timeline: Timeline = [*GATES, (ago(5), None)]
        row = hour(timeline, at(-10, "recount", occupied=5))
        assert (row["capacity"], row["capacity_us"], row["coverage"]) == (0, 0, 0)
        assert row["occupancy_mean"] is row["occupancy_peak"] is row["turnover"] is None
        assert row["arrivals"] is row["arrivals_are"] is None
        assert hour(timeline, by="zone") == hour(timeline, by="class") == []

    def test_a_zone_that_went_has_a_row_with_its_last_capacity(self) -> None:
        both = described(lasting("a", "gates", 10), lasting("b", "gates", 4, "ev"))
        timeline: Timeline = [
            (None, both),
            (after(1200), described(lasting("a", "gates", 10))),
        ]
        a, b = hour(timeline, by="zone")
        assert (a["zone"], a["capacity"], a["capacity_us"]) == ("a", 10, 36_000 * S)
        assert (b["zone"], b["capacity"], b["capacity_us"]) == ("b", 4, 4_800 * S)
        assert hour(timeline)["capacity"] == 10

    def test_a_zone_may_change_its_class(self) -> None:
        timeline: Timeline = [
            (None, described(lasting(Z, "gates", 10, "general"))),
            (after(600), described(lasting(Z, "gates", 10, "truck"))),
        ]
        events = [at(s, "passage", direction="in") for s in (599, 600, 601)]
        general, truck = hour(timeline, *events, by="class")
        assert (general["class"], general["capacity_us"], general["arrivals"]) == (
            "general",
            6_000 * S,
            1,
        )
        assert (truck["class"], truck["capacity_us"], truck["arrivals"]) == (
            "truck",
            30_000 * S,
            2,
        )

    def test_a_list_put_later_knows_more_spaces(self) -> None:
        lists: Lists = [(None, Z, ["s1"]), (after(1800), Z, ["s1", "s2"])]
        row = hour(SPACES, gone(-10), gone(1900, space="s2"), lists=lists)
        assert row["known_us"] == (3600 + 1700) * S


class TestPeaks:
    """Peak, full and saturated: of the scope's own joint step function."""

    def test_the_value_at_the_start_counts_and_that_at_the_end_does_not(self) -> None:
        events = [at(-1, "recount", occupied=7), at(0.000001, "recount", occupied=2)]
        assert hour(GATES, *events)["occupancy_peak"] == 0.7
        assert hour(GATES, *events, at(3600, "recount", occupied=9))["occupancy_peak"] == 0.7

    def test_a_peak_is_not_the_sum_of_peaks(self) -> None:
        timeline = lot(lasting("a", "counts", 10), lasting("b", "counts", 10, "ev"))
        events = [
            at(-1, "count", zone="a", occupied=10),
            at(-1, "count", zone="b", occupied=0),
            at(600, "count", zone="a", occupied=0),
            at(600, "count", zone="b", occupied=8),
        ]
        assert hour(timeline, *events)["occupancy_peak"] == 0.5
        peaks = [row["occupancy_peak"] for row in hour(timeline, *events, by="class")]
        assert peaks == [0.8, 1.0]  # ev, general

    def test_unknown_spaces_are_in_the_capacity_of_a_peak(self) -> None:
        timeline = lot(lasting(Z, "counts", 10), lasting("f", "flag", 10))
        row = hour(timeline, at(-1, "count", occupied=10), at(-1, "flag", level="full"))
        assert row["occupancy_peak"] == 0.5
        assert row["coverage"] == 0.5
        assert row["full_us"] == row["saturated_us"] == 0
        assert row["full_known_us"] == row["saturated_known_us"] == 0  # 10 to 20 of 20 may be taken
        assert hour(timeline, at(-1, "count", occupied=10), by="zone")[1]["full_us"] == 3600 * S

    def test_what_is_not_so_is_known_in_spite_of_unknown_spaces(self) -> None:
        timeline = lot(lasting(Z, "counts", 10), lasting("f", "flag", 10))
        row = hour(timeline, at(-1, "count", occupied=9), at(1800, "count", occupied=7))
        # 9 or 7 of 20 taken, 1 or 3 free: never full; 19 at most of 20, then 17 at most
        assert (row["full_us"], row["full_known_us"]) == (0, 3600 * S)
        assert (row["saturated_us"], row["saturated_known_us"]) == (0, 1800 * S)

    def test_saturated_begins_at_nine_tenths(self) -> None:
        events = [at(-1, "recount", occupied=8)]
        events += [at(s, "passage", direction="in") for s in (600, 1500)]
        row = hour(GATES, *events)
        assert (row["saturated_us"], row["full_us"]) == (3000 * S, 2100 * S)
        assert (row["saturation"], row["saturation_coverage"]) == (3000 / 3600, 1)

    def test_a_level_beyond_the_capacity_is_clamped(self) -> None:
        row = hour(GATES, at(-1, "recount", occupied=15), at(1800, "passage", direction="out"))
        assert (row["occupied_us"], row["full_us"]) == (36_000 * S, 3600 * S)
        assert row["occupancy_peak"] == 1


class TestOpen:
    """Only the time when the lot is open."""

    EVENTS = (
        at(-1, "recount", occupied=5),
        at(600, "status", status="closed"),
        at(700, "passage", direction="in", count=5),
        at(1200, "passage", direction="out", count=4),
        at(1800, "status", status="open"),
        at(2000, "passage", direction="out", count=2),
    )

    def test_a_closed_status_stops_the_clock_but_not_the_state(self) -> None:
        row = hour(GATES, *self.EVENTS, hours="open")
        # 5 for 600 s, then closed to 1800, 6 for 200 s, 4 for 1600 s
        assert row["capacity_us"] == 24_000 * S
        assert row["occupied_us"] == (3000 + 1200 + 6400) * S
        assert (row["occupancy_peak"], row["full_us"]) == (0.6, 0)
        assert (row["arrivals"], row["departures"]) == (0, 2)
        everything = hour(GATES, *self.EVENTS)
        assert everything["full_us"] == 500 * S
        # full from 700 to 1200, but closed: saturation is of the opening hours, whatever is asked
        assert (everything["span_us"], everything["opened_us"]) == (3600 * S, 2400 * S)
        assert everything["saturated_us"] == row["saturated_us"] == 0
        assert everything["saturated_known_us"] == row["saturated_known_us"] == 2400 * S

    def test_opening_hours_stop_it_too(self) -> None:
        row = hour(
            GATES,
            *self.EVENTS,
            hours="open",
            is_open=lambda _, t: t < after(1900),
            cuts=[after(1900)],
        )
        assert row["capacity_us"] == 7_000 * S
        assert (row["arrivals"], row["departures"]) == (0, 0)

    def test_unknown_hours_are_open(self) -> None:
        row = hour(GATES, self.EVENTS[0], hours="open", is_open=lambda _, __: None)
        assert row == hour(GATES, self.EVENTS[0])

    def test_a_lot_closed_all_the_while_has_spaces_but_no_time(self) -> None:
        row = hour(COUNTS, at(-2, "status", status="closed"), hours="open")
        assert (row["capacity"], row["capacity_us"], row["coverage"]) == (10, 0, 0)
        assert (row["arrivals"], row["arrivals_are"]) == (0, "lower_bound")
        assert row["turnover"] is row["occupancy_peak"] is None

    def test_a_stay_counts_whole_where_it_ends_while_open(self) -> None:
        events = [gone(-9), car(100), gone(2500)]
        closed = at(50, "status", status="closed")
        row = hour(SPACES, *events, closed, lists=TWO, hours="open")
        assert row["stays_us"] == []
        opened = at(2400, "status", status="open")
        row = hour(SPACES, *events, closed, opened, lists=TWO, hours="open")
        assert row["stays_us"] == [2400 * S]
        assert (row["arrivals"], row["departures"]) == (0, 1)


class TestAdd:
    def test_sums_peaks_and_stays(self) -> None:
        events = [gone(-10), car(1800), gone(3600 + 900), car(3600 + 1000, space="s2")]
        rows = [usage(SPACES, TWO, events, T + n * HOUR, T + (n + 1) * HOUR) for n in range(-1, 2)]
        both = add(rows)
        assert (both["start"], both["end"], both["capacity"]) == (T - HOUR, T + 2 * HOUR, 2)
        assert both["occupied_us"] == (1800 + 900 + 2600) * S
        assert [row["occupancy_peak"] for row in rows] == [0.0, 0.5, 0.5]
        assert both["occupancy_peak"] == 0.5
        assert (both["arrivals"], both["departures"], both["stays_us"]) == (1, 1, [2700 * S])

    def test_side_by_side_capacities_add_up(self) -> None:
        timeline = lot(lasting("a", "gates", 10), lasting("f", "flag", 4))
        joint = add(hour(timeline, by="zone"))
        whole = hour(timeline)
        assert (joint.pop("span_us"), joint.pop("opened_us")) == (7200 * S, 7200 * S)  # two zones'
        assert (whole.pop("span_us"), whole.pop("opened_us")) == (3600 * S, 3600 * S)
        assert joint == whole
        assert joint["capacity"] == 14

    def test_an_empty_bucket_is_refused(self) -> None:
        with pytest.raises(ValueError, match="empty"):
            usage(GATES, [], [], T, T)
