"""The service below a path: the same with the prefix as without, and all links lead below it."""

import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urljoin

import pytest
from pydantic import ValidationError

from parking.config import Settings
from tests.service import RunningService, running_services
from tests.web.client import Client, client_of, described, event, zone

PREFIX = "/city/parking-v2"


@pytest.fixture
def placed(database_url: str) -> Iterator[RunningService]:
    env = {"PARKING_PATH_PREFIX": PREFIX, "PARKING_RATE_PER_ADDRESS": "1000/1"}
    with running_services(database_url, 1, **env) as (one,):
        yield one


@pytest.fixture
async def app(placed: RunningService) -> AsyncIterator[Client]:
    async with client_of(placed) as one:
        yield one


async def test_a_proxy_may_cut_the_prefix_off_or_not(app: Client) -> None:
    lot = f"{PREFIX}/v1/lots/p1"
    assert (await app.ask("PUT", lot, json=described(zone("b1")))).status == 201
    assert (await app.ask("PUT", "/v1/lots/p1", json=described(zone("b1")))).status == 200
    pushed = await app.ask(
        "POST", f"{PREFIX}/v1/events", json={"events": [event("p1", "recount", occupied=3)]}
    )
    assert pushed.json["accepted"] == 1
    for path in (
        "/v1/lots", "/v1/lots/p1", "/v1/availability", "/v1/lots/p1/events", "/v1/nowhere",
        "/healthz", "/readyz", "/openapi.json", "/docs", "/docs/docs.js", "/docs/none",
        "/", "/board", "/planner", "/sw.js", "/static/old/theme.css", "/static/old/none",
    ):  # fmt: skip
        for method in ("GET", "HEAD", "OPTIONS", "PATCH"):
            below, plain = await app.ask(method, PREFIX + path), await app.ask(method, path)
            assert below.status == plain.status, (method, path)
            assert below.headers.get("etag") == plain.headers.get("etag")
    for wrong in (f"{PREFIX}{PREFIX}/healthz", "/city/healthz", "/city", "/city/"):
        assert (await app.ask("GET", wrong)).status == 404
    led = await app.ask("GET", PREFIX, allow_redirects=False)
    assert led.status == 308
    assert urljoin(f"https://x{PREFIX}", led.headers["location"]) == f"https://x{PREFIX}/"


async def test_links_lead_below_it(app: Client) -> None:
    document = (await app.ask("GET", f"{PREFIX}/openapi.json")).json
    assert [server["url"] for server in document["servers"]] == [PREFIX]
    assert "/v1/lots" in document["paths"]
    for place in ("/docs", "/", "/board", "/planner"):
        page = (await app.ask("GET", f"{PREFIX}{place}")).body.decode()
        links = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(links) >= 3
        for link in links:
            if not link.startswith("data:"):
                path = urljoin(f"{PREFIX}{place}", link)
                assert path.startswith(PREFIX)
                assert (await app.ask("GET", path)).status == 200, link


async def test_streams_are_below_it(app: Client) -> None:
    assert (await app.ask("HEAD", f"{PREFIX}/v1/stream")).status == 200
    async with app.session.ws_connect(f"{app.service.url}{PREFIX}/v1/ws") as socket:
        await socket.send_json({"subscribe": {"lots": 7}})
        assert "error" in await socket.receive_json(timeout=10)


async def test_metrics_and_limits_know_no_prefix(app: Client) -> None:
    for path in ("/healthz", f"{PREFIX}/healthz"):
        answer = await app.ask("GET", path)
        assert "ratelimit" not in answer.headers
    assert "ratelimit" in (await app.ask("GET", f"{PREFIX}/v1/lots", key=None)).headers
    told = (await app.ask("GET", f"{PREFIX}/metrics")).body.decode()
    assert 'route="/healthz"' in told
    assert PREFIX not in told


@pytest.mark.parametrize(
    "value",
    ["parking", "/parking/", "/", "//a", "/a//b", "/a b", "/a/../b", "/{lot}", "/a?b", "/é"],
)
def test_prefixes_that_are_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKING_PATH_PREFIX", value)
    with pytest.raises(ValidationError):
        Settings()
