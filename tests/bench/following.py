"""Clients that follow `/v1/stream`, and what they saw when.

All of them sit in one process with whoever changes the lots, so that one clock tells how long a
change took. What comes is only noted while it goes on; it is read afterwards, each distinct piece
once.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from tests.bench.client import Target, get

_FRAME = re.compile(rb'data: \{"lot":"([^"]+)".*?"occupied":(\d+|null)')
_WAVE = 200
"""How many connect at once."""
_PATIENCE_S = 60.0


class Pieces:
    """The distinct pieces that came, numbered: thousands of followers get the same ones."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}

    def number(self, piece: bytes) -> int:
        """Give a piece's number."""
        return self._numbers.setdefault(piece, len(self._numbers))

    def newest(self) -> bytes:
        """Give the piece that came last for the first time."""
        return next(reversed(self._numbers))

    def occupied(self) -> list[dict[str, int]]:
        """Give by number how many spaces of which lots the piece tells to be occupied, at last."""
        return [
            {lot.decode(): int(count) for lot, count in _FRAME.findall(piece) if count != b"null"}
            for piece in self._numbers
        ]


class Follower(asyncio.Protocol):
    """One client: notes when which piece came; `heard` is told of each."""

    def __init__(self, pieces: Pieces, heard: Callable[[], None]) -> None:
        self.notes: list[tuple[float, int]] = []
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pieces = pieces
        self._heard = heard
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(get("/v1/stream", Accept="text/event-stream"))

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._rest:
            data = self._rest + data
        if not data.endswith(b"\n\n\r\n"):  # of a piece, in its chunk
            self._rest = data
            return
        self._rest = b""
        self.notes.append((now, self._pieces.number(data)))
        if not self.opened.done():
            if b"data: {" not in data:  # the greeting, or only the head
                return
            self.opened.set_result(None)
            return
        self._heard()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionResetError("closed before the first state"))

    def close(self) -> None:
        self._transport.abort()


@asynccontextmanager
async def following(
    target: Target, count: int, heard: Callable[[], None]
) -> AsyncIterator[tuple[list[Follower], Pieces]]:
    """Connect so many, all of which know the present state; what they noted begins after that."""
    loop = asyncio.get_running_loop()
    pieces = Pieces()
    followers: list[Follower] = []
    try:
        while len(followers) < count:
            wave = min(_WAVE, count - len(followers))
            made = [
                loop.create_connection(lambda: Follower(pieces, heard), "127.0.0.1", target.port)
                for _ in range(wave)
            ]
            new = [follower for _, follower in await asyncio.gather(*made)]
            followers += new
            async with asyncio.timeout(_PATIENCE_S):
                await asyncio.gather(*(follower.opened for follower in new))
        yield followers, pieces
    finally:
        for follower in followers:
            follower.close()
