"""Three instances on one database, of which any is killed, stopped or cut off at any time."""

import asyncio
import random
from functools import partial

import asyncpg

from tests import oracle
from tests.e2e.gateways import describe
from tests.e2e.wire import OPERATOR, Refusal, Wire, connected, now, until
from tests.faults.extent import SOAK, extent
from tests.faults.link import linked
from tests.faults.machine import running
from tests.faults.rounds import Round, complaints, shows
from tests.service import RunningService

COUNT = 3
SOON_S = 1.0
LED_S = 30.0  # another one tries to lead every ten seconds
WALKED = "SELECT count(*) FROM lot_progress WHERE lot = ANY($1)"


async def test_any_goes_and_catches_up(database_url: str, chance: random.Random) -> None:
    async with (
        running(database_url, COUNT) as services,
        connected(*services, lasting=False) as wires,
    ):
        for _ in range(extent(2, 100)):
            one = Round(database_url, wires, chance, persistent=True)
            victim = chance.choice(services)

            async def fault(victim: RunningService = victim) -> None:
                end = chance.choice([victim.kill, victim.terminate])
                await asyncio.to_thread(end)
                await asyncio.to_thread(victim.start)

            await one.run(fault, after=5)
            await show_the_same(one, wires)
            await one.check()
        if SOAK:
            await until(partial(is_walked, database_url, one), LED_S)
        assert [complaints(service) for service in services] == [[]] * COUNT


async def show_the_same(one: Round, wires: tuple[Wire, ...]) -> None:
    """Hold that within a second all show all that was sent to any, as it all is answered."""
    for lot in one.lots:
        sent = [event for gateway in one.gateways for event in gateway.sent if gateway.lot == lot]
        for wire in wires:
            await until(partial(shows, wire, lot, sent), SOON_S)


async def is_walked(database_url: str, one: Round) -> bool:
    """Tell whether the hours of a round's lots are worked up, by whoever leads now."""
    connection = await asyncpg.connect(database_url)
    try:
        return bool(await connection.fetchval(WALKED, list(one.lots)) == len(one.lots))
    finally:
        await connection.close()


async def test_a_key_is_revoked_while_an_instance_is_cut_off(
    database_url: str, chance: random.Random
) -> None:
    async with (
        linked(database_url) as link,
        running(database_url, 2) as near,
        running(link.url) as far,
        connected(*near) as (one, other),
        connected(*far) as (lost,),
    ):
        await describe(one, ["p1"])
        for _ in range(extent(1, 50)):
            wish = {"role": "operator", "operator": OPERATOR, "label": "ramp", "expires_at": None}
            key = await one.ask("POST", "/v1/keys", body=wish)
            holders = [wire.as_holder_of(key["key"]) for wire in (one, other, lost)]
            for holder in holders:
                await until(partial(answers, holder, 200), SOON_S)
            link.cut()
            await chance.choice([one, other]).ask("DELETE", f"/v1/keys/{key['id']}")
            for holder in holders[:2]:
                await until(partial(answers, holder, 401), SOON_S)
            assert await answers(holders[2], 503)  # it cannot know; but nor can it store anything
            link.mend()
            await until(partial(answers, holders[2], 401), SOON_S)


async def answers(wire: Wire, status: int) -> bool:
    """Tell whether this is what a push is answered with."""
    at = oracle.shown(now())
    beat = {"lot": "p1", "type": "heartbeat", "zone": "ramp", "observed_at": at}
    try:
        await wire.push([beat])
    except Refusal as refusal:
        return refusal.status == status
    return status == 200
