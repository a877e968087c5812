"""One request on its way to its handler: route, access, parameters, and reading its body."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from parking.domain.access import Principal, Rule
from parking.errors import (
    Fault,
    InvalidInput,
    Overloaded,
    ParkingError,
    TooLarge,
    UnsupportedMedia,
)
from parking.web.params import NoQuery, Query

REQUEST_ID = web.RequestKey("REQUEST_ID", str)
MOST_BYTES = 8 * 1024 * 1024
"""Of a body after decompression."""
BODY_SECONDS = 120.0
"""How long a JSON body may take to come; lines may take as long as they like."""
_PIECE = 256 * 1024
_MOST_HELD = 64 * 1024 * 1024
_FREE = 64 * 1024
JSON_TYPES = ("application/json", "application/octet-stream", "application/x-www-form-urlencoded")
"""JSON, and what simple clients call any body by default."""

M = TypeVar("M", bound=BaseModel)


class TooSlow(ParkingError):
    """The request took too long to come."""

    status = 408


class Held:
    """How much of large bodies is held at a time, of all requests together.

    Small ones are not counted, so that nobody who sends large ones slowly keeps them out.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._bytes = 0

    def take(self, size: int) -> None:
        """Count so many bytes more; Overloaded when that is too much."""
        if self._bytes + size > _MOST_HELD:
            raise Overloaded("Too many large bodies are coming.", headers={"Retry-After": "5"})
        self._bytes += size

    def give_back(self, size: int) -> None:
        """Count so many bytes less."""
        self._bytes -= size


HELD = web.AppKey("HELD", Held)


@contextmanager
def holding(request: web.Request, body: bytes) -> Iterator[None]:
    """Count a body as held until it is judged; Overloaded when there are too many."""
    held, size = request.app[HELD], max(0, len(body) - _FREE)
    held.take(size)
    try:
        yield
    finally:
        held.give_back(size)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be made: who makes it (None: anyone), and its checked parameters."""

    request: web.Request
    principal: Principal | None
    query: Any

    @property
    def who(self) -> Principal:
        """Who makes it, on routes that are not public."""
        assert self.principal is not None  # noqa: S101 - the route table sees to it
        return self.principal

    @property
    def name(self) -> str:
        """The request's id."""
        return self.request[REQUEST_ID]

    def part(self, name: str) -> str:
        """Give a part of the path."""
        return self.request.match_info[name]


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A success as the OpenAPI document tells it; `schema` names a component or is one."""

    status: int
    description: str
    schema: str | dict[str, Any] | None = None
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Forms:
    """A body in forms of others: the name of a component for each media type, and a text."""

    media: Mapping[str, str]
    text: str = ""


@dataclass(frozen=True)
class Route:
    """One URL and method: who may call it, with what, and what it answers."""

    method: Literal["GET", "PUT", "POST", "DELETE"]
    path: str
    handler: Handler
    summary: str
    tag: str
    answers: tuple[Answer, ...]
    rule: Rule = field(kw_only=True)
    query: type[Query] = NoQuery
    body: type[BaseModel] | str | Forms | None = None
    errors: tuple[int, ...] = field(default=())
    headers: tuple[str, ...] = ()
    early: bool = False
    """Whether it answers before the state is rebuilt."""
    by_secret: bool = False
    """Whether the handler itself finds out who sends: a connector's secret may stand for a key."""


async def pieces(request: web.Request) -> AsyncIterator[bytes]:
    """Give a body piece by piece, decompressed; InvalidInput when its gzip is broken."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise UnsupportedMedia(f"Content-Encoding {encoding[:40]!r} is not understood, gzip is.")
    if encoding == "identity":
        async for piece in request.content.iter_any():
            yield piece
        return
    inflater = zlib.decompressobj(31)
    begun = False
    async for piece in request.content.iter_any():
        begun = begun or bool(piece)
        rest = piece
        while rest:
            try:
                yield inflater.decompress(rest, _PIECE)
            except zlib.error:
                raise InvalidInput("The body is not valid gzip.") from None
            rest = inflater.unconsumed_tail
            if inflater.eof:
                rest = inflater.unused_data  # a further member of the same file
                inflater = zlib.decompressobj(31)
                begun = bool(rest)
    if begun:
        raise InvalidInput("The gzip body is cut off.")


async def read_body(request: web.Request, media: Collection[str] = JSON_TYPES) -> bytes:
    """Read a body of at most MOST_BYTES after decompression, JSON unless told otherwise."""
    if request.content_type not in media:
        known = "JSON" if media is JSON_TYPES else ", ".join(sorted(media))
        raise UnsupportedMedia(f"{request.content_type[:80]} is not understood here, {known} is.")
    try:
        async with asyncio.timeout(None if request.content.is_eof() else BODY_SECONDS):
            return await _gather(request)
    except TimeoutError:
        raise TooSlow(f"The body did not come within {BODY_SECONDS:.0f} s.") from None


async def _gather(request: web.Request) -> bytes:
    body = bytearray()
    held = request.app[HELD]
    counted = 0
    try:
        async for piece in pieces(request):
            if len(body) + len(piece) > MOST_BYTES:
                raise TooLarge("The body is larger than 8 MiB after decompression.")
            more = max(0, len(body) + len(piece) - _FREE) - counted
            held.take(more)
            counted += more
            body += piece
    finally:
        held.give_back(counted)
    return bytes(body)


async def read_model(request: web.Request, shape: type[M]) -> M:
    """Read a body of the given shape; InvalidInput names each fault by a JSON pointer."""
    body = await read_body(request)
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        faults = [
            Fault(pointer(item["loc"]), item["msg"])
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise InvalidInput("The body is not valid.", faults=faults[:100]) from None


def pointer(location: tuple[int | str, ...]) -> str:
    """Give an RFC 6901 pointer."""
    return "".join(
        "/" + str(part).replace("~", "~0").replace("/", "~1")
        for part in location
        if part != "[key]"
    )
