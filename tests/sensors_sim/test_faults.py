from collections import Counter

import pytest

from sensors_sim.chances import chance
from sensors_sim.city import City
from sensors_sim.faults import FAULTS, Channel, loses_data, parse_fault
from sensors_sim.moments import HOUR, MINUTE
from sensors_sim.places import list_places
from sensors_sim.wire import Event
from tests.sensors_sim.conftest import NOW_US

PLACES = list_places(["east-station-coach", "wisdom-island-b", "longhu-park"])
SPAN = 12 * HOUR


def sent(rates: dict[str, float], step: int = HOUR) -> tuple[list[Event], list[Event], Channel]:
    """Return what the sensors reported, what arrived, and the channel after it."""
    city = City(PLACES, "1", NOW_US)
    channel = Channel(rates, "1")
    base = city.base()
    reported = list(base)
    arrived = channel.carry(base, NOW_US + 1, exact=True)
    for until in range(NOW_US + step, NOW_US + SPAN + 1, step):
        events = city.advance(until)
        reported += events
        arrived += channel.carry(events, until)
    arrived += channel.drain()
    assert not channel.drain()
    return reported, arrived, channel


def as_set(events: list[Event]) -> set[tuple[str, str, str, int, str]]:
    return {(e.lot, e.id, e.type, e.at_us, str(e.body)) for e in events}


def test_without_faults_everything_passes_in_order() -> None:
    reported, arrived, channel = sent({"delay": 0.0})
    assert arrived == reported
    assert not channel.hits


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.loses])
def test_a_fault_that_loses_nothing_keeps_the_set(name: str) -> None:
    reported, arrived, channel = sent({name: 0.2})
    assert as_set(arrived) == as_set(reported)
    assert channel.hits[name] > 0
    if name == "duplicates":
        assert len(arrived) == len(reported) + channel.hits[name]
    else:
        assert len(arrived) == len(reported)
        assert arrived != reported


@pytest.mark.parametrize("name", FAULTS)
def test_faults_do_not_depend_on_steps(name: str) -> None:
    _, coarse, hits = sent({name: 0.3})
    _, fine, more = sent({name: 0.3}, 5 * MINUTE)
    assert as_set(coarse) == as_set(fine)
    assert hits.hits == more.hits


def test_disorder_stays_within_its_window() -> None:
    _, arrived, _ = sent({"disorder": 0.5})
    newest = 0
    for event in arrived:
        newest = max(newest, event.at_us)
        assert newest - event.at_us <= 2 * MINUTE


def test_delays_and_outages_come_late_but_come() -> None:
    city = City(PLACES, "1", NOW_US)
    channel = Channel({"delay": 1.0}, "1")
    assert not channel.carry(city.base(), NOW_US + MINUTE, exact=True)
    assert len(channel.drain()) == len(city.base())
    silent = Channel({"outage": 1.0}, "1")
    events = city.advance(NOW_US + HOUR)
    assert len(silent.carry(events, NOW_US + HOUR)) < len(events)


def test_lost_passages_are_lost_and_nothing_else() -> None:
    reported, arrived, channel = sent({"lost-passages": 0.1})
    lost = Counter(e.type for e in reported) - Counter(e.type for e in arrived)
    assert lost == {"passage": channel.hits["lost-passages"]}


def test_a_stuck_sensor_says_the_same() -> None:
    reported, arrived, channel = sent({"stuck": 1.0})
    assert channel.hits["stuck"] > 0
    kinds = Counter(e.type for e in reported), Counter(e.type for e in arrived)
    assert kinds[0]["space"] > kinds[1]["space"]
    assert kinds[0]["count"] == kinds[1]["count"]
    assert kinds[0]["heartbeat"] == kinds[1]["heartbeat"]
    values = [
        [e.body["occupied"] for e in some if e.type == "count"] for some in (reported, arrived)
    ]
    assert len(set(values[1])) < len(set(values[0]))


def test_a_clock_ahead_only_moves_moments() -> None:
    reported, arrived, _ = sent({"clock-ahead": 0.2})
    at = {(e.lot, e.id): e.at_us for e in reported}
    shifts = [e.at_us - at[e.lot, e.id] for e in arrived]
    assert len(arrived) == len(reported)
    assert all(shift == 0 or MINUTE - 1000 <= shift <= 10 * MINUTE for shift in shifts)
    assert 0.15 < sum(shift > 0 for shift in shifts) / len(shifts) < 0.25


def test_chances_are_even_and_repeat() -> None:
    draws = [chance(f"k{n}") for n in range(2000)]
    assert draws == [chance(f"k{n}") for n in range(2000)]
    assert 0.45 < sum(draws) / len(draws) < 0.55


def test_faults_are_named_with_a_rate() -> None:
    assert parse_fault("delay=0.25") == ("delay", 0.25)
    assert loses_data({"stuck": 0.1})
    assert not loses_data({"stuck": 0.0, "delay": 0.5})
    for text in ("late=0.1", "delay", "delay=2", "delay=-1", "delay=nan", "delay=x"):
        with pytest.raises(ValueError, match=r"fault|rate"):
            parse_fault(text)
