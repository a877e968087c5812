"""The wire's other end: one operator's gateway talking HTTP to the service.

Nothing is ever dropped: what is not known to be stored is sent again, with the same ids, until
the service answers or the run gives up with an exception. The key goes into one header and
nowhere else.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from sensors_sim import wire
from sensors_sim.clock import Clock
from sensors_sim.receipts import Tally, read_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_RETRIED = {408, 429, 502, 503, 504}
_LONGEST_WAIT_S = 30.0
_GRACE_AFTER_STOP_S = 8.0
_TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10)


class RefusedError(Exception):
    """The service refused a request and would refuse it again."""


class UnreachableError(Exception):
    """The service gave no usable answer for as long as this run was willing to try."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send, how, and for how long (seconds; None: for ever) to try."""

    url: str
    key: str = field(default="", repr=False)
    format: wire.Format = "json"
    batch: int = 5_000
    give_up_after_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse a key that no header can carry, without showing it."""
        if not self.key.isascii() or any(c <= " " for c in self.key):
            raise ValueError("the key holds characters that no key has")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status and its decoded JSON (None when it is not JSON)."""

    status: int
    data: Any
    headers: Mapping[str, str]


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds of a Retry-After header, a number or an HTTP date; None when it says nothing."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())


def backoff(attempt: int) -> float:
    """Seconds before try number `attempt` (from 1), with jitter so that gateways do not march."""
    return min(_LONGEST_WAIT_S, 0.1 * 2.0 ** min(attempt, 12)) * random.uniform(0.5, 1.0)


class Service:
    """The service at a URL, called with retries; `tally` adds up what became of events."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        target: Target,
        *,
        clock: Clock | None = None,
        stop: asyncio.Event | None = None,
        trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.target = target
        self.tally = Tally()
        self.clock = clock or Clock()
        self.stop = stop or asyncio.Event()
        self._session = session
        self._trouble = trouble

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """GET a path; any status below 500 is an answer."""
        return await self.call("GET", path, params=params)

    async def put(self, path: str, data: Any) -> Answer:
        """PUT a description; any status below 500 is an answer."""
        headers = {"Content-Type": "application/json"}
        return await self.call("PUT", path, body=msgspec.json.encode(data), headers=headers)

    async def send(self, events: Iterable[wire.Event]) -> None:
        """Send events in batches, each until it has its receipt."""
        packed = (wire.pack(event) for event in events)
        for batch in wire.batches(packed, self.target.batch, wire.MAX_BYTES):
            await self._send(batch)

    async def _send(self, batch: list[bytes]) -> None:
        data, headers = wire.body(batch, self.target.format)
        answer = await self.call("POST", "/v1/events", body=data, headers=headers)
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(batch) > 1:
            half = len(batch) // 2
            await self._send(batch[:half])
            await self._send(batch[half:])
            return
        if answer.status != HTTPStatus.OK:
            raise RefusedError(f"events: {problem(answer)}")
        try:
            receipt = read_receipt(answer.data)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        self.tally.add(len(batch), receipt)

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call until there is an answer that trying again would not change."""
        began = self.clock.now()
        stopped_at: float | None = None
        attempt = 0
        while True:
            attempt += 1
            answer, reason = await self._try(method, path, params, body, headers)
            if answer is not None and answer.status not in _RETRIED and not _flaky(answer, attempt):
                return answer
            self.tally.retries += 1
            now = self.clock.now()
            if self.stop.is_set():
                stopped_at = now if stopped_at is None else stopped_at
            self._give_up(reason, now - began, None if stopped_at is None else now - stopped_at)
            asked = retry_after(answer.headers.get("Retry-After"), now) if answer else None
            pause = backoff(attempt) if asked is None else asked
            self._trouble(f"{reason}; trying again in {pause:.1f} s")
            await self._pause(pause)

    async def _try(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> tuple[Answer | None, str]:
        url = self.target.url.rstrip("/") + path
        heads = dict(headers or {})
        if self.target.key:
            heads["Authorization"] = f"Bearer {self.target.key}"
        try:
            async with self._session.request(
                method, url, params=params, data=body, headers=heads, timeout=_TIMEOUT
            ) as response:
                raw = await response.read()
                answer = Answer(response.status, _decoded(raw), response.headers)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            return None, f"no answer from {self.target.url} ({type(error).__name__})"
        return answer, f"{method} {path}: {answer.status}"

    def _give_up(self, reason: str, tried_s: float, stopped_s: float | None) -> None:
        limit = self.target.give_up_after_s
        if limit is not None and tried_s >= limit:
            raise UnreachableError(f"{reason}; gave up after {tried_s:.0f} s")
        if stopped_s is not None and stopped_s >= _GRACE_AFTER_STOP_S:
            raise UnreachableError(f"{reason}; asked to stop before the service answered")

    async def _pause(self, seconds: float) -> None:
        if self.stop.is_set():
            await self.clock.sleep(min(seconds, 1.0))
        else:
            await self.clock.wait(seconds, self.stop)


def _flaky(answer: Answer, attempt: int) -> bool:
    """Return whether a server's own failure may be worth a few more tries."""
    return answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and attempt < 6


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def problem(answer: Answer) -> str:
    """Return one line on a refused request, from its problem details if it has some."""
    data = answer.data if isinstance(answer.data, dict) else {}
    words = [str(data[name]) for name in ("title", "detail") if data.get(name)]
    words += [
        f"{item.get('pointer', '')} {item.get('detail', '')}".strip()
        for item in data.get("errors") or []
        if isinstance(item, dict)
    ]
    hint = {401: "is --key right?", 403: "may this key do that?"}.get(answer.status)
    return f"{answer.status} " + "; ".join(words + ([hint] if hint else []))
