"""The oracle of usage against itself: hours add up to days, zones and classes to lots."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.histories import NOW, History, histories, instants
from tests.oracle import Json
from tests.oracle_events import when
from tests.oracle_usage import add, local_buckets, usage

HOUR = timedelta(hours=1)
SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def days(draw: st.DrawFn) -> tuple[History, list[tuple[datetime, datetime]]]:
    """Draw a history and the hours of a local day in which something of it happens."""
    history = draw(histories(thefts=draw(st.booleans())))
    mark = draw(st.sampled_from([NOW, *(when(e) for e in history.events)]))
    tz = draw(st.sampled_from(["Asia/Shanghai", "Asia/Kolkata"]))
    [(start, end)] = local_buckets("day", mark, mark + timedelta(microseconds=1), tz)
    return history, local_buckets("hour", start, end, tz)


def closes_at_night(_: Json, t: datetime) -> bool | None:
    return t.hour >= 6


@SLOW
@given(days(), st.sampled_from(["lot", "zone", "class"]), st.sampled_from(["all", "open"]))
def test_hours_add_up_to_the_day(
    day: tuple[History, list[tuple[datetime, datetime]]], by: Any, hours: Any
) -> None:
    history, parts = day

    def rows(start: datetime, end: datetime) -> list[Json]:
        cuts = [start.replace(hour=h, minute=0) + n * 24 * HOUR for h in (0, 6) for n in (0, 1)]
        found = usage(
            history.lot.timeline,
            history.lot.lists,
            history.events,
            start,
            end,
            by=by,
            hours=hours,
            is_open=closes_at_night,
            cuts=cuts,
        )
        return [found] if by == "lot" else list(found)

    whole = rows(parts[0][0], parts[-1][1])
    by_name: defaultdict[str, list[Json]] = defaultdict(list)
    for part in parts:
        for row in rows(*part):
            assert row["capacity_us"] >= row["known_us"] >= row["occupied_us"] >= row["full_us"]
            assert row["span_us"] >= row["full_known_us"] >= row["full_us"] >= 0
            assert row["opened_us"] >= row["saturated_known_us"] >= row["saturated_us"] >= 0
            if hours == "open":
                assert row["saturated_us"] >= row["full_us"]
            by_name[row.get(by, "")].append(row)
    assert [
        added | {"start": row["start"], "end": row["end"]}
        for row, added in zip(whole, (add(by_name[n]) for n in sorted(by_name)), strict=True)
    ] == whole


@SLOW
@given(histories())
def test_zones_and_classes_add_up_to_the_lot(history: History) -> None:
    def rows(by: Any) -> Any:
        put = history.lot.timeline, history.lot.lists, history.events
        return usage(*put, NOW - 24 * HOUR, NOW, by=by)

    whole, zones, classes = rows("lot"), rows("zone"), rows("class")
    for parts in (zones, classes):
        if parts:
            joint = add(parts)
            for name in ("capacity_us", "known_us", "occupied_us", "arrivals", "departures"):
                assert joint[name] == whole[name]
            assert joint["stays_us"] == whole["stays_us"]
            assert joint["arrivals_are"] == whole["arrivals_are"]


@SLOW
@given(histories(), st.data())
def test_parts_add_up_wherever_a_bucket_is_cut(history: History, data: st.DataObject) -> None:
    put = history.lot.timeline, history.lot.lists, history.events
    start, end = NOW - 144 * HOUR, NOW + 72 * HOUR
    middle = data.draw(instants(history).filter(lambda t: start < t < end))
    parts = [usage(*put, start, middle), usage(*put, middle, end)]
    assert add(parts) == usage(*put, start, end)
