"""One service for many tests, each of which has lots of its own names."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import PostgresServer
from tests.service import RunningService, running_services
from tests.web.client import Client, client_of, zone

ALL_ZONES = (
    zone("b1", "gates"), zone("ev", "spaces"), zone("c1", "counts"), zone("roof", "flag"),
)  # fmt: skip


@pytest.fixture(scope="session")
def shared_service(migrated_server: PostgresServer) -> Iterator[RunningService]:
    """Run the service that the tests of this folder share; its lots are never those of others."""
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    with running_services(migrated_server.url(name)) as (one,):
        yield one
    migrated_server.drop_database(name)


@pytest.fixture
async def client(shared_service: RunningService) -> AsyncIterator[Client]:
    async with client_of(shared_service) as one:
        yield one


@pytest.fixture
async def lot(client: Client) -> str:
    """Give a lot with a zone of each counting; `ev` lists the spaces e1 and e2."""
    lot = await client.new_lot(*ALL_ZONES)
    await client.put_spaces(lot, "ev", "e1", "e2")
    return lot
