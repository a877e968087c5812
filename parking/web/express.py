"""Express: what is asked most, answered without building a request of the library's.

It takes requests that come whole and in one plain form: availability and what is near for drivers,
small pushes of gateways. Whatever is not plainly right, and all that is seldom, goes the usual way,
which alone tells errors: here nothing is refused. Both ways give the same answers
(tests/web/test_express.py), with the same access, metrics and names of requests.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from parking.domain.access import Principal
from parking.ingest.intake import Chunk
from parking.ingest.receipts import Receipt
from parking.web.gate import Gate, request_id
from parking.web.params import AtQuery, AvailabilityQuery, NearbyQuery, Query, read_query
from parking.web.prebuilt import Validated, assemble, lines
from parking.web.replies import encode, private_head, problem

Write = Callable[[bytes], None]
"""Takes the bytes of an answer."""

Told = Receipt | Exception
"""What became of a push."""

LARGEST_BODY = 64 * 1024
_LONGEST_HEAD = 2048
_HEAD = re.compile(
    rb"(GET|POST) (/[!\"$-~]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+: [!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_LOT = re.compile(r"/v1/lots/([A-Za-z0-9._-]{1,64})/availability")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HARMLESS = frozenset((
    "accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection",
    "content-length", "content-type", "dnt", "forwarded", "host", "if-none-match", "origin",
    "pragma", "priority", "referer", "user-agent", "via", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "x-real-ip", "x-request-id",
))  # fmt: skip
"""Headers that change nothing, or are heeded here; with any other a request goes the usual way.

Whom a proxy asks for matters where requests are counted alone, and these go the usual way.
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request in the plain form; `length` is that of its body."""

    method: str
    path: str
    query: str
    secret: str | None
    had: str | None
    name: str | None
    length: int


@lru_cache(maxsize=1024)  # the same clients ask the same again
def read_head(head: bytes) -> Head | None:
    """Read a head, up to its empty line; None when it is not in the plain form."""
    found = _HEAD.fullmatch(head)
    if found is None:
        return None
    headers: dict[str, str] = {}
    for line in found[3].decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(": ")
        name = name.lower()
        if name in headers or not (name in _HARMLESS or name.startswith("sec-fetch-")):
            return None
        headers[name] = value
    method, target = found[1].decode(), found[2].decode("ascii")
    path, _, query = target.partition("?")
    secret = headers.get("authorization")
    length = headers.get("content-length")
    name_given = headers.get("x-request-id")
    plain = (
        "host" in headers
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
        and (secret is None or secret.startswith("Bearer "))
        and (name_given is None or _NAME.fullmatch(name_given) is not None)
        and (
            length is None
            if method == "GET"
            else length is not None
            and length.isdecimal()
            and len(length) < 6
            and headers.get("content-type") == "application/json"
        )
    )
    if not plain:
        return None
    had = headers.get("if-none-match")
    key = None if secret is None else secret.removeprefix("Bearer ")
    return Head(method, path, query, key, had, name_given, int(length or 0))


class Reading(Protocol):
    """Gives the answer to a query of the live board, or None for what goes the usual way."""

    def __call__(self, query: Any) -> Validated | None:
        """Answer a checked query."""


class Pushing(Protocol):
    """Judges pushed events and stores what was judged."""

    def judge(self, body: bytes, who: Principal) -> Chunk:
        """Judge a body; ParkingError when it is none."""

    def store_soon(self, chunk: Chunk, told: Callable[[Told], None]) -> None:
        """Store what was judged, and tell the receipt or what failed. Overloaded: it will not."""


class Work:
    """An answer that takes time."""

    __slots__ = ("_begin",)

    def __init__(self, begin: Callable[[Write], None]) -> None:
        """Make it by `begin`, which calls what it is given with the bytes to write, once."""
        self._begin = begin

    def begin(self, write: Write) -> None:
        """Begin it; `write` may be called before this ends."""
        self._begin(write)


class Express:
    """Answers heads and bodies in the plain form."""

    def __init__(
        self,
        gate: Gate,
        *,
        all_lots: Reading,
        one_lot: Callable[[str, AtQuery], Validated | None],
        nearby: Reading,
        events: Pushing,
    ) -> None:
        """Answer by these, past the same gate."""
        self._gate = gate
        self._always = gate.always
        self._one_lot = one_lot
        self._events = events
        self._reads: dict[str, tuple[type[Query], Reading]] = {
            "/v1/availability": (AvailabilityQuery, all_lots),
            "/v1/nearby": (NearbyQuery, nearby),
        }

    def answer(self, asked: Head, body: bytes) -> bytes | Work | None:
        """Give what to write, now or later; None: the request goes the usual way."""
        if not self._gate.is_open:
            return None
        started = time.perf_counter()
        path = self._gate.without_prefix(asked.path)
        if asked.method == "GET":
            return self._read(asked, path, started)
        if path == "/v1/events" and not asked.query:
            return self._push(asked, body, started)
        return None

    def _read(self, asked: Head, path: str, started: float) -> bytes | None:
        try:
            found = self._reads.get(path)
            if found is not None:
                shape, reading = found
                made = reading(read_query(asked.query, shape))
            elif (lot := _LOT.fullmatch(path)) is not None:
                path = "/v1/lots/{lot}/availability"
                made = self._one_lot(lot[1], read_query(asked.query, AtQuery))
            else:
                return None
        except Exception:  # noqa: BLE001 - the usual way comes to it again, and tells
            return None
        if made is None or (asked.had is not None and asked.had[:1] != '"'):
            return None
        if asked.had is None:
            status, lead, body = 200, made.changed, made.body
        elif asked.had == made.tag:
            status, lead, body = 304, made.unchanged, b""
        elif "," in asked.had:
            return None
        else:
            status, lead, body = 200, made.changed, made.body
        name = asked.name or self._gate.new_name()
        self._gate.observe("GET", path, status, started)
        return self._assemble(status, lead, name, body)

    def _push(self, asked: Head, body: bytes, started: float) -> Work | None:
        who = None if asked.secret is None else self._gate.identify(asked.secret)
        if who is None or who.role not in ("admin", "operator"):
            return None
        try:
            chunk = self._events.judge(body, who)
        except Exception:  # noqa: BLE001 - as above
            return None
        name = asked.name or self._gate.new_name()

        def begin(write: Write) -> None:
            answered = False

            def told(found: Told) -> None:
                nonlocal answered
                if answered:
                    return
                answered = True
                try:
                    answer = self._stored(found, name, started)
                except Exception as error:  # noqa: BLE001 - nobody is left without an answer
                    answer = self._stored(error, name, started)
                write(answer)

            try:
                self._events.store_soon(chunk, told)
            except Exception as error:  # noqa: BLE001 - the gate tells which
                told(error)

        return Work(begin)

    def _stored(self, found: Told, name: str, started: float) -> bytes:
        """Give the answer to a push."""
        if not isinstance(found, Exception):
            status, body = 200, encode(found)
            head = private_head(len(body))
        else:
            token = request_id.set(name)  # for the log
            response = problem(self._gate.told(found, "POST /v1/events"), name)
            request_id.reset(token)
            status, told = response.status, response.body
            assert isinstance(told, bytes)  # noqa: S101 - problems are
            body = told
            head = lines({**response.headers, "Content-Length": str(len(body))})
        self._gate.observe("POST", "/v1/events", status, started)
        return self._assemble(status, head, name, body)

    def _assemble(self, status: int, head: bytes, name: str, body: bytes) -> bytes:
        own = b"X-Request-Id: %s\r\n" % name.encode()
        return assemble(b"HTTP/1.1 ", status, head + self._always + own, body)


def split(data: bytes) -> tuple[Head, bytes, int] | None:
    """Split what came into a head and a body, and tell how many bytes of that are lacking.

    None: it is no request in the plain form, or more than one.
    """
    end = data.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
    if end < 0:
        return None
    asked = read_head(data[: end + 4])
    if asked is None or asked.length > LARGEST_BODY:
        return None
    lacking = end + 4 + asked.length - len(data)
    return None if lacking < 0 else (asked, data[end + 4 :], lacking)
