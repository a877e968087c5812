from dataclasses import replace
from itertools import pairwise

import pytest

from sensors_sim.demand import PROFILES, Traffic
from sensors_sim.moments import DAY, HOUR, MINUTE, SECOND
from sensors_sim.places import ZoneSpec
from sensors_sim.wire import Event
from sensors_sim.zones import HEARTBEAT_EVERY, Zone, grid, level
from tests.sensors_sim.conftest import NOW_US

END = NOW_US + DAY


def zone(counting: str, capacity: int = 60, turnover: float = 8.0) -> Zone:
    spec = ZoneSpec("b1", "general", capacity, counting, "street")
    profile = replace(PROFILES["street"], turnover=turnover)
    traffic = Traffic(profile, capacity, (0, 1440), seed="s", since_us=NOW_US - DAY)
    traffic.skip_to(NOW_US)
    return Zone("lot", spec, traffic, "sim:run", NOW_US)


def reports(some: Zone, step: int = HOUR) -> list[Event]:
    events = []
    for until in range(NOW_US + step, END + 1, step):
        events += some.advance(until)
    return events


def test_gates_add_up_to_the_truth() -> None:
    gates = zone("gates")
    (base,) = gates.base()
    assert base.type == "recount"
    passages = [event for event in reports(gates) if event.type == "passage"]
    ins = sum(event.body["direction"] == "in" for event in passages)
    assert base.body["occupied"] + 2 * ins - len(passages) == 60 - gates.free
    assert all(event.at_us > base.at_us for event in passages)


def test_spaces_end_as_the_truth() -> None:
    spaces = zone("spaces")
    state = {event.body["space"]: event.body["occupied"] for event in spaces.base()}
    assert len(state) == 60
    for event in reports(spaces):
        if event.type == "space":
            assert state[event.body["space"]] is not event.body["occupied"]
            state[event.body["space"]] = event.body["occupied"]
    assert sum(not taken for taken in state.values()) == spaces.free


def test_every_space_is_heard_of_four_times_a_day() -> None:
    beats = [e.body["space"] for e in reports(zone("spaces")) if "battery_pct" in e.body]
    assert len(beats) == 4 * 60
    assert len(set(beats)) == 60


def test_counts_and_signs_end_as_the_truth() -> None:
    counts = zone("counts")
    assert counts.base()[0].body["occupied"] == 60 - counts.free
    readings = reports(counts)
    assert len(readings) == DAY // (5 * MINUTE)
    assert counts.final()[0].body["occupied"] == 60 - counts.free
    sign = zone("flag", capacity=12, turnover=18.0)
    levels = [sign.base()[0].body["level"]]
    levels += [event.body["level"] for event in reports(sign) if event.type == "flag"]
    assert len(levels) > 2
    assert all(a != b for a, b in pairwise(levels))
    assert levels[-1] == sign.level


@pytest.mark.parametrize("counting", ["spaces", "gates", "counts", "flag"])
def test_reports_do_not_depend_on_steps_and_ids_are_unique(counting: str) -> None:
    whole = reports(zone(counting), DAY)
    stepped = reports(zone(counting), 90 * SECOND)
    key = lambda event: event.id  # noqa: E731
    assert sorted(whole, key=key) == sorted(stepped, key=key)
    some = zone(counting)
    everything = [*some.base(), *reports(some), *some.final()]
    ids = [event.id for event in everything]
    assert len(set(ids)) == len(ids)
    assert all(len(event_id) <= 64 for event_id in ids)


@pytest.mark.parametrize("counting", ["spaces", "gates", "counts", "flag"])
def test_nothing_is_silent_for_long(counting: str) -> None:
    heard = [NOW_US, *(e.at_us for e in reports(zone(counting)) if "zone" in e.body), END]
    heard.sort()
    assert max(b - a for a, b in pairwise(heard)) <= HEARTBEAT_EVERY


def test_grid_and_level() -> None:
    assert list(grid(10, 30, 7, 3)) == [10, 17, 24]
    assert list(grid(11, 30, 7, 3)) == [17, 24]
    assert [level(free, 100) for free in (0, 1, 9, 10)] == [
        "full",
        "limited",
        "limited",
        "available",
    ]
    assert level(1, 3) == "available"
