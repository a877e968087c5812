"""Identities: ids given and made, retries, conflicts, and voids."""

import asyncio
import hashlib
import json

from tests.web.client import Client, Json, ago, event, one_of_each, zone


def made_id(sent: Json) -> str:
    """Name an event by the contract's words; its time stands in UTC with microseconds."""
    canonical = json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


async def test_named_by_content(client: Client, lot: str) -> None:
    sent = [item for item in one_of_each(lot) if "id" not in item]
    receipt = await client.push(*sent)
    assert receipt["accepted"] == len(sent)
    wanted = [made_id(item) for item in sent]
    assert [item["id"] for item in receipt["ids"]] == wanted
    assert {item["id"] for item in await client.log(lot)} == set(wanted)
    whole = {**event(lot), "observed_at": "2026-01-02T08:30:00+08:00"}
    same = {**whole, "observed_at": "2026-01-02T00:30:00.000000Z"}
    receipt = await client.push(whole, same, {**same, "observed_at": "2026-01-02T00:30:00Z"})
    assert (receipt["accepted"], receipt["duplicates"]) == (1, 2)
    assert {item["id"] for item in receipt["ids"]} == {made_id(same)}
    again = await client.push({**same, "count": 1}, dict(reversed(same.items())))
    assert (again["accepted"], again["duplicates"]) == (1, 1)  # as sent: a default is a difference


async def test_the_same_id_with_another_content(client: Client, lot: str) -> None:
    first = event(lot, id="a")
    other = {**first, "count": 2}
    receipt = await client.push(first, other, first, event(lot, id="b"))
    assert (receipt["accepted"], receipt["duplicates"]) == (2, 1)
    assert [(item["index"], item["code"]) for item in receipt["rejected"]] == [(1, "conflict")]
    receipt = await client.push(other, first)
    assert (receipt["accepted"], receipt["duplicates"]) == (0, 1)
    assert [(item["index"], item["code"]) for item in receipt["rejected"]] == [(0, "conflict")]
    elsewhere = await client.new_lot()
    await client.accept({**other, "lot": elsewhere})  # ids are a lot's own
    second = {**first, "observed_at": ago(61)}
    assert (await client.push(second))["rejected"][0]["code"] == "conflict"


async def test_the_same_id_by_many_at_once(client: Client, lot: str) -> None:
    base = event(lot, id="a")
    receipts = await asyncio.gather(*(client.push({**base, "count": n}) for n in range(1, 17)))
    assert sorted(receipt["accepted"] for receipt in receipts) == [0] * 15 + [1]
    rejected = [item for receipt in receipts for item in receipt["rejected"]]
    assert [item["code"] for item in rejected] == ["conflict"] * 15
    (logged,) = await client.log(lot)
    (taken,) = (n for n, receipt in enumerate(receipts, 1) if receipt["accepted"])
    assert logged["count"] == taken


async def test_the_same_event_by_many_at_once(client: Client, lot: str) -> None:
    same = event(lot)
    receipts = await asyncio.gather(*(client.push(same) for _ in range(16)))
    assert sum(receipt["accepted"] for receipt in receipts) == 1
    assert sum(receipt["duplicates"] for receipt in receipts) == 15


async def test_a_void_before_and_after_its_target(client: Client) -> None:
    lot = await client.new_lot(zone("b1"))
    await client.accept(event(lot, "recount", 100, occupied=5), event(lot, id="after"))
    assert (await client.availability(lot))["occupied"] == 6
    await client.accept(event(lot, "void", 1, event="after"))
    assert (await client.availability(lot))["occupied"] == 5
    await client.accept(event(lot, "void", 1, event="before"))
    await client.accept(event(lot, id="before", count=3))
    assert (await client.availability(lot))["occupied"] == 5
    assert (await client.availability(lot, ago(30)))["occupied"] == 5  # at every moment


async def test_a_void_of_a_void_has_no_effect(client: Client) -> None:
    lot = await client.new_lot(zone("b1"))
    await client.accept(
        event(lot, "recount", 100, occupied=5),
        event(lot, id="car"),
        event(lot, "void", 50, event="car", id="v1"),
        event(lot, "void", 40, event="v1", id="v2"),
        event(lot, "void", 30, event="v3", id="v3"),
    )
    assert (await client.availability(lot))["occupied"] == 5
    voided = {item["id"]: item["voided_by"] for item in await client.log(lot) if "id" in item}
    assert (voided["car"], voided["v1"], voided["v2"], voided["v3"]) == ("v1", None, None, None)


async def test_a_void_acts_in_its_own_lot(client: Client) -> None:
    lot, other = await client.new_lot(zone("b1")), await client.new_lot(zone("b1"))
    for name in (lot, other):
        await client.accept(event(name, "recount", 100, occupied=5), event(name, id="car"))
    await client.accept(event(lot, "void", event="car"))
    assert (await client.availability(lot))["occupied"] == 5
    assert (await client.availability(other))["occupied"] == 6


async def test_a_made_id_is_voidable(client: Client) -> None:
    lot = await client.new_lot(zone("b1"))
    car = event(lot)
    receipt = await client.push(event(lot, "recount", 100, occupied=5), car)
    assert receipt["ids"][1] == {"index": 1, "id": made_id(car)}
    await client.accept(event(lot, "void", event=made_id(car)))
    assert (await client.availability(lot))["occupied"] == 5
