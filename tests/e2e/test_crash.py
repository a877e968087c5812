"""Whatever is killed while gateways send: what was answered stays, and nothing counts twice."""

import asyncio
import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parking.store.embedded import EmbeddedPostgres
from tests.e2e.gateways import (
    CUT_OFF,
    Gateway,
    check_log,
    describe,
    ids_in,
    progress,
    sending,
)
from tests.e2e.wire import Refusal, Wire, connected, until
from tests.service import RunningService, running_services

KILLS = 5
LOTS = ("p1", "p2", "p3")


def gateways_on(wire: Wire, *, persistent: bool = True) -> list[Gateway]:
    """Make four gateways, two of them on one lot."""
    lots = (*LOTS, LOTS[0])
    return [Gateway(wire, lot, n, persistent=persistent) for n, lot in enumerate(lots)]


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="parking-test-"))
    yield path
    shutil.rmtree(path)


async def test_service_killed_again_and_again(database_url: str, service: RunningService) -> None:
    chance = random.Random(1)
    async with connected(service) as (wire,):
        await describe(wire, LOTS)
        gateways = gateways_on(wire)
        async with sending(gateways):
            for _ in range(KILLS):
                await progress(gateways, chance.randrange(10, 150))
                service.kill()
                answered = {name for gateway in gateways for name in gateway.answered}
                assert answered <= set(await ids_in(database_url, LOTS))
                await asyncio.to_thread(service.start)
            await progress(gateways, 50)
        await check_log(database_url, wire, gateways)
        # what was stored and not answered was answered as a duplicate later
        assert sum(gateway.accepted for gateway in gateways) <= sum(
            len(gateway.sent) for gateway in gateways
        )


async def test_sigterm_under_load(database_url: str, service: RunningService) -> None:
    async with connected(service) as (wire,):
        await describe(wire, LOTS)
        gateways = gateways_on(wire, persistent=False)
        async with sending(gateways), wire.following() as stream:
            await progress(gateways, 100)
            assert await stream.readline()
            started = time.monotonic()
            assert await asyncio.to_thread(service.terminate) == 0
            assert time.monotonic() - started < 10
        answered = {name for gateway in gateways for name in gateway.answered}
        stored = set(await ids_in(database_url, LOTS))
        assert answered <= stored
    # started again, it goes on from there
    service.start()
    async with connected(service) as (wire,):
        for gateway in gateways:
            receipt = await wire.push(gateway.sent, lines=True)
            assert receipt["rejected"] == []
            assert receipt["duplicates"] == len(stored & {event["id"] for event in gateway.sent})
        await check_log(database_url, wire, gateways)


async def test_sigterm_while_an_upload_hangs(service: RunningService) -> None:
    async with connected(service) as (wire,):
        await describe(wire, LOTS)
        gateway = Gateway(wire, "p1", 1)
        hanging = asyncio.Event()
        uploading = asyncio.create_task(gateway.hang(hanging))
        await hanging.wait()
        started = time.monotonic()
        assert await asyncio.to_thread(service.terminate) == 0
        assert time.monotonic() - started < 10
        with pytest.raises((*CUT_OFF, Refusal)):
            await uploading


async def test_database_killed_and_back(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    try:
        with running_services(server.dsn) as (service,):
            async with connected(service) as (wire,):
                await describe(wire, LOTS)
                gateways = gateways_on(wire)
                async with sending(gateways):
                    await progress(gateways, 100)
                    await _kill(server)
                    await _works_without_a_database(wire, gateways)
                    await server.start()
                    await progress(gateways, 100)
                    await until(lambda: _is_ready(wire))
                assert service.process.poll() is None
                for gateway in gateways:
                    receipt = await wire.push(gateway.sent)
                    assert receipt["duplicates"] == len(gateway.sent)
                await check_log(server.dsn, wire, gateways)
                assert not [line for line in service.said().splitlines() if _is_our_error(line)]
    finally:
        await server.stop()


async def _kill(server: EmbeddedPostgres) -> None:
    """Kill the server, and see to it that it is not started again by itself."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.stop()


async def _works_without_a_database(wire: Wire, gateways: list[Gateway]) -> None:
    """Pushes and looks into the past are refused, live reads are not."""

    async def all_refused() -> bool:
        return all(gateway.refusals for gateway in gateways)

    await until(all_refused)
    for refusal in [gateway.refusals[-1] for gateway in gateways]:
        assert refusal.headers["Content-Type"].startswith("application/problem+json")
    shown = await wire.availability("p1")
    assert shown["capacity"] == 210
    assert shown["zones"][0]["occupied"] is not None
    assert len((await wire.ask("GET", "/v1/availability"))["items"]) == len(LOTS)
    assert await wire.ask("GET", "/healthz") == {"status": "alive"}
    for path in (
        "/readyz",
        "/v1/lots/p1/availability?at=2026-01-01T00:00:00Z",
        "/v1/lots/p1/events",
    ):
        with pytest.raises(Refusal) as caught:
            await wire.ask("GET", path)
        assert caught.value.status == 503
        assert int(caught.value.headers["Retry-After"]) > 0


def _is_our_error(line: str) -> bool:
    said = json.loads(line)
    return bool(said["level"] == "error" and said["logger"].startswith("parking"))


async def _is_ready(wire: Wire) -> bool:
    try:
        await wire.ask("GET", "/readyz")
    except Refusal:
        return False
    return True
