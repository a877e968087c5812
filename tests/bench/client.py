"""A client that costs little: prebuilt requests over raw sockets, kept alive, one after another.

It reads of an answer what it must to find its end: the status, the length, and the body's first
bytes to tell answers apart. It follows nothing and retries nothing; whatever is odd ends the run.
"""

import asyncio
import gc
import http.client
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

import uvloop

from tests.bench.figures import percentile

_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Target:
    """Who listens on a port here: a service, a ceiling, or what one would write first."""

    port: int
    pid: int
    key: str = "x" * 40


def get(path: str, **headers: str) -> bytes:
    """Make the bytes of a GET."""
    return _request(f"GET {path}", headers)


def post(body: bytes, key: str) -> bytes:
    """Make the bytes of a POST of events as JSON by the holder of a key."""
    return post_head(key, "application/json", len(body)) + body


def post_head(key: str, media: str, length: int) -> bytes:
    """Make the head of a POST of events whose body follows."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": media,
        "Content-Length": str(length),
    }
    return _request("POST /v1/events", headers)


def _request(line: str, headers: dict[str, str]) -> bytes:
    sent = {"Host": "parking", "Accept": "*/*"} | headers
    lines = [f"{line} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass(slots=True)
class Tally:
    """What came back: each answer's delay in seconds, and how often each kind of answer."""

    delays: list[float] = field(default_factory=list)
    answers: Counter[bytes] = field(default_factory=Counter)
    began: float = 0.0
    until: float = 0.0
    """When the last request may be sent."""
    ended: float = 0.0
    busy: float = 0.0
    """The share of the time that this process itself was at work."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.delays) / (self.ended - self.began)

    def delay_ms(self, share: float) -> float:
        """Give the delay that `share` of the answers did not exceed, ms."""
        return percentile(sorted(self.delays), share) * 1000


class Caller(asyncio.Protocol):
    """One connection: sends a request, waits for its answer, sends the next, until told to end."""

    def __init__(self, source: Iterator[bytes], tally: Tally) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._source = source
        self._tally = tally
        self._rest = b""
        self._sent = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def go_on(self) -> None:
        """Send the next request if there is one and time is left."""
        now = time.perf_counter()
        request = next(self._source, None) if now < self._tally.until else None
        if request is None:
            self.done.set_result(None)
            return
        self._sent = now
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        head = data.find(b"\r\n\r\n")
        body = head + 4
        if head < 0 or len(data) < body + _length(data[:head]):
            self._rest = data
            return
        self._rest = b""
        self._tally.delays.append(time.perf_counter() - self._sent)
        # of a receipt what was accepted, not the ids that were made
        self._tally.answers[data[9:12] + data[body : body + 64].partition(b',"ids"')[0]] += 1
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("closed before an answer"))

    def close(self) -> None:
        self._transport.close()


def _length(head: bytes) -> int:
    if head[9:12] in (b"304", b"204"):
        return 0
    found = head.lower()
    at = found.index(_LENGTH) + len(_LENGTH)
    end = found.find(b"\r\n", at)
    return int(found[at:] if end < 0 else found[at:end])


def call(port: int, requests: Iterable[bytes], connections: int, seconds: float) -> Tally:
    """Send requests over so many connections until they or the seconds run out."""

    async def run() -> Tally:
        tally = Tally()
        source = iter(requests)
        loop = asyncio.get_running_loop()
        callers = []
        for _ in range(connections):
            _, caller = await loop.create_connection(
                lambda: Caller(source, tally), "127.0.0.1", port
            )
            callers.append(caller)
        used = time.process_time()
        tally.began = time.perf_counter()
        tally.until = tally.began + seconds
        for caller in callers:
            caller.go_on()
        await asyncio.gather(*(caller.done for caller in callers))
        tally.ended = time.perf_counter()
        tally.busy = (time.process_time() - used) / (tally.ended - tally.began)
        for caller in callers:
            caller.close()
        return tally

    gc.collect()
    gc.disable()  # what it would find is ours, not the service's
    try:
        return uvloop.run(run())
    finally:
        gc.enable()


def ask(
    port: int,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    key: str = "",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Ask once; gives status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        sent = {"Content-Type": "application/json", **(headers or {})} | (
            {"Authorization": f"Bearer {key}"} if key else {}
        )
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()
