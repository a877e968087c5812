"""Leadership: of several that ask one has it, until it goes or loses its connection."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from parking.store.leadership import Leadership
from tests.e2e.wire import until


@pytest.fixture
async def three(database_url: str) -> AsyncIterator[list[Leadership]]:
    several = [Leadership(database_url) for _ in range(3)]
    yield several
    for one in several:
        one.close()
    await asyncio.sleep(0)  # for the connections to be let go of


async def test_one_leads(three: list[Leadership]) -> None:
    for _ in range(3):
        assert [await one.held() for one in three] == [True, False, False]


async def test_one_of_those_who_ask_at_once(three: list[Leadership]) -> None:
    assert sorted(await asyncio.gather(*(one.held() for one in three))) == [False, False, True]


async def test_who_goes_is_followed(three: list[Leadership]) -> None:
    assert [await one.held() for one in three] == [True, False, False]
    three[0].close()
    await until(three[2].held)  # once the server has noticed
    assert [await one.held() for one in reversed(three)] == [True, False, False]


async def test_who_loses_its_connection_does_not_lead(
    three: list[Leadership], database_url: str
) -> None:
    assert [await one.held() for one in three] == [True, False, False]
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        )
    finally:
        await connection.close()
    assert await three[1].held()
    assert not await three[0].held()
    assert not await three[0].held()
    assert await three[1].held()


async def test_nobody_leads_without_a_database(database_url: str) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    nowhere = Leadership(database_url.replace(f"/{name}?", "/absent?"))
    assert not await nowhere.held()
    nowhere.close()
    nowhere.close()


async def test_jobs_that_ask_at_once_share_one_session(database_url: str) -> None:
    leadership = Leadership(database_url)
    assert await asyncio.gather(*(leadership.held() for _ in range(5))) == [True] * 5
    connection = await asyncpg.connect(database_url)
    try:
        locks = await connection.fetchval(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
    finally:
        await connection.close()
        leadership.close()
    assert locks == 1
