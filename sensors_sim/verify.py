"""A replayed recording checked against its file by a plain computation of our own.

A reading holds from its moment until the next one, or until it is stale; of two for one moment
the later row holds; negative ones never count; too great ones show as full.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sensors_sim.client import problem
from sensors_sim.moments import SECOND, rfc3339
from sensors_sim.replay import occupied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensors_sim.client import Service
    from sensors_sim.progress import Progress
    from sensors_sim.recordings import CarPark, Recording

_ODD_A_PARK = 60
_AT_ONCE = 4
_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class History:
    """One car park's readings in order of moment (µs) and row; `odd` are the strange moments."""

    capacity: int
    times: tuple[int, ...]
    occupied: tuple[int, ...]
    odd: tuple[int, ...]
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What the service must say: cars and free spaces, or None when they are unknown."""

    occupied: int | None
    free: int | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A moment (µs) at which the service says something else than the file."""

    lot: str
    at_us: int
    expected: Expected
    found: str

    def line(self) -> str:
        """Return the mismatch for people."""
        return f"  {self.lot} at {rfc3339(self.at_us)}: file {self.expected}, service {self.found}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many moments were checked, and those that differ."""

    moments: int
    mismatches: Sequence[Mismatch]

    def facts(self) -> dict[str, Any]:
        """Return the verdict as plain data for a summary file."""
        return {
            "moments_checked": self.moments,
            "mismatches": len(self.mismatches),
            "examples": [item.line().strip() for item in self.mismatches[:_EXAMPLES]],
        }

    def lines(self) -> list[str]:
        """Return the verdict for people."""
        return [
            f"moments checked {self.moments:>8,}",
            f"mismatches      {len(self.mismatches):>8,}",
            *(item.line() for item in self.mismatches[:_EXAMPLES]),
        ]


def histories(
    recording: Recording, parks: Mapping[str, CarPark], shift_us: int
) -> dict[str, History]:
    """Return each car park's history, by name, at the moments it was replayed at."""
    valid: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    odd: dict[str, list[int]] = defaultdict(list)
    for reading in recording:
        capacity = parks[reading.lot].capacity
        cars = occupied(reading, recording.columns.measure, capacity)
        at_us = reading.at_us + shift_us
        if reading.value >= 0:
            valid[reading.lot].append((at_us, reading.row, cars))
        if reading.value < 0 or not 0 <= cars <= capacity:
            odd[reading.lot].append(at_us)
    return {
        name: History(
            park.capacity,
            tuple(at_us for at_us, _, _ in sorted(valid[name])),
            tuple(cars for _, _, cars in sorted(valid[name])),
            tuple(odd[name]),
            park.first_us + shift_us,
            park.last_us + shift_us,
        )
        for name, park in parks.items()
    }


def expect(history: History, at_us: int, stale_after_us: int) -> Expected:
    """Return what holds at a moment (µs)."""
    index = bisect_right(history.times, at_us) - 1
    if index < 0 or at_us - history.times[index] >= stale_after_us:
        return Expected(None, None, history.capacity)
    cars = min(max(history.occupied[index], 0), history.capacity)
    return Expected(cars, history.capacity - cars, 0)


def moments(history: History, count: int, now_us: int) -> list[int]:
    """Return the moments (µs) to check: right after the last reading, `count` spread, the odd ones.

    Every other one of the spread is moved onto the reading before it, where rounding would show.
    """
    last_us = min(history.last_us + SECOND, max(now_us, history.last_us))
    span = history.last_us - history.first_us
    spread = []
    for n in range(count):
        at_us = history.first_us + span * n // max(1, count)
        index = bisect_right(history.times, at_us) - 1
        spread.append(history.times[index] if n % 2 and index >= 0 else at_us)
    every = max(1, -(-len(history.odd) // _ODD_A_PARK))
    return [last_us, *spread, *history.odd[::every]]


def differs(answer: Any, expected: Expected, capacity: int) -> str | None:
    """Return what an availability object says instead of the expected; None when it agrees."""
    said = {name: answer.get(name) for name in ("capacity", "occupied", "free", "unknown")}
    wanted = {
        "capacity": capacity,
        "occupied": expected.occupied,
        "free": expected.free,
        "unknown": expected.unknown,
    }
    return None if said == wanted else str(said)


class Check:
    """Asks the service for every moment of every car park; at most a few requests at once."""

    def __init__(self, service: Service, progress: Progress, stale_after_us: int) -> None:
        self._service = service
        self._progress = progress
        self._stale_after_us = stale_after_us
        self._done = 0
        self._found: list[Mismatch] = []

    async def go(self, found: Mapping[str, History], ids: Mapping[str, str], count: int) -> Verdict:
        """Check `count` moments and more of each car park."""
        now_us = self._service.clock.now_us()
        todo = [
            (ids[name], history, at_us)
            for name, history in found.items()
            for at_us in moments(history, count, now_us)
        ]
        for start in range(0, len(todo), _AT_ONCE):
            some = todo[start : start + _AT_ONCE]
            await asyncio.gather(*(self._check(*item) for item in some))
            self._progress.show(self._done / len(todo), f"{self._done:,} moments checked")
            if self._service.stop.is_set():
                break
        self._progress.done()
        return Verdict(self._done, self._found)

    async def _check(self, lot: str, history: History, at_us: int) -> None:
        expected = expect(history, at_us, self._stale_after_us)
        params = {"at": rfc3339(at_us)}
        answer = await self._service.get(f"/v1/lots/{lot}/availability", params)
        self._done += 1
        if answer.status != HTTPStatus.OK:
            self._found.append(Mismatch(lot, at_us, expected, problem(answer)))
            return
        said = differs(answer.data, expected, history.capacity)
        if said is not None:
            self._found.append(Mismatch(lot, at_us, expected, said))
