"""Real time as an argument, and the pace at which simulated time follows it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensors_sim.moments import SECOND

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(frozen=True, slots=True)
class Clock:
    """The two things a run asks of real time: seconds since the epoch, and to wait seconds."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def now_us(self) -> int:
        """Return the present moment in microseconds."""
        return round(self.now() * SECOND)

    async def wait(self, seconds: float, stop: asyncio.Event) -> None:
        """Wait so many seconds, but hardly longer than until a stop is asked for."""
        until = self.now() + seconds
        while not stop.is_set():
            left = until - self.now()
            if left <= 0:
                return
            await self.sleep(min(left, 0.2))


@dataclass(frozen=True, slots=True)
class Pace:
    """Simulated time: `speed` seconds a real second from `start_us`, never past real time."""

    start_us: int
    began_us: int
    speed: float

    def at(self, now_us: int) -> int:
        """Return the simulated moment (µs) that belongs to a real one (µs)."""
        return min(self.start_us + round((now_us - self.began_us) * self.speed), now_us)

    def wait_for(self, moment_us: int, now_us: int) -> float:
        """Real seconds until the simulated moment is reached; 0 when it has been."""
        by_speed = (moment_us - self.start_us) / self.speed - (now_us - self.began_us)
        by_clock = moment_us - now_us
        return max(0.0, by_speed, float(by_clock)) / SECOND


def default_start(now_us: int, span_us: int, speed: float) -> int:
    """Return the start (µs, whole seconds) from which a span at a speed ends at real time.

    At speed 1 that is now; the faster, the nearer to the whole span ago.
    """
    start = now_us - round(span_us * (1 - 1 / speed))
    return start - start % SECOND
