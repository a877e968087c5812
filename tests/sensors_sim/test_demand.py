import statistics

import pytest

from sensors_sim.demand import (
    PROFILES,
    Move,
    Traffic,
    hour_of_week,
    minute_of_day,
    week_start,
    weekly_rates,
)
from sensors_sim.moments import DAY, HOUR, MINUTE, parse_rfc3339

MONDAY = parse_rfc3339("2026-11-23T00:00:00+08:00")


def traffic(name: str, capacity: int = 200, seed: str = "s", **options: tuple[int, int]) -> Traffic:
    opening = options.get("opening", (0, 1440))
    return Traffic(PROFILES[name], capacity, opening, seed=seed, since_us=MONDAY)


def test_the_local_week_begins_on_monday() -> None:
    assert hour_of_week(MONDAY) == 0
    assert hour_of_week(MONDAY - 1) == 167
    assert hour_of_week(MONDAY + 25 * HOUR) == 25
    assert minute_of_day(MONDAY + 61 * MINUTE) == 61
    assert week_start(MONDAY) == week_start(MONDAY + 7 * DAY - 1) == MONDAY


@pytest.mark.parametrize("name", PROFILES)
def test_a_full_day_has_the_turnover_of_the_profile(name: str) -> None:
    profile = PROFILES[name]
    rates = weekly_rates(profile, 100)
    assert len(rates) == 168
    for day in range(7):
        wanted = 100 * profile.turnover * profile.days[day]
        assert sum(rates[day * 24 : day * 24 + 24]) == pytest.approx(wanted)


def test_offices_fill_in_the_morning_and_empty_at_the_weekend() -> None:
    rates = weekly_rates(PROFILES["office"], 100)
    assert rates[8] > 10 * rates[21]
    assert sum(rates[120:]) < sum(rates[:48]) / 2


@pytest.mark.parametrize("name", ["office", "street"])
def test_moves_do_not_depend_on_steps(name: str) -> None:
    whole = list(traffic(name).moves(MONDAY + DAY))
    stepped: list[Move] = []
    other = traffic(name)
    for minute in range(0, 1440, 7):
        stepped += other.moves(MONDAY + minute * MINUTE)
    stepped += other.moves(MONDAY + DAY)
    assert stepped == whole
    assert list(traffic(name, seed="t").moves(MONDAY + DAY)) != whole


def test_a_bay_is_taken_and_left_in_turn_and_moves_strictly_increase() -> None:
    cars = traffic("street", capacity=20)
    taken: set[int] = set()
    last = MONDAY
    for move in cars.moves(MONDAY + 2 * DAY):
        assert move.at_us > last
        assert move.at_us % 1000 == 0
        last = move.at_us
        if move.arrives:
            assert move.bay not in taken
            taken.add(move.bay)
        else:
            taken.remove(move.bay)
        assert len(taken) <= 20
    assert taken == cars.taken
    assert cars.occupied == len(taken)


def test_stays_are_long_tailed_around_their_median() -> None:
    cars = traffic("mall", capacity=5000)
    since: dict[int, int] = {}
    stays = []
    for move in cars.moves(MONDAY + 3 * DAY):
        if move.arrives:
            since[move.bay] = move.at_us
        else:
            stays.append((move.at_us - since.pop(move.bay)) / MINUTE)
    assert statistics.median(stays) == pytest.approx(110, rel=0.05)
    assert statistics.mean(stays) > 1.15 * statistics.median(stays)


def test_nobody_comes_while_it_is_closed() -> None:
    cars = traffic("street", opening=(7 * 60, 22 * 60))
    arrivals = [move.at_us for move in cars.moves(MONDAY + 3 * DAY) if move.arrives]
    assert arrivals
    assert all(7 * 60 <= minute_of_day(at_us) < 22 * 60 for at_us in arrivals)


def test_what_is_skipped_is_over() -> None:
    cars = traffic("station")
    cars.skip_to(MONDAY + DAY)
    assert next(cars.moves(MONDAY + 2 * DAY)).at_us > MONDAY + DAY
