"""Descriptions and lists of spaces are read strictly, and every fault is pointed at."""

from typing import Any

import pytest

from tests.web.client import Client, described, unique, zone

REQUIRED = ("name", "operator", "kind", "location", "timezone", "zones")
ZONE_REQUIRED = ("id", "class", "capacity", "counting", "stale_after_s")
TARIFF = {"currency": "CNY", "free_minutes": 30}


async def refuse(client: Client, description: Any, *pointers: str) -> None:
    """See that a description is refused, for these faults alone, and that no lot is made."""
    lot = unique("lot")
    answer = await client.ask("PUT", f"/v1/lots/{lot}", json=description)
    assert answer.status == 400, answer
    assert answer.pointers == set(pointers), answer.json
    assert all(fault["detail"] for fault in answer.json["errors"])
    assert (await client.ask("GET", f"/v1/lots/{lot}")).status == 404


@pytest.mark.parametrize("field", REQUIRED)
async def test_what_is_required(client: Client, field: str) -> None:
    wanted = described()
    del wanted[field]
    await refuse(client, wanted, f"/{field}")
    await refuse(client, {**wanted, field: None}, f"/{field}")


@pytest.mark.parametrize("field", ZONE_REQUIRED)
async def test_what_is_required_of_a_zone(client: Client, field: str) -> None:
    wanted = zone("b2")
    del wanted[field]
    await refuse(client, described(zone("b1"), wanted), f"/zones/1/{field}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "red"),
        ("id", "p1"),
        ("open_now", True),
        ("name", {}),
        ("name", {"not a language": "x"}),
        ("name", "P1"),
        ("name", {"en": ""}),
        ("name", {"en": 7}),
        ("operator", ""),
        ("operator", "zd parking"),
        ("operator", "a" * 65),
        ("operator", "zd-parking\n"),
        ("operator", 7),
        ("kind", "floating"),
        ("timezone", "Asia/Atlantis"),
        ("timezone", "+08:00"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("opening_hours", "25 o'clock"),
        ("opening_hours", 24),
        ("district", "a b"),
        ("max_height_m", 0),
        ("max_height_m", "2.1"),
        ("max_height_m", True),
        ("payment", ["gold"]),
        ("payment", "cash"),
        ("location", {"lat": 91, "lon": 0}),
        ("location", {"lat": 0, "lon": -180.5}),
        ("location", {"lat": "34.7", "lon": 113.7}),
        ("location", {"lat": True, "lon": 113.7}),
        ("location", {"lat": 34.7}),
        ("location", [34.7, 113.7]),
        ("location", {"lat": 34.7, "lon": 113.7, "alt": 3}),
        ("zones", []),
        ("zones", {}),
        ("tariff", {}),
        ("tariff", {**TARIFF, "currency": "yuan"}),
        ("tariff", {**TARIFF, "free_minutes": "30"}),
        ("tariff", {**TARIFF, "free_minutes": 30.5}),
        ("tariff", {**TARIFF, "steps": [{"up_to_minutes": 60, "price": -1}]}),
        ("tariff", {**TARIFF, "steps": [{"up_to_minutes": 60}]}),
        ("entrances", [{"id": "n", "for": "boats", "location": {"lat": 1, "lon": 1}}]),
        ("entrances", [{"id": "n", "for_": "cars", "location": {"lat": 1, "lon": 1}}]),
    ],
)
async def test_values_that_are_none(client: Client, field: str, value: Any) -> None:
    lot = unique("lot")
    answer = await client.ask("PUT", f"/v1/lots/{lot}", json=described(**{field: value}))
    assert answer.status == 400, answer
    assert answer.pointers
    assert all(pointer.split("/")[1] == field for pointer in answer.pointers), answer.json
    assert (await client.ask("GET", f"/v1/lots/{lot}")).status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "b:1"),
        ("id", "负一层"),
        ("class", "flying"),
        ("class", None),
        ("capacity", 0),
        ("capacity", 1_000_001),
        ("capacity", "10"),
        ("capacity", 10.5),
        ("capacity", True),
        ("capacity", -1),
        ("counting", "guesses"),
        ("stale_after_s", 0),
        ("stale_after_s", 31_536_001),
        ("stale_after_s", "60"),
        ("class_", "general"),
        ("colour", "red"),
    ],
)
async def test_values_that_are_none_of_a_zone(client: Client, field: str, value: Any) -> None:
    await refuse(client, described(zone("b1"), {**zone("b2"), field: value}), f"/zones/1/{field}")


async def test_every_fault_at_once(client: Client) -> None:
    wanted = described(zone("b1"), zone("b2", capacity=0), kind="x", **{"a/b~c": 1})
    await refuse(client, wanted, "/kind", "/zones/1/capacity", "/a~1b~0c")


async def test_limits_are_inside(client: Client) -> None:
    widest = {**zone("b2", capacity=1_000_000), "stale_after_s": 31_536_000}
    narrow = {**zone("a" * 64, capacity=1), "stale_after_s": 1}
    lot = "A" * 55 + unique("lot")
    place = {"lat": -90, "lon": 180}
    await client.put_lot(lot, described(widest, narrow, location=place, operator="b" * 64), 201)


async def test_ids_are_different(client: Client) -> None:
    gate = {"id": "n", "for": "cars", "location": {"lat": 1, "lon": 1}}
    for wrong in (described(zone("b1"), zone("b1")), described(entrances=[gate, gate])):
        answer = await client.ask("PUT", f"/v1/lots/{unique('lot')}", json=wrong)
        assert answer.status == 400
        assert "errors" in answer.json


@pytest.mark.parametrize(
    "name", ["%00", "%ff", "a%20b", "a%0ab", "a:b", "%E4%B8%9C", "a" * 65, "a%2Fb", "%2e%2e%00"]
)
async def test_names_that_no_lot_has(client: Client, name: str) -> None:
    answer = await client.ask("PUT", f"/v1/lots/{name}", json=described())
    assert answer.status in (400, 404)
    for path in ("", "/availability", "/zones/b1/spaces", "/events", "/sensors"):
        assert (await client.ask("GET", f"/v1/lots/{name}{path}")).status == 404, path
    assert (await client.ask("DELETE", f"/v1/lots/{name}")).status == 404
    assert (await client.ask("GET", f"/v1/lots/p/zones/{name}/spaces")).status == 404


class TestSpaces:
    async def test_listed_with_labels(self, client: Client) -> None:
        lot = await client.new_lot(zone("ev", "spaces", 2))
        path = f"/v1/lots/{lot}/zones/ev/spaces"
        empty = await client.get(path)
        assert empty["spaces"] == []
        spaces = [{"id": "B1-002", "label": "二号"}, {"id": "B1-001"}]
        put = await client.ask("PUT", path, json={"spaces": spaces})
        assert put.status == 200
        assert put.json["spaces"] == spaces
        assert (await client.get(path))["spaces"] == spaces
        assert (await client.ask("PUT", path, json={"spaces": []})).status == 200
        assert (await client.get(path))["spaces"] == []

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"spaces": [{"id": f"s{n}"} for n in range(3)]}, "/spaces"),
            ({"spaces": [{"id": "a b"}]}, "/spaces/0/id"),
            ({"spaces": [{"id": "a"}, {"id": 7}]}, "/spaces/1/id"),
            ({"spaces": [{"id": "a", "colour": "red"}]}, "/spaces/0/colour"),
            ({"spaces": [{"label": "a"}]}, "/spaces/0/id"),
            ({"spaces": ["a"]}, "/spaces/0"),
            ({"spaces": {}}, "/spaces"),
            ({}, "/spaces"),
            ({"spaces": [], "zone": "ev"}, "/zone"),
        ],
    )
    async def test_wrong_lists(self, client: Client, body: Any, pointer: str) -> None:
        lot = await client.new_lot(zone("ev", "spaces", 2))
        path = f"/v1/lots/{lot}/zones/ev/spaces"
        await client.put_spaces(lot, "ev", "kept")
        answer = await client.ask("PUT", path, json=body)
        assert answer.status == 400
        assert answer.pointers == {pointer}
        assert (await client.get(path))["spaces"] == [{"id": "kept"}]

    async def test_a_space_is_listed_once(self, client: Client) -> None:
        lot = await client.new_lot(zone("ev", "spaces", 3), zone("b2", "spaces", 3), zone("b1"))
        path = f"/v1/lots/{lot}/zones"
        twice = {"spaces": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}
        assert (await client.ask("PUT", f"{path}/ev/spaces", json=twice)).status == 400
        await client.put_spaces(lot, "ev", "a", "b")
        other = await client.ask(
            "PUT", f"{path}/b2/spaces", json={"spaces": [{"id": "c"}, {"id": "b"}]}
        )
        assert other.status == 409
        assert other.pointers == {"/spaces/1/id"}
        assert (await client.get(f"{path}/b2/spaces"))["spaces"] == []
        await client.put_spaces(lot, "ev", "a")  # moved: gone from the one list, then in the other
        await client.put_spaces(lot, "b2", "b")

    async def test_zones_that_take_no_list(self, client: Client) -> None:
        lot = await client.new_lot(zone("b1"), zone("c", "counts"), zone("f", "flag"))
        for zone_id, status in (("b1", 409), ("c", 409), ("f", 409), ("nowhere", 404)):
            path = f"/v1/lots/{lot}/zones/{zone_id}/spaces"
            answer = await client.ask("PUT", path, json={"spaces": [{"id": "a"}]})
            assert answer.status == status, zone_id
        assert (await client.ask("GET", f"/v1/lots/{lot}/zones/nowhere/spaces")).status == 404
