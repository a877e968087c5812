"""What the running service answers is what its OpenAPI document says, to the field."""

import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.service import RunningService, running_services
from tests.web.conformance import closed, resolve, validator
from tests.web.judged import put, report, stuck

Json = dict[str, Any]
PLACE = {"lat": 34.7602, "lon": 113.7708}
JSON = {"Content-Type": "application/json"}
ZONES = {"b1": "gates", "ev": "spaces", "c1": "counts", "roof": "flag"}
DESCRIPTION = {
    "name": {"zh": "东站P1停车场"},
    "operator": "zd-parking",
    "kind": "underground",
    "location": PLACE,
    "entrances": [{"id": "n", "for": "cars", "location": PLACE}],
    "timezone": "Asia/Shanghai",
    "district": "east",
    "opening_hours": "24/7",
    "tariff": {"currency": "CNY", "steps": [{"up_to_minutes": 60, "price": 500}]},
    "zones": [
        {
            "id": id_,
            "class": "ev" if id_ == "ev" else "general",
            "capacity": 12,
            "counting": counting,
            "stale_after_s": 600,
        }
        for id_, counting in ZONES.items()
    ],
}


class Client:
    """Makes requests and checks each answer against the document; remembers which it has seen."""

    def __init__(self, session: aiohttp.ClientSession, key: str) -> None:
        self.session = session
        self.key = key
        self.described: Json = {}
        self.seen: set[tuple[str, str, int]] = set()

    async def ask(
        self, method: str, path: str, status: int, *, key: str | None = "", **more: Any
    ) -> Any:
        """Ask and check; `path` with its parts filled in as `{lot=p1}`; `key` "" is the admin's."""
        template, url = path.partition("?")[0], path
        while "{" in url:
            part = url[url.index("{") + 1 : url.index("}")]
            name, value = part.split("=")
            template = template.replace(part, name)
            url = url.replace("{" + part + "}", value)
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key or self.key}"
        async with self.session.request(method, url, headers=headers, **more) as answer:
            body = await answer.read()
            assert answer.status == status, (method, url, body[:500])
            self.seen.add((method, template, status))
            return self.check(method, template, answer, body)

    def check(self, method: str, template: str, answer: aiohttp.ClientResponse, body: bytes) -> Any:
        if not self.described:  # the document itself, read before all else
            return json.loads(body)
        responses = self.described["paths"][template][method.lower()]["responses"]
        said = responses[str(answer.status)]
        if "$ref" in said:
            said = resolve(self.described, said["$ref"])
        for name in said["headers"]:
            assert name in answer.headers, (template, name)
        if "content" not in said:
            assert body == b""
            return None
        media = answer.content_type
        shape = said["content"][media]
        value = json.loads(body) if media.endswith("json") else body.decode()
        validator(self.described, shape["schema"]).validate(value)
        return value


@contextlib.asynccontextmanager
async def client_of(service: RunningService) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(service.url) as session:
        client = Client(session, service.admin_key)
        client.described = closed(await client.ask("GET", "/openapi.json", 200))
        yield client


def events() -> list[Json]:
    """One event of each type and more, all to be accepted by the lot p1."""
    moments = (datetime.now(UTC) - timedelta(seconds=60 - second) for second in range(60))

    def event(kind: str, **fields: Any) -> Json:
        at = next(moments).isoformat()
        return {"type": kind, "lot": "p1", "observed_at": at, **fields}

    return [
        event("space", space="EV-001", occupied=True, sensor="geomag-1"),
        event("space", space="EV-002", occupied=False),
        event("recount", zone="b1", occupied=3, reason="round"),
        event("passage", zone="b1", direction="in", id="in-1"),
        event("passage", zone="b1", direction="out", count=2),
        event("count", zone="c1", free=4),
        event("flag", level="limited"),
        event("heartbeat", space="EV-001", sensor="geomag-1", battery_pct=87.5, rssi_dbm=-70),
        event("status", status="open", reason="morning"),
        event("void", event="in-1", reason="a bicycle"),
    ]


async def fill(client: Client) -> None:
    """Describe the lots p1, of all four countings, and p2, of which nothing is known."""
    spaces = {"spaces": [{"id": "EV-001", "label": "EV 1"}, {"id": "EV-002"}]}
    await client.ask("PUT", "/v1/lots/{lot=p1}", 201, json=DESCRIPTION)
    await client.ask("PUT", "/v1/lots/{lot=p1}?crs=gcj02", 200, json=DESCRIPTION)
    await client.ask("PUT", "/v1/lots/{lot=p1}", 200, json=DESCRIPTION)
    unknown = {**DESCRIPTION, "tariff": None, "opening_hours": None, "entrances": []}
    await client.ask("PUT", "/v1/lots/{lot=p2}", 201, json=unknown)
    path = "/v1/lots/{lot=p1}/zones/{zone=ev}/spaces"
    await client.ask("PUT", path, 200, json=spaces)
    sent = events()
    receipt = await client.ask("POST", "/v1/events", 200, json={"events": [*sent, {"a": 1}]})
    assert (receipt["accepted"], receipt["rejected_total"]) == (len(sent), 1)
    assert len(receipt["ids"]) == len(sent) - 1
    lines = b"\n".join(json.dumps(event).encode() for event in [*sent, 7])
    again = await client.ask(
        "POST", "/v1/events", 200, data=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert (again["duplicates"], again["rejected_total"]) == (len(sent), 1)


async def hear_devices(client: Client) -> None:
    """Register a device of each kind of settings, and have network servers tell of one."""
    device = "/v1/devices/{dev_eui=24e124fffe00a1b2}"
    watched = {"lot": "p1", "space": "EV-001", "model": "milesight-em400-mud"}
    thresholds = {"occupied_below_mm": 1200, "free_above_mm": 1500}
    await client.ask("PUT", device, 201, json={**watched, "distance": thresholds})
    await client.ask("PUT", device, 200, json={"lot": "p1", "zone": "b1", "model": "bosch-tps110"})
    generic = {**watched, "model": "generic-bit", "bit": {"battery_full": 254}}
    await client.ask("PUT", device, 200, json=generic)
    await client.ask("GET", device, 200)
    schemas = client.described["components"]["schemas"]
    for path, name in (("chirpstack?event=up", "ChirpstackEvent"), ("tts", "TtsMessage")):
        [message] = schemas[name]["examples"]
        receipt = await client.ask("POST", f"/v1/lorawan/{path}", 200, json=message)
        assert [item["code"] for item in receipt["rejected"]] == ["invalid"]  # not this model's
    found = await client.ask("GET", "/v1/devices?lot=p1", 200)
    assert len(found["items"]) == 1


MAPPING = """
[[webhook]]
name = "counter"
operator = "zd-parking"
format = "csv"
[[webhook.event]]
type = "count"
lot = "lot"
free = "left"
observed_at = "at"
"""


async def push_formats(client: Client) -> None:
    """Push each format of others as the document shows it, and one by a mapping of our own."""
    for template, methods in client.described["paths"].items():
        if not template.startswith("/v1/connect/") or "{connector}" in template:
            continue
        for method, operation in methods.items():
            media, shown = next(iter(operation["requestBody"]["content"].items()))
            [example, *_] = resolve(client.described, shown["schema"]["$ref"])["examples"]
            path = template
            if "{facility}" in template:
                told = example["parkingFacilityDynamicInformation"]["identifier"]
                path = template.replace("{facility}", f"{{facility={told}}}")
            data = example if isinstance(example, str) else json.dumps(example)
            if media.endswith("urlencoded"):
                data = urlencode(example)
            headers = {"Content-Type": media}
            await client.ask(method.upper(), path, 200, data=data.encode(), headers=headers)
    table = f"lot,left,at\np1,3,{datetime.now(UTC).isoformat()}\n".encode()
    path, headers = "/v1/connect/{connector=counter}", {"Content-Type": "text/csv"}
    await client.ask("POST", path, 200, data=table, headers=headers)


async def read_all(client: Client) -> None:
    """Read everything that there is to read."""
    shown = await client.ask("GET", "/v1/lots/{lot=p1}/availability", 200)
    assert {zone["counting"] for zone in shown["zones"]} == set(ZONES.values())
    past = (datetime.now(UTC) - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for path, least in (
        ("/v1/availability", 2),
        (f"/v1/availability?at={past}", 2),
        ("/v1/availability?lots=p2", 1),
        ("/v1/lots?limit=1", 1),
        ("/v1/lots?crs=bd09", 2),
        ("/v1/lots?bbox=113,34,114,35&class=ev", 2),
        ("/v1/nearby?lat=34.76&lon=113.77", 2),
        ("/v1/nearby?lat=34.76&lon=113.77&crs=gcj02&min_free=1", 1),
        ("/v1/lots/{lot=p1}/events", 10),
        ("/v1/lots/{lot=p1}/events?limit=1&type=void", 1),
        ("/v1/lots/{lot=p1}/sensors", 4),
        ("/v1/lots/{lot=p2}/sensors", 3),
        ("/v1/lots/{lot=p1}/spaces", 2),
        ("/v1/activity", 1),
        ("/v1/usage?from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&by=zone&bucket=hour", 48),
        ("/v1/quality?lots=p1", 1),
        ("/v1/quality?from=2026-11-01&to=2026-11-30", 1),
        ("/v1/keys", 1),
        ("/v1/audit", 5),
        ("/v1/audit?lot=p1&limit=2", 2),
        ("/v1/rejections?lot=p1", 0),  # what was refused is stored a moment later
    ):
        found = await client.ask("GET", path, 200)
        assert len(found["items"]) >= least, (path, found)
    for path in (
        "/v1/usage?from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&format=csv",
        f"/v1/lots/{{lot=p1}}/availability?at={past}",
        "/v1/lots/{lot=p2}/availability",
        "/v1/lots/{lot=p1}?crs=bd09",
        "/v1/lots/{lot=p2}",
        "/v1/lots/{lot=p1}/zones/{zone=ev}/spaces",
        "/v1/lots/{lot=p1}/zones/{zone=b1}/spaces",
        "/v1/key",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/",
        "/board",
        "/planner",
        "/sw.js",
    ):
        await client.ask("GET", path, 200)


@pytest.fixture
def mapping(database_url: str, tmp_path: Path) -> Iterator[RunningService]:
    """Run a service with a connector of its own."""
    file = tmp_path / "connectors.toml"
    file.write_text(MAPPING)
    with running_services(database_url, PARKING_CONNECTORS=str(file)) as (one,):
        yield one


async def test_every_success_is_as_described(mapping: RunningService, database_url: str) -> None:
    async with client_of(mapping) as client:
        await fill(client)
        begun = report(date(2026, 11, 22), stuck("ev", "EV-001"), stuck("b1", None, 1))
        await put(database_url, "p1", begun)
        await hear_devices(client)
        await push_formats(client)
        wish = {"role": "operator", "operator": "zd-parking", "label": "ramp"}
        key = await client.ask("POST", "/v1/keys", 201, json=wish)
        await read_all(client)
        await client.ask("DELETE", f"/v1/keys/{{key={key['id']}}}", 204)
        await client.ask("DELETE", "/v1/devices/{dev_eui=24e124fffe00a1b2}", 204)
        await client.ask("DELETE", "/v1/lots/{lot=p1}", 204)
        described = {
            (method.upper(), path, int(status))
            for path, item in client.described["paths"].items()
            for method, operation in item.items()
            for status in operation["responses"]
            if status < "300" and path not in ("/v1/stream", "/v1/ws")
        }
        assert client.seen == described


async def test_failures_are_as_described(service: RunningService) -> None:
    lot, zone = "/v1/lots/{lot=p1}", "/v1/lots/{lot=p1}/zones/{zone=b1}/spaces"
    async with client_of(service) as client:
        await client.ask("PUT", lot, 400, json={**DESCRIPTION, "kind": "floating"})
        await client.ask("PUT", lot, 401, json=DESCRIPTION, key=None)
        await client.ask("PUT", lot, 401, json=DESCRIPTION, key="wrong")
        await client.ask("PUT", lot, 415, data=b"<lot/>", headers={"Content-Type": "text/xml"})
        large = gzip.compress(b" " * (8 * 1024 * 1024 + 1))
        packed = {**JSON, "Content-Encoding": "gzip"}
        await client.ask("PUT", lot, 413, data=large, headers=packed)
        await client.ask("GET", lot, 404)
        await client.ask("PUT", lot, 201, json=DESCRIPTION)
        await client.ask("PUT", zone, 409, json={"spaces": []})
        await client.ask("GET", "/v1/nearby?lat=91&lon=0&colour=red", 400)
        await client.ask("GET", lot + "/availability?at=2026-11-23", 400)
        await client.ask("GET", "/healthz?x=1", 400)
        await client.ask("POST", "/v1/events", 400, data=b"{", headers=JSON)
        lines = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        await client.ask("POST", "/v1/events", 400, data=b"no gzip", headers=lines)
        wish = {"role": "operator", "operator": "another"}
        key = (await client.ask("POST", "/v1/keys", 201, json=wish))["key"]
        await client.ask("GET", "/v1/keys", 403, key=key)
        await client.ask("GET", lot + "/events", 403, key=key)
        await client.ask("PUT", lot, 403, json=DESCRIPTION, key=key)
        await client.ask("DELETE", "/v1/keys/{key=key_none}", 404)


async def test_what_is_unchanged_is_not_sent_again(service: RunningService) -> None:
    async with client_of(service) as client:
        await client.ask("PUT", "/v1/lots/{lot=p1}", 201, json=DESCRIPTION)
        for path, operations in client.described["paths"].items():
            if "304" not in operations.get("get", {"responses": {}})["responses"]:
                continue
            url = path.replace("{lot}", "{lot=p1}").replace("{zone}", "{zone=ev}")
            url += "?lat=34.76&lon=113.77" if path == "/v1/nearby" else ""
            plain = url.replace("{lot=", "").replace("{zone=", "").replace("}", "")
            async with client.session.get(plain) as first:
                tag = first.headers["ETag"]
            await client.ask("GET", url, 304, headers={"If-None-Match": f'W/"x", {tag}'})
        assert len(client.seen) == 14


async def test_streams_tell_what_is_described(service: RunningService) -> None:
    async with client_of(service) as client:
        await fill(client)
        told = validator(client.described, {"$ref": "#/components/schemas/Availability"})
        async with client.session.get("/v1/stream?lots=p1") as stream:
            assert stream.content_type == "text/event-stream"
            async for line in stream.content:
                if line.startswith(b"data: "):
                    told.validate(json.loads(line.removeprefix(b"data: ")))
                    break
        message = validator(client.described, {"$ref": "#/components/schemas/StreamMessage"})
        async with client.session.ws_connect("/v1/ws") as socket:
            for text in ('{"subscribe": {"lots": ["p2"]}}', '{"subscribe": {"lots": 7}}'):
                await socket.send_str(text)
                value = await socket.receive_json(timeout=10)
                message.validate(value)
            assert "error" in value
            await client.ask("DELETE", "/v1/lots/{lot=p2}", 204)
            gone = await socket.receive_json(timeout=10)
            message.validate(gone)
            assert gone["retired"] == "p2"
