"""Service, database and both killed at any moment: nothing that was answered is lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.wire import connected
from tests.faults.extent import extent
from tests.faults.machine import Machine
from tests.faults.rounds import Round, complaints

KILLS = extent(7, 100)  # of each kind, and some more on the way up
Kill = Callable[[Machine, random.Random], Awaitable[None]]


async def kill_service(machine: Machine, chance: random.Random) -> None:
    machine.kill_service()
    await machine.start_service(chance)


async def kill_database(machine: Machine, chance: random.Random) -> None:
    if chance.random() < 0.5:
        machine.kill_database()
    else:
        await machine.kill_session(chance)


async def kill_both(machine: Machine, chance: random.Random) -> None:
    machine.kill_both(chance)
    await machine.start_service(chance)


@pytest.mark.parametrize("kill", [kill_service, kill_database, kill_both])
async def test_killed_again_and_again(folder: Path, chance: random.Random, kill: Kill) -> None:
    rounds = []
    with Machine(folder) as machine:
        async with connected(machine.service, lasting=False) as wires:
            for number in range(KILLS):
                # some wait for the service to be back, as gateways do, most stop there and then
                patient = number % 4 == 3
                one = Round(machine.database_url, wires, chance, persistent=patient)

                async def fault() -> None:
                    # within what a commit takes, a moment: there is nothing to wait for
                    await asyncio.sleep(chance.uniform(0, 0.02))
                    await kill(machine, chance)

                await one.run(fault, after=10 if patient else 0)
                await one.check()
                rounds.append(one)
            for one in chance.sample(rounds, 2):  # and all that followed has not harmed them
                await one.check_whole()
        assert complaints(machine.service, "PostgreSQL is gone") == []
