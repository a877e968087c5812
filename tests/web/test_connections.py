"""Connections by themselves, over an express way that a test answers: time, and the end of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
from aiohttp import web

from parking.web import connections
from parking.web.express import Express, Head, Work
from parking.web.prebuilt import ALWAYS
from parking.web.protection import Protection

BODY = b"x" * 100
PUSH = (
    b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
) + BODY
Stored = Callable[[], Awaitable[None]]


class Storing:
    """Stands for the express way: takes pushes, and answers when they are `stored`."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self.taken = asyncio.Event()
        self.working: asyncio.Task[None] | None = None

    def answer(self, asked: Head, body: bytes) -> Work:
        assert asked.length == len(body)

        def begin(write: Callable[[bytes], None]) -> None:
            self.working = asyncio.create_task(self._store(write))

        return Work(begin)

    async def _store(self, write: Callable[[bytes], None]) -> None:
        self.taken.set()
        await self._stored()
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nexpress")


async def usual(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(text="usual")


@contextlib.asynccontextmanager
async def serving(express: Storing) -> AsyncIterator[tuple[connections.Runner, int]]:
    """Listen, on a port that is given with what runs it."""
    app = web.Application()
    app[ALWAYS] = b""
    app.router.add_post("/v1/events", usual)
    runner = connections.Runner(
        app, Protection(https=False), cast("Express", express), shutdown_seconds=20
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner, runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(30):
            yield reader, writer
    finally:
        writer.close()


async def test_who_waits_for_an_answer_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.1)

    async def slowly() -> None:
        await asyncio.sleep(0.5)

    async with serving(Storing(slowly)) as (_, port), connected(port) as (reader, writer):
        writer.write(PUSH)
        assert (await reader.read()).endswith(b"express")  # and then it is idle, and closed


async def test_a_slow_body_comes_by_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small its pieces: there it is told from an idle connection, and from a lost one."""
    monkeypatch.setattr(connections, "_LATE_SECONDS", 0.2)

    async def at_once() -> None:
        pass

    async with serving(Storing(at_once)) as (_, port), connected(port) as (reader, writer):
        writer.write(PUSH[:-40])
        for place in range(len(PUSH) - 40, len(PUSH)):
            writer.write(PUSH[place : place + 1])
            await asyncio.sleep(0.02)
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(5) == b"usual"


async def test_a_stop_answers_what_is_being_stored() -> None:
    stored = asyncio.Event()

    async def wait() -> None:
        await stored.wait()

    storing = Storing(wait)
    async with serving(storing) as (runner, port), connected(port) as (reader, writer):
        writer.write(PUSH)
        await storing.taken.wait()
        writer.write(PUSH)  # which comes too late
        stopping = asyncio.create_task(runner.cleanup())
        done, _ = await asyncio.wait((stopping,), timeout=0.2)
        assert not done
        stored.set()
        await stopping
        assert (await reader.read()).count(b"express") == 1


async def test_what_is_being_stored_is_stored_when_its_sender_has_gone() -> None:
    begun, stored = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        await begun.wait()
        stored.set()

    storing = Storing(wait)
    async with serving(storing) as (runner, port):
        async with connected(port) as (_, writer):
            writer.write(PUSH)
            await storing.taken.wait()
        server = runner.server
        assert server is not None
        async with asyncio.timeout(30):
            while server.connections:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
            begun.set()
            await stored.wait()
