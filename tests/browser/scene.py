"""A small district that the pages are tested with, and what is told of it meanwhile."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.service import DIRECT, RunningService

Json = dict[str, Any]
MARKUP = "<img src=x onerror=\"document.title='broken'\"><b>&amp;"
TARIFF = {
    "currency": "CNY", "free_minutes": 30, "steps": [{"up_to_minutes": 60, "price": 500}],
    "then_per_minutes": 60, "then_price": 300, "daily_cap": 4000,
}  # fmt: skip


def _zone(
    id_: str, counting: str, capacity: int, class_: str = "general", stale: int = 7200
) -> Json:
    return {
        "id": id_,
        "class": class_,
        "counting": counting,
        "capacity": capacity,
        "stale_after_s": stale,
    }


def _lot(zh: str, en: str, lat: float, lon: float, *zones: Json, **more: Any) -> Json:
    return {
        "name": {"zh": zh, "en": en},
        "operator": "zd-parking",
        "kind": "underground",
        "location": {"lat": lat, "lon": lon},
        "district": "east-station",
        "timezone": "Asia/Shanghai",
        "zones": list(zones),
        **more,
    }


LOTS: dict[str, Json] = {
    # plenty of room, a tariff, two classes, cars higher than 2.1 m do not fit
    "p1": _lot("东站P1停车场", "East Station P1", 34.7602, 113.7708,
               _zone("b1", "gates", 320), _zone("ev", "spaces", 12, "ev"),
               tariff=TARIFF, max_height_m=2.1, opening_hours="24/7",
               address={"zh": "心怡路西广场", "en": "West square, Xinyi Road"},
               entrances=[{"id": "n", "for": "cars",
                           "location": {"lat": 34.7606, "lon": 113.7709}}]),
    # nearly full
    "p2": _lot("东站P2停车楼", "East Station P2", 34.7588, 113.7751, _zone("up", "gates", 200),
               kind="multistorey", tariff=TARIFF, max_height_m=2.4),
    # full
    "p3": _lot("商鼎路地面停车场", "Shangding Road", 34.7561, 113.7722, _zone("g", "counts", 50),
               kind="surface"),
    # heard of long ago: all unknown
    "p4": _lot("如意湖停车场", "Ruyi Lake", 34.7720, 113.7240, _zone("b1", "gates", 80, stale=600),
               district="cbd", tariff=TARIFF),
    # closed
    "p5": _lot("会展中心停车场", "Exhibition Centre", 34.7765, 113.7304, _zone("b1", "gates", 90),
               district="cbd"),
    # tells levels alone
    "p6": _lot("艺术中心停车场", "Arts Centre", 34.7799, 113.7223, _zone("f", "flag", 60),
               district="cbd"),
    # a name full of markup, and never heard of
    "p7": _lot(MARKUP, MARKUP, 34.7640, 113.7660, _zone("b1", "gates", 40),
               address={"zh": MARKUP, "en": MARKUP}),
}  # fmt: skip


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def recount(lot: str, zone: str, occupied: int, seconds_ago: float = 1) -> Json:
    return {"type": "recount", "lot": lot, "zone": zone, "occupied": occupied,
            "observed_at": ago(seconds_ago)}  # fmt: skip


def set_up(service: RunningService) -> None:
    """Describe the district, and tell how its lots are."""
    for lot, description in LOTS.items():
        call(service, "PUT", f"/v1/lots/{lot}", description)
    bays = [f"E-{number:02}" for number in range(1, 11)]
    path = "/v1/lots/p1/zones/ev/spaces"
    call(service, "PUT", path, {"spaces": [{"id": bay} for bay in bays]})
    push(
        service,
        recount("p1", "b1", 250, 40),
        *(
            {"type": "space", "lot": "p1", "space": bay, "occupied": number < 7,
             "observed_at": ago(30), "sensor": f"geo-{bay}"}
            for number, bay in enumerate(bays)
        ),
        recount("p2", "up", 192, 50),
        {"type": "count", "lot": "p3", "zone": "g", "free": 0, "observed_at": ago(20)},
        recount("p4", "b1", 33, 3600),
        recount("p5", "b1", 11, 90),
        {"type": "status", "lot": "p5", "status": "closed", "observed_at": ago(60)},
        {"type": "flag", "lot": "p6", "level": "limited", "observed_at": ago(45)},
    )  # fmt: skip


def push(service: RunningService, *events: Json) -> None:
    """Push events, all of which must be taken."""
    receipt = call(service, "POST", "/v1/events", {"events": events})
    assert receipt["accepted"] == len(events), receipt


def call(service: RunningService, method: str, path: str, body: Any = None) -> Any:
    """Ask as the admin."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {service.admin_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(service.url + path, data, headers, method=method)  # noqa: S310
    with DIRECT.open(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")
