"""Readers of the stream: server-sent events and WebSocket messages as values."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.web.client import PATIENCE_S, Client


@dataclass(frozen=True)
class Frame:
    event: str
    cursor: str
    data: Any


class Reader:
    """Reads frames; comments are kept apart."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.comments: list[str] = []

    async def next(self, patience: float = PATIENCE_S) -> Frame:
        fields: dict[str, str] = {}
        async with asyncio.timeout(patience):
            while True:
                line = (await self.response.content.readline()).decode()
                assert line.endswith("\n"), "the stream has ended"
                name, _, value = line.rstrip("\n").partition(":")
                if line == "\n" and fields:
                    return Frame(fields["event"], fields["id"], json.loads(fields["data"]))
                if line.startswith(":"):
                    self.comments.append(line)
                elif line != "\n":
                    assert name in ("event", "id", "data"), line
                    fields[name] = value.removeprefix(" ")

    async def take(self, count: int) -> list[Frame]:
        return [await self.next() for _ in range(count)]

    async def until(self, lot: str, **wanted: Any) -> Frame:
        """Read on to a frame of this lot with these numbers."""
        while True:
            frame = await self.next()
            shown = {name: frame.data.get(name) for name in wanted}
            if frame.data["lot"] == lot and shown == wanted:
                return frame

    async def is_silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long; the reader is of no use afterwards."""
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def following(
    client: Client, query: str = "", last_event_id: str | None = None
) -> AsyncIterator[Reader]:
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    url = f"{client.service.url}/v1/stream{query}"
    async with client.session.get(url, headers=headers) as response:
        assert response.status == 200
        yield Reader(response)
