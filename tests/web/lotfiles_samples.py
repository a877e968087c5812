"""Files of lots to test with, good ones and the smallest that are."""

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[1] / "samples" / "lotfiles"
DISTRICT = ("district.json", "district.csv", "district.geojson")
DISTRICT_LOTS = 26
EAST = SAMPLES / "east-station.json"

LOT: dict[str, Any] = {
    "name": {"zh": "东站"},
    "operator": "zd",
    "kind": "surface",
    "location": {"lat": 34.76, "lon": 113.77},
    "timezone": "Asia/Shanghai",
    "zones": [
        {"id": "a", "class": "general", "capacity": 3, "counting": "spaces", "stale_after_s": 60},
        {"id": "b", "class": "ev", "capacity": 9, "counting": "spaces", "stale_after_s": 60},
        {"id": "g", "class": "bus", "capacity": 5, "counting": "gates", "stale_after_s": 60},
    ],
}
FEATURE: dict[str, Any] = {
    "type": "Feature",
    "id": "p1",
    "geometry": {"type": "Point", "coordinates": [113.77, 34.76, 88]},
    "properties": {name: value for name, value in LOT.items() if name != "location"},
}


def lot(**facts: Any) -> dict[str, Any]:
    return {**LOT, **facts}


def feature(**facts: Any) -> dict[str, Any]:
    return {**FEATURE, **facts}


def spaces(*ids: str) -> list[dict[str, str]]:
    return [{"id": id_} for id_ in ids]


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def lined(value: Any) -> bytes:
    """Give JSON with a name or an item a line, two spaces a level."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
