"""Ceilings: what the means can do that a path is made of, without the path.

An aiohttp server that reads a body and answers `{}`, gives from memory the same bytes and headers
that the service gave, or writes the same bytes to all who follow. The bare COPY is in `bulk`.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import msgspec
import uvloop
from aiohttp import web

Kept = tuple[int, dict[str, str], bytes]
"""An answer to give: status, headers, body."""


def keep(folder: Path, answers: dict[str, Kept]) -> Path:
    """Write answers for the server, by path."""
    file = folder / "answers.json"
    file.write_bytes(msgspec.json.encode(answers))
    return file


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b"{}", content_type="application/json")


def _giving(kept: Kept) -> Callable[[web.Request], Awaitable[web.Response]]:
    status, headers, body = kept

    async def give(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, body=body)

    return give


class _FanOut:
    """Writes the same bytes to everyone who follows, whenever something is posted."""

    def __init__(self, kept: Kept) -> None:
        _, self._headers, self._piece = kept
        self._transports: list[asyncio.Transport] = []

    async def follow(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=self._headers)
        await response.prepare(request)
        transport = cast("asyncio.Transport", request.transport)
        self._transports.append(transport)
        transport.write(self._piece)
        await asyncio.Event().wait()
        return response

    async def tell(self, request: web.Request) -> web.Response:
        await request.read()
        piece = self._piece
        self._transports = [one for one in self._transports if not one.is_closing()]
        for transport in self._transports:
            transport.write(piece)
        return web.Response(body=b"{}", content_type="application/json")


async def _serve(port: int, answers: dict[str, Kept]) -> None:
    app = web.Application()
    app.router.add_get("/healthz", _giving((200, {}, b"")))
    stream = answers.pop("/v1/stream", None)
    if stream:
        fan_out = _FanOut(stream)
        app.router.add_get("/v1/stream", fan_out.follow)
        app.router.add_post("/v1/events", fan_out.tell)
    else:
        app.router.add_post("/v1/events", _take)
    for path, kept in answers.items():
        app.router.add_get(path, _giving(kept))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answers", type=Path)
    given = parser.parse_args()
    kept = given.answers.read_bytes() if given.answers else b"{}"
    uvloop.run(_serve(given.port, msgspec.json.decode(kept, type=dict[str, Kept])))
