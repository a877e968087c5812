"""Pushing events: every type, both forms, receipts, rejections, identities."""

import gzip
import json
from typing import Any

import pytest

from tests.web.client import NDJSON, Client, Json, event, one_of_each, unique, zone


def lines(events: list[Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in events)


async def push_lines(client: Client, body: bytes, status: int = 200, **headers: str) -> Any:
    headers = {"Content-Type": NDJSON, **headers}
    answer = await client.ask("POST", "/v1/events", data=body, headers=headers)
    assert answer.status == status, answer
    return answer.json


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", ["application/json", NDJSON])
async def test_every_type_in_every_form(client: Client, lot: str, form: str, packed: bool) -> None:
    sent = one_of_each(lot)
    body = lines(sent) if form == NDJSON else json.dumps({"events": sent}).encode()
    headers = {"Content-Type": form, **({"Content-Encoding": "gzip"} if packed else {})}
    for accepted, duplicates in ((len(sent), 0), (0, len(sent))):
        answer = await client.ask(
            "POST", "/v1/events", data=gzip.compress(body) if packed else body, headers=headers
        )
        assert answer.status == 200, answer
        receipt = answer.json
        assert (receipt["accepted"], receipt["duplicates"]) == (accepted, duplicates)
        assert (receipt["rejected"], receipt["rejected_total"]) == ([], 0)
    assert len(await client.log(lot)) == len(sent)


async def test_both_forms_name_events_alike(client: Client, lot: str) -> None:
    sent = one_of_each(lot)
    await client.accept(*sent)
    receipt = await push_lines(client, lines(sent))
    assert receipt["duplicates"] == len(sent)


@pytest.mark.parametrize(
    ("type_", "fields", "code"),
    [
        ("passage", {"direction": "up"}, "invalid"),
        ("passage", {"count": 0}, "invalid"),
        ("passage", {"count": 1001}, "invalid"),
        ("passage", {"count": "1"}, "invalid"),
        ("passage", {"count": True}, "invalid"),
        ("passage", {"count": 1.5}, "invalid"),
        ("passage", {"count": None}, "invalid"),
        ("passage", {"zone": "nowhere"}, "unknown_zone"),
        ("passage", {"zone": "no where"}, "invalid"),
        ("passage", {"zone": "roof"}, "wrong_counting"),
        ("passage", {"zone": "ev"}, "wrong_counting"),
        ("passage", {"zone": "c1"}, "wrong_counting"),
        ("passage", {"colour": "red"}, "invalid"),
        ("passage", {"id": ""}, "invalid"),
        ("passage", {"id": "a b"}, "invalid"),
        ("passage", {"id": "a" * 65}, "invalid"),
        ("passage", {"id": 7}, "invalid"),
        ("passage", {"id": "a\n"}, "invalid"),
        ("passage", {"sensor": "a:b"}, "invalid"),
        ("space", {"space": "e1"}, "invalid"),
        ("space", {"space": "e1", "occupied": 1}, "invalid"),
        ("space", {"space": "e1", "occupied": "true"}, "invalid"),
        ("space", {"space": "e9", "occupied": True}, "unknown_space"),
        ("space", {"space": "e 9", "occupied": True}, "invalid"),
        ("space", {"space": "e1", "occupied": True, "zone": "ev"}, "invalid"),
        ("count", {}, "invalid"),
        ("count", {"free": 1, "occupied": 2}, "invalid"),
        ("count", {"free": -1}, "invalid"),
        ("count", {"free": 1.0}, "invalid"),
        ("count", {"free": 1}, "unknown_zone"),  # two zones take it
        ("count", {"free": 1, "zone": "ev"}, "wrong_counting"),
        ("recount", {"zone": "b1"}, "invalid"),
        ("recount", {"occupied": 1}, "unknown_zone"),
        ("recount", {"occupied": 1, "zone": "roof"}, "wrong_counting"),
        ("flag", {"level": "unknown"}, "invalid"),
        ("flag", {"level": "full", "zone": "b1"}, "wrong_counting"),
        ("heartbeat", {"space": "e1", "zone": "ev"}, "invalid"),
        ("heartbeat", {}, "unknown_zone"),
        ("heartbeat", {"space": "e9"}, "unknown_space"),
        ("heartbeat", {"zone": "ev", "battery_pct": 101}, "invalid"),
        ("heartbeat", {"zone": "ev", "battery_pct": "87"}, "invalid"),
        ("status", {"status": "ajar"}, "invalid"),
        ("status", {"status": "open", "reason": 7}, "invalid"),
        ("void", {}, "invalid"),
        ("void", {"event": "a b"}, "invalid"),
        ("honk", {}, "invalid"),
        ("", {}, "invalid"),
    ],
)
async def test_refused(client: Client, lot: str, type_: str, fields: Json, code: str) -> None:
    wrong = event(lot, type_, **{"id": "wrong", **fields})
    receipt = await client.push(wrong, event(lot, id="good"))
    assert (receipt["accepted"], receipt["rejected_total"]) == (1, 1), receipt
    (rejection,) = receipt["rejected"]
    assert (rejection["index"], rejection["code"]) == (0, code), receipt
    assert rejection["id"] == (wrong["id"] if wrong["id"] == "wrong" else None)
    assert rejection["detail"]
    assert [item["id"] for item in await client.log(lot)] == ["good"]


@pytest.mark.parametrize(
    "moment",
    [
        None, 0, 1_790_000_000, 1.5, "", "now", "1790000000", "2026-11-23", "2026-11-23T00:31:07",
        "2026-11-23T00:31:07+99:00", "2026-13-23T00:31:07Z", "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00", ["2026-11-23T00:31:07Z"], True,
    ],
)  # fmt: skip
async def test_moments_that_are_none(client: Client, lot: str, moment: Any) -> None:
    for whole in (
        event(lot),
        event(lot, "status", status="open"),
        event(lot, "void", event="a"),
    ):
        wrong = {**whole, "observed_at": moment}
        receipt = await client.push(wrong)
        assert [item["code"] for item in receipt["rejected"]] == ["invalid"], receipt
    assert await client.log(lot) == []


async def test_what_lots_are_not(client: Client, lot: str) -> None:
    good = event(lot, id="good")
    wrong = [
        {**good, "lot": name} for name in ("none", "a b", "", "a" * 65, "a\0", "东站", 7, None)
    ]
    receipt = await client.push(*wrong, good)
    codes = [item["code"] for item in receipt["rejected"]]
    assert codes == ["unknown_lot"] + ["invalid"] * 7
    assert receipt["accepted"] == 1


async def test_a_zone_may_be_left_out_where_one_fits(client: Client) -> None:
    alone = await client.new_lot(zone("z", "counts"))
    sent = [event(alone, "count", free=1), event(alone, "recount", occupied=2),
            event(alone, "heartbeat")]  # fmt: skip
    await client.accept(*sent)
    assert {item["zone"] for item in await client.log(alone)} == {"z"}
    receipt = await client.push(event(alone, "flag", level="full"), event(alone))
    assert [item["code"] for item in receipt["rejected"]] == ["wrong_counting"] * 2


async def test_ahead_of_the_clock(client: Client, lot: str) -> None:
    early = event(lot, "status", -290, status="open", id="soon")
    late = event(lot, "status", -310, status="open", id="later")
    receipt = await client.push(early, late)
    assert [(item["id"], item["code"]) for item in receipt["rejected"]] == [("later", "future")]


async def test_an_operators_receipt_names_lots_that_are_not_its_own(client: Client) -> None:
    mine = unique("operator")
    key = await client.new_key("operator", mine)
    own, foreign = await client.new_lot(operator=mine), await client.new_lot()
    receipt = await client.push(
        event(own, id="a"), event(foreign, id="b"), event("none", id="c"), key=key
    )
    codes = {item["id"]: item["code"] for item in receipt["rejected"]}
    assert codes == {"b": "forbidden_lot", "c": "unknown_lot"}
    assert receipt["accepted"] == 1
    assert await client.log(foreign) == []
