"""What is made of a message: events that are stored, and an answer, or a dead letter."""

import hashlib
import json

from tests.broker import Gateway
from tests.ingest.mqtt.watching import handled, metric, shows
from tests.web.client import Client, Json, event, until, zone


async def test_events_come_in_and_are_answered(shared: Client, shared_gateway: Gateway) -> None:
    lot = await shared.new_lot(zone("b1"))
    await shows(shared, "connected")
    await shared_gateway.listen()
    one = event(lot, id="a")
    await shared_gateway.publish(lot, one, correlation_data=b"first")
    await shared_gateway.publish(lot, [event(lot, id="b"), one])
    await shared_gateway.publish(lot, {"events": [event(lot, id="c", zone="b9"), event(lot)]})
    first, second, third = await shared_gateway.receipt(3)
    assert first["message"] == "sha256:" + hashlib.sha256(json.dumps(one).encode()).hexdigest()
    assert (first["accepted"], first["duplicates"], first["rejected"]) == (1, 0, [])
    assert (second["accepted"], second["duplicates"]) == (1, 1)
    assert (third["accepted"], third["rejected_total"]) == (1, 1)
    assert third["rejected"][0]["code"] == "unknown_zone"
    assert [known for _, _, known in shared_gateway.receipts] == [b"first", None, None]
    assert {topic for topic, _, _ in shared_gateway.receipts} == {f"parking/v1/{lot}/receipts"}
    assert {one["key"] for one in await shared.log(lot)} == {"mqtt"}


async def test_a_topic_speaks_for_its_lot_alone(shared: Client, shared_gateway: Gateway) -> None:
    mine = await shared.new_lot(zone("b1"), operator="mine")
    other = await shared.new_lot(zone("b1"), operator="other")
    await shows(shared, "connected")
    await shared_gateway.listen()
    await shared_gateway.publish(mine, [event(other, id="theirs"), event(mine, id="own")])
    [receipt] = await shared_gateway.receipt()
    assert receipt["accepted"] == 1
    assert [(item["index"], item["code"]) for item in receipt["rejected"]] == [(0, "forbidden_lot")]
    assert await shared.log(other) == []
    key = await shared.new_key("operator", "mine")

    async def rejections() -> list[Json]:
        found: list[Json] = (await shared.ask("GET", "/v1/rejections", key=key)).json["items"]
        return found

    [letter] = await until(rejections, bool)
    assert (letter["source"], letter["key"], letter["lot"]) == ("mqtt", "mqtt", mine)
    assert (letter["code"], letter["event"]) == ("forbidden_lot", "theirs")


async def test_poison_is_kept_apart_and_blocks_nothing(
    shared: Client, shared_gateway: Gateway
) -> None:
    lot = await shared.new_lot(zone("b1"))
    await shows(shared, "connected")
    await shared_gateway.listen()
    poison = [b"", b"\xff\x00", b'{"lot": "p1", "type"', b"17", b"[" + b"{}," * 10_000 + b"{}]"]
    for payload in poison:
        await shared_gateway.publish(lot, payload)
    await shared_gateway.publish("东站", event(lot))
    await shared_gateway.publish(lot, event(lot, id="good"))
    receipts = await shared_gateway.receipt(len(poison) + 1)
    assert [told.get("problem", "") != "" for told in receipts] == [*[True] * len(poison), False]
    assert [one["id"] for one in await shared.log(lot)] == ["good"]
    await handled(shared, "poisoned", len(poison) + 1)

    async def letters() -> list[Json]:
        found: list[Json] = (await shared.ask("GET", "/v1/rejections")).json["items"]
        return [one for one in found if one["code"] == "unreadable"]

    kept = await until(letters, lambda items: len(items) > len(poison))
    assert [one["lot"] for one in kept] == [None, *[lot] * len(poison)]
    assert "topic" in kept[0]["detail"]
    assert "more than 10000 events" in kept[1]["detail"]
    assert await metric(shared, "parking_mqtt_in_flight") == 0
