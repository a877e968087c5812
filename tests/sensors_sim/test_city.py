from sensors_sim.city import City, run_name
from sensors_sim.moments import HOUR, MINUTE
from sensors_sim.places import list_places
from sensors_sim.wire import Event
from tests.sensors_sim.conftest import NOW_US

PLACES = list_places(["east-station-coach", "wisdom-island-b", "longhu-park", "hospital-children"])


def events_of(seed: str, start: int, step: int = HOUR) -> list[Event]:
    city = City(PLACES, seed, start)
    events = city.base()
    for until in range(start + step, start + 6 * HOUR + 1, step):
        events += city.advance(until)
    return sorted([*events, *city.final()], key=lambda event: (event.lot, event.id))


def test_a_run_repeats_exactly() -> None:
    assert events_of("1", NOW_US) == events_of("1", NOW_US, 10 * MINUTE)


def test_another_seed_or_start_gives_other_ids() -> None:
    ids = [
        {(event.lot, event.id) for event in events_of(seed, start)}
        for seed, start in (("1", NOW_US), ("2", NOW_US), ("1", NOW_US + HOUR))
    ]
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]
    assert run_name("1", NOW_US) < run_name("1", NOW_US + HOUR)


def test_a_later_run_of_the_week_finds_the_city_as_it_was_left() -> None:
    earlier = City(PLACES, "1", NOW_US - 3 * HOUR)
    earlier.advance(NOW_US)
    assert earlier.truths() == City(PLACES, "1", NOW_US).truths()
    assert earlier.truths() != City(PLACES, "2", NOW_US).truths()


def test_events_come_in_order_and_before_the_moment() -> None:
    city = City(PLACES, "1", NOW_US)
    events = city.advance(NOW_US + HOUR)
    assert [event.at_us for event in events] == sorted(event.at_us for event in events)
    assert all(NOW_US <= event.at_us < NOW_US + HOUR for event in events)


def test_truths_tell_numbers_or_a_level() -> None:
    truths = {truth.lot: truth for truth in City(PLACES, "1", NOW_US).truths()}
    assert truths["longhu-park"].free is None
    assert truths["longhu-park"].level in {"available", "limited", "full"}
    coach = truths["east-station-coach"]
    assert set(coach.classes) == {"bus", "general"}
    assert coach.free == sum(coach.classes.values())
    assert coach.capacity == 138
