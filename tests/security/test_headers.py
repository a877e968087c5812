"""What every answer tells browsers, wherever it comes from."""

from collections.abc import Iterator

import pytest

from tests.service import RunningService, running_services
from tests.web.client import Answer, Client, client_of

DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
PATHS = (
    "/v1/lots", "/v1/lots/none", "/v1/availability", "/v1/keys", "/v1/nearby", "/healthz",
    "/readyz", "/metrics", "/openapi.json", "/nowhere", "/docs/docs.js",
    "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/docs/none",
)  # fmt: skip


async def all_kinds(client: Client) -> list[Answer]:
    """Give answers of every kind: data, refusals, files, preflights, what is unchanged."""
    found = [await client.ask("GET", path) for path in PATHS]
    found += [await client.ask("GET", path, key=None) for path in PATHS]
    found += [await client.ask(method, "/v1/lots") for method in ("HEAD", "OPTIONS", "POST")]
    tag = {"If-None-Match": found[0].headers["etag"]}
    unchanged = await client.ask("GET", "/v1/lots", headers=tag)
    assert unchanged.status == 304
    found.append(unchanged)
    found.append(await client.ask("POST", "/v1/events", data=b"{"))
    return found


async def test_every_answer_is_protected(client: Client) -> None:
    answers = await all_kinds(client)
    assert {200, 204, 304, 400, 401, 404, 405} <= {answer.status for answer in answers}
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"] == DATA_POLICY
        assert answer.headers["server"] == "parking", "versions are nobody's business"
        assert "strict-transport-security" not in answer.headers


async def test_the_page_runs_its_own_files_alone(client: Client) -> None:
    page = await client.ask("GET", "/docs", key=None)
    again = await client.ask("GET", "/docs", headers={"If-None-Match": page.headers["etag"]})
    assert again.status == 304
    for answer in (page, again):
        rules = dict(
            rule.strip().split(" ", 1)
            for rule in answer.headers["content-security-policy"].split(";")
        )
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
        assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
        assert "unsafe" not in str(rules)


async def test_streams_are_protected(client: Client) -> None:
    async with client.session.get(client.service.url + "/v1/stream") as stream:
        assert stream.headers["X-Content-Type-Options"] == "nosniff"
        assert stream.headers["Content-Security-Policy"] == DATA_POLICY
    async with client.session.ws_connect(client.service.url + "/v1/ws") as socket:
        response = socket._response
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture
def secure(database_url: str) -> Iterator[RunningService]:
    with running_services(database_url, PARKING_HTTPS="true") as (one,):
        yield one


async def test_browsers_keep_to_https_where_it_is_declared(secure: RunningService) -> None:
    async with client_of(secure) as client:
        for answer in await all_kinds(client):
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
