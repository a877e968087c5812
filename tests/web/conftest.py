"""One service for many tests, each of which has lots of its own names."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import PostgresServer
from tests.service import RunningService, running_services
from tests.web.client import Client, client_of


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
