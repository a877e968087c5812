"""The registry of devices over HTTP: put, read, listed, removed, and for whom."""

import itertools
from typing import Any

import pytest

from tests.web.client import Client, Json, described, unique, zone

numbers = itertools.count(1)
MUD = {
    "model": "milesight-em400-mud",
    "distance": {"occupied_below_mm": 1200, "free_above_mm": 1500},
}
BOSCH: Json = {"model": "bosch-tps110"}
GENERIC: Json = {"model": "generic-bit"}


def new_eui() -> str:
    return f"0004a30b{next(numbers):08x}"


async def put(client: Client, eui: str, device: Json, key: str | None = "", **more: Any) -> Any:
    return await client.ask("PUT", f"/v1/devices/{eui}", json=device, key=key, **more)


async def items(client: Client, query: str, key: str | None = "") -> list[Json]:
    answer = await client.ask("GET", f"/v1/devices?{query}", key=key)
    assert answer.status == 200, answer
    found: list[Json] = answer.json["items"]
    return found


async def test_a_device_is_put_read_replaced_and_removed(client: Client, lot: str) -> None:
    eui = new_eui()
    answer = await put(client, eui, {"lot": lot, "space": "e1", **MUD})
    assert answer.status == 201
    whole = {
        "dev_eui": eui, "lot": lot, "space": "e1", "zone": None, "model": "milesight-em400-mud",
        "distance": {"occupied_below_mm": 1200, "free_above_mm": 1500, "ignore_tilted": False},
        "bit": None,
    }  # fmt: skip
    assert answer.json == whole
    path = f"/v1/devices/{eui}"
    assert (await client.ask("GET", path)).json == whole
    replaced = await put(client, eui, {"lot": lot, "zone": "b1", **GENERIC, "bit": {}})
    assert replaced.status == 200
    assert replaced.json["bit"] == {"occupied_when": 1, "battery_full": 100}
    assert (await client.ask("GET", path)).json == replaced.json
    assert (await client.ask("DELETE", path)).status == 204
    assert (await client.ask("DELETE", path)).status == 404
    assert (await client.ask("GET", path)).status == 404
    assert (await put(client, eui, {"lot": lot, "space": "e1", **BOSCH})).status == 201


async def test_its_eui_may_be_written_in_capital_letters(client: Client, lot: str) -> None:
    eui = new_eui()
    answer = await put(client, eui.upper(), {"lot": lot, "space": "e1", **BOSCH})
    assert answer.json["dev_eui"] == eui
    assert (await client.ask("GET", f"/v1/devices/{eui}")).status == 200
    assert (await client.ask("GET", f"/v1/devices/{eui.upper()}")).status == 200


@pytest.mark.parametrize("eui", ["0004a30b", "0004a30b0000000g", "0004a30b000000001", "%00"])
async def test_what_is_no_eui(client: Client, lot: str, eui: str) -> None:
    answer = await put(client, eui, {"lot": lot, "space": "e1", **BOSCH})
    assert (answer.status, answer.pointers) == (400, {"?dev_eui"})
    assert (await client.ask("GET", f"/v1/devices/{eui}")).status == 404
    assert (await client.ask("DELETE", f"/v1/devices/{eui}")).status == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"zone": "ev"}, ""),
        ({"space": None}, ""),
        ({"model": "bosch"}, "/model"),
        ({"distance": None}, ""),
        ({"bit": {"occupied_when": 0}}, ""),
        ({"distance": {"occupied_below_mm": 9}}, "/distance/free_above_mm"),
        ({"distance": {"occupied_below_mm": 9, "free_above_mm": 8}}, "/distance"),
        ({"distance": {"occupied_below_mm": 0, "free_above_mm": 8}}, "/distance/occupied_below_mm"),
        ({"distance": {"occupied_below_mm": "9", "free_above_mm": 9}},
         "/distance/occupied_below_mm"),
        ({"colour": "red"}, "/colour"),
        ({"lot": "a b"}, "/lot"),
    ],
)  # fmt: skip
async def test_a_description_that_is_not_valid(
    client: Client, lot: str, change: Json, pointer: str
) -> None:
    answer = await put(client, new_eui(), {"lot": lot, "space": "e1", **MUD, **change})
    assert (answer.status, answer.pointers) == (400, {pointer})


@pytest.mark.parametrize(
    ("place", "pointer"),
    [({"space": "e9"}, "/space"), ({"zone": "b9"}, "/zone"), ({"space": "b1"}, "/space")],
)
async def test_a_place_that_is_not_there(
    client: Client, lot: str, place: Json, pointer: str
) -> None:
    answer = await put(client, new_eui(), {"lot": lot, **place, **BOSCH})
    assert (answer.status, answer.pointers) == (409, {pointer})


async def test_a_lot_that_is_not_there(client: Client, lot: str) -> None:
    eui = new_eui()
    wanted = {"lot": unique("lot"), "space": "e1", **BOSCH}
    answer = await put(client, eui, wanted)
    assert (answer.status, answer.pointers) == (409, {"/lot"})
    await put(client, eui, {**wanted, "lot": lot})
    assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 204
    assert (await put(client, new_eui(), {**wanted, "lot": lot})).status == 409
    assert (await client.ask("GET", f"/v1/devices/{eui}")).json["lot"] == lot
    assert (await client.ask("DELETE", f"/v1/devices/{eui}")).status == 204


async def test_operators_take_no_device_from_each_other(client: Client) -> None:
    mine, theirs = unique("operator"), unique("operator")
    my_key, their_key = (
        await client.new_key("operator", mine),
        await client.new_key("operator", theirs),
    )
    my_lot = await client.new_lot(zone("g"), operator=mine)
    their_lot = await client.new_lot(zone("g"), operator=theirs)
    eui = new_eui()
    wanted = {"lot": my_lot, "zone": "g", **BOSCH}
    path = f"/v1/devices/{eui}"
    assert (await put(client, eui, wanted, key=their_key)).status == 403
    assert (await put(client, eui, wanted, key=my_key)).status == 201
    taken = {**wanted, "lot": their_lot}
    for key in (their_key, my_key):  # neither taken nor given away
        assert (await put(client, eui, taken, key=key)).status == 403
    for method in ("GET", "DELETE"):
        assert (await client.ask(method, path, key=their_key)).status == 403
    assert await items(client, f"lot={my_lot}", their_key) == []
    assert [item["dev_eui"] for item in await items(client, f"lot={my_lot}", my_key)] == [eui]
    assert (await put(client, eui, taken)).status == 200  # an admin's key may
    assert (await client.ask("GET", path, key=their_key)).status == 200
    assert (await client.ask("GET", path, key=my_key)).status == 403


async def test_devices_go_with_their_lot(client: Client) -> None:
    before, after = unique("operator"), unique("operator")
    lot = await client.new_lot(zone("g"), operator=before)
    eui = new_eui()
    await put(client, eui, {"lot": lot, "zone": "g", **BOSCH})
    key = await client.new_key("operator", after)
    path = f"/v1/devices/{eui}"
    assert (await client.ask("GET", path, key=key)).status == 403
    await client.put_lot(lot, described(zone("g"), operator=after), 200)
    assert (await client.ask("GET", path, key=key)).status == 200


async def test_a_list_comes_in_pages(client: Client, lot: str) -> None:
    euis = sorted(new_eui() for _ in range(5))
    for eui in reversed(euis):
        await put(client, eui, {"lot": lot, "space": "e2", **BOSCH})
    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        page = (await client.ask("GET", f"/v1/devices?lot={lot}&limit=2{more}")).json
        found += [item["dev_eui"] for item in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert (found, pages) == (euis, 3)
    assert (await client.ask("GET", "/v1/devices?cursor=x")).status == 400


async def test_what_is_done_to_devices_is_audited(client: Client, lot: str) -> None:
    eui, name = new_eui(), {"X-Request-Id": "register"}
    wanted = {"lot": lot, "space": "e1", **BOSCH}
    await put(client, eui, wanted, headers=name)
    await put(client, eui, wanted)  # changes nothing
    await put(client, eui, {**wanted, "space": "e9"})  # refused
    await client.ask("DELETE", f"/v1/devices/{eui}")
    acts = (await client.ask("GET", f"/v1/audit?lot={lot}&limit=2")).json["items"]
    told = [(act["action"], act["target"], act["request"]) for act in acts]
    assert [act[:2] for act in told] == [("device_removed", eui), ("device_registered", eui)]
    assert told[1][2] == "register"
