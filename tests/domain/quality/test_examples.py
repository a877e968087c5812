"""Each finding by hand: a small lot, one thing wrong with it, and what is said of it."""

from collections.abc import Callable, Iterable

import msgspec
import pytest

from parking.domain.events import Entry, Heartbeat, Passage, SpaceEvent
from parking.domain.instants import DAY, HOUR, MINUTE, SECOND
from parking.domain.timeline import Timeline
from tests.domain.quality.weeks_by_hand import (
    MONDAY,
    counts,
    days_of,
    entry,
    gates,
    judged,
    kinds,
    lot,
    only,
    spaces,
)

SPACED = lot(("s", "spaces", 8))
COUNTED = lot(("c", "counts", 100))
GATED = lot(("g", "gates", 100))


def of(space: str, made: Entry) -> bool:
    return getattr(made.event, "space", None) == space


def base(at: int = MONDAY - 11 * DAY, occupied: int = 5) -> Entry:
    return entry("recount", at, zone="g", occupied=occupied)


# -- healthy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeline", "make"), [(SPACED, spaces), (COUNTED, counts), (GATED, gates)]
)
@pytest.mark.parametrize("number", [1, 2, 12])
@pytest.mark.parametrize("through", [None, HOUR, 13 * HOUR])
def test_healthy_days_have_no_findings(
    timeline: Timeline,
    make: Callable[[int], Iterable[Entry]],
    number: int,
    through: int | None,
) -> None:
    days = days_of(make, number)
    if timeline is GATED:
        days[0].append(base(MONDAY - (number - 1) * DAY))
    report = judged(timeline, days, through=through)
    assert report.findings == []
    assert (report.score, report.reasons, report.recounts) == (100, [], [])


def test_a_holiday_is_nobodys_fault() -> None:
    """Nobody comes for five days: all spaces stand free, and none of them is stuck."""
    days = days_of(spaces, 12)
    for day in days[-5:]:
        day[:] = [made for made in day if isinstance(made.event, Heartbeat)]
    assert judged(SPACED, days).findings == []


# -- spaces ----------------------------------------------------------------------------------------


def test_a_space_that_no_car_takes_any_more() -> None:
    days = days_of(spaces, 12)
    for day in days[-4:]:
        day[:] = [e for e in day if not (of("s3", e) and isinstance(e.event, SpaceEvent))]
    found = only(judged(SPACED, days))
    assert (found.kind, found.zone, found.space) == ("stuck", "s", "s3")
    assert found.since == MONDAY - 4 * DAY + 17 * HOUR + 46 * MINUTE
    assert found.detail.startswith("free for 4.3 days, in which 9")
    assert found.facts["unchanged_s"] == pytest.approx(4 * 86_400 + 22_440)
    assert found.facts["occupied"] == 0


def test_a_space_that_no_car_leaves_any_more() -> None:
    days = days_of(spaces, 12)
    begin = MONDAY - 3 * DAY + 9 * HOUR
    for day in days[-4:]:
        day[:] = [
            e for e in day if not (of("s3", e) and isinstance(e.event, SpaceEvent) and e.at > begin)
        ]
    found = only(judged(SPACED, days))
    assert (found.kind, found.space) == ("stuck", "s3")
    assert found.detail.startswith("occupied for 3.7 days")
    assert found.facts["occupied"] == 1


def test_a_space_that_flaps() -> None:
    days = days_of(spaces, 3)
    noon = MONDAY + 12 * HOUR
    days[-1] += [
        entry("space", noon + n * 5 * SECOND, space="s2", occupied=n % 2 == 0) for n in range(21)
    ]
    found = only(judged(SPACED, days))
    assert (found.kind, found.space, found.since) == ("flapping", "s2", MONDAY)
    assert found.detail == "changed 30 times, 19 times back and forth within 2 min"


def test_a_space_that_is_inverted() -> None:
    def spoil(made: Entry) -> Iterable[Entry]:
        if of("s1", made) and isinstance(made.event, SpaceEvent):
            event = msgspec.structs.replace(made.event, occupied=not made.event.occupied)
            return [msgspec.structs.replace(made, event=event)]
        return [made]

    found = only(judged(SPACED, days_of(spaces, 5, spoil)))
    assert (found.kind, found.space) == ("inverted", "s1")
    assert found.since == MONDAY - 3 * DAY
    assert found.detail.startswith("occupied when the rest of its zone is free")
    assert found.facts["correlation"] < -0.8


def test_a_space_that_is_not_heard_while_its_gateway_is() -> None:
    days = days_of(spaces, 6)
    for day in days[-1:]:
        day[:] = [made for made in day if not of("s4", made)]
    days[-1] += [entry("heartbeat", MONDAY + n * HOUR, zone="s") for n in range(24)]
    found = only(judged(SPACED, days))
    assert (found.kind, found.space) == ("silent", "s4")
    assert found.detail == "not heard for 26.9 h, never longer than 3.0 h as a rule"
    assert judged(SPACED, days, through=6 * HOUR).findings == []


def test_a_clock_that_is_behind() -> None:
    def spoil(made: Entry) -> Iterable[Entry]:
        late = of("s5", made)
        return [msgspec.structs.replace(made, received_at=made.at + 8 * HOUR) if late else made]

    found = only(judged(SPACED, days_of(spaces, 2, spoil)))
    assert (found.kind, found.space, found.sensor) == ("clock_offset", "s5", "s5")
    assert found.detail == "its clock is some 7.8 h behind"
    assert found.facts["offset_s"] == pytest.approx(8 * 3600, rel=0.05)


def test_a_clock_that_is_ahead() -> None:
    def spoil(made: Entry) -> Iterable[Entry]:
        early = of("s5", made)
        return [msgspec.structs.replace(made, received_at=made.at - 45 * SECOND) if early else made]

    found = only(judged(SPACED, days_of(spaces, 2, spoil)))
    assert found.kind == "clock_offset"
    assert "s ahead" in found.detail
    assert found.facts["offset_s"] == pytest.approx(-45, rel=0.05)


def test_what_was_sent_late_has_no_wrong_clock() -> None:
    """A gateway that was away sends all of its day in the evening."""

    def spoil(made: Entry) -> Iterable[Entry]:
        return [msgspec.structs.replace(made, received_at=max(made.at, MONDAY + 20 * HOUR))]

    assert judged(SPACED, days_of(spaces, 1, spoil)).findings == []


@pytest.mark.parametrize("speed", [60, 1_000_000])
def test_history_that_is_imported_has_no_wrong_clock(speed: int) -> None:
    """A day comes a month later, in minutes or in a moment."""

    def spoil(made: Entry) -> Iterable[Entry]:
        received = MONDAY + 30 * DAY + (made.at - MONDAY) // speed
        return [msgspec.structs.replace(made, received_at=received)]

    for timeline, make in ((SPACED, spaces), (COUNTED, counts)):
        assert judged(timeline, days_of(make, 2, spoil)).findings == []


# -- systems that report numbers -------------------------------------------------------------------


def test_a_number_that_stands_still() -> None:
    def spoil(made: Entry) -> Iterable[Entry]:
        if made.at < MONDAY + 9 * HOUR:
            return [made]
        return [entry("count", made.at, zone="c", occupied=54)]

    days = days_of(counts, 6, spoil)
    found = only(judged(COUNTED, days, through=12 * HOUR))
    assert (found.kind, found.zone, found.since) == ("stuck", "c", MONDAY + 9 * HOUR)
    assert found.detail == "reports 54 for 3.0 h, at hours in which that changes"
    assert found.facts["reading"] == 54
    assert judged(COUNTED, days, through=9 * HOUR + 20 * MINUTE).findings == []


@pytest.mark.parametrize(("weeks", "found"), [(1, []), (2, [("stuck", "c", None)])])
def test_what_weekends_are_like_is_not_known_before_one(weeks: int, found: object) -> None:
    """Seven cars of a firm that rests at weekends, of which only working days have been seen."""
    saturday = MONDAY - 2 * DAY
    before = [list(counts(saturday - back * DAY)) for back in range(7 * weeks - 2, 0, -1)]
    rests = [entry("count", saturday + n * 10 * MINUTE, zone="c", occupied=7) for n in range(144)]
    assert kinds(judged(COUNTED, [*before, rests], last_day=saturday)) == found


def test_a_number_that_rests_at_zero_is_given_longer() -> None:
    def spoil(made: Entry) -> Iterable[Entry]:
        if made.at < MONDAY:
            return [made]
        return [entry("count", made.at, zone="c", occupied=0)]

    days = days_of(counts, 6, spoil)
    assert judged(COUNTED, days, through=90 * MINUTE).findings == []
    assert kinds(judged(COUNTED, days, through=9 * HOUR)) == [("stuck", "c", None)]


def test_numbers_that_cannot_be() -> None:
    days = days_of(counts, 2)
    days[-1] += [entry("count", MONDAY + HOUR + n, zone="c", occupied=150) for n in range(3)]
    days[-1] += [entry("count", MONDAY + 2 * HOUR + n, zone="c", free=107) for n in range(3)]
    report = judged(COUNTED, days)
    found = next(finding for finding in report.findings if finding.kind == "out_of_range")
    assert found.detail == ("up to 50 cars above the capacity of 100 and down to 7 cars below zero")
    assert found.facts == {"above": 50, "below": 7, "share": 0.04}


def test_a_number_that_jumps() -> None:
    days = days_of(counts, 2)
    days[-1] += [
        entry("count", MONDAY + 3 * HOUR + n * MINUTE, zone="c", occupied=60 * (n % 2))
        for n in range(1, 10)
    ]
    found = only(judged(COUNTED, days))
    assert (found.kind, found.zone) == ("flapping", "c")
    assert found.detail.startswith("jumped ")
    assert found.facts["swing"] == 10


def test_a_zone_that_is_silent() -> None:
    days = days_of(counts, 2)
    report = judged(COUNTED, [days[0], []])
    found = only(report)
    assert (found.kind, found.zone, found.detail) == ("silent", "c", "not heard for 24.2 h")
    assert (report.score, report.silent) == (0, 1)
    gap = [made for made in days[1] if not MONDAY + 6 * HOUR < made.at < MONDAY + 12 * HOUR]
    report = judged(COUNTED, [days[0], gap])
    assert only(report).detail == "was silent for 2.0 h of the day"
    assert 85 < report.score < 95
    assert report.silent == 0
    early = judged(COUNTED, [*days_of(counts, 6)[:-1], []], through=70 * MINUTE)
    assert only(early).detail == "not heard for 80 min, more than 4 times the usual longest gap"


def test_what_was_never_heard() -> None:
    report = judged(COUNTED, [[]])
    assert only(report).detail == "never heard"
    assert (report.score, report.reasons[0].points, report.silent) == (0, 100, 1)


# -- gates -----------------------------------------------------------------------------------------


def test_a_gate_that_counts_no_longer() -> None:
    def spoil(made: Entry) -> Iterable[Entry]:
        event = made.event
        dead = isinstance(event, Passage) and event.direction == "out"
        return [] if dead and made.at >= MONDAY - DAY else [made]

    days = days_of(gates, 8, spoil)
    days[0].append(base(MONDAY - 7 * DAY))
    report = judged(GATED, days, through=20 * HOUR)
    found = next(finding for finding in report.findings if finding.kind == "stuck")
    assert found.since == MONDAY - 2 * DAY + 14 * HOUR + 295 * MINUTE
    assert found.detail == (
        "no car out for 2.0 days, in which 121 were to be expected; 120 went in"
    )
    assert (found.facts["in"], found.facts["out"]) == (120, 0)
    assert ("out_of_range", "g", None) in kinds(report)
    assert report.recounts[0].reason == "the gates have it at 125 of 100 cars, which cannot be"
    assert (report.recounts[0].kind, report.recounts[0].estimate) == ("impossible", 100)
    assert report.recounts[0].counted_at == MONDAY - 7 * DAY


def lossy(made: Entry) -> Iterable[Entry]:
    """Lose the last two departures of each day."""
    event = made.event
    late = (made.at - MONDAY) % DAY >= 14 * HOUR + 58 * 5 * MINUTE
    return [] if isinstance(event, Passage) and event.direction == "out" and late else [made]


def test_drift_by_quiet_nights() -> None:
    days = days_of(gates, 20, lossy)
    days[0].append(base(MONDAY - 19 * DAY))
    report = judged(GATED, days, through=DAY - 1)
    (zone,) = report.zones
    assert zone.drift is not None
    assert zone.drift.cars_per_day == 2
    assert zone.drift.low < 2 < zone.drift.high
    assert (zone.drift.nights, zone.drift.recounts) == (18, 0)
    found = only(report)
    assert found.kind == "drift"
    assert found.detail.startswith("shows 2.0 cars more every day than there are (between 1.")
    assert found.detail.endswith(": departures are missed")
    assert report.recounts[0].reason == "by its drift the level is 40 cars off by now"
    assert (report.recounts[0].estimate, report.recounts[0].error) == (5, 40)
    assert report.recounts[0].kind == "drift"


def test_drift_by_recounts() -> None:
    days = days_of(gates, 6, lossy)
    for day in days:
        day.append(base(day[0].at - 59 * MINUTE + 3 * HOUR))
    (zone,) = judged(GATED, days).zones
    assert zone.drift is not None
    assert zone.drift.cars_per_day == pytest.approx(2)
    assert (zone.drift.nights, zone.drift.recounts) == (0, 5)


def test_without_enough_nights_or_recounts_no_drift_is_told() -> None:
    days = days_of(gates, 6, lossy)
    days[0].append(base(MONDAY - 5 * DAY))
    (zone,) = judged(GATED, days).zones
    assert zone.drift is None


def test_gates_that_nobody_counted_at() -> None:
    report = judged(GATED, days_of(gates, 2))
    assert [(recount.reason, recount.estimate, recount.kind) for recount in report.recounts] == [
        ("cars drive in and out, and nobody has counted them", None, "uncounted")
    ]


# -- the lot ---------------------------------------------------------------------------------------


def test_events_that_come_again() -> None:
    assert judged(COUNTED, days_of(counts, 2), duplicates=5).findings == []
    report = judged(COUNTED, days_of(counts, 2), duplicates=144)
    found = only(report)
    assert (found.kind, found.zone) == ("duplicates", None)
    assert found.detail.startswith("144 events came again, 50% of all")
    assert report.score == 95


def test_a_sender_that_repeats_itself_is_named() -> None:
    days = days_of(gates, 2)
    report = judged(GATED, days, duplicates=70, repeaters={"out": 60, "in": 9, "unknown": 1})
    found = only(report)
    assert (found.kind, found.zone, found.sensor) == ("duplicates", "g", "out")
    assert found.facts == {"duplicates": 60, "share": 0.5}
    assert report.zones[0].duplicates == 69
    assert report.duplicates == 70
    by_space = judged(SPACED, days_of(spaces, 2), duplicates=18, repeaters={"s3": 18})
    found = only(by_space)
    assert (found.zone, found.space, found.sensor) == ("s", "s3", "s3")
    assert by_space.score == 99


def test_many_who_repeat_themselves_cost_a_zone_no_more_than_one() -> None:
    senders = {"in": 60, "out": 60, "gateway": 24}
    report = judged(GATED, days_of(gates, 2), duplicates=144, repeaters=senders)
    assert {finding.sensor for finding in report.findings} == set(senders)
    assert report.score == 95
    [reason] = report.reasons
    assert (reason.kind, reason.points, reason.findings) == ("duplicates", 5, 3)


def test_few_repetitions_of_a_sender_are_retries() -> None:
    for count in (9, 14):  # too few, or less than a fifth of what it sends
        days = days_of(gates, 2)
        assert judged(GATED, days, duplicates=count, repeaters={"out": count}).findings == []


def test_repetitions_of_nobody_in_particular_are_the_lot_s() -> None:
    senders = {"in": 14, "out": 14}
    found = only(judged(GATED, days_of(gates, 2), duplicates=28, repeaters=senders))
    assert (found.kind, found.zone, found.sensor) == ("duplicates", None, None)


def test_a_score_weighs_by_capacity_and_its_reasons_add_up() -> None:
    timeline = lot(("s", "spaces", 8), ("c", "counts", 24))
    days = days_of(spaces, 12)
    for day in days[-4:]:
        day[:] = [e for e in day if not (of("s3", e) and isinstance(e.event, SpaceEvent))]
    both = [day + more for day, more in zip(days, days_of(counts, 12), strict=True)]
    report = judged(timeline, both)
    assert kinds(report)[0] == ("stuck", "s", "s3")
    assert sum(reason.points for reason in report.reasons) == pytest.approx(
        100 - report.score, abs=1
    )
    trusted = {zone.zone: zone.trusted for zone in report.zones}
    assert trusted["s"] == pytest.approx(7 / 8)
