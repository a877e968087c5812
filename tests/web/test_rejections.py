"""Dead letters: each refusal is kept once, for its operator, the latest first, and cleaned."""

import asyncio
import json

import asyncpg
import pytest

from parking.store import rejections
from parking.store.rejections import Rejected
from tests.entries import NOW
from tests.service import RunningService
from tests.web.client import Client, Json, client_of, event, unique, until, zone

FIELDS = ["received_at", "source", "key", "operator", "lot", "event", "code", "detail", "item"]
PLATE = "豫A·F1234"


async def rejected(client: Client, query: str, key: str | None = "") -> list[Json]:
    answer = await client.ask("GET", f"/v1/rejections?{query}", key=key)
    assert answer.status == 200, answer
    items: list[Json] = answer.json["items"]
    return items


async def settled(client: Client, lot: str, count: int) -> list[Json]:
    """Wait until so many are told of a lot; gives them."""
    found: list[Json] = await until(
        lambda: rejected(client, f"lot={lot}&limit=1000"), lambda items: len(items) >= count
    )
    return found


async def test_each_refusal_is_told_once_with_why(client: Client) -> None:
    operator = unique("operator")
    lot = await client.new_lot(zone("b1"), operator=operator)
    key = await client.new_key("operator", operator)
    receipt = await client.push(
        event(lot, id="fine"),
        event(lot, id="nowhere", zone="b9"),
        event(lot, id="fine", count=2),
        {"lot": lot, "type": "passage", "plate": PLATE},
        key=key,
    )
    found = await settled(client, lot, 3)
    assert all(list(one) == FIELDS for one in found)
    told = {one["code"]: one for one in found}
    assert len(found) == 3
    assert set(told) == {"unknown_zone", "conflict", "invalid"}
    assert {one["code"] for one in receipt["rejected"]} == set(told)
    for one in found:
        assert (one["source"], one["operator"]) == ("http", operator)
        assert one["key"].startswith("key_")
    assert told["unknown_zone"]["event"] == "nowhere"
    assert json.loads(told["unknown_zone"]["item"])["zone"] == "b9"
    assert json.loads(told["conflict"]["item"])["count"] == 2
    assert json.loads(told["invalid"]["item"]) == {"lot": lot, "type": "passage", "plate": "…"}
    assert "plate" in told["invalid"]["detail"]


async def test_a_body_without_events_is_told(client: Client) -> None:
    operator = unique("operator")
    key = await client.new_key("operator", operator)
    headers = {"Content-Type": "application/json"}
    for body in (b"{", b"[]", b'{"events": [' + b"1," * 10_000 + b"1]}"):
        answer = await client.ask("POST", "/v1/events", key=key, data=body, headers=headers)
        assert answer.status in (400, 413), answer
    found = await until(lambda: rejected(client, "", key), lambda items: len(items) == 3)
    assert {(one["code"], one["operator"], one["item"]) for one in found} == {
        ("unreadable", operator, None)
    }
    assert "not JSON" in found[2]["detail"]
    assert "10000 events" in found[0]["detail"]


async def test_lines_are_told_too(client: Client) -> None:
    lot = await client.new_lot(zone("b1"))
    lines = [json.dumps(event(lot, zone="b9", id=f"e{n}")) for n in range(3)]
    await client.ask(
        "POST",
        "/v1/events",
        data="\n".join([*lines, "B12345 came in"]).encode(),
        headers={"Content-Type": "application/x-ndjson"},
    )
    found = await settled(client, lot, 3)
    assert [one["event"] for one in found] == ["e2", "e1", "e0"]
    strangers = [one for one in await rejected(client, "limit=100") if one["lot"] is None]
    assert "B12345" not in json.dumps(strangers), "what cannot be read is not kept"


async def test_an_operator_sees_its_own(client: Client) -> None:
    mine, other = unique("operator"), unique("operator")
    lot = await client.new_lot(zone("b1"), operator=mine)
    keys = {name: await client.new_key("operator", name) for name in (mine, other)}
    await client.push(event(lot, zone="b9", id="by-admin"))  # the lot's operator's, nobody else's
    await client.push(event(lot, id="by-other"), key=keys[other])  # its sender's
    await settled(client, lot, 2)
    assert [one["event"] for one in await rejected(client, "", keys[mine])] == ["by-admin"]
    assert [one["event"] for one in await rejected(client, "", keys[other])] == ["by-other"]
    assert await rejected(client, f"lot={unique('lot')}", keys[mine]) == []


async def test_what_belongs_to_nobody_is_for_admins(client: Client) -> None:
    lot = unique("no-such-lot")
    await client.push(event(lot))
    [one] = await settled(client, lot, 1)
    assert (one["code"], one["operator"], one["key"]) == ("unknown_lot", None, "environment")


async def test_pages_end(client: Client) -> None:
    lot = await client.new_lot(zone("b1"))
    await client.push(*(event(lot, zone="b9", id=f"e{n}") for n in range(7)))
    await settled(client, lot, 7)
    seen: list[str] = []
    cursor = ""
    while True:
        path = f"/v1/rejections?lot={lot}&limit=3{cursor}"
        page = (await client.ask("GET", path)).json
        seen += [one["event"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"e{n}" for n in reversed(range(7))]
    for wrong in ("x", "YQ", "LTE"):
        answer = await client.ask("GET", f"/v1/rejections?cursor={wrong}")
        assert (answer.status, answer.pointers) == (400, {"?cursor"})


async def test_the_latest_of_an_operator_are_kept(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "KEPT", 5)
    connection = await asyncpg.connect(database_url)
    try:
        for start in (0, 3, 6):
            for operator in ("a", None):
                made = [
                    Rejected(NOW, "http", None, operator, None, f"e{n}", "invalid", "why", None)
                    for n in range(start, start + 3)
                ]
                await rejections.append(connection, made)
        await rejections.append(
            connection, [Rejected(NOW, "http", None, "b", None, "e0", "invalid", "why", None)]
        )
        page = await rejections.list_page(
            connection, operator=None, lot=None, before=None, limit=100
        )
    finally:
        await connection.close()
    kept = [(one.operator, one.event) for one in page]
    for operator in ("a", None):
        assert [name for of, name in kept if of == operator] == [f"e{n}" for n in (8, 7, 6, 5, 4)]
    assert kept.count(("b", "e0")) == 1


async def test_they_outlive_the_service(service: RunningService) -> None:
    """What was refused a moment before the end is stored on the way out."""
    async with client_of(service) as client:
        lot = await client.new_lot(zone("b1"))
        await client.push(event(lot, zone="b9", id="last"))
        await asyncio.to_thread(service.terminate)
        await asyncio.to_thread(service.start)
        assert [one["event"] for one in await rejected(client, f"lot={lot}")] == ["last"]
