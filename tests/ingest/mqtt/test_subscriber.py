"""What comes by a broker: stored, answered, acknowledged, in this order, and never lost."""

import asyncio
import hashlib
import json

from tests.broker import Broker, Gateway
from tests.service import RunningService
from tests.web.client import Client, Json, event, until, zone


async def connected(client: Client) -> None:
    """Wait until the service listens to the broker."""

    async def ready() -> Json:
        told: Json = (await client.ask("GET", "/readyz")).json
        return told

    await until(ready, lambda told: told.get("mqtt") == "connected", 60)


async def test_events_come_in_and_are_answered(client: Client, gateway: Gateway) -> None:
    lot = await client.new_lot(zone("b1"))
    await connected(client)
    await gateway.listen()
    one = event(lot, id="a")
    await gateway.publish(lot, one, correlation_data=b"first")
    await gateway.publish(lot, [event(lot, id="b"), one])
    await gateway.publish(lot, {"events": [event(lot, id="c", zone="b9"), event(lot)]})
    first, second, third = await gateway.receipt(3)
    assert first["message"] == "sha256:" + hashlib.sha256(json.dumps(one).encode()).hexdigest()
    assert (first["accepted"], first["duplicates"], first["rejected"]) == (1, 0, [])
    assert (second["accepted"], second["duplicates"]) == (1, 1)
    assert (third["accepted"], third["rejected_total"]) == (1, 1)
    assert third["rejected"][0]["code"] == "unknown_zone"
    assert [known for _, _, known in gateway.receipts] == [b"first", None, None]
    assert {topic for topic, _, _ in gateway.receipts} == {f"parking/v1/{lot}/receipts"}
    assert {one["key"] for one in await client.log(lot)} == {"mqtt"}
