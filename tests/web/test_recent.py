"""Activity: how many events came lately, by lot, and to whom that is told."""

from datetime import datetime

from tests.web.client import Client, event, now, unique, zone


async def test_events_are_counted_once_each(client: Client) -> None:
    operator = unique("operator")
    lot = await client.new_lot(zone(), operator=operator)
    quiet = await client.new_lot(zone(), operator=operator)
    sent = [event(lot, "passage", seconds, id=f"p{seconds}") for seconds in range(1, 8)]
    await client.accept(*sent)
    assert (await client.push(*sent))["duplicates"] == 7
    await client.accept(event(lot, "void", event="p1"))
    answer = (await client.ask("GET", f"/v1/activity?lots={lot},{quiet}")).json
    assert answer["items"] == [{"lot": lot, "events": 8}]
    assert answer["next"] is None
    begin, end = (datetime.fromisoformat(answer[name]) for name in ("from", "to"))
    assert begin < end
    assert (end - begin).total_seconds() <= 300
    assert abs((now() - end).total_seconds()) < 60

    own, other = [await client.new_key("operator", name) for name in (operator, "another")]
    seen = [(await client.ask("GET", "/v1/activity", key=key)).json for key in (own, other)]
    assert [item["lot"] for item in seen[0]["items"]] == [lot]
    assert lot not in {item["lot"] for item in seen[1]["items"]}
    refused = await client.ask("GET", f"/v1/activity?lots={lot}", key=other)
    assert refused.status == 403
