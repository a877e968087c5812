"""Nobody can hold a connection up by being slow: heads and bodies must come in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from parking.web import calls, connections
from parking.web.protection import Protection

SECONDS = 0.3
PATIENCE_S = 10.0


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """Run a service of one route that reads a body; gives its port."""

    async def read(request: web.Request) -> web.Response:
        try:
            return web.Response(body=await calls.read_body(request))
        except calls.TooSlow as error:
            return web.Response(status=error.status)

    app = web.Application()
    app[calls.HELD] = calls.Held()
    app.router.add_post("/", read)
    runner = connections.Runner(app, Protection(https=False), shutdown_seconds=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def drip(port: int, sent: bytes) -> bytes:
    """Send byte by byte until the other closes, and give what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    hearing = asyncio.create_task(reader.read())
    try:
        async with asyncio.timeout(PATIENCE_S):
            for byte in sent:
                if hearing.done() or writer.is_closing():
                    break
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
            return await hearing
    finally:
        hearing.cancel()
        writer.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", SECONDS)
    monkeypatch.setattr(calls, "BODY_SECONDS", SECONDS)


@pytest.mark.usefixtures("impatient")
async def test_a_head_that_does_not_come() -> None:
    async with listening() as port:
        head = b"POST / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 90
        for sent in (b"", head[:5], head):
            assert await drip(port, sent) == b""


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_does_not_come() -> None:
    async with listening() as port:
        for more in (b"Content-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n")
            async with asyncio.timeout(PATIENCE_S):
                assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
            writer.close()


async def test_a_body_that_takes_its_time_is_read() -> None:
    async with listening() as port:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
        said = await drip(port, head + b"[1, 2, 3]")
        assert said.endswith(b"\r\n\r\n[1, 2, 3]")
