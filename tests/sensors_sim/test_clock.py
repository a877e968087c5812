import asyncio

import pytest

from sensors_sim.clock import Clock, Pace, default_start
from sensors_sim.moments import DAY, HOUR, SECOND
from tests.sensors_sim.conftest import NOW_US, Time


@pytest.mark.parametrize("speed", [1.0, 2.0, 60.0, 10_000.0])
def test_a_run_ends_at_the_present_and_never_passes_it(speed: float) -> None:
    start = default_start(NOW_US, DAY, speed)
    pace = Pace(start, NOW_US, speed)
    end_real = NOW_US + round(DAY / speed)
    assert abs(pace.at(end_real) - (start + DAY)) <= SECOND
    for real in range(NOW_US, end_real + 2 * HOUR, HOUR):
        assert pace.at(real) <= real


def test_once_it_has_caught_up_it_goes_at_real_time() -> None:
    pace = Pace(NOW_US - HOUR, NOW_US, 100)
    later = NOW_US + 2 * HOUR
    assert pace.at(later) == later
    assert pace.wait_for(later + SECOND, later) == 1.0
    assert pace.wait_for(later - SECOND, later) == 0.0


def test_waiting_takes_the_time_the_speed_asks_for() -> None:
    pace = Pace(NOW_US - DAY, NOW_US, 10)
    assert pace.wait_for(NOW_US - DAY + 50 * SECOND, NOW_US) == 5.0


async def test_a_stop_ends_a_wait() -> None:
    time = Time()
    stop = asyncio.Event()
    time.at[time.seconds + 3] = stop.set
    await Clock(time.now, time.sleep).wait(1000, stop)
    assert sum(time.slept) < 4
