"""The network to the database fails in every way: what was answered stays, and all goes on."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from parking.store import at_once
from tests import oracle
from tests.e2e.wire import Refusal, Wire, connected, now, until
from tests.faults.extent import SOAK, extent
from tests.faults.link import Link, Moment, linked
from tests.faults.machine import running
from tests.faults.rounds import Round, complaints
from tests.oracle_events import Json
from tests.service import RunningService

HELD_S = 5.0
STOPPED_S = 10.0
COMMIT_S = 20.0  # how long the service waits for the database to store something
RECOVERED_S = 90.0
long = pytest.mark.skipif(not SOAK, reason="takes up to a minute or two: part of `make soak`")


@contextlib.asynccontextmanager
async def far_away(database_url: str) -> AsyncIterator[tuple[Link, RunningService, Wire]]:
    """Run a service that reaches its database by a link."""
    async with (
        linked(database_url) as link,
        running(link.url) as (service,),
        connected(service) as (wire,),
    ):
        yield link, service, wire


async def test_reset_in_the_middle_of_a_commit(database_url: str, chance: random.Random) -> None:
    moments = list(Moment) * extent(1, 50)
    async with far_away(database_url) as (link, service, wire):
        for moment in moments:
            one = Round(database_url, [wire], chance)

            async def fault(moment: Moment = moment) -> None:
                async with asyncio.timeout(10):
                    await link.reset_at(moment).wait()

            await one.run(fault)
            assert any(gateway.refusals for gateway in one.gateways)
            await one.check()
        assert complaints(service) == []


async def test_cut_and_mended(database_url: str, chance: random.Random) -> None:
    async with far_away(database_url) as (link, service, wire):
        for _ in range(extent(2, 20)):
            one = Round(database_url, [wire], chance, persistent=True)

            async def fault(one: Round = one) -> None:
                link.cut()
                await until(lambda: all_refused(one))
                await serves_drivers(wire, one)
                link.mend()

            await one.run(fault, after=20)
            await one.check()
        assert complaints(service) == []


async def test_held_up_for_five_seconds(database_url: str, chance: random.Random) -> None:
    async with far_away(database_url) as (link, service, wire):
        one = Round(database_url, [wire], chance)

        async def fault() -> None:
            link.hold()
            held = time.monotonic()
            while time.monotonic() < held + HELD_S:
                await serves_drivers(wire, one)
                await asyncio.sleep(0.1)  # a driver now and then, as long as it lasts
            link.mend()

        await one.run(fault, after=20)
        # it was late, but nothing was lost: nobody had to send anything again
        assert not any(gateway.refusals for gateway in one.gateways)
        await one.check()
        assert complaints(service) == []


@long
async def test_every_answer_takes_five_seconds(database_url: str, chance: random.Random) -> None:
    async with far_away(database_url) as (link, service, wire):
        one = Round(database_url, [wire], chance)

        async def fault() -> None:
            link.delay_s = HELD_S
            end = time.monotonic() + 60
            while time.monotonic() < end:
                await serves_drivers(wire, one)
                await asyncio.sleep(0.5)
            link.mend()

        await one.run(fault)
        await one.check()
        assert complaints(service) == []


@long
async def test_connections_that_a_firewall_forgot(database_url: str, chance: random.Random) -> None:
    async with far_away(database_url) as (link, service, wire):
        one = Round(database_url, [wire], chance, persistent=True)

        async def fault() -> None:
            link.forget()
            counts = [len(gateway.answered) for gateway in one.gateways]
            await until(lambda: all_answered(one, counts), RECOVERED_S)

        await one.run(fault)
        await one.check()
        assert complaints(service) == []


@long
async def test_an_instance_lost_in_the_middle_of_a_commit_holds_no_other_up(
    database_url: str, chance: random.Random
) -> None:
    async with (
        far_away(database_url) as (link, _, lost),
        running(database_url) as (service,),
        connected(service) as (wire,),
    ):
        one = Round(database_url, [wire], chance, persistent=True)

        async def fault() -> None:
            await until(partial(knows, lost, one.lots[0]))
            reset = link.reset_at(Moment.COMMIT, silently=True)
            large = [passage(one.lots[0], f"lost:{n}") for n in range(at_once.MOST + 1)]
            losing = asyncio.create_task(lost.push(large))
            await asyncio.wait_for(reset.wait(), RECOVERED_S)  # it has the log's head locked now
            counts = [len(gateway.answered) for gateway in one.gateways]
            await until(lambda: all_answered(one, counts), COMMIT_S)
            losing.cancel()

        await one.run(fault)
        assert not any(gateway.refusals for gateway in one.gateways)
        await one.check()


@long
async def test_a_stop_waits_for_no_network(database_url: str, chance: random.Random) -> None:
    async with far_away(database_url) as (link, service, wire):
        one = Round(database_url, [wire], chance)

        async def fault() -> None:
            link.hold()
            await until(lambda: something_waits(wire))
            started = time.monotonic()
            assert await asyncio.to_thread(service.terminate) == 0
            assert time.monotonic() - started < STOPPED_S
            link.mend()
            await asyncio.to_thread(service.start)

        await one.run(fault)
        await one.check()


async def something_waits(wire: Wire) -> bool:
    return await wire.metric("parking_commit_queue_events") > 0


async def knows(wire: Wire, lot: str) -> bool:
    try:
        await wire.ask("GET", f"/v1/lots/{lot}/availability")
    except Refusal:
        return False
    return True


def passage(lot: str, id_: str) -> Json:
    event = {"lot": lot, "id": id_, "type": "passage", "zone": "ramp", "direction": "in"}
    return {**event, "observed_at": oracle.shown(now())}


async def all_answered(one: Round, more_than: list[int]) -> bool:
    counts = [len(gateway.answered) for gateway in one.gateways]
    return all(now > then + 20 for now, then in zip(counts, more_than, strict=True))


async def all_refused(one: Round) -> bool:
    return all(gateway.refusals for gateway in one.gateways)


async def serves_drivers(wire: Wire, one: Round) -> None:
    """Hold that what needs no database is answered, at once."""
    started = time.monotonic()
    assert (await wire.availability(one.lots[0]))["capacity"] == 210
    near = {"lat": "34.7602", "lon": "113.7708"}
    assert (await wire.ask("GET", "/v1/nearby", params=near))["items"]
    assert await wire.ask("GET", "/healthz") == {"status": "alive"}
    assert time.monotonic() - started < 2
    with pytest.raises(Refusal) as caught:
        await wire.ask("GET", "/readyz")
    assert caught.value.status == 503
    assert int(caught.value.headers["Retry-After"]) > 0
