"""Nothing of those who ask is written down: no addresses, no positions, no queries."""

from collections.abc import Iterator

import asyncpg
import pytest

from tests.service import RunningService, running_services
from tests.web.client import client_of, described

ADDRESS, LAT, LON = "203.0.113.77", "34.7612345", "113.7712345"


@pytest.fixture
def talkative(database_url: str) -> Iterator[RunningService]:
    env = {
        "PARKING_LOG_LEVEL": "debug",
        "PARKING_TRUSTED_PROXIES": "127.0.0.1",
        "PARKING_RATE_PER_ADDRESS": "3/600",
    }
    with running_services(database_url, 1, **env) as (one,):
        yield one


async def test_positions_and_addresses_are_logged_nowhere(
    talkative: RunningService, database_url: str
) -> None:
    async with client_of(talkative) as client:
        await client.put_lot("p1", described())
        headers = {"X-Forwarded-For": ADDRESS, "User-Agent": "their-phone", "Referer": "their-page"}
        path = f"/v1/nearby?lat={LAT}&lon={LON}"
        statuses = [
            (await client.ask("GET", path, key=None, headers=headers)).status for _ in range(5)
        ]
        assert statuses == [200] * 3 + [429] * 2
        wrong = f"{path}&colour={ADDRESS}"
        await client.ask("GET", wrong, key=None, headers={**headers, "X-Forwarded-For": "x"})
        metrics = (await client.ask("GET", "/metrics")).body.decode()
    said = talkative.said()
    assert said.count("GET /v1/nearby") == 6, "the log tells of the requests"
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I', relname) AS name FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
        stored = [
            row["line"]
            for table in tables
            for row in await connection.fetch(f"SELECT t::text AS line FROM {table['name']} t")
        ]
    finally:
        await connection.close()
    assert stored
    for private in (ADDRESS, LAT, LON, "their-phone", "their-page"):
        assert private not in said
        assert private not in metrics
        assert not any(private in line for line in stored)
