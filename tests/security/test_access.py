"""Who may call what: every route of the table, by every caller, on own and others' lots.

What is expected stands here a second time, so that a change of a route's rule is a change here too,
and a route that is not listed here fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from parking.web.calls import Answer, Route
from parking.web.documents import Documents
from parking.web.gate import Gate
from parking.web.routes import build, list_routes
from tests.web.client import Answer as Seen
from tests.web.client import Client, ago, described, event, now, unique, zone
from tests.web.test_openapi import PARTS

CALLERS = ("stranger", "wrong key", "planner", "other operator", "own operator", "admin")
ALL = set(CALLERS)
ADMIN = {"admin"}
OWN = {"admin", "own operator"}
OPERATORS = {"admin", "own operator", "other operator"}
PLANNING = {"admin", "own operator", "planner"}
UNFIT = (
    "/v1/stream", "/v1/ws",  # without an end; `test_streams_are_public` has them
    "/v1/connect/{connector}",  # needs a file; `tests/web/test_connect.py` has it
)  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """How to call a route about a lot of `operator`, and who gets what it is for."""

    let_in: set[str]
    path: str = ""
    body: Callable[[str, str], Any] | None = None


def _wish(lot: str, operator: str) -> Any:
    return described(zone("ev", "spaces"), operator=operator)


def _spaces(lot: str, operator: str) -> Any:
    return {"spaces": [{"id": "a"}]}


def _events(lot: str, operator: str) -> Any:
    return {"events": [event(lot, "status", status="open")]}


def _device(lot: str, operator: str) -> Any:
    return {"lot": lot, "zone": "ev", "model": "bosch-tps110"}


def _chirpstack(lot: str, operator: str) -> Any:
    return {"deviceInfo": {"devEui": device_of(lot)}, "time": ago(60), "rxInfo": [{"rssi": -90}]}


def _tts(lot: str, operator: str) -> Any:
    uplink = {"received_at": ago(60)}
    return {"end_device_ids": {"dev_eui": device_of(lot)}, "uplink_message": uplink}


def device_of(lot: str) -> str:
    """Give the EUI of the device that stands in a lot."""
    return sha256(lot.encode()).hexdigest()[:16]


def _sites(lot: str, operator: str) -> Any:
    at, status = ago(60), "realtime_opening_status"
    return {"items": [{"uid": lot, "realtime_data_updated_at": at, status: "OPEN"}]}


def _table(lot: str, operator: str) -> Any:
    head = "uid,realtime_data_updated_at,realtime_opening_status"
    return f"{head}\n{lot},{ago(60)},OPEN\n".encode()


def _facility(lot: str, operator: str) -> Any:
    status = {"lastUpdated": int(now().timestamp()) - 60, "open": True}
    told = {"identifier": lot, "facilityActualStatus": status}
    return {"parkingFacilityDynamicInformation": told}


def _post(lot: str, operator: str) -> Any:
    at = str(int(now().timestamp() - 60) * 1000)
    times = dict.fromkeys(("enter_time", "leave_time", "timestamp"), at)
    return {"park_uuid": lot, "parking_serial": at, "remain_parking_space": "1", **times}


def _key(lot: str, operator: str) -> Any:
    return {"role": "operator", "operator": operator, "label": "made by a test"}


PROBES: dict[str, Probe] = {
    "GET /v1/availability": Probe(ALL, "?lots={lot}"),
    "GET /v1/nearby": Probe(ALL, "?lat=34&lon=113"),
    "GET /v1/lots": Probe(ALL),
    "GET /v1/lots/{lot}": Probe(ALL),
    "GET /v1/lots/{lot}/availability": Probe(ALL),
    "GET /v1/lots/{lot}/zones/{zone}/spaces": Probe(ALL),
    "PUT /v1/lots/{lot}": Probe(OWN, body=_wish),
    "DELETE /v1/lots/{lot}": Probe(ADMIN),
    "PUT /v1/lots/{lot}/zones/{zone}/spaces": Probe(OWN, body=_spaces),
    "POST /v1/events": Probe(OWN, body=_events),
    "POST /v1/connect/parkapi/json": Probe(OWN, body=_sites),
    "POST /v1/connect/parkapi/csv": Probe(OWN, body=_table),
    "PUT /v1/connect/spdp/dynamic/{facility}": Probe(OWN, body=_facility),
    "POST /v1/connect/fourpyun/enter": Probe(OWN, body=_post),
    "POST /v1/connect/fourpyun/leave": Probe(OWN, body=_post),
    "POST /v1/connect/fourpyun/space": Probe(OWN, body=_post),
    "GET /v1/lots/{lot}/events": Probe(OWN),
    "GET /v1/lots/{lot}/sensors": Probe(OWN),
    "GET /v1/lots/{lot}/spaces": Probe(OWN),
    "GET /v1/activity": Probe(PLANNING, "?lots={lot}"),
    "GET /v1/key": Probe(ALL - {"stranger", "wrong key"}),
    "GET /v1/usage": Probe(
        PLANNING, "?lots={lot}&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
    ),
    "GET /v1/quality": Probe(PLANNING, "?lots={lot}"),
    "GET /v1/rejections": Probe(OPERATORS, "?lot={lot}"),
    "GET /v1/devices": Probe(OPERATORS, "?lot={lot}"),
    "GET /v1/devices/{dev_eui}": Probe(OWN),
    "PUT /v1/devices/{dev_eui}": Probe(OWN, body=_device),
    "DELETE /v1/devices/{dev_eui}": Probe(OWN),
    "POST /v1/lorawan/chirpstack": Probe(OWN, "?event=up", body=_chirpstack),
    "POST /v1/lorawan/tts": Probe(OWN, body=_tts),
    "POST /v1/keys": Probe(ADMIN, body=_key),
    "GET /v1/keys": Probe(ADMIN),
    "DELETE /v1/keys/{key}": Probe(ADMIN),
    "GET /v1/audit": Probe(ADMIN, "?lot={lot}"),
    "GET /": Probe(ALL),
    "GET /board": Probe(ALL),
    "GET /planner": Probe(ALL),
    "GET /sw.js": Probe(ALL),
    "GET /healthz": Probe(ALL),
    "GET /readyz": Probe(ALL),
    "GET /metrics": Probe(ALL),
    "GET /openapi.json": Probe(ALL),
    "GET /docs": Probe(ALL),
}


def all_routes() -> list[Route]:
    return list_routes(**{part: Mock() for part in PARTS})


def names() -> list[str]:
    found = [f"{route.method} {route.path}" for route in all_routes() if route.path not in UNFIT]
    return sorted(found)


def test_every_route_is_probed() -> None:
    assert names() == sorted(PROBES), "tell in PROBES who may call a new route"


def test_a_route_without_a_rule_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="rule"):
        Route("GET", "/v1/x", Mock(), "X", "drivers", (Answer(200, "An x"),))  # type: ignore[call-arg]


def test_what_is_served_is_the_table() -> None:
    """Only the files of the pages are served without a row in the table."""
    app = build(all_routes(), Gate(Mock(), Mock()), Documents(), AsyncMock())
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
    }
    table = {(route.method, route.path) for route in all_routes()}
    heads = {("HEAD", path) for method, path in table if method == "GET"}
    paths = {path for method, path in served - table - heads if method in ("GET", "HEAD")}
    assert {method for method, _ in served - table - heads} == {"GET", "HEAD"}
    assert paths == {"/docs/{name}", "/static/{version}/{name}"}


class Scene:
    """A lot, its operator's key, and the keys of others."""

    def __init__(self, client: Client, keys: dict[str, str | None]) -> None:
        self.client = client
        self.keys = keys
        self.operator = ""
        self.lot = ""

    @classmethod
    async def set(cls, client: Client) -> "Scene":
        own, other = unique("operator"), unique("operator")
        scene = cls(
            client,
            {
                "stranger": None,
                "wrong key": "pk_wrong",
                "planner": await client.new_key("planner"),
                "other operator": await client.new_key("operator", other),
                "own operator": await client.new_key("operator", own),
                "admin": client.service.admin_key,
            },
        )
        scene.operator = own
        await scene.renew()
        return scene

    async def renew(self) -> None:
        """Take another lot, as the one before may be gone."""
        zones = zone("ev", "spaces"), zone("b1", "gates")
        self.lot = await self.client.new_lot(*zones, operator=self.operator)
        device = f"/v1/devices/{device_of(self.lot)}"
        answer = await self.client.ask("PUT", device, json=_device(self.lot, self.operator))
        assert answer.status == 201, answer

    async def call(self, name: str, caller: str) -> Seen:
        probe = PROBES[name]
        method, _, path = name.partition(" ")
        url = (path + probe.path).replace("{lot}", self.lot).replace("{zone}", "ev")
        url = url.replace("{dev_eui}", device_of(self.lot))
        url = url.replace("{facility}", self.lot)
        if "{key}" in url:
            url = url.replace("{key}", await self.spare_key())
        body = None if probe.body is None else probe.body(self.lot, self.operator)
        if isinstance(body, bytes):
            headers = {"Content-Type": "text/csv"}
            return await self.client.ask(
                method, url, key=self.keys[caller], data=body, headers=headers
            )
        return await self.client.ask(method, url, key=self.keys[caller], json=body)

    async def spare_key(self) -> str:
        answer = await self.client.ask("POST", "/v1/keys", json={"role": "planner"})
        name: str = answer.json["id"]
        return name

    async def traces(self) -> Any:
        """Give what a write would change."""
        shown = await self.client.ask("GET", f"/v1/lots/{self.lot}")
        spaces = await self.client.ask("GET", f"/v1/lots/{self.lot}/zones/ev/spaces")
        listed = (await self.client.ask("GET", "/v1/keys?limit=1000")).json["items"]
        made = [key["id"] for key in listed if key["label"] == "made by a test"]
        device = await self.client.ask("GET", f"/v1/devices/{device_of(self.lot)}")
        return shown.json, spaces.json, await self.client.log(self.lot), made, device.json


def was_let_in(name: str, answer: Seen) -> bool:
    """Whether a caller got what it wanted; anything but a clear refusal or success fails."""
    if answer.status in (401, 403):
        return False
    assert answer.status in (200, 201, 204), answer
    if name == "POST /v1/events" or "/connect/" in name or "/lorawan/" in name:
        told = answer.json.get("receipt", answer.json)
        codes = {item["code"] for item in told["rejected"]}
        assert not told.get("unread")
        assert codes <= {"forbidden_lot"}
        return not codes
    return True


@pytest.mark.parametrize("name", sorted(PROBES))
async def test_who_is_let_in(client: Client, name: str) -> None:
    scene = await Scene.set(client)
    before = await scene.traces()
    for caller in CALLERS:  # who may, comes last
        answer = await scene.call(name, caller)
        assert was_let_in(name, answer) == (caller in PROBES[name].let_in), (caller, answer)
        if caller not in PROBES[name].let_in:
            wanted = {"stranger": {401}, "wrong key": {401}}.get(caller, {403, 200})
            assert answer.status in wanted, (caller, answer)
            assert await scene.traces() == before
        elif not name.startswith("GET "):
            await scene.renew()
            before = await scene.traces()


async def test_streams_are_public(client: Client) -> None:
    assert {route.path for route in all_routes()} >= set(UNFIT)
    for key in (None, "pk_wrong"):
        assert (await client.ask("HEAD", "/v1/stream", key=key)).status == 200
    async with client.session.ws_connect(client.service.url + "/v1/ws") as socket:
        await socket.send_json({"subscribe": {"lots": []}})


async def test_an_operator_cannot_give_away_or_take_a_lot(client: Client) -> None:
    scene = await Scene.set(client)
    path = f"/v1/lots/{scene.lot}"
    other = unique("operator")
    theft = described(zone("ev", "spaces"), operator=other)
    thief = await client.new_key("operator", other)
    for key in (thief, scene.keys["own operator"]):
        assert (await client.ask("PUT", path, key=key, json=theft)).status == 403
    assert (await client.get(path))["operator"] == scene.operator


async def test_an_operator_sees_its_own_usage_alone(client: Client) -> None:
    scene = await Scene.set(client)
    query = "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
    for caller, sees in (("own operator", True), ("other operator", False), ("admin", True)):
        answer = await client.ask("GET", f"/v1/usage{query}", key=scene.keys[caller])
        shown = {row["lot"] for row in answer.json["items"]}
        assert (scene.lot in shown) == sees, caller


async def test_one_foreign_event_costs_only_itself(client: Client) -> None:
    mine, theirs = await Scene.set(client), await Scene.set(client)
    receipt = await client.push(
        event(mine.lot, "status", status="open"),
        event(theirs.lot, "status", status="closed"),
        key=mine.keys["own operator"],
    )
    assert receipt["accepted"] == 1
    assert [(item["index"], item["code"]) for item in receipt["rejected"]] == [(1, "forbidden_lot")]
    assert await client.log(theirs.lot) == []
