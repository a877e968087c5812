"""The primary database is lost, and its synchronous standby takes over."""

import asyncio
import random
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from tests.e2e.wire import Refusal, Wire, connected, until
from tests.faults.extent import extent
from tests.faults.link import linked
from tests.faults.machine import running
from tests.faults.primaries import replicated
from tests.faults.rounds import Round, complaints, is_ready, nothing

SOON_S = 3.0


async def test_failover_to_the_synchronous_standby(folder: Path, chance: random.Random) -> None:
    for number in range(extent(1, 5)):
        place = folder / str(number)
        place.mkdir()
        async with replicated(place) as (primary, standby):
            hosts = f"{primary.sockets},{standby.sockets}"
            either = f"postgresql://parking@/parking?host={hosts}&port=5432,5432"
            async with running(f"{either}&target_session_attrs=primary", 2) as services:
                async with connected(*services) as wires:
                    one = Round(standby.url(), wires, chance)

                    async def fault() -> None:
                        await asyncio.sleep(chance.uniform(0, 0.02))
                        primary.kill()
                        await standby.promote()

                    await one.run(fault)
                    await one.check()  # which sends, too
                for service in services:
                    assert complaints(service) == []


async def test_restored_from_a_backup_under_a_running_service(
    database_url: str, chance: random.Random
) -> None:
    """What came after the backup is lost; what is shown is what is left, and what comes then."""
    name = urlsplit(database_url).path[1:]
    maintenance = database_url.replace(f"/{name}?", "/postgres?")
    async with (
        linked(database_url) as link,
        running(link.url) as (service,),
        connected(service) as wires,
    ):
        kept = Round(database_url, wires, chance)
        await kept.run(nothing)
        link.cut()
        await execute(maintenance, f"CREATE DATABASE {name}_backup TEMPLATE {name}")
        link.mend()
        await until(lambda: is_ready(wires[0]))
        lost = Round(database_url, wires, chance)
        await lost.run(nothing)
        link.cut()
        await execute(maintenance, f"DROP DATABASE {name} WITH (FORCE)")
        await execute(maintenance, f"ALTER DATABASE {name}_backup RENAME TO {name}")
        link.mend()
        await until(lambda: is_forgotten(wires[0], lost.lots[0]), SOON_S)
        await until(lambda: is_ready(wires[0]))
        later = Round(database_url, wires, chance)
        await later.run(nothing)
        await kept.check()
        await later.check()


async def is_forgotten(wire: Wire, lot: str) -> bool:
    try:
        await wire.availability(lot)
    except Refusal as refusal:
        return refusal.status == 404
    return False


async def execute(database_url: str, sql: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
