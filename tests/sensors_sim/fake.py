"""Just enough of a service: lots, events once each, and a plain fold for the numbers.

Written from the wire's rules, in the simplest way that is right for small logs.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import Any

from aiohttp import web

from sensors_sim.moments import MINUTE, SECOND, parse_rfc3339, rfc3339

FIELDS = {
    "space": {"space", "occupied"},
    "passage": {"direction", "zone"},
    "count": {"zone"},
    "flag": {"level", "zone"},
    "recount": {"occupied", "zone"},
    "heartbeat": set(),
}


class FakeService:
    """Its state is open to tests; `troubles` are answers to give before working on."""

    def __init__(self, now: Any) -> None:
        self.now = now
        self.lots: dict[str, dict[str, Any]] = {}
        self.spaces: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.log: dict[str, dict[str, dict[str, Any]]] = {}
        self.calls: Counter[str] = Counter()
        self.troubles: list[tuple[int, dict[str, str]]] = []
        self.largest = 10_000
        self.forgets = 0
        self.received: list[dict[str, Any]] = []
        self.keys: set[str] = set()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_get("/v1/lots/{lot}", self.get_lot)
        app.router.add_put("/v1/lots/{lot}", self.put_lot)
        app.router.add_get("/v1/lots/{lot}/zones/{zone}/spaces", self.get_spaces)
        app.router.add_put("/v1/lots/{lot}/zones/{zone}/spaces", self.put_spaces)
        app.router.add_get("/v1/lots/{lot}/events", self.get_events)
        app.router.add_get("/v1/lots/{lot}/availability", self.get_availability)
        app.router.add_get("/v1/availability", self.list_availability)
        app.router.add_post("/v1/events", self.post_events)
        return app

    async def get_lot(self, request: web.Request) -> web.Response:
        lot = self.lots.get(request.match_info["lot"])
        if lot is None:
            return web.json_response({"title": "no such lot"}, status=404)
        return web.json_response({**lot, "open_now": True, "max_height_m": lot.get("max_height_m")})

    async def put_lot(self, request: web.Request) -> web.Response:
        self.calls["put lot"] += 1
        self.keys.add(request.headers.get("Authorization", ""))
        lot = request.match_info["lot"]
        status = 200 if lot in self.lots else 201
        self.lots[lot] = await request.json()
        return web.json_response(self.lots[lot], status=status)

    async def get_spaces(self, request: web.Request) -> web.Response:
        key = (request.match_info["lot"], request.match_info["zone"])
        if key not in self.spaces:
            return web.json_response({"title": "no list"}, status=404)
        return web.json_response({"spaces": self.spaces[key]})

    async def put_spaces(self, request: web.Request) -> web.Response:
        self.calls["put spaces"] += 1
        key = (request.match_info["lot"], request.match_info["zone"])
        self.spaces[key] = (await request.json())["spaces"]
        return web.json_response({"spaces": self.spaces[key]})

    async def get_events(self, request: web.Request) -> web.Response:
        since = parse_rfc3339(request.query["from"])
        log = self.log.get(request.match_info["lot"], {}).values()
        found = [event for event in log if event["at"] >= since]
        found.sort(key=lambda event: event["at"], reverse=True)
        items = [{"observed_at": rfc3339(event["at"])} for event in found[:10]]
        return web.json_response({"items": items, "next": None})

    async def post_events(self, request: web.Request) -> web.Response:
        self.calls["post"] += 1
        if self.troubles:
            status, headers = self.troubles.pop(0)
            if status == 0:
                assert request.transport is not None
                request.transport.close()
            return web.json_response({"title": "busy"}, status=status or 500, headers=headers)
        raw = await request.read()
        if request.content_type == "application/x-ndjson":
            assert request.headers["Content-Encoding"] == "gzip"
            text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
            events = [json.loads(line) for line in text.splitlines()]
        else:
            events = json.loads(raw)["events"]
        if len(events) > self.largest:
            return web.json_response({"title": "too many"}, status=413)
        receipt = self.take(events)
        if self.forgets:
            self.forgets -= 1
            return web.json_response({"title": "database away"}, status=503)
        return web.json_response(receipt)

    def take(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        codes = [self.take_one(event) for event in events]
        rejected = [
            {"index": n, "id": event["id"], "code": code, "detail": "so"}
            for n, (event, code) in enumerate(zip(events, codes, strict=True))
            if code not in {"accepted", "duplicate"}
        ]
        return {
            "accepted": codes.count("accepted"),
            "duplicates": codes.count("duplicate"),
            "rejected": rejected,
        }

    def take_one(self, event: dict[str, Any]) -> str:
        self.received.append(event)
        if event["lot"] not in self.lots:
            return "unknown_lot"
        numbers = [event[name] for name in ("free", "occupied") if name in event]
        missing = FIELDS[event["type"]] - set(event)
        if missing or any(number < 0 for number in numbers):
            return "invalid"
        at = parse_rfc3339(event["observed_at"])
        if at > round(self.now() * SECOND) + 5 * MINUTE:
            return "future"
        known = self.log.setdefault(event["lot"], {})
        if event["id"] in known:
            return "duplicate" if known[event["id"]]["raw"] == event else "conflict"
        known[event["id"]] = {**event, "at": at, "raw": event}
        return "accepted"

    async def get_availability(self, request: web.Request) -> web.Response:
        self.calls["availability"] += 1
        return web.json_response(self.state(request.match_info["lot"], self.moment(request)))

    async def list_availability(self, request: web.Request) -> web.Response:
        at = self.moment(request)
        lots = request.query["lots"].split(",")
        return web.json_response({"cursor": "1", "items": [self.state(lot, at) for lot in lots]})

    def moment(self, request: web.Request) -> int:
        at = request.query.get("at")
        return round(self.now() * SECOND) if at is None else parse_rfc3339(at)

    def state(self, lot: str, at: int) -> dict[str, Any]:
        log = self.log.get(lot, {}).values()
        past = [event for event in log if event["at"] <= at]
        past.sort(key=lambda event: (event["at"], event["id"]))
        classes: dict[str, dict[str, Any]] = {}
        level = "unknown"
        for zone in self.lots[lot]["zones"]:
            if zone["counting"] == "spaces":
                free, unknown = self.spaces_state(lot, zone, past, at)
            else:
                mine = [event for event in past if event.get("zone") == zone["id"]]
                known = bool(mine) and at - mine[-1]["at"] < zone["stale_after_s"] * SECOND
                said = zone_state(zone, mine) if known else None
                if zone["counting"] == "flag":
                    level, said = said or "unknown", None
                free = 0 if said is None else said
                unknown = zone["capacity"] if said is None else 0
            numbers = classes.setdefault(zone["class"], {"capacity": 0, "free": 0, "unknown": 0})
            numbers["capacity"] += zone["capacity"]
            numbers["free"] += free
            numbers["unknown"] += unknown
        whole = {
            name: sum(numbers[name] for numbers in classes.values())
            for name in ("capacity", "free", "unknown")
        }
        for numbers in (whole, *classes.values()):
            numbers["occupied"] = numbers["capacity"] - numbers["free"] - numbers["unknown"]
            if numbers["unknown"] == numbers["capacity"]:
                numbers["free"] = numbers["occupied"] = None
        return {"lot": lot, "status": "open", "level": level, **whole, "classes": classes}

    def spaces_state(
        self, lot: str, zone: dict[str, Any], past: list[dict[str, Any]], at: int
    ) -> tuple[int, int]:
        heard: dict[str, int] = {}
        taken: dict[str, bool] = {}
        for event in past:
            name = event.get("space") or event.get("zone")
            heard[str(name)] = event["at"]
            if event["type"] == "space":
                taken[event["space"]] = event["occupied"]
        ids = [space["id"] for space in self.spaces[lot, zone["id"]]]
        stale = zone["stale_after_s"] * SECOND
        zone_heard = heard.get(zone["id"], -stale)
        known = [
            name
            for name in ids
            if name in taken and at - max(heard.get(name, -stale), zone_heard) < stale
        ]
        free = sum(not taken[name] for name in known)
        return free, zone["capacity"] - len(known)


def zone_state(zone: dict[str, Any], events: list[dict[str, Any]]) -> Any:
    """Free spaces of a zone counted by gates or counts, or the level of a flag."""
    capacity = zone["capacity"]
    cars: int | None = None
    base_at = 0
    level: str | None = None
    for event in events:
        if event["type"] in {"count", "recount"}:
            cars = event["occupied"] if "occupied" in event else capacity - event["free"]
            base_at = event["at"]
        elif event["type"] == "passage" and cars is not None and event["at"] > base_at:
            cars += event.get("count", 1) * (1 if event["direction"] == "in" else -1)
        elif event["type"] == "flag":
            level = event["level"]
    if zone["counting"] == "flag":
        return level
    return None if cars is None else capacity - min(max(cars, 0), capacity)
