"""Clients as they should not be: slow to speak, deaf, and many; and what they cost the service."""

import asyncio
import contextlib
import json
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from tests.service import RunningService

AT_ONCE = 200  # fewer than the service lets wait to be taken up
STREAM = "GET /v1/stream HTTP/1.1\r\nHost: parking\r\n\r\n"
_FEW = 4096  # bytes that a deaf client's machine takes for it


class Caller:
    """One connection, spoken to byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, text: str | bytes) -> None:
        self._writer.write(text.encode() if isinstance(text, str) else text)
        await self._writer.drain()

    async def hear_of(self, what: bytes) -> None:
        """Read on until the service has said this."""
        await self._reader.readuntil(what)

    async def status(self) -> int:
        """Read the first line of an answer."""
        return int((await self._reader.readline()).split()[1])

    def close(self) -> None:
        self._writer.transport.abort()


@contextlib.asynccontextmanager
async def calling(service: RunningService, count: int) -> AsyncIterator[list[Caller]]:
    """Open so many connections."""
    callers: list[Caller] = []
    try:
        while len(callers) < count:
            few = min(AT_ONCE, count - len(callers))
            opened = await asyncio.gather(*(_open(service.port) for _ in range(few)))
            callers += [Caller(*one) for one in opened]
        yield callers
    finally:
        for caller in callers:
            caller.close()


async def _open(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)


@contextlib.contextmanager
def deaf(service: RunningService, count: int) -> Iterator[Sequence[socket.socket]]:
    """Ask for so many streams, and never read them."""
    with contextlib.ExitStack() as stack:
        ears = []
        for _ in range(count):
            ear = stack.enter_context(socket.socket())
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _FEW)
            ear.connect(("127.0.0.1", service.port))
            ear.sendall(STREAM.encode())
            ears.append(ear)
        yield ears


@contextlib.contextmanager
def open_files(count: int) -> Iterator[bool]:
    """Let this process, and those it starts, have so many files open; False: it must not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        yield False
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    try:
        yield True
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def memory_mb(service: RunningService, *, greatest: bool = False) -> float:
    """Give what a service holds in memory, or the most that it ever held."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    name = "VmHWM:" if greatest else "VmRSS:"
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if name in line)


def processor_s(service: RunningService) -> float:
    """Give for how long a service has kept a processor busy."""
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request(body: str, key: str) -> str:
    """Give a push as it goes over the wire."""
    head = f"POST /v1/events HTTP/1.1\r\nHost: parking\r\nAuthorization: Bearer {key}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"


def push_of(events: Sequence[object]) -> str:
    return json.dumps({"events": events})
