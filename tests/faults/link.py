"""The network between a service and its database, which can fail in every way a network does.

A proxy of our own: it listens on a port, passes on to the database's socket, and knows just enough
of PostgreSQL's frames (a letter, a length, the rest) to fail in the middle of a COPY, or between a
COMMIT and its answer.
"""

import asyncio
import contextlib
import enum
import socket
import struct
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

_NO_LINGER = struct.pack("ii", 1, 0)  # so that closing is a reset, not a good-bye
_COPY, _COPIED, _QUERY, _PARSE, _BIND = b"d", b"c", b"Q", b"P", b"B"
_AT_ONCE = b"WITH head AS"
_INTO_THE_LOG = b'COPY "event'


class Moment(enum.Enum):
    """When in a commit the connection is reset."""

    IDENTITIES = "in the middle of the COPY of the identities"
    EVENTS = "in the middle of the COPY of the events"
    COMMIT = "when COMMIT was sent, and did not arrive"
    ANSWER = "when COMMIT was done, and the answer did not arrive"
    STATEMENT = "when the one statement of a small batch was sent, and did not arrive"
    RESULT = "when that was done, and the answer did not arrive"


class Link:
    """A way to a database; `url` is the database's address by it."""

    def __init__(self, database_url: str) -> None:
        parts = urlsplit(database_url)
        query = parse_qs(parts.query)
        self._socket = f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"
        self._parts = parts
        self._server: asyncio.Server | None = None
        self._passing: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self._due: tuple[Moment, asyncio.Event] | None = None
        self.is_silent = False
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.delay_s = 0.0

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        netloc = f"{self._parts.username}@127.0.0.1:{port}"
        return f"postgresql://{netloc}{self._parts.path}?sslmode=disable"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        self.flowing.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset all connections, and each new one at once, until `mend`."""
        self._is_cut = True
        for passing in list(self._passing):
            passing.reset()

    def hold(self) -> None:
        """Let nothing through, either way, until `mend`; what is sent meanwhile comes then."""
        self.flowing.clear()

    def mend(self) -> None:
        self._is_cut = False
        self.delay_s = 0.0
        self.flowing.set()

    def forget(self) -> None:
        """Let nothing through any more by the present connections, and never tell: as a firewall.

        New ones are not touched.
        """
        for passing in self._passing:
            passing.forgotten.set()

    def reset_at(self, moment: Moment, *, silently: bool = False) -> asyncio.Event:
        """Reset the connection of the next commit that comes to this; the event tells when.

        Silently: neither side hears of it, as with `forget`.
        """
        reset = asyncio.Event()
        self._due = (moment, reset)
        self.is_silent = silently
        return reset

    def is_due(self, moment: Moment) -> bool:
        return self._due is not None and self._due[0] is moment

    def done(self) -> None:
        assert self._due is not None
        self._due[1].set()
        self._due = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._is_cut:
                _reset(writer)
                return
            await self.flowing.wait()
            with contextlib.suppress(OSError):
                there = await asyncio.open_unix_connection(self._socket)
                passing = _Connection(self, (reader, writer), there)
                self._passing.add(passing)
                try:
                    await passing.run()
                finally:
                    self._passing.discard(passing)
        finally:
            self._tasks.discard(task)
            _reset(writer)


class _Connection:
    """One connection, passed on both ways."""

    def __init__(
        self,
        link: Link,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.forgotten = asyncio.Event()
        self._ended = asyncio.Event()
        self._link = link
        self._here = here
        self._there = there
        self._copies: int | None = None  # that were done in a transaction that has any
        self._answer_is_due = False
        self._statement: bytes | None = None  # the name of the one of small batches

    async def run(self) -> None:
        """Pass on until either side ends, or `reset`."""
        works = (self._ask(), self._answer(), self._ended.wait())
        ways = [asyncio.ensure_future(work) for work in works]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.reset()

    def reset(self) -> None:
        self._ended.set()
        _reset(self._here[1])
        _reset(self._there[1])

    async def _ask(self) -> None:
        async for letter, frame in _frames(self._here[0]):
            moment = self._moment(letter, frame)
            if moment is not None and self._link.is_due(moment):
                if moment in (Moment.ANSWER, Moment.RESULT):
                    self._answer_is_due = True
                else:
                    half = frame[: len(frame) // 2] if letter == _COPY else b""
                    await self._pass(half, self._there[1])
                    if self._fail():
                        return
            await self._pass(frame, self._there[1])

    async def _answer(self) -> None:
        while piece := await self._there[0].read(1 << 16):
            if self._answer_is_due and self._fail():
                return
            await self._pass(piece, self._here[1])

    def _fail(self) -> bool:
        """Fail as it is due; whether the connection is to be reset."""
        if self._link.is_silent:
            self.forgotten.set()
        self._link.done()
        return not self.forgotten.is_set()

    async def _pass(self, piece: bytes, to: asyncio.StreamWriter) -> None:
        if self._link.delay_s:
            await asyncio.sleep(self._link.delay_s)
        await self._link.flowing.wait()
        if self.forgotten.is_set():
            await asyncio.Event().wait()
        to.write(piece)
        await to.drain()

    def _moment(self, letter: bytes, frame: bytes) -> Moment | None:
        """Tell where in a commit of events this frame is; others copy into other tables."""
        if letter == _PARSE:
            name, text, _ = frame[5:].split(b"\0", 2)
            if text.lstrip().startswith(_AT_ONCE):
                self._statement = name
        elif letter == _BIND and frame[5:].split(b"\0", 2)[1] == self._statement:
            return Moment.RESULT if self._link.is_due(Moment.RESULT) else Moment.STATEMENT
        if letter == _QUERY and frame[5:].startswith(_INTO_THE_LOG):
            self._copies = self._copies or 0
        elif letter == _COPY and self._copies is not None:
            return Moment.EVENTS if self._copies else Moment.IDENTITIES
        elif letter == _COPIED and self._copies is not None:
            self._copies += 1
        elif letter == _QUERY and self._copies is not None and frame[5:].startswith(b"COMMIT"):
            self._copies = None
            return Moment.ANSWER if self._link.is_due(Moment.ANSWER) else Moment.COMMIT
        return None


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """Give what a client says, frame by frame: (letter, frame); the first has no letter."""
    letter = b""
    with contextlib.suppress(asyncio.IncompleteReadError):
        while True:
            length = await reader.readexactly(4)
            rest = await reader.readexactly(struct.unpack("!i", length)[0] - 4)
            yield letter, letter + length + rest
            letter = await reader.readexactly(1)


def _reset(writer: asyncio.StreamWriter) -> None:
    made: socket.socket | None = writer.get_extra_info("socket")
    if made is not None and made.fileno() >= 0:
        with contextlib.suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


@contextlib.asynccontextmanager
async def linked(database_url: str) -> AsyncIterator[Link]:
    """Lead to a database by a link of its own."""
    link = Link(database_url)
    await link.open()
    try:
        yield link
    finally:
        await link.close()
