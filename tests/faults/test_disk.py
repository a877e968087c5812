"""The database's disk is full: events are refused, nothing is lost, and room is enough to go on."""

import random
from pathlib import Path

import pytest

from tests import oracle
from tests.e2e.gateways import describe
from tests.e2e.wire import PATIENCE_S, Refusal, Wire, connected, now, until
from tests.faults.extent import extent
from tests.faults.full import small_disk, why_not
from tests.faults.machine import running
from tests.faults.rounds import Round, complaints
from tests.oracle_events import Json

MEGABYTE = 1 << 20
BULK = "bulk"
BATCH = 5000


async def test_disk_full_and_room_again(folder: Path, chance: random.Random) -> None:
    lacking = why_not(folder)
    if lacking is not None:
        pytest.skip(lacking)
    with small_disk(folder) as disk:
        async with running(disk.database_url) as (service,), connected(service) as (wire,):
            await describe(wire, [BULK])
            for _ in range(extent(1, 10)):
                one = Round(disk.database_url, [wire], chance, persistent=True)
                wide = chance.randrange(20 * MEGABYTE)

                async def fault(one: Round = one, wide: int = wide) -> None:
                    disk.fill(wide)
                    await until(lambda: refused(wire), 3 * PATIENCE_S)
                    disk.fill(0)  # a server that has stopped must start with nothing, or wait
                    for _ in range(3):
                        await until(lambda: refused(wire), 3 * PATIENCE_S)
                    assert (await wire.availability(one.lots[0]))["capacity"] == 210
                    disk.empty()

                await one.run(fault, after=20)
                await one.check()
            assert complaints(service) == []


async def refused(wire: Wire) -> bool:
    """Send a lot at once, again and again, until there is no room for it."""
    at = oracle.shown(now())
    event: Json = {"lot": BULK, "type": "heartbeat", "zone": "ramp", "observed_at": at}
    try:
        await wire.push([{**event, "sensor": f"s{n}", "rssi_dbm": -n % 99} for n in range(BATCH)])
    except Refusal as refusal:
        if refusal.status != 503 or int(refusal.headers["Retry-After"]) < 1:
            raise
        return True
    return False
