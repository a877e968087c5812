"""The service's clock is an hour wrong for a while: nothing is lost, and then all is right."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests import oracle
from tests.e2e.wire import Wire, connected, now, until, zone
from tests.faults.rounds import Round, complaints, nothing, shows
from tests.faults.skewed import SkewedService
from tests.oracle_events import Json

HOUR_S = 3600
SOON_S = 2.0
Clocked = tuple[SkewedService, Wire]


@pytest.fixture
async def clocked(database_url: str, folder: Path) -> AsyncIterator[Clocked]:
    with contextlib.closing(SkewedService(database_url, folder)) as service:
        service.start()
        async with connected(service, lasting=False) as (wire,):
            yield service, wire


async def test_steps_back_and_forth(
    database_url: str, clocked: Clocked, chance: random.Random
) -> None:
    service, wire = clocked
    one = Round(database_url, [wire], chance)
    await one.run(nothing)
    service.step_to(-HOUR_S)
    # what happens now lies in its future, and what happened before is no less true
    refused = await wire.push([passage(one, now(), "now")])
    assert [item["code"] for item in refused["rejected"]] == ["future"]
    for number, end in enumerate((service.kill, service.terminate)):
        end()
        await asyncio.to_thread(service.start)
        await tell(wire, one, passage(one, now() - timedelta(hours=2), f"old{number}"))
        assert (await wire.availability(one.lots[0]))["capacity"] == 210
    service.step_to(0)
    await tell(wire, one, passage(one, now(), "now"))
    await one.check()
    assert complaints(service) == []


async def test_a_void_while_it_is_behind(
    database_url: str, clocked: Clocked, chance: random.Random
) -> None:
    service, wire = clocked
    one = Round(database_url, [wire], chance)
    await one.run(nothing)
    await tell(wire, one, passage(one, now(), "last"))
    service.step_to(-HOUR_S)
    void = {"type": "void", "event": one.gateways[0].sent[0]["id"], "id": "void"}
    at = oracle.shown(now() - timedelta(hours=2))
    await tell(wire, one, {"lot": one.lots[0], "observed_at": at, **void})
    service.step_to(0)
    sent = [event for gateway in one.gateways for event in gateway.sent]
    await until(lambda: shows(wire, one.lots[0], sent), SOON_S)
    await one.check()
    assert complaints(service) == []


async def test_steps_forth_and_back(clocked: Clocked) -> None:
    service, wire = clocked
    zones = [zone("g", "gates", stale_after_s=HOUR_S // 2)]
    await wire.put_lot("p1", zones, opening_hours="24/7")
    count: Json = {"lot": "p1", "type": "recount", "occupied": 7, "zone": "g"}
    events = [{**count, "observed_at": oracle.shown(now() - timedelta(minutes=10))}]
    assert (await wire.push(events))["accepted"] == 1
    timeline = ((None, {"operator": "op", "zones": zones}),)

    async def shows_what_is_true() -> bool:
        wanted = oracle.availability(timeline, (), events, now(), lot="p1")
        return bool(await wire.availability("p1") == wanted)

    assert await shows_what_is_true()
    service.step_to(HOUR_S)

    async def is_unknown() -> bool:
        return bool((await wire.availability("p1"))["unknown"] == 100)

    await until(is_unknown)
    service.step_to(0)
    await until(shows_what_is_true, SOON_S)


def passage(one: Round, at: datetime, name: str) -> Json:
    event = {"lot": one.lots[0], "id": name, "type": "passage", "zone": "ramp", "direction": "in"}
    return {**event, "observed_at": oracle.shown(at)}


async def tell(wire: Wire, one: Round, event: Json) -> None:
    """Have it accepted, and count it with what the first gateway sent."""
    receipt = await wire.push([event])
    assert receipt["accepted"] == 1, receipt
    one.gateways[0].sent.append(event)
