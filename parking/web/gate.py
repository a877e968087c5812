"""The gate: what every request passes, in one place.

It names the request, lets in who may, times it, logs it, and turns every failure into a problem
document. A route without a rule cannot be added: its rule is part of the table.
"""

import asyncio
import contextvars
import itertools
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from parking import metrics
from parking.domain.access import SECRET, Principal, Rule
from parking.errors import (
    Forbidden,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    ParkingError,
    TooLarge,
    Unauthorized,
)
from parking.live.replica import Replica
from parking.web.calls import REQUEST_ID, Call, Route
from parking.web.credentials import find_key
from parking.web.limits import RATE, UNLIMITED, Limits
from parking.web.params import read_query
from parking.web.prebuilt import Prebuilt
from parking.web.protection import Protection
from parking.web.replies import PUBLIC, problem

log = logging.getLogger("parking.web")

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset(("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"))
_PUSHED = "/v1/connect"
"""To what begins so, operators' systems push. One that is wrong enough puts a plate into the path
or the name of its request, so neither is taken from there."""
_Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


class UnknownVersion(ParkingError):
    """That version of HTTP is not spoken here."""

    status = 505


class Gate:
    """Lets requests through to the handlers of routes."""

    def __init__(
        self,
        replica: Replica,
        protection: Protection,
        limits: Limits | None = None,
        prefix: str = "",
    ) -> None:
        """Know keys and lots from the replica; `limits` None lets everyone ask without end.

        What comes by a path below `prefix` is the same as without.
        """
        self._replica = replica
        self._protection = protection
        self._limits = limits
        self._prefix = prefix
        self._run = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._timers: dict[tuple[str, str, int], metrics.Timer] = {}

    @property
    def always(self) -> bytes:
        """The lines of a head that all answers bear."""
        return self._protection.lines()

    def handler(self, route: Route) -> _Next:
        """Give what the router calls for a route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if not route.early and not self._replica.ready:
                raise Overloaded("The service is starting.", headers={"Retry-After": "1"})
            public = route.rule.roles is None or route.by_secret
            principal = None if public else self._let_in(request, route.rule)
            query = read_query(request.rel_url.raw_query_string, route.query)
            return await route.handler(Call(request, principal, query))

        return handle

    def _let_in(self, request: web.Request, rule: Rule) -> Principal:
        principal = self.authenticate(request)
        if rule.roles is not None and principal.role not in rule.roles:
            raise Forbidden(f"The role {principal.role} may not do that.")
        if rule.lots == "in_path":
            live = self._replica.board.find_shown(request.match_info["lot"])
            if live is None:
                raise NotFound("There is no such lot.")
            layout = live.timeline.current
            if layout is None or not principal.may_write_lot(layout.lot.operator):
                raise Forbidden("The lot is another operator's.")
        return principal

    def authenticate(self, request: web.Request) -> Principal:
        """Give who the request's key stands for; Unauthorized without a valid one."""
        found = self.find_principal(request)
        if found is None:
            raise Unauthorized(
                "Send a valid key as `Authorization: Bearer <key>`, or as the password of Basic.",
                headers={"WWW-Authenticate": 'Bearer realm="parking"'},
            )
        return found

    def find_principal(self, request: web.Request) -> Principal | None:
        """Give who the request's key stands for, None without a valid one."""
        key = find_key(request.headers)
        return None if key is None else self.identify(key)

    def identify(self, secret: str) -> Principal | None:
        """Give who a key stands for, None when it is not valid."""
        return self._replica.keyring.find(secret, self._replica.clock())

    @property
    def is_open(self) -> bool:
        """Whether whoever comes is let in uncounted and unwatched, and the state is rebuilt."""
        ready = self._replica.ready
        return ready and self._limits is None and not log.isEnabledFor(logging.DEBUG)

    def without_prefix(self, path: str) -> str:
        """Give a path as the table of routes has it."""
        return path.removeprefix(self._prefix) if self._prefix else path

    @web.middleware
    async def middleware(self, request: web.Request, handler: _Next) -> web.StreamResponse:
        """Name, time and log a request, and render its failure."""
        given = "" if self._is_pushed(request) else request.headers.get("X-Request-Id", "")
        name = given if given and _ACCEPTABLE_ID.fullmatch(given) else self.new_name()
        request[REQUEST_ID] = name
        token = request_id.set(name)
        started = time.perf_counter()
        status = 0
        try:
            response = await self._answer(request, handler, name)
            status = response.status
            if isinstance(response, Prebuilt):
                self._sign(request, response)
            return response
        finally:
            route = request.match_info.route.resource
            path = "unknown" if route is None else route.canonical
            seconds = self.observe(request.method, path, status, started)
            if log.isEnabledFor(logging.DEBUG):
                log.debug("%s %s %.1f ms", self._line(request), status, seconds * 1000)
            request_id.reset(token)

    def _is_pushed(self, request: web.Request) -> bool:
        return self.without_prefix(request.path).startswith(_PUSHED)

    def _line(self, request: web.Request) -> str:
        """Give method and path as the log has them; of what is pushed, the route's own path.

        Of what leads nowhere, nothing: it may have been meant to push.
        """
        method = request.method if request.method in _METHODS else "other"
        route = request.match_info.route.resource
        if route is None:
            return f"{method} unknown"
        path = route.canonical if self._is_pushed(request) else request.path
        return f"{method} {without_keys(path)}"

    def new_name(self) -> str:
        """Name a request whose client did not."""
        return f"{self._run}{next(self._numbers):08x}"

    def observe(self, method: str, path: str, status: int, started: float) -> float:
        """Time an answer of a route; status 0: it was cut off. Gives the seconds it took."""
        seconds = time.perf_counter() - started
        key = (method, path, status)
        timer = self._timers.get(key)
        if timer is None:
            known = method if method in _METHODS else "other"
            timer = metrics.request_seconds.labels(
                known, path.removeprefix(self._prefix), str(status) if status else "cut off"
            )
            if known != "other":
                self._timers[key] = timer
        timer.observe(seconds)
        return seconds

    async def sign(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put on every answer, streams too, its request's id and what else they all bear."""
        self._protection.put_on(response)
        self._sign(request, response)

    @staticmethod
    def _sign(request: web.Request, response: web.StreamResponse) -> None:
        if REQUEST_ID in request:
            response.headers["X-Request-Id"] = request[REQUEST_ID]
        if RATE in request:
            response.headers.update(request[RATE])

    def _admit(self, request: web.Request) -> None:
        """Refuse what no route needs to see."""
        if request.version.major != 1:
            raise UnknownVersion("HTTP/1.1 is spoken here.")
        if self._limits is None or request.path.removeprefix(self._prefix) in UNLIMITED:
            return
        self._limits.admit(request, self.find_principal(request))

    async def _answer(self, request: web.Request, handler: _Next, name: str) -> web.StreamResponse:
        try:
            self._admit(request)
            return await handler(request)
        except ParkingError as error:
            return problem(error, name)
        except web.HTTPException as error:
            if error.status < 400:
                return error
            if request.method == "OPTIONS" and "GET" in error.headers.get("Allow", ""):
                return _preflight()
            return problem(_translated(error), name)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - told there
            return problem(self.told(error, self._line(request)), name)

    @staticmethod
    def told(error: Exception, line: str) -> ParkingError:
        """Give a failure as it is answered; one that is ours is logged, and not told."""
        if isinstance(error, ParkingError):
            return error
        log.error("%s failed", line, exc_info=error)
        return ParkingError("Something failed here; it is in our log.")


def without_keys(text: str) -> str:
    """Give a text for the log without keys that someone put where they do not belong."""
    return SECRET.sub("pk_…", text)


def _translated(error: web.HTTPException) -> ParkingError:
    """Give the house's own error for one of the library's."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return MethodNotAllowed(f"Allowed: {allowed}.", headers={"Allow": allowed})
    if isinstance(error, web.HTTPNotFound):
        return NotFound("There is nothing at this path.")
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge("The request is too large.")
    return InvalidInput(error.reason)


async def go_on(request: web.Request) -> None:
    """Let a client that asks first send its body; other expectations are none of ours."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _preflight() -> web.Response:
    return web.Response(
        status=204,
        headers={
            **PUBLIC,
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Headers": "Last-Event-ID, If-None-Match, X-Request-Id",
            "Access-Control-Max-Age": "86400",
        },
    )
