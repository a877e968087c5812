"""The broker of compose.yaml: its configuration, its rights, and the passwords scripts make."""

import asyncio
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.broker import Broker, gateway_of, require_broker, running_broker
from tests.e2e.wire import Wire, connected, until
from tests.oracle_events import Json
from tests.service import CHECKOUT, DIRECT, RunningService, running_services

COMPOSE = CHECKOUT / "deploy" / "compose"
# What the test's own broker has already, at its own place.
OTHERS = re.compile(
    "listener|certfile|keyfile|tls_version|persistence|log_dest|max_(queued|inflight)_messages"
)
LOT = "lot-7"
ZONE = {
    "id": "all",
    "class": "general",
    "capacity": 10,
    "counting": "counts",
    "stale_after_s": 3600,
}


def settings(secrets: Path) -> list[str]:
    """Give the lines of the configuration that decide who may do what."""
    text = (COMPOSE / "mosquitto.conf").read_text("utf-8")
    text = text.replace("/run/secrets/", f"{secrets}/").replace("/mosquitto/config/", f"{COMPOSE}/")
    text = text.replace(f"{COMPOSE}/acl", f"{COMPOSE}/mosquitto.acl")
    return [
        line for line in text.split("\n") if line[:1] not in ("#", "") and not OTHERS.match(line)
    ]


def script(name: str, *words: str | Path) -> str:
    done = subprocess.run(  # noqa: S603 - our own scripts
        [COMPOSE / name, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


async def test_a_gateway_speaks_for_its_lot_alone(tmp_path: Path, database_url: str) -> None:
    require_broker()
    secrets = tmp_path / "secrets"
    script("secrets.sh", secrets)
    passwords = {name: script("gateway.sh", name, secrets) for name in (LOT, "lot-8")}
    with running_broker(*settings(secrets)) as broker:
        own = (secrets / "parking_mqtt_url").read_text().strip()
        url, found = re.subn("@mosquitto:1883$", f"@127.0.0.1:{broker.port}", own)
        assert found == 1
        with running_services(database_url, PARKING_MQTT_URL=url) as (one,):
            async with connected(one) as (wire,):
                await wire.put_lot(LOT, [ZONE])
                await until(lambda: is_connected(one))
                for name, free, refused in (("lot-8", 3, True), (LOT, 4, False)):
                    async with gateway_of(broker, name, passwords[name]) as gateway:
                        await gateway.publish(LOT, event(free), qos=0 if refused else 1)
                        if refused:  # and nobody hears of it
                            await until(lambda: says(broker, "Denied PUBLISH"))
                await until(lambda: counts(wire))
                assert await counts(wire) == [4]


def event(free: int) -> Json:
    at = datetime.now(UTC).isoformat()
    return {"lot": LOT, "type": "count", "free": free, "observed_at": at}


async def is_connected(one: RunningService) -> bool:
    def ask() -> str:
        with DIRECT.open(f"{one.url}/metrics", timeout=30) as answer:
            return str(answer.read().decode())

    return (
        re.search(r"^parking_mqtt_connected{.*} 1.0$", await asyncio.to_thread(ask), re.MULTILINE)
        is not None
    )


async def says(broker: Broker, words: str) -> bool:
    return words in await asyncio.to_thread(broker.said)


async def counts(wire: Wire) -> list[int]:
    page = await wire.ask("GET", f"/v1/lots/{LOT}/events")
    return [item["free"] for item in page["items"]]
