"""Who changes the lots that are followed: readings that count up, so that each tells its place.

A lot's n-th reading says that n spaces are occupied. Whoever sees m of them knows all until the
m-th, or that it was superseded.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from sensors_sim.places import Place, ZoneSpec
from tests.bench.client import Target, post

_CAPACITY = 1_000_000


def counting_places(places: Sequence[Place]) -> tuple[Place, ...]:
    """Give the places with a single zone each, whose operator's system reports a number."""
    zone = ZoneSpec("all", "general", _CAPACITY, "counts", "station")
    described = {"id": "all", "class": "general", "capacity": _CAPACITY, "counting": "counts",
                 "stale_after_s": 86_400}  # fmt: skip
    return tuple(
        replace(place, zones=(zone,), description={**place.description, "zones": [described]})
        for place in places
    )


class Readings:
    """The lots' readings: when the n-th of a lot was sent, and when it was acknowledged."""

    def __init__(self, lots: Sequence[str], so_far: Mapping[str, int]) -> None:
        """Go on after the readings there were."""
        self.lots = list(lots)
        self.first = {lot: so_far.get(lot, 0) + 1 for lot in lots}
        self.sent: dict[str, list[float]] = {lot: [] for lot in lots}
        self.known: dict[str, list[float]] = {lot: [] for lot in lots}
        self._turn = 0

    @property
    def count(self) -> int:
        """How many were made."""
        return self._turn

    def take(self, count: int) -> tuple[bytes, list[tuple[str, int]]]:
        """Make a body of the next so many readings, of one lot after the other."""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        events, made = [], []
        for _ in range(count):
            lot = self.lots[self._turn % len(self.lots)]
            self._turn += 1
            place = len(self.sent[lot])
            self.sent[lot].append(time.perf_counter())
            self.known[lot].append(0.0)
            made.append((lot, place))
            events.append(
                f'{{"lot":"{lot}","type":"count","occupied":{self.first[lot] + place},'
                f'"observed_at":"{at}"}}'
            )
        return f'{{"events":[{",".join(events)}]}}'.encode(), made

    def acknowledge(self, made: Sequence[tuple[str, int]]) -> None:
        """Note that these are committed by now."""
        now = time.perf_counter()
        for lot, place in made:
            self.known[lot][place] = now


class Poster(asyncio.Protocol):
    """One connection that posts and waits for the answer."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._answer: asyncio.Future[bytes] | None = None
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    async def post(self, body: bytes) -> None:
        """Post events; return when they are acknowledged."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(post(body, self._key))
        said = await self._answer
        if not said.startswith(b"HTTP/1.1 200") or b'"rejected":[{' in said:
            raise ConnectionError(said[:500])

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if self._rest.endswith(b"}") and self._answer is not None and not self._answer.done():
            self._answer.set_result(self._rest)
            self._rest = b""

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed before an answer"))

    def close(self) -> None:
        self._transport.abort()


async def connect(target: Target) -> Poster:
    """Open a connection to post over."""
    _, poster = await asyncio.get_running_loop().create_connection(
        lambda: Poster(target.key), "127.0.0.1", target.port
    )
    return poster


async def change_steadily(
    target: Target, readings: Readings, a_second: int, at_once: int, seconds: float
) -> None:
    """Post `at_once` readings at a time, `a_second` in all, whether or not answers came."""
    free: asyncio.Queue[Poster] = asyncio.Queue()
    posters = [await connect(target) for _ in range(64)]
    for poster in posters:
        free.put_nowait(poster)
    flying: set[asyncio.Task[None]] = set()

    async def send(poster: Poster) -> None:
        body, made = readings.take(at_once)
        await poster.post(body)
        readings.acknowledge(made)
        free.put_nowait(poster)

    began = time.perf_counter()
    for turn in range(int(a_second * seconds / at_once)):
        await asyncio.sleep(began + turn * at_once / a_second - time.perf_counter())
        flying.add(asyncio.create_task(send(await free.get())))
        for task in [task for task in flying if task.done()]:
            flying.discard(task)
            task.result()
    await asyncio.gather(*flying)
    for poster in posters:
        poster.close()
