"""Connections: what is not HTTP is answered as a problem too, and nobody may hold one up for long.

The parser of aiohttp refuses whatever could be read in two ways: two lengths, a length beside
chunks, bare line feeds, folded headers. The connection is closed then, so that nothing can hide
behind it. What is overridden here is aiohttp's own: its version is pinned, and tests/security
checks all of this on the running service.
"""

import logging
import secrets

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from parking.errors import InvalidInput, ParkingError
from parking.web.protection import Protection
from parking.web.replies import problem

log = logging.getLogger("parking.web")

LONGEST_LINE = 72 * 1024
"""Of a request: `lots=` with a thousand ids."""
LONGEST_HEADER = 8 * 1024
MOST_HEADERS = 100
IDLE_SECONDS = 75.0
"""How long a connection may take to send the head of its next request."""
_TOO_MANY = "Too many headers received"


class NotHttp(ParkingError):
    """What came is not HTTP."""

    status = 400


class HeadTooLarge(ParkingError):
    """The request's first line or its headers are too large."""

    status = 431


class Connection(RequestHandler):
    """One connection, whose failures below any route are problem documents."""

    __slots__ = ("protection",)

    protection: Protection

    def data_received(self, data: bytes) -> None:
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

    def __call__(self) -> RequestHandler:
        made = Connection(self, loop=self._loop, **self._kwargs)
        made.protection = self.protection
        return made


class Runner(web.AppRunner):
    """Runs an application over Connections."""

    def __init__(
        self, app: web.Application, protection: Protection, *, shutdown_seconds: float
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

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = _Server(
            made.request_handler,
            request_factory=made.request_factory,
            loop=made._loop,  # noqa: SLF001
            **made._kwargs,  # noqa: SLF001
        )
        server.protection = self._protection
        return server
