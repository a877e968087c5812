"""A broker, a database or an instance that goes: what was published is stored, and once."""

import asyncio
import re
import time
from pathlib import Path

import asyncpg
import pytest

from parking.ingest.mqtt.link import WINDOW
from tests.broker import Broker, Gateway, gateway_of
from tests.faults.extent import extent
from tests.ingest.mqtt.watching import PATIENCE, handled, metric, passages, readiness, shows
from tests.service import RunningService, running_services
from tests.web.client import Client, client_of, event, until, zone


async def test_killed_before_the_commit_it_is_delivered_again(
    client: Client, gateway: Gateway, service: RunningService, database_url: str
) -> None:
    lot = await client.new_lot(zone("b1"))
    await shows(client, "connected")
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():  # nobody commits meanwhile
            await connection.execute("SELECT FROM log_head FOR UPDATE")
            await gateway.publish(lot, event(lot, id="once"))
            await until(
                lambda: metric(client, "parking_mqtt_in_flight"), lambda n: n == 1, PATIENCE
            )
            await asyncio.to_thread(service.kill)
    finally:
        await connection.close()
    await asyncio.to_thread(service.start)
    assert [one["id"] for one in await passages(client, lot, 1)] == ["once"]
    await handled(client, "stored", 1)
    # had it been acknowledged too late, it would come once more, and be no second event
    await asyncio.to_thread(service.kill)
    await asyncio.to_thread(service.start)
    await gateway.publish(lot, event(lot, id="last"))
    assert [one["id"] for one in await passages(client, lot, 2)] == ["once", "last"][::-1]
    assert (await client.availability(lot))["observed_at"] is None  # passages without a base


async def test_while_the_database_is_away_messages_wait(
    client: Client, gateway: Gateway, database_url: str
) -> None:
    lot = await client.new_lot(zone("b1"))
    await shows(client, "connected")
    await gateway.listen()
    name = re.search(r"/(test_\d+)\?", database_url)
    assert name is not None
    connection = await asyncpg.connect(database_url.replace(name[0], "/parking?"))
    try:
        await connection.execute(f"ALTER DATABASE {name[1]} ALLOW_CONNECTIONS false")
        await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name[1]
        )
        for number in range(3):
            await gateway.publish(lot, event(lot, id=f"e{number}"))
        await until(lambda: metric(client, "parking_mqtt_in_flight"), lambda n: n == 3, PATIENCE)
        await until(
            lambda: metric(client, "parking_commit_failures_total"), lambda n: n >= 2, PATIENCE
        )
        assert gateway.receipts == []
    finally:
        await connection.execute(f"ALTER DATABASE {name[1]} ALLOW_CONNECTIONS true")
        await connection.close()
    receipts = await gateway.receipt(3)
    assert [told["accepted"] + told["duplicates"] for told in receipts] == [1, 1, 1]
    assert {one["id"] for one in await client.log(lot)} == {"e0", "e1", "e2"}


async def test_a_broker_that_goes_is_waited_for(
    client: Client, broker: Broker, service: RunningService
) -> None:
    lot = await client.new_lot(zone("b1"))
    await shows(client, "connected")
    await asyncio.to_thread(broker.stop)
    await shows(client, "away")
    assert (await readiness(client))["status"] == "ready"
    assert await metric(client, "parking_mqtt_connected") == 0
    assert (await client.availability(lot))["capacity"] == 10
    await until(lambda: metric(client, "parking_mqtt_failures_total"), lambda n: n >= 2, PATIENCE)
    await asyncio.to_thread(broker.start)
    async with gateway_of(broker) as gateway:  # the broker has kept the subscription
        await gateway.publish(lot, event(lot, id="after"))
    assert [one["id"] for one in await passages(client, lot, 1)] == ["after"]
    await shows(client, "connected")
    assert f"the broker 127.0.0.1:{broker.port} is away" in service.said()


async def test_instances_share_the_messages(broker: Broker, database_url: str) -> None:
    with running_services(
        database_url, 2, PARKING_MQTT_URL=broker.url, PARKING_MQTT_GROUP="all"
    ) as services:
        async with (
            client_of(services[0]) as first,
            client_of(services[1]) as second,
            gateway_of(broker) as gateway,
        ):
            lot = await first.new_lot(zone("b1"))
            for one in (first, second):
                await shows(one, "connected")
            await until(lambda: second.get("/v1/lots"), lambda page: page["items"])
            await gateway.listen()
            for number in range(60):
                await gateway.publish(lot, event(lot, id=f"e{number}"))
            assert sum(told["accepted"] for told in await gateway.receipt(60)) == 60
            shares = [await metric(one, "parking_mqtt_messages_total") for one in (first, second)]
            assert sum(shares) == 60
            assert min(shares) > 0


@pytest.mark.parametrize("retained", [False, True], ids=["queued", "retained"])
async def test_a_flood_is_taken_in_by_windows(
    broker: Broker, database_url: str, *, retained: bool
) -> None:
    """What the broker has in store comes a window at a time, however much it is.

    Queued messages are of one lot, retained ones of as many: a topic retains one, and all but the
    first lot are unknown. `SOAK=1` has 100,000 of either, of one event each.
    """
    count, events = extent(3 * WINDOW, 100_000), extent(20, 1)
    with running_services(database_url, PARKING_MQTT_URL=broker.url) as (service,):
        async with client_of(service) as client:
            lot = await client.new_lot(zone("b1"))
            await shows(client, "connected")
            assert await asyncio.to_thread(service.terminate) == 0
            if retained:  # as if it had never been there
                await asyncio.to_thread(broker.forget)
        async with gateway_of(broker) as gateway:
            for first in range(0, count, 200):
                for number in range(first, first + 200):
                    name = f"{lot}-{number}" if retained and number else lot
                    message = [event(name, id=f"{number}:{n}") for n in range(events)]
                    gateway.start(name, message, retain=retained)
                await gateway.drained()
        await asyncio.to_thread(service.start)
        async with client_of(service) as client:
            most, patience = 0.0, extent(PATIENCE, 900)
            deadline = time.monotonic() + patience
            while await metric(client, "parking_mqtt_messages_total") < count:
                most = max(most, await metric(client, "parking_mqtt_in_flight"))
                assert time.monotonic() < deadline, most
            # and what was read in one go
            assert 0 < most <= WINDOW + 2 * 65_536 / (events * 100)
            assert await metric(client, "parking_mqtt_in_flight") == 0
            assert await metric(client, "parking_events_total") == count * events
            assert len(await client.log(lot, "?limit=1000")) == min(
                1000, events if retained else count * events
            )
        assert peak_mb(service) < 300, peak_mb(service)


def peak_mb(service: RunningService) -> float:
    """Give the most memory that the service held since its last start."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    [kilobytes] = re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    print(f"peak {int(kilobytes) / 1000:.0f} MB")
    return int(kilobytes) / 1000
