"""The service as its users reach it: over HTTP, with a key."""

import asyncio
import contextlib
import gzip
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.oracle_events import Json
from tests.service import RunningService

PATIENCE_S = 40.0
OPERATOR = "op"


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"{status}: {body[:2000]!r}")
        self.status = status
        self.headers = headers
        self.body = body


class Wire:
    """Asks one service; each method raises Refusal for an answer that is not a success."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self._url = url
        self._key = key

    def as_holder_of(self, key: str) -> "Wire":
        """Give the same service, asked with another key."""
        return Wire(self._session, self._url, key)

    async def ask(self, method: str, path: str, *, body: Any = None, **options: Any) -> Any:
        """Send JSON, or bytes as they are; gives what the JSON of the answer holds."""
        headers = {"Authorization": f"Bearer {self._key}", **options.pop("headers", {})}
        if body is not None and not isinstance(body, bytes) and not hasattr(body, "__aiter__"):
            body = json.dumps(body, ensure_ascii=False).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        async with self._session.request(
            method, self._url + path, data=body, headers=headers, **options
        ) as answer:
            said = await answer.read()
            if answer.status >= 300:
                raise Refusal(answer.status, dict(answer.headers), said)
        return json.loads(said) if said else None

    async def put_lot(self, lot: str, zones: Sequence[Json], **more: Any) -> None:
        """Describe a lot as the rest of these tests' lots are."""
        await self.ask("PUT", f"/v1/lots/{lot}", body={**description(zones), **more})

    async def put_spaces(self, lot: str, zone: str, spaces: Iterable[str]) -> None:
        body = {"spaces": [{"id": space} for space in spaces]}
        await self.ask("PUT", f"/v1/lots/{lot}/zones/{zone}/spaces", body=body)

    async def push(
        self, events: Iterable[Json], *, lines: bool = False, zipped: bool = False
    ) -> Json:
        """Send events as one request; gives the receipt."""
        if lines:
            body = b"\n".join(encoded(event) for event in events)
            headers = {"Content-Type": "application/x-ndjson"}
        else:
            body = b'{"events":[' + b",".join(encoded(event) for event in events) + b"]}"
            headers = {"Content-Type": "application/json"}
        if zipped:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        receipt: Json = await self.ask("POST", "/v1/events", body=body, headers=headers)
        return receipt

    async def availability(self, lot: str, at: datetime | None = None) -> Json:
        """Give what a lot shows, without the additions that the oracle does not know."""
        asked = None if at is None else {"at": at.isoformat()}
        whole: Json = await self.ask("GET", f"/v1/lots/{lot}/availability", params=asked)
        for zone in whole["zones"]:
            zone.pop("heard_at", None)
        return whole

    async def log(self, lot: str, limit: int = 1000) -> list[Json]:
        """All events of a lot's log, page by page."""
        items: list[Json] = []
        query = {"limit": str(limit)}
        while True:
            page = await self.ask("GET", f"/v1/lots/{lot}/events", params=query)
            items += page["items"]
            if page["next"] is None:
                return items
            query["cursor"] = page["next"]

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[aiohttp.StreamReader]:
        """Follow the stream of all changes."""
        async with self._session.get(self._url + "/v1/stream") as answer:
            assert answer.status == 200
            yield answer.content

    async def metric(self, name: str) -> float:
        """One sample of the metrics, by its full name with labels."""
        async with self._session.get(self._url + "/metrics") as answer:
            for line in (await answer.text()).splitlines():
                if line.startswith(name + " "):
                    return float(line.rpartition(" ")[2])
        raise LookupError(name)


def description(zones: Sequence[Json]) -> Json:
    return {
        "name": {"en": "P1"},
        "operator": OPERATOR,
        "kind": "surface",
        "location": {"lat": 34.7602, "lon": 113.7708},
        "timezone": "Asia/Shanghai",
        "zones": list(zones),
    }


def zone(id_: str, counting: str, capacity: int = 100, **more: Any) -> Json:
    """Give a zone that is not stale for a month."""
    described = {"id": id_, "class": "general", "capacity": capacity, "counting": counting}
    return {**described, "stale_after_s": 30 * 86_400, **more}


def encoded(event: Json) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def now() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def connected(
    *services: RunningService, lasting: bool = True
) -> AsyncIterator[tuple[Wire, ...]]:
    """Reach services as an admin; connections that do not last outlive no restart unnoticed."""
    timeout = aiohttp.ClientTimeout(total=60)
    connector = aiohttp.TCPConnector(force_close=not lasting)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        yield tuple(Wire(session, service.url, service.admin_key) for service in services)


async def until(met: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """Ask a coroutine function again and again until what it gives is true; gives that."""
    deadline = time.monotonic() + seconds
    while True:
        found = await met()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.01)
