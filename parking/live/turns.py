"""Turns: long work lets others go on in between; of costly reads only a few go at once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from parking.errors import Overloaded

_SLICE_S = 0.005


async def give_way() -> None:
    """Let others go on, those too whom what came meanwhile wakes."""
    await asyncio.sleep(0)  # it is read, and wakes who waits for it
    await asyncio.sleep(0)  # these go on


class _Slice:
    """Since when long work goes on without giving way, s."""

    since = 0.0


async def pause() -> None:
    """Give way if this has not been done for some milliseconds: for work in many small steps."""
    if time.perf_counter() - _Slice.since >= _SLICE_S:
        await give_way()
        _Slice.since = time.perf_counter()


class Turns:
    """Lets `at_once` pass, and `most` wait; tells further ones to come again."""

    def __init__(self, at_once: int, most: int) -> None:
        """Begin with nobody there."""
        self._free = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._most = most

    @contextlib.asynccontextmanager
    async def turn(self, *, patient: bool = False) -> AsyncIterator[None]:
        """Wait for a turn and have it; Overloaded when too many wait already, unless `patient`."""
        if not patient and self._free.locked() and self._waiting >= self._most:
            raise Overloaded("Too many such reads are waiting.", headers={"Retry-After": "2"})
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
