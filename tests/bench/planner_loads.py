"""Jobs of planners: questions, and events that come late, beside batches at a steady rate."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Sequence

import uvloop

from parking.domain.instants import DAY, rfc3339
from sensors_sim.places import list_places
from tests.bench import loads
from tests.bench.changing import Poster, connect
from tests.bench.client import Target, ask
from tests.bench.figures import Reading, percentile
from tests.bench.traffic import Traffic, bodies

_SIZE = 500
_POSTERS = 8
_FEWEST = 5
"""Questions a round."""
_PATIENCE_S = 120.0
_BEHIND = re.compile(rb"^parking_checkpoint_lots_behind (\S+)", re.MULTILINE)


def pushed(target: Target, seed: int, seconds: float) -> float:
    """Give how many events a second the service takes in batches."""
    return loads.push_batches(target, seed, int(150_000 * seconds), seconds)["rate"]


def beside(target: Target, path: str, rate: float, seconds: float) -> Reading:
    """Ask one question after the other while `rate` events a second come in."""

    async def run() -> Reading:
        delays: list[float] = []
        async with _ingesting(target, rate) as taken:
            began = time.perf_counter()
            while len(delays) < _FEWEST or time.perf_counter() < began + seconds:
                asked = time.perf_counter()
                await asyncio.to_thread(_ask, target, path)
                delays.append(time.perf_counter() - asked)
            elapsed = time.perf_counter() - began
        return {
            "p50_ms": percentile(sorted(delays), 0.5) * 1000,
            "p99_ms": percentile(sorted(delays), 0.99) * 1000,
            "events_a_second": sum(taken) / elapsed,
        }

    return uvloop.run(run())


def roll_up(target: Target, lots: Sequence[str], rate: float) -> Reading:
    """Send each lot an event of two days ago; gives the seconds that working them up took."""

    async def run() -> Reading:
        async with _ingesting(target, rate) as taken:
            began = time.perf_counter()
            await asyncio.to_thread(_send_late, target, lots)
            first = await _until(target, behind=True)
            last = await _until(target, behind=False)
            elapsed = time.perf_counter() - began
        return {
            "seconds": last - first,
            "corrected_s": last - began,
            "events_a_second": sum(taken) / elapsed,
        }

    return uvloop.run(run())


@contextlib.asynccontextmanager
async def _ingesting(target: Target, rate: float) -> AsyncIterator[list[int]]:
    """Post batches at a steady rate meanwhile; yields what was acknowledged, growing."""
    taken: list[int] = []
    tasks = [
        asyncio.create_task(_post_steadily(await connect(target), rate / _POSTERS, seed, taken))
        for seed in range(_POSTERS if rate else 0)
    ]
    try:
        yield taken
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error


async def _post_steadily(poster: Poster, rate: float, seed: int, taken: list[int]) -> None:
    traffic = Traffic(list_places(), seed)
    turn = time.perf_counter()
    try:
        while True:
            # all posters share the moments: the seed and the microsecond set them apart
            now = time.time_ns() // 1000 - seed
            events = traffic.take(_SIZE, ending=now, step=_POSTERS * 2)
            await poster.post(bodies(events, _SIZE)[0])
            taken.append(_SIZE)
            turn = max(turn + _SIZE / rate, time.perf_counter() - 1)
            await asyncio.sleep(max(0, turn - time.perf_counter()))
    finally:
        poster.close()


def _ask(target: Target, path: str) -> bytes:
    status, _, said = ask(target.port, "GET", path, key=target.key)
    if status != 200:
        raise loads.UnexpectedAnswer([said[:500]])
    return said


def _send_late(target: Target, lots: Sequence[str]) -> None:
    at = time.time_ns() // 1000 - 2 * DAY
    late = [{"lot": lot, "type": "status", "status": "open", "observed_at": rfc3339(at)}
            for lot in lots]  # fmt: skip
    body = json.dumps({"events": late}).encode()
    status, _, said = ask(target.port, "POST", "/v1/events", body=body, key=target.key)
    if status != 200 or json.loads(said)["accepted"] != len(lots):
        raise loads.UnexpectedAnswer([said[:500]])


async def _until(target: Target, *, behind: bool) -> float:
    """Wait until lots are behind, or none is; gives the moment."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            found = _BEHIND.search(await asyncio.to_thread(_ask, target, "/metrics"))
            if found is None:
                raise loads.UnexpectedAnswer([b"no such metric"])
            if (float(found[1]) > 0) == behind:
                return time.perf_counter()
            await asyncio.sleep(0.02)
