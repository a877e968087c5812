"""A client of the running service: every failure that it meets must be a problem document."""

import asyncio
import io
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from yarl import URL

from tests.service import RunningService

Json = dict[str, Any]
NDJSON = "application/x-ndjson"
PATIENCE_S = 30.0
PROBLEM = {"type", "title", "status", "detail", "instance"}
_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    """Give a name that no other test of this service has."""
    return f"{prefix}-{next(_numbers)}"


def now() -> datetime:
    return datetime.now(UTC)


def ago(seconds: float) -> str:
    """Give a past moment, in microseconds, with `Z`."""
    moment = now() - timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def zone(
    id_: str = "b1",
    counting: str = "gates",
    capacity: int = 10,
    class_: str = "general",
    stale_after_s: int = 86_400,
) -> Json:
    return {
        "id": id_,
        "class": class_,
        "capacity": capacity,
        "counting": counting,
        "stale_after_s": stale_after_s,
    }


def described(*zones: Json, **more: Any) -> Json:
    """Give a description with nothing but what is required, and `more`."""
    return {
        "name": {"zh": "东站P1停车场"},
        "operator": "zd-parking",
        "kind": "underground",
        "location": {"lat": 34.7602, "lon": 113.7708},
        "timezone": "Asia/Shanghai",
        "zones": list(zones) or [zone()],
        **more,
    }


def event(lot: str, type_: str = "passage", seconds_ago: float = 60, **fields: Any) -> Json:
    """Give an event, a passage unless told otherwise, that is valid for a lot of all zones."""
    if type_ == "passage":
        fields = {"direction": "in", **fields}
    return {"lot": lot, "type": type_, "observed_at": ago(seconds_ago), **fields}


def one_of_each(lot: str) -> list[Json]:
    return [
        event(lot, "space", space="e1", occupied=True, sensor="geomag-1", id="one:1"),
        event(lot, "space", space="e2", occupied=False),
        event(lot, "passage"),
        event(lot, "passage", direction="out", count=1000, zone="b1"),
        event(lot, "count", free=3, zone="c1"),
        event(lot, "count", occupied=0, zone="b1"),
        event(lot, "flag", level="limited"),
        event(lot, "flag", level="full", zone="roof"),
        event(lot, "recount", occupied=7, zone="b1"),
        event(lot, "recount", occupied=7, zone="c1", reason="数过了"),
        event(lot, "heartbeat", space="e1", battery_pct=87.5, rssi_dbm=-70, temperature_c=-3),
        event(lot, "heartbeat", zone="roof", sensor="camera-9"),
        event(lot, "status", status="closed", reason="flood"),
        event(lot, "status", status="open"),
        event(lot, "void", event="one:1", reason="a bicycle"),
        event(lot, "void", event="sha256:" + "0" * 64),
    ]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def pointers(self) -> set[str]:
        """What a problem document finds wrong with the input."""
        return {fault["pointer"] for fault in self.json.get("errors", [])}


class Client:
    """Asks as the admin of the environment, unless told otherwise."""

    def __init__(self, session: aiohttp.ClientSession, service: RunningService) -> None:
        self.session = session
        self.service = service

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Answer:
        """Ask; `path` goes out as it stands. `key` "" is the admin's, None is none."""
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key or self.service.admin_key}"
        if isinstance(more.get("data"), bytes):
            more["data"] = io.BytesIO(more["data"])  # aiohttp warns of large bodies otherwise
        url = URL(self.service.url + path, encoded=True)
        async with self.session.request(method, url, headers=sent, **more) as response:
            body = await response.read()
            found = {name.lower(): value for name, value in response.headers.items()}
            answer = Answer(response.status, found, body)
        check(answer, has_body=method != "HEAD")
        return answer

    async def get(self, path: str, status: int = 200) -> Any:
        """Read as anyone may; gives the JSON."""
        answer = await self.ask("GET", path, key=None)
        assert answer.status == status, (path, answer)
        return answer.json

    async def put_lot(self, lot: str, description: Json, status: int | None = None) -> Any:
        answer = await self.ask("PUT", f"/v1/lots/{lot}", json=description)
        assert answer.status == status if status else answer.status in (200, 201), answer
        return answer.json

    async def new_lot(self, *zones: Json, **more: Any) -> str:
        """Describe a lot of a name of its own, and give that."""
        lot = unique("lot")
        await self.put_lot(lot, described(*zones, **more), 201)
        return lot

    async def put_spaces(self, lot: str, zone_id: str, *spaces: str) -> None:
        body = {"spaces": [{"id": space} for space in spaces]}
        answer = await self.ask("PUT", f"/v1/lots/{lot}/zones/{zone_id}/spaces", json=body)
        assert answer.status == 200, answer

    async def new_key(self, role: str, operator: str | None = None) -> str:
        """Make a key, and give its secret."""
        wish = {"role": role, "operator": operator, "label": "test"}
        answer = await self.ask("POST", "/v1/keys", json=wish)
        assert answer.status == 201, answer
        secret: str = answer.json["key"]
        return secret

    async def push(self, *events: Any, key: str | None = "") -> Any:
        """Push events as JSON, and give the receipt."""
        answer = await self.ask("POST", "/v1/events", json={"events": events}, key=key)
        assert answer.status == 200, answer
        return answer.json

    async def accept(self, *events: Json) -> None:
        """Push events all of which must be taken."""
        receipt = await self.push(*events)
        assert receipt["accepted"] == len(events), receipt

    async def availability(self, lot: str, at: str | None = None) -> Any:
        query = "" if at is None else f"?at={at}"
        return await self.get(f"/v1/lots/{lot}/availability{query}")

    async def log(self, lot: str, query: str = "") -> Any:
        """Give the events in a lot's log, newest first."""
        answer = await self.ask("GET", f"/v1/lots/{lot}/events{query}")
        assert answer.status == 200, answer
        return answer.json["items"]


def check(answer: Answer, *, has_body: bool = True) -> None:
    """Hold an answer against what is true of all of them."""
    assert answer.headers.get("x-request-id"), answer
    assert answer.status < 500, answer
    if answer.status >= 400 and has_body:
        assert answer.headers["content-type"].startswith("application/problem+json"), answer
        problem = answer.json
        assert problem.keys() >= PROBLEM, problem
        assert problem["status"] == answer.status
        assert problem["instance"] == answer.headers["x-request-id"]
        assert problem["title"]
        assert problem["detail"]


@asynccontextmanager
async def client_of(service: RunningService) -> AsyncIterator[Client]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Client(session, service)


async def until(
    read: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool], patience: float = PATIENCE_S
) -> Any:
    """Read again and again until it is as wanted."""
    deadline = time.monotonic() + patience
    while not wanted(found := await read()):
        assert time.monotonic() < deadline, f"still {found}"
        await asyncio.sleep(0.02)
    return found
