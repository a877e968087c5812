"""Connections: what is not HTTP is answered as a problem too, and nobody may hold one up for long.

The parser of aiohttp refuses whatever could be read in two ways: two lengths, a length beside
chunks, bare line feeds, folded headers. The connection is closed then, so that nothing can hide
behind it. What is overridden here is aiohttp's own: its version is pinned, and tests/security
checks all of this on the running service.
"""

import asyncio
import contextlib
import logging
import secrets
from typing import cast

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from parking.errors import InvalidInput, ParkingError
from parking.web.express import LARGEST_BODY, Express, Work, split
from parking.web.protection import Protection
from parking.web.replies import problem

log = logging.getLogger("parking.web")

LONGEST_LINE = 72 * 1024
"""Of a request: `lots=` with a thousand ids."""
LONGEST_HEADER = 8 * 1024
MOST_HEADERS = 100
IDLE_SECONDS = 75.0
"""How long a connection may take to send the head of its next request."""
_LATE_SECONDS = 1.0  # for all the rest of a small body
_UNREAD = 1 << 16  # bytes that a client has not taken
_TOO_MANY = "Too many headers received"


class NotHttp(ParkingError):
    """What came is not HTTP."""

    status = 400


class HeadTooLarge(ParkingError):
    """The request's first line or its headers are too large."""

    status = 431


class Connection(RequestHandler):
    """One connection, whose failures below any route are problem documents."""

    __slots__ = ("_answered", "_held", "_late", "_working", "express", "protection")

    protection: Protection
    express: Express | None
    """None once anything went the usual way: the parser there may hold the rest of it."""

    def set_up(self, protection: Protection, express: Express | None) -> None:
        """Take what all connections share."""
        self.protection = protection
        self.express = express
        self._held = b""  # of a request that has not come whole, or before the last is answered
        self._late: asyncio.TimerHandle | None = None
        self._working = False  # on an answer that takes time
        self._answered: asyncio.Event | None = None  # who waits for that, at the end

    def data_received(self, data: bytes) -> None:
        """Take what came, by the express way as long as all fits that."""
        if self.express is None:
            self._go_the_usual_way(data)
        elif not (self._force_close or self._close):
            self._go_express(self.express, self._held + data)

    def _go_express(self, express: Express, data: bytes) -> None:
        transport = cast("asyncio.Transport", self.transport)
        if self._working:
            self._held = data
            if len(data) > LARGEST_BODY:
                transport.pause_reading()
            return
        found = split(data)
        if found is not None and found[2] > 0:
            self._held = data
            if self._late is None:
                self._late = self._loop.call_later(_LATE_SECONDS, self._give_up_express)
            return
        if self._late is not None:
            self._late.cancel()
            self._late = None
        answer = None
        if found is not None and transport.get_write_buffer_size() <= _UNREAD:
            answer = express.answer(found[0], found[1])
        if answer is None:
            self._held = data
            self._give_up_express()
            return
        self._held = b""
        if isinstance(answer, Work):
            self._working = True
            answer.begin(self._worked)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(answer)
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout

    def _worked(self, answer: bytes) -> None:
        self._working = False
        if self._answered is not None:
            self._answered.set()
        self._write(answer)
        transport = self.transport
        if transport is not None and not transport.is_reading():
            transport.resume_reading()
        if self._held:
            self.data_received(b"")

    def _give_up_express(self) -> None:
        """Go the usual way from here on, beginning with what is held."""
        self.express = None
        self._late = None
        held, self._held = self._held, b""
        self._go_the_usual_way(held)

    def _process_keepalive(self) -> None:
        """Close it when it is idle, which it is not while something is stored or is coming."""
        if self._working or self._late is not None:
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget what has not come whole; what is being stored goes on."""
        self._held = b""
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - as there
        """Take nothing more, and answer what is being stored."""
        self._force_close = True
        if self._working:
            self._answered = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._answered.wait(), timeout)
        await super().shutdown(timeout)

    def _go_the_usual_way(self, data: bytes) -> None:
        """Take what came; tell who waits for the rest of a body that there will be none.

        Left to itself, aiohttp keeps such a failure for the next request, which never begins.
        """
        super().data_received(data)
        request = self._current_request
        if request is None or not self._messages or request.content.is_eof():
            return
        if isinstance(self._messages[-1][0], _ErrInfo):
            request.content.set_exception(InvalidInput("The body's chunks cannot be read."))
            request.content.feed_eof()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,  # noqa: ARG002 - the failure itself tells
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer what no route could, and close."""
        if isinstance(exc, ConnectionError):
            raise exc  # whoever it was has gone
        if not isinstance(exc, HttpProcessingError):
            log.error("failed outside of any route", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        name = secrets.token_hex(8)
        response = problem(_told(exc), name)
        response.headers["X-Request-Id"] = name
        self.protection.put_on(response)
        response.force_close()
        return response


def _told(exc: BaseException | None) -> ParkingError:
    if not isinstance(exc, HttpProcessingError):
        return ParkingError("Something failed here; it is in our log.")
    if isinstance(exc, LineTooLong) or exc.message == _TOO_MANY:
        return HeadTooLarge(
            f"At most {LONGEST_LINE} bytes of a line, {MOST_HEADERS} headers and "
            f"{LONGEST_HEADER} bytes of a header are read."
        )
    # the lines that follow cite what was sent, which is nobody's business but its sender's
    return NotHttp(exc.message.partition("\n")[0][:200])


class _Server(web.Server):
    """Makes a Connection of each that comes."""

    protection: Protection
    express: Express | None

    def __call__(self) -> RequestHandler:
        made = Connection(self, loop=self._loop, **self._kwargs)
        made.set_up(self.protection, self.express)
        return made


class Runner(web.AppRunner):
    """Runs an application over Connections."""

    def __init__(
        self,
        app: web.Application,
        protection: Protection,
        express: Express | None = None,
        *,
        shutdown_seconds: float,
    ) -> None:
        """Put what `protection` says on answers that reach no route."""
        super().__init__(
            app,
            handle_signals=False,
            access_log=None,
            auto_decompress=False,
            shutdown_timeout=shutdown_seconds,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
            keepalive_timeout=IDLE_SECONDS,
        )
        self._protection = protection
        self._express = express

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = _Server(
            made.request_handler,
            request_factory=made.request_factory,
            loop=made._loop,  # noqa: SLF001
            **made._kwargs,  # noqa: SLF001
        )
        server.protection = self._protection
        server.express = self._express
        return server
