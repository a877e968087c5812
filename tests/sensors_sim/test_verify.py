from sensors_sim.moments import HOUR, SECOND
from sensors_sim.verify import Expected, History, differs, expect, moments
from tests.sensors_sim.conftest import NOW_US

T = NOW_US - 10 * HOUR
HISTORY = History(10, (T, T + HOUR, T + HOUR, T + 3 * HOUR), (4, 5, 6, 13), (), T, T + 4 * HOUR)


def test_a_reading_holds_until_the_next_or_until_it_is_stale() -> None:
    long = 100 * HOUR
    assert expect(HISTORY, T - 1, long) == Expected(None, None, 10)
    assert expect(HISTORY, T, long) == Expected(4, 6, 0)
    assert expect(HISTORY, T + HOUR - 1, long) == Expected(4, 6, 0)
    assert expect(HISTORY, T + HOUR - 1, HOUR - 1) == Expected(None, None, 10)
    assert expect(HISTORY, T + HOUR, long) == Expected(6, 4, 0)


def test_too_great_a_reading_is_full() -> None:
    assert expect(HISTORY, T + 3 * HOUR, HOUR) == Expected(10, 0, 0)
    below = History(10, (T,), (-2,), (), T, T)
    assert expect(below, T, HOUR) == Expected(0, 10, 0)


def test_moments_are_the_end_many_between_and_the_odd() -> None:
    odd = tuple(T + n * SECOND for n in range(500))
    history = History(10, HISTORY.times, HISTORY.occupied, odd, T, T + 4 * HOUR)
    found = moments(history, 100, NOW_US)
    assert found[0] == T + 4 * HOUR + SECOND
    assert len(found[1:101]) == 100
    assert all(T <= at_us <= T + 4 * HOUR for at_us in found[1:])
    assert set(history.times) & set(found)
    assert 50 <= len(found[101:]) <= 60
    assert moments(history, 1, T + 4 * HOUR)[0] == T + 4 * HOUR


def test_a_difference_is_told() -> None:
    said = {"capacity": 10, "occupied": 4, "free": 6, "unknown": 0, "level": "available"}
    assert differs(said, Expected(4, 6, 0), 10) is None
    assert differs({**said, "free": 5}, Expected(4, 6, 0), 10) is not None
    assert differs({**said, "capacity": 11}, Expected(4, 6, 0), 10) is not None
    assert differs({}, Expected(None, None, 10), 10) is not None
