"""Lots: created, replaced, read, listed, retired and revived; positions in three systems."""

import math
from typing import Any

import pytest

from tests.web.client import Client, Json, described, unique, zone

FULL = {
    "name": {"zh": "东站P1停车场", "en": "East Station P1"},
    "entrances": [{"id": "n", "for": "cars", "location": {"lat": 34.7606, "lon": 113.7709}}],
    "payment": ["wechat", "alipay", "etc", "card", "cash"],
    "address": {"zh": "郑州市"},
    "district": "east-station",
    "opening_hours": "24/7",
    "max_height_m": 2.1,
    "tariff": {
        "currency": "CNY",
        "free_minutes": 30,
        "steps": [{"up_to_minutes": 60, "price": 500}],
        "then_per_minutes": 60,
        "then_price": 300,
        "daily_cap": 4000,
    },
}


def ids(listed: Json) -> list[str]:
    return [item["id"] for item in listed["items"]]


async def test_created_then_replaced(client: Client) -> None:
    lot = unique("lot")
    wanted = described(zone("b1"), {**zone("ev", "spaces", 12, "ev"), "name": {"zh": "充电"}})
    wanted |= FULL
    made = await client.put_lot(lot, wanted, 201)
    read = await client.get(f"/v1/lots/{lot}")
    assert made == read
    assert read["open_now"] is True
    for name, value in wanted.items():
        if name != "zones":
            assert read[name] == value, name
    for sent, shown in zip(wanted["zones"], read["zones"], strict=True):
        assert shown == {"name": {}, **sent}
    await client.put_lot(lot, wanted, 200)
    replaced = {**wanted, "kind": "surface", "max_height_m": None}
    assert (await client.put_lot(lot, replaced, 200))["kind"] == "surface"
    assert (await client.get(f"/v1/lots/{lot}"))["max_height_m"] is None


async def test_the_rest_defaults_to_null_or_empty(client: Client) -> None:
    read = await client.get(f"/v1/lots/{await client.new_lot()}")
    nulls = ("address", "district", "opening_hours", "max_height_m", "tariff", "open_now")
    assert {name: read[name] for name in nulls} == dict.fromkeys(nulls)
    assert (read["entrances"], read["payment"]) == ([], [])


async def test_retired_and_revived(client: Client) -> None:
    operator = unique("operator")
    lot = await client.new_lot(operator=operator)
    await client.accept({"type": "status", "lot": lot, "observed_at": "2026-01-01T00:00:00Z",
                         "status": "open"})  # fmt: skip
    assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 204
    for path in ("", "/availability", "/events", "/sensors", "/zones/b1/spaces"):
        assert (await client.ask("GET", f"/v1/lots/{lot}{path}")).status == 404, path
    assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 404
    spaces = f"/v1/lots/{lot}/zones/b1/spaces"
    assert (await client.ask("PUT", spaces, json={"spaces": []})).status == 404
    assert ids(await client.get(f"/v1/lots?operator={operator}")) == []
    assert ids(await client.get("/v1/lots?limit=1000")).count(lot) == 0
    everything = await client.get(f"/v1/availability?lots={lot}")
    assert everything["items"] == []
    event = {"type": "passage", "lot": lot, "observed_at": "2026-01-01T00:00:00Z"}
    receipt = await client.push({**event, "direction": "in", "id": "late"})
    assert [item["code"] for item in receipt["rejected"]] == ["unknown_lot"]
    await client.put_lot(lot, described(operator=operator), 201)
    assert ids(await client.get(f"/v1/lots?operator={operator}")) == [lot]
    assert [item["type"] for item in await client.log(lot)] == ["status"]
    await client.put_lot(lot, described(operator=operator), 200)


async def test_listed_in_pages_by_the_bytes_of_their_ids(client: Client) -> None:
    operator = unique("operator")
    names = [f"{operator}{tail}" for tail in ("_", "-", "0", "A", "a", ".z", "Z", "10", "2")]
    for lot in names:
        await client.put_lot(lot, described(operator=operator))
    found: list[str] = []
    cursor, pages = "", 0
    while cursor is not None:
        query = f"/v1/lots?operator={operator}&limit=4" + (f"&cursor={cursor}" if cursor else "")
        page = await client.get(query)
        found += ids(page)
        cursor, pages = page["next"], pages + 1
    assert found == sorted(names, key=str.encode)
    assert pages == 3
    assert (await client.get(f"/v1/lots?operator={operator}&limit=9"))["next"] is None


async def test_filtered(client: Client) -> None:
    operator, district = unique("operator"), unique("district")

    async def lot(lat: float, lon: float, class_: str = "general", **more: Any) -> str:
        place = {"lat": lat, "lon": lon}
        return await client.new_lot(zone(class_=class_), operator=operator, location=place, **more)

    west = await lot(10.0, 20.0, "ev", district=district)
    east = await lot(10.0, 21.0, district=district)
    far = await lot(-60.5, -179.5, "ev")
    beyond = await lot(-60.5, 179.5)
    for query, wanted in (
        (f"district={district}", [west, east]),
        (f"district={district}&class=ev", [west]),
        ("class=ev", [west, far]),
        ("class=truck", []),
        ("bbox=19.9,9.9,20.1,10.1", [west]),
        ("bbox=20,10,21,10", [west, east]),
        ("bbox=20.5,-90,180,90", [east, beyond]),
        ("bbox=179,-61,-179,-60", [far, beyond]),
        ("bbox=-180,-90,180,90", [west, east, far, beyond]),
    ):
        found = ids(await client.get(f"/v1/lots?operator={operator}&{query}"))
        assert sorted(found) == sorted(wanted), query
    for query in ("district=nowhere", "operator=nobody"):
        assert ids(await client.get(f"/v1/lots?{query}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=1,2,3,x",
        "bbox=1,nan,3,4",
        "bbox=1,5,3,4",
        "bbox=-181,0,1,1",
        "bbox=0,-91,1,1",
        "limit=0",
        "limit=1001",
        "limit=many",
        "cursor=%21%21",
        "class=flying",
        "crs=mercator",
        "colour=red",
        "district=",
        "district=a&district=b",
        "operator=" + "a" * 65,
    ],
)
async def test_wrong_parameters(client: Client, query: str) -> None:
    answer = await client.ask("GET", f"/v1/lots?{query}")
    assert answer.status == 400
    assert answer.pointers == {"?" + query.partition("=")[0]}


def metres(a: Json, b: Json) -> float:
    """Distance of near points."""
    north = math.radians(a["lat"] - b["lat"])
    east = math.radians(a["lon"] - b["lon"]) * math.cos(math.radians(a["lat"]))
    return 6_371_008.8 * math.hypot(north, east)


@pytest.mark.parametrize("crs", ["wgs84", "gcj02", "bd09"])
async def test_positions_come_back_as_they_went(client: Client, crs: str) -> None:
    lot = unique("lot")
    place, gate = {"lat": 34.7602, "lon": 113.7708}, {"lat": 34.7606, "lon": 113.7709}
    entrances = [{"id": "n", "for": "people", "location": gate}]
    wanted = described(location=place, entrances=entrances)
    answer = await client.ask("PUT", f"/v1/lots/{lot}?crs={crs}", json=wanted)
    assert answer.status == 201
    seen = {
        other: await client.get(f"/v1/lots/{lot}?crs={other}")
        for other in ("wgs84", "gcj02", "bd09")
    }
    for shown in (answer.json, seen[crs]):
        assert metres(shown["location"], place) < 0.001
        assert metres(shown["entrances"][0]["location"], gate) < 0.001
    assert seen["wgs84"] == await client.get(f"/v1/lots/{lot}")
    assert 100 < metres(seen["wgs84"]["location"], seen["gcj02"]["location"]) < 1000
    assert 100 < metres(seen["gcj02"]["location"], seen["bd09"]["location"]) < 2000
    for other, shown in seen.items():  # what is shown in one system, put in it, is the same place
        again = {**wanted, "location": shown["location"], "entrances": shown["entrances"]}
        await client.ask("PUT", f"/v1/lots/{lot}?crs={other}", json=again)
        back = await client.get(f"/v1/lots/{lot}?crs={crs}")
        assert metres(back["location"], place) < 0.001, other
        assert metres(back["entrances"][0]["location"], gate) < 0.001, other


async def test_a_box_is_in_the_system_asked_for(client: Client) -> None:
    operator = unique("operator")
    place = {"lat": 34.7602, "lon": 113.7708}
    lot = await client.new_lot(operator=operator, location=place)
    for crs in ("gcj02", "bd09"):
        shown = (await client.get(f"/v1/lots/{lot}?crs={crs}"))["location"]
        near = 1e-6
        box = ",".join(
            str(edge)
            for edge in (shown["lon"] - near, shown["lat"] - near,
                         shown["lon"] + near, shown["lat"] + near)
        )  # fmt: skip
        query = f"/v1/lots?operator={operator}&bbox={box}"
        assert ids(await client.get(f"{query}&crs={crs}")) == [lot]
        assert ids(await client.get(query)) == []
