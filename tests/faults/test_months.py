"""A month of the log is missing: the others go on, and what comes for it is not lost."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests import oracle
from tests.e2e.gateways import LISTS, TIMELINE, describe
from tests.e2e.test_histories import walk_all
from tests.e2e.wire import Refusal, Wire, connected, now
from tests.faults.rounds import Round, complaints
from tests.oracle_events import Json
from tests.service import RunningService

LOT = "old"
MONTHS_AGO = 3


def month_start(ago: int) -> datetime:
    today = now()
    months = today.year * 12 + today.month - 1 - ago
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


START, END = month_start(MONTHS_AGO), month_start(MONTHS_AGO - 1)
TABLE = f"event_{START:%Y_%m}"
DETACH = f"ALTER TABLE event DETACH PARTITION {TABLE}"
ATTACH = (
    f"ALTER TABLE event ATTACH PARTITION {TABLE} "
    f"FOR VALUES FROM ('{START.isoformat()}') TO ('{END.isoformat()}')"
)


def told(chance: random.Random, day: int) -> list[Json]:
    """Give what happened in ten days of that month: a count of the cars, and then cars."""
    base: Json = {"type": "recount", "zone": "ramp", "occupied": 50}
    events = [{**base, "observed_at": oracle.shown(START + timedelta(days=day))}]
    for _ in range(30):
        passage = {"type": "passage", "zone": "ramp", "direction": chance.choice(["in", "out"])}
        events.append({**passage, "observed_at": oracle.shown(moment(chance, day))})
    return [{**event, "lot": LOT, "id": f"d{day}:{n}"} for n, event in enumerate(events)]


def moment(chance: random.Random, day: int) -> datetime:
    return START + timedelta(days=day, seconds=chance.randrange(10 * 86_400))


async def check(wire: Wire, events: list[Json], chance: random.Random, day: int) -> None:
    """Hold that the log has these events, and that moments since that day are as they say."""
    assert {item["id"] for item in await wire.log(LOT)} == {event["id"] for event in events}
    for at in [moment(chance, day) for _ in range(10)] + [now()]:
        wanted = oracle.availability(TIMELINE, LISTS, events, at, lot=LOT)
        assert await wire.availability(LOT, at) == wanted


async def test_detached_and_attached_again(
    database_url: str, service: RunningService, chance: random.Random
) -> None:
    events = told(chance, 10)
    async with connected(service, lasting=False) as (wire,):
        await describe(wire, [LOT])
        last = events[-1:]
        assert (await wire.push(events[:-1]))["accepted"] == len(events) - 1
        await walk_all(database_url)
        await execute(database_url, DETACH)
        one = Round(database_url, [wire], chance)

        async def fault() -> None:
            # not to be stored, so not to be answered; and nobody else is any the worse for it
            with pytest.raises(Refusal) as caught:
                await wire.push(last)
            assert caught.value.status == 503
            assert int(caught.value.headers["Retry-After"]) > 0
            service.kill()
            await asyncio.to_thread(service.start)

        await one.run(fault)
        await one.check()
        await execute(database_url, ATTACH)
        assert (await wire.push(events))["accepted"] == 1
        await check(wire, events, chance, 10)
        assert complaints(service, "commit failed") == []


async def test_dropped(database_url: str, service: RunningService, chance: random.Random) -> None:
    """What was in it is gone, and what comes for it from then on is kept."""
    async with connected(service) as (wire,):
        await describe(wire, [LOT])
        assert (await wire.push(told(chance, 0)))["accepted"] > 0
        await execute(database_url, f"DROP TABLE {TABLE}")
        one = Round(database_url, [wire], chance)
        later = told(chance, 12)

        async def fault() -> None:
            assert (await wire.push(later))["accepted"] == len(later)

        await one.run(fault)
        await one.check()
        await check(wire, later, chance, 12)
        assert complaints(service) == []


async def execute(database_url: str, sql: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
