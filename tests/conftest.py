"""A real PostgreSQL for every test that asks: one server a session, one database a test.

`database_url` copies a template database that was migrated once, which takes some 50 ms. Everything
runs in the main thread, as the server dies with the thread that started it.
"""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import hypothesis
import pytest

from parking.store.embedded import EmbeddedPostgres
from tests.service import RunningService, running_services

MIGRATED = "migrated"
if (
    "CI" not in os.environ
):  # there the library itself sets no deadline, and draws the same each time
    hypothesis.settings.register_profile("any machine", deadline=None)  # a busy one is no fault
    hypothesis.settings.load_profile("any machine")


class PostgresServer:
    """The session's server; its methods may be used while no event loop runs."""

    def __init__(self, data_dir: Path) -> None:
        # A factory given, the runner leaves the thread's current loop to the tests.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._embedded = EmbeddedPostgres(data_dir)
        self._numbers = itertools.count(1)

    def start(self) -> None:
        self._run(self._embedded.start())
        self.create_database(MIGRATED, template="template1")

    def stop(self) -> None:
        self._run(self._embedded.stop())
        self._runner.close()

    def url(self, database: str) -> str:
        return self._embedded.dsn.replace("/parking?", f"/{database}?")

    def migrate(self) -> None:
        from parking.store.migrate import migrate

        self._run(migrate(self.url(MIGRATED)))

    def new_name(self) -> str:
        return f"test_{next(self._numbers)}"

    def create_database(self, name: str, template: str = MIGRATED) -> None:
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")

    def drop_database(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, sql: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.url("parking"))
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        self._run(execute())

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._runner.run(coroutine)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server without a schema, in a folder of its own outside the tree."""
    folder = Path(tempfile.mkdtemp(prefix="parking-test-"))
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_server(postgres_server: PostgresServer) -> PostgresServer:
    """Bring the server's template database up to date."""
    postgres_server.migrate()
    return postgres_server


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Address of a fresh database without any schema."""
    name = postgres_server.new_name()
    postgres_server.create_database(name, template="template1")
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def database_url(migrated_server: PostgresServer) -> Iterator[str]:
    """Address of a fresh, migrated, empty database; gone after the test."""
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    yield migrated_server.url(name)
    migrated_server.drop_database(name)


@pytest.fixture
def service(database_url: str) -> Iterator[RunningService]:
    """One service as operators run it, in a process of its own, ready."""
    with running_services(database_url) as (one,):
        yield one
