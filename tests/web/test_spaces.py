"""Spaces of a lot, each as it is now, by the rule of the lot's numbers."""

from tests.web.client import Client, Json, event, zone


async def spaces(client: Client, lot: str, query: str = "") -> list[Json]:
    answer = await client.ask("GET", f"/v1/lots/{lot}/spaces{query}")
    assert answer.status == 200, answer
    items: list[Json] = answer.json["items"]
    return items


async def test_each_space_is_as_the_numbers_say(client: Client) -> None:
    lot = await client.new_lot(
        zone("ev", "spaces", 3, stale_after_s=600), zone("b1"), zone("up", "spaces", 2)
    )
    await client.put_spaces(lot, "up", "u1")
    await client.put_spaces(lot, "ev", "e1", "e2", "e3")
    await client.accept(
        event(lot, "space", space="e1", occupied=True),
        event(lot, "space", space="e2", occupied=False),
        event(lot, "space", 700, space="e3", occupied=True),
        event(lot, "heartbeat", space="u1"),
    )
    found = {item["space"]: item for item in await spaces(client, lot)}
    assert list(found) == ["e1", "e2", "e3", "u1"]
    assert [item["occupied"] for item in found.values()] == [True, False, None, None]
    assert all(item["heard_at"] and item["counted"] for item in found.values())
    assert {item["zone"] for item in found.values()} == {"ev", "up"}
    shown = {item["id"]: item for item in (await client.availability(lot))["zones"]}
    assert (shown["ev"]["occupied"], shown["ev"]["free"], shown["ev"]["unknown"]) == (1, 1, 1)

    await client.accept(event(lot, "heartbeat", 30, zone="ev"))  # its gateway lives: so do they
    assert [item["occupied"] for item in await spaces(client, lot)] == [True, False, True, None]


async def test_spaces_beyond_the_capacity_are_told_apart(client: Client) -> None:
    lot = await client.new_lot(zone("ev", "spaces", 2))
    await client.put_spaces(lot, "ev", "e1", "e2")
    described = (await client.get(f"/v1/lots/{lot}")) | {"zones": [zone("ev", "spaces", 1)]}
    for name in ("id", "lot", "open_now"):
        del described[name]
    await client.put_lot(lot, described, 200)
    found = await spaces(client, lot)
    assert [(item["space"], item["counted"]) for item in found] == [("e1", True), ("e2", False)]
    assert all(item["occupied"] is None and item["heard_at"] is None for item in found)


async def test_they_come_in_pages(client: Client) -> None:
    lot = await client.new_lot(zone("ev", "spaces", 5))
    await client.put_spaces(lot, "ev", *(f"e{n}" for n in range(5)))
    path, cursor, found = f"/v1/lots/{lot}/spaces?limit=2", "", []
    for _ in range(3):
        page = (await client.ask("GET", path + cursor)).json
        found += [item["space"] for item in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert page["next"] is None
    assert found == [f"e{n}" for n in range(5)]
    assert (await client.ask("GET", path + "&cursor=eA")).pointers == {"?cursor"}
