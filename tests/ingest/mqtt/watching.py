"""Looking at a service that listens to a broker, until it is as it should be."""

import re

from tests.web.client import Client, Json, until

PATIENCE = 60


async def readiness(client: Client) -> Json:
    told: Json = (await client.ask("GET", "/readyz")).json
    return told


async def shows(client: Client, mqtt: str) -> None:
    """Wait until the service says so of its broker."""
    await until(lambda: readiness(client), lambda told: told.get("mqtt") == mqtt, PATIENCE)


async def metric(client: Client, name: str) -> float:
    """Give a sum over a metric's labels."""
    text = (await client.ask("GET", "/metrics")).body.decode()
    values = re.findall(rf"^{name}(?:{{.*}})? (.+)$", text, re.MULTILINE)
    return sum(float(value) for value in values)


async def handled(client: Client, outcome: str, count: int) -> None:
    name = rf'parking_mqtt_messages_total\{{outcome="{outcome}"\}}'
    await until(lambda: metric(client, name), lambda n: n >= count, PATIENCE)


async def passages(client: Client, lot: str, count: int) -> list[Json]:
    """Wait until a lot's log has so many events; gives them."""
    found: list[Json] = await until(
        lambda: client.log(lot, "?limit=1000"), lambda log: len(log) >= count, PATIENCE
    )
    return found
