"""A broker a test, and a service that takes events from it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.broker import Broker, Gateway, gateway_of, running_broker
from tests.conftest import PostgresServer
from tests.service import RunningService, running_services
from tests.web.client import Client, client_of


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as one:
        yield one


@pytest.fixture
def service(broker: Broker, database_url: str) -> Iterator[RunningService]:
    with running_services(database_url, PARKING_MQTT_URL=broker.url) as (one,):
        yield one


@pytest.fixture
async def client(service: RunningService) -> AsyncIterator[Client]:
    async with client_of(service) as one:
        yield one


@pytest.fixture
async def gateway(broker: Broker) -> AsyncIterator[Gateway]:
    async with gateway_of(broker) as one:
        yield one


@pytest.fixture(scope="module")
def shared_broker() -> Iterator[Broker]:
    with running_broker() as one:
        yield one


@pytest.fixture(scope="module")
def shared_service(
    migrated_server: PostgresServer, shared_broker: Broker
) -> Iterator[RunningService]:
    """Run a service for tests that leave it and its broker as they are."""
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    with running_services(migrated_server.url(name), PARKING_MQTT_URL=shared_broker.url) as (one,):
        yield one
    migrated_server.drop_database(name)


@pytest.fixture
async def shared(shared_service: RunningService) -> AsyncIterator[Client]:
    async with client_of(shared_service) as one:
        yield one


@pytest.fixture
async def shared_gateway(shared_broker: Broker) -> AsyncIterator[Gateway]:
    async with gateway_of(shared_broker) as one:
        yield one
