"""What is older than the retention is not taken, and cannot be asked for."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import PostgresServer
from tests.service import RunningService, running_services
from tests.web.client import Client, ago, client_of, event, zone

DAY_S = 86_400


@pytest.fixture(scope="module")
def retaining(migrated_server: PostgresServer) -> Iterator[RunningService]:
    """Run a service that keeps events for 30 days."""
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    with running_services(migrated_server.url(name), PARKING_RETENTION_DAYS="30") as (one,):
        yield one
    migrated_server.drop_database(name)


@pytest.fixture
async def keeper(retaining: RunningService) -> AsyncIterator[Client]:
    async with client_of(retaining) as one:
        yield one


async def test_too_old(keeper: Client) -> None:
    lot = await keeper.new_lot(zone("g", "gates"))
    old, older = 30 * DAY_S - 60, 30 * DAY_S + 1
    receipt = await keeper.push(
        event(lot, "recount", old, occupied=3, id="in"),
        event(lot, "recount", older, occupied=4, id="out"),
        event(lot, "void", older, event="x", id="void"),
        event(lot, "passage", 5000 * DAY_S, id="ancient"),
        {**event(lot, id="first"), "observed_at": "0001-01-01T00:00:00Z"},
    )
    assert receipt["accepted"] == 1
    codes = {item["id"]: item["code"] for item in receipt["rejected"]}
    assert codes == dict.fromkeys(("out", "void", "ancient", "first"), "too_old")
    assert [item["id"] for item in await keeper.log(lot)] == ["in"]


async def test_moments_before_what_is_retained(keeper: Client) -> None:
    lot = await keeper.new_lot(zone("g", "gates"))
    await keeper.accept(event(lot, "recount", 29 * DAY_S + 60, occupied=3))
    for path in (f"/v1/lots/{lot}/availability?at=", f"/v1/availability?lots={lot}&at="):
        for seconds_ago, status in ((29 * DAY_S, 200), (30 * DAY_S + 1, 410), (9999 * DAY_S, 410)):
            answer = await keeper.ask("GET", path + ago(seconds_ago))
            assert answer.status == status, seconds_ago
    assert (await keeper.availability(lot, ago(29 * DAY_S)))["occupied"] == 3


async def test_nothing_is_too_old_for_ever(client: Client) -> None:
    lot = await client.new_lot(zone("g", "gates"))
    await client.accept({**event(lot), "observed_at": "1970-01-01T00:00:00Z"})
    await client.accept(event(lot, "recount", 20 * 365 * DAY_S, occupied=3))
    then = ago(20 * 365 * DAY_S - 60)
    assert (await client.availability(lot, then))["occupied"] == 3
