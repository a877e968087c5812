"""Bad clients, and far too many: memory stays bounded, and everyone else is served."""

import asyncio
import contextlib
import itertools
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from parking.ingest.commits import MOST_WAITING
from parking.web.calls import MOST_BYTES
from tests import oracle
from tests.e2e.gateways import ids_in
from tests.e2e.wire import Refusal, Wire, connected, now, until, zone
from tests.faults.crowd import (
    STREAM,
    calling,
    deaf,
    memory_mb,
    open_files,
    processor_s,
    push_of,
    request,
)
from tests.faults.extent import extent
from tests.faults.rounds import Round, complaints
from tests.oracle_events import Json
from tests.service import RunningService, running_services

SERVED_S = 5.0  # on a machine that is shared with the crowd itself
WAITED_S = 15.0  # while all that was sent at once is read
STOPPED_S = 10.0
SLOW = extent(100, 1000)
BODIES = 60
BODIES_MB = 256
DEAF = extent(20, 200)
LOTS = 200
STREAMS = 5000
STREAM_KB = 48
BURST = 20
BURST_S = extent(0.5, 2.0)
BURST_MB = 400
BATCH = 500

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@contextlib.asynccontextmanager
async def served(wire: Wire, path: str, within_s: float = SERVED_S) -> AsyncIterator[None]:
    """Hold that a driver who asks now and then is answered all the while, and in time."""
    stop = asyncio.Event()

    async def ask() -> None:
        while not stop.is_set():
            async with asyncio.timeout(within_s):
                await wire.ask("GET", path)
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask())
        yield
        stop.set()


async def test_a_byte_a_second(
    database_url: str, service: RunningService, chance: random.Random
) -> None:
    async with connected(service) as (wire,), calling(service, SLOW) as callers:
        one = Round(database_url, [wire], chance)
        at = oracle.shown(now())
        said = [
            request(
                push_of([{"lot": one.lots[0], "type": "heartbeat", "zone": "ramp", "id": f"slow{n}",
                          "observed_at": at}]),
                service.admin_key,
            )
            for n in range(SLOW)
        ]  # fmt: skip
        # a half of them dwell on their headers, the others on the body
        places = [len(text) // 8 if n % 2 else len(text) - 40 for n, text in enumerate(said)]
        for caller, text, place in zip(callers, said, places, strict=True):
            await caller.say(text[:place])

        async def fault() -> None:
            async with served(wire, f"/v1/lots/{one.lots[0]}"):
                for _ in range(extent(3, 30)):
                    for index, caller in enumerate(callers):
                        await caller.say(said[index][places[index]])
                        places[index] += 1
                    await asyncio.sleep(1)

        before = memory_mb(service)
        await one.run(fault, after=20)
        for caller, text, place in zip(callers, said, places, strict=True):
            await caller.say(text[place:])
        assert {await caller.status() for caller in callers} == {200}
        assert memory_mb(service) - before < 50


async def test_bodies_that_do_not_end(service: RunningService) -> None:
    begun = request(push_of([]) + " " * (MOST_BYTES - 100), service.admin_key)[:-1].encode()
    async with connected(service) as (wire,), calling(service, BODIES) as callers:
        before = memory_mb(service)
        async with served(wire, "/v1/lots"):
            with contextlib.suppress(ConnectionError):  # who is refused need not say it all
                await asyncio.gather(*(caller.say(begun) for caller in callers))
            await until(lambda: is_idle(service))
            await wire.put_lot("p1", [zone("g", "gates")])
            await recount(wire, ["p1"], 7)  # what is small is taken as ever
        assert memory_mb(service, greatest=True) - before < BODIES_MB


async def is_idle(service: RunningService) -> bool:
    """Tell whether a service has done all it could, by its time on the processor."""
    before = processor_s(service)
    await asyncio.sleep(0.3)
    return processor_s(service) - before < 0.15


async def test_streams_that_nobody_reads(service: RunningService, chance: random.Random) -> None:
    lots = [f"l{number}" for number in range(LOTS)]
    async with connected(service) as (wire,):
        await asyncio.gather(*(wire.put_lot(lot, [zone("g", "gates", 1000)]) for lot in lots))
        before = memory_mb(service)
        with deaf(service, DEAF):
            await until(lambda: followed(wire, DEAF))
            async with served(wire, "/v1/availability"), wire.following() as stream:
                for cars in range(extent(60, 600)):
                    await recount(wire, lots, cars)
                async with asyncio.timeout(SERVED_S):
                    while (await told(stream))["occupied"] != cars:
                        continue
            assert memory_mb(service) - before < 100
            started = time.monotonic()
            assert await asyncio.to_thread(service.terminate) == 0
            assert time.monotonic() - started < STOPPED_S


async def told(stream: aiohttp.StreamReader) -> Json:
    """Read the next thing that a stream tells."""
    while True:
        line = await stream.readline()
        if line.startswith(b"data:"):
            shown: Json = json.loads(line[5:])
            return shown


async def recount(wire: Wire, lots: list[str], cars: int) -> None:
    """Have every lot show something else than before."""
    count = {"type": "recount", "occupied": cars, "observed_at": oracle.shown(now())}
    receipt = await wire.push([{**count, "lot": lot} for lot in lots])
    assert receipt["accepted"] == len(lots)


async def followed(wire: Wire, count: int) -> bool:
    try:
        return await wire.metric('parking_stream_clients{protocol="sse"}') == count
    except LookupError:  # before the first
        return count == 0


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let the service have as many connections as there will be clients."""
    with open_files(2 * STREAMS + 500) as may:
        if not may:
            pytest.skip(f"the limit of open files is too low for {STREAMS} streams: ulimit -Hn")
        yield


async def test_five_thousand_idle_streams(many_files: None, database_url: str) -> None:
    with running_services(database_url) as (service,):
        async with connected(service) as (wire,), calling(service, STREAMS) as callers:
            await wire.put_lot("p1", [zone("g", "gates")])
            before = memory_mb(service)
            await asyncio.gather(*(caller.say(STREAM) for caller in callers))
            await asyncio.gather(*(caller.hear_of(b"data: ") for caller in callers))
            await until(lambda: followed(wire, STREAMS))
            assert (memory_mb(service) - before) * 1024 / STREAMS < STREAM_KB
            for cars in (3, 5):
                async with served(wire, "/v1/nearby?lat=34.7602&lon=113.7708"):
                    started = time.monotonic()
                    await recount(wire, ["p1"], cars)
                    heard = b'"occupied":%d' % cars
                    await asyncio.gather(*(caller.hear_of(heard) for caller in callers))
                    assert time.monotonic() - started < SERVED_S
            assert complaints(service) == []
            started = time.monotonic()
            assert await asyncio.to_thread(service.terminate) == 0
            assert time.monotonic() - started < STOPPED_S


@contextlib.asynccontextmanager
async def flooding(service: RunningService) -> AsyncIterator[Wire]:
    """Reach a service over as many connections as there are requests, and wait for each."""
    timeout, connector = aiohttp.ClientTimeout(total=None), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        yield Wire(session, service.url, service.admin_key)


class Burst:
    """Cars that drive in faster than can be told: pushes of so many passages, each named."""

    def __init__(self, wire: Wire, lot: str) -> None:
        self._wire = wire
        self._lot = lot
        self._numbers = itertools.count(1)
        self.stored = 0
        self.refused: list[bytes] = []

    async def push(self, body: bytes) -> None:
        """Send a batch; it is stored, or refused and kept."""
        try:
            receipt = await self._wire.ask("POST", "/v1/events", body=body)
        except Refusal as refusal:
            if refusal.status not in (429, 503) or int(refusal.headers["Retry-After"]) < 1:
                raise
            self.refused.append(body)
        else:
            assert receipt["accepted"] == BATCH
            self.stored += BATCH

    def new_batch(self) -> bytes:
        first = next(self._numbers) * BATCH
        event = {"lot": self._lot, "type": "passage", "zone": "g", "direction": "in"}
        event["observed_at"] = oracle.shown(now())
        return push_of([{**event, "id": f"b{first + n}"} for n in range(BATCH)]).encode()

    async def sustained(self, seconds: float) -> float:
        """Give how many events a second are stored when a few senders wait for their answers."""
        end = time.monotonic() + seconds

        async def send() -> None:
            while time.monotonic() < end:
                await self.push(self.new_batch())

        await asyncio.gather(*(send() for _ in range(8)))
        return self.stored / seconds


async def test_a_burst_of_twenty_times_what_can_be_sustained(
    many_files: None, database_url: str, service: RunningService, chance: random.Random
) -> None:
    async with connected(service) as (wire,), flooding(service) as flood:
        await wire.put_lot("p1", [zone("g", "gates", 1_000_000)])
        burst = Burst(flood, "p1")
        at_once = max(BURST * await burst.sustained(1) * BURST_S, 2 * MOST_WAITING)
        batches = [burst.new_batch() for _ in range(int(at_once / BATCH))]
        before = memory_mb(service)
        one = Round(database_url, [wire], chance, persistent=True)

        async def fault() -> None:
            async with served(wire, "/v1/nearby?lat=34.7602&lon=113.7708", WAITED_S):
                await asyncio.gather(*(burst.push(batch) for batch in batches))

        await one.run(fault, after=5)
        assert memory_mb(service, greatest=True) - before < BURST_MB
        again, burst.refused = burst.refused[:5], []
        assert again
        for body in again:
            await burst.push(body)
        assert burst.refused == []
        await one.check()
        assert len(await ids_in(database_url, ["p1"])) == burst.stored
        assert complaints(service) == []
