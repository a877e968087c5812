"""Rate limits on the running service: who is counted together, and what one is told."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.service import RunningService, running_services
from tests.web.client import Answer, Client, client_of, described

LIMITED = {
    "PARKING_RATE_PER_KEY": "6/600",
    "PARKING_RATE_PER_ADDRESS": "4/600",
    "PARKING_TRUSTED_PROXIES": "127.0.0.0/8",
}
PROBLEM = "urn:parking:problem:too-many-requests"


@pytest.fixture
def limited(database_url: str) -> Iterator[RunningService]:
    with running_services(database_url, 1, **LIMITED) as (one,):
        yield one


@pytest.fixture
async def app(limited: RunningService) -> AsyncIterator[Client]:
    async with client_of(limited) as one:
        yield one


async def ask(app: Client, address: str, path: str = "/v1/lots", key: str | None = None) -> Answer:
    """Ask by a proxy, for the client of that address."""
    return await app.ask("GET", path, key=key, headers={"X-Forwarded-For": address})


async def test_addresses_are_counted_one_by_one(app: Client) -> None:
    paths = ("/v1/lots", "/v1/lots/none", "/nowhere", "/v1/keys")
    for number, path in enumerate(paths):
        answer = await ask(app, "192.0.2.1", path)
        assert answer.status != 429
        assert answer.headers["ratelimit-policy"] == '"address";q=4;w=600'
        assert re.fullmatch(rf'"address";r={3 - number};t=\d+', answer.headers["ratelimit"])
    for path in (*paths, "/v1/stream", "/v1/ws", "/docs", "/docs/docs.js"):
        answer = await ask(app, "192.0.2.1", path)
        assert answer.status == 429, path
        assert answer.json["type"] == PROBLEM
        assert 0 < int(answer.headers["retry-after"]) <= 150
        assert answer.headers["ratelimit"].startswith('"address";r=0;t=')
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert (await ask(app, "192.0.2.2")).status == 200
    assert (await ask(app, "192.0.2.2, 127.0.0.9")).status == 200  # by two proxies of ours
    told = (await ask(app, "192.0.2.1, 192.0.2.2")).headers["ratelimit"]
    assert told.startswith('"address";r=1;'), "an address to the left is the client's invention"


async def test_what_watches_is_not_counted(app: Client) -> None:
    for _ in range(6):
        for path in ("/healthz", "/readyz", "/metrics"):
            answer = await ask(app, "192.0.2.1", path)
            assert answer.status == 200
            assert "ratelimit" not in answer.headers


async def test_a_key_counts_for_itself(app: Client) -> None:
    key = await app.new_key("planner")
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"):
        answer = await ask(app, address, key=key)
        assert answer.status == 200
        assert answer.headers["ratelimit-policy"] == '"key";q=6;w=600'
    assert (await ask(app, "192.0.2.1", key=key)).status == 429
    assert (await ask(app, "192.0.2.1", "/v1/usage", key=key)).status == 429
    assert (await ask(app, "192.0.2.1")).status == 200, "the address was not counted"
    assert (await app.ask("PUT", "/v1/lots/p1", json=described())).status == 201, "another's key"


async def test_guessing_keys_is_counted_by_address(app: Client) -> None:
    statuses = [(await ask(app, "192.0.2.1", "/v1/keys", key=f"pk_{n}")).status for n in range(6)]
    assert statuses == [401] * 4 + [429] * 2


async def test_who_is_no_proxy_is_not_believed(database_url: str) -> None:
    with running_services(database_url, 1, **{**LIMITED, "PARKING_TRUSTED_PROXIES": ""}) as (one,):
        async with client_of(one) as app:
            statuses = [(await ask(app, f"192.0.2.{n}")).status for n in range(6)]
    assert statuses == [200] * 4 + [429] * 2


async def test_limits_are_off_unless_set(client: Client) -> None:
    answers = [await ask(client, "192.0.2.1", "/v1/keys", key=f"pk_{n}") for n in range(300)]
    assert {answer.status for answer in answers} == {401}
    assert not any("ratelimit" in answer.headers for answer in answers)
