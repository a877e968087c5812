"""Gateways as operators run them: they name their events, and send each until it is answered."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg

from tests import oracle
from tests.e2e.wire import Refusal, Wire, encoded, now, until, zone
from tests.oracle_events import Json

SPACES = tuple(f"s{number}" for number in range(10))
ZONES = (zone("ramp", "gates", 200), zone("bays", "spaces", len(SPACES)))
TIMELINE = ((None, {"operator": "op", "zones": list(ZONES)}),)
LISTS = ((None, "bays", SPACES),)
CUT_OFF = (aiohttp.ClientError, TimeoutError)


class Gateway:
    """Sends events of one lot, batch by batch; `answered` are the ids that it got receipts for."""

    def __init__(self, wire: Wire, lot: str, number: int, *, persistent: bool = True) -> None:
        self._wire = wire
        self.lot = lot
        self.sent: list[Json] = []
        self.answered: set[str] = set()
        self.accepted = 0
        self.refusals: list[Refusal] = []
        self._name = f"gw{number}"
        self._chance = random.Random(number)
        self._persistent = persistent

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; one that is not persistent ends at its first failure."""
        while not stop.is_set():
            batch = [self._event() for _ in range(self._chance.choice([1, 1, 5, 20]))]
            if not await self._until_answered(batch):
                return

    async def hang(self, hanging: asyncio.Event) -> None:
        """Send half a request, say so, and go no further."""

        async def halves() -> AsyncIterator[bytes]:
            yield encoded(self._event()) + b"\n"
            hanging.set()
            await asyncio.Event().wait()

        await self._upload(halves())

    def _event(self) -> Json:
        chance = self._chance
        at = now() - timedelta(seconds=chance.choice([0, 0, 0, 1, 60, 3600, 50 * 3600]))
        event: Json = {"lot": self.lot, "id": f"{self._name}:{len(self.sent)}"}
        event["observed_at"] = oracle.shown(at)
        dice = chance.random()
        if dice < 0.5:
            event |= {"type": "passage", "direction": chance.choice(["in", "in", "out"])}
        elif dice < 0.9:
            event |= {"type": "space", "space": chance.choice(SPACES)}
            event["occupied"] = chance.random() < 0.5
        elif dice < 0.97 or not self.sent:
            event |= {"type": "recount", "occupied": chance.randrange(100)}
        else:
            event |= {"type": "void", "event": chance.choice(self.sent)["id"]}
        self.sent.append(event)
        return event

    async def _until_answered(self, batch: list[Json]) -> bool:
        while True:
            try:
                receipt = await self._send(batch)
            except Refusal as refusal:
                if refusal.status != 503 or int(refusal.headers["Retry-After"]) < 1:
                    raise
                self.refusals.append(refusal)
            except CUT_OFF:
                pass
            else:
                assert receipt["rejected"] == [], receipt["rejected"]
                assert receipt["accepted"] + receipt["duplicates"] == len(batch)
                self.accepted += receipt["accepted"]
                self.answered.update(event["id"] for event in batch)
                return True
            if not self._persistent:
                return False
            await asyncio.sleep(0.02)  # its pause before it tries again

    async def _send(self, batch: list[Json]) -> Any:
        chance = self._chance
        if len(batch) < 20 or chance.random() < 0.5:
            lines, zipped = chance.random() < 0.5, chance.random() < 0.2
            return await self._wire.push(batch, lines=lines, zipped=zipped)

        async def trickle() -> AsyncIterator[bytes]:
            for event in batch:
                yield encoded(event) + b"\n"
                await asyncio.sleep(0.001)  # as events happen

        return await self._upload(trickle())

    async def _upload(self, lines: AsyncIterator[bytes]) -> Any:
        headers = {"Content-Type": "application/x-ndjson"}
        return await self._wire.ask("POST", "/v1/events", body=lines, headers=headers)


async def describe(wire: Wire, lots: Sequence[str]) -> None:
    for lot in lots:
        await wire.put_lot(lot, ZONES)
        await wire.put_spaces(lot, "bays", SPACES)


@contextlib.asynccontextmanager
async def sending(gateways: Sequence[Gateway]) -> AsyncIterator[None]:
    """Have gateways send meanwhile; at the end each gets its last batch answered."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for gateway in gateways:
            group.create_task(gateway.run(stop))
        yield
        stop.set()


async def progress(gateways: Sequence[Gateway], more: int) -> None:
    """Wait until so many more events of each are answered."""
    goals = [(gateway, len(gateway.answered) + more) for gateway in gateways]

    async def reached() -> bool:
        return all(len(gateway.answered) >= goal for gateway, goal in goals)

    await until(reached)


async def check_log(database_url: str, wire: Wire, gateways: Sequence[Gateway]) -> None:
    """Hold that the log has each event once, over HTTP and in the tables, and the right numbers."""
    lots = {gateway.lot for gateway in gateways}
    for lot in lots:
        sent = [event for gateway in gateways if gateway.lot == lot for event in gateway.sent]
        logged = await wire.log(lot, limit=700)
        assert sorted(item["id"] for item in logged) == sorted(event["id"] for event in sent)
        moments = [item["observed_at"] for item in logged]
        assert moments == sorted(moments, key=oracle_moment, reverse=True)
        at = now()
        for moment in (at, at - timedelta(minutes=30), at - timedelta(hours=49)):
            wanted = oracle.availability(TIMELINE, LISTS, sent, moment, lot=lot)
            assert await wire.availability(lot, moment) == wanted
        wanted = oracle.availability(TIMELINE, LISTS, sent, at, lot=lot)
        assert await wire.availability(lot) == wanted
    sent = [event for gateway in gateways for event in gateway.sent]
    stored = await ids_in(database_url, lots)
    assert len(stored) == len(sent)
    assert set(stored) == {event["id"] for event in sent}


def oracle_moment(shown: str) -> str:
    """Make shown moments comparable as text: those of whole seconds show no microseconds."""
    return shown if "." in shown else shown.replace("Z", ".000000Z")


async def ids_in(database_url: str, lots: Iterable[str]) -> list[str]:
    """List the ids of lots' events as they stand in the tables, which must agree."""
    connection = await asyncpg.connect(database_url)
    try:
        sql = "SELECT id, seq FROM event WHERE lot = ANY($1)"
        rows = await connection.fetch(sql, list(lots))
        sql = "SELECT count(*) FROM event_identity WHERE lot = ANY($1)"
        claimed = await connection.fetchval(sql, list(lots))
    finally:
        await connection.close()
    assert claimed == len(rows)
    assert len({row["seq"] for row in rows}) == len(rows)
    return [row["id"] for row in rows]
