"""Everything is destroyed, and brought back from a backup that was made under load."""

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from parking.store.embedded import data_lock
from tests.e2e.gateways import check_log, describe, ids_in, progress, sending
from tests.e2e.wire import Wire, connected, now, until
from tests.faults.extent import extent
from tests.faults.machine import Machine
from tests.faults.rounds import PacedGateway, complaints, shows
from tests.oracle_events import Json
from tests.service import CHECKOUT

LOTS = ("a", "b")
MORE = 5  # answers to each gateway, before and after the backup


class TimedGateway(PacedGateway):
    """One that notes when its events were answered."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.answered_at: dict[str, datetime] = {}

    async def _send(self, batch: list[Json]) -> Any:
        receipt = await super()._send(batch)
        at = now()
        self.answered_at |= {event["id"]: at for event in batch}
        return receipt


async def parking(folder: Path, *words: str | Path) -> str:
    """Run a command on a data folder; gives what it said."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "parking", *map(str, words)],
        env={**os.environ, "PARKING_DATABASE_URL": "", "PARKING_DATA_DIR": str(folder)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout + done.stderr)


async def test_restored_after_all_was_destroyed(folder: Path, chance: random.Random) -> None:
    for number in range(extent(1, 5)):
        place = folder / str(number)
        place.mkdir()
        await destroy_and_restore(place, chance)


async def destroy_and_restore(place: Path, chance: random.Random) -> None:
    with Machine(place / "data") as machine:
        async with connected(machine.service) as (wire,):
            gateways = [TimedGateway(wire, lot, chance.getrandbits(40)) for lot in LOTS * 2]
            await describe(wire, LOTS)
            async with sending(gateways):
                await progress(gateways, MORE)
                began = now()
                said = await parking(place / "data", "backup", place / "backups")
                told = said.partition("acknowledged before ")[2].partition(" ")[0]
                await progress(gateways, MORE)
        assert complaints(machine.service) == []
        machine.kill_both(chance)
        await wait_gone(place / "data")
        shutil.rmtree(place / "data")

        assert "restored" in await parking(place / "data", "restore", place / "backups")
        machine.service.start()
        async with connected(machine.service) as (wire,):
            await check(machine.database_url, wire, gateways, began, datetime.fromisoformat(told))


async def wait_gone(folder: Path) -> None:
    """Wait until nothing of PostgreSQL lives there: only then is it quite destroyed."""

    async def gone() -> bool:
        with data_lock(folder) as lock:
            return lock is not None

    await until(gone)


async def check(
    database_url: str,
    wire: Wire,
    gateways: Sequence[TimedGateway],
    began: datetime,
    ended: datetime,
) -> None:
    """Hold that what was answered before the backup's end is there, and what is there is right."""
    answered = {name: at for gateway in gateways for name, at in gateway.answered_at.items()}
    stored = set(await ids_in(database_url, LOTS))
    lost = {name for name, at in answered.items() if at < ended and name not in stored}
    assert not lost
    assert any(began <= at < ended for at in answered.values()), "nothing came meanwhile"
    assert set(answered) - stored, "nothing came afterwards, so nothing was tried"
    sent = {event["id"]: event for gateway in gateways for event in gateway.sent}
    assert stored <= sent.keys()
    for lot in LOTS:
        there = [event for name, event in sent.items() if name in stored and event["lot"] == lot]

        async def is_right(lot: str = lot, there: list[Json] = there) -> bool:
            return await shows(wire, lot, there)

        await until(is_right)
    for gateway in gateways:
        receipt = await wire.push(gateway.sent)
        assert receipt["rejected"] == []
        assert receipt["duplicates"] == len(stored & {event["id"] for event in gateway.sent})
    await check_log(database_url, wire, gateways)
