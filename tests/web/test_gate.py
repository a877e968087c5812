"""What every request passes: names, caching, CORS, methods, and failures as problem documents."""

import re

import pytest

from tests.web.client import Client, ago, zone


@pytest.fixture
async def lot(client: Client) -> str:
    return await client.new_lot(zone("b1", "counts"))


def public_paths(lot: str) -> list[str]:
    return [
        "/v1/lots",
        f"/v1/lots/{lot}",
        f"/v1/lots/{lot}/zones/b1/spaces",
        f"/v1/lots/{lot}/availability",
        f"/v1/lots/{lot}/availability?at={ago(1)}",
        "/v1/availability",
        f"/v1/availability?lots={lot}&at={ago(1)}",
        "/v1/nearby?lat=34.76&lon=113.77",
        "/openapi.json",
        "/docs",
    ]


async def test_a_request_keeps_its_name(client: Client, lot: str) -> None:
    for path in (f"/v1/lots/{lot}", "/v1/lots/none", "/nowhere", "/v1/keys"):
        for name in ("a", "A-b_c.9", "7" * 64):
            answer = await client.ask("GET", path, key=None, headers={"X-Request-Id": name})
            assert answer.headers["x-request-id"] == name


async def test_a_name_that_is_none_gets_another(client: Client) -> None:
    for name in ("", "a b", "a" * 65, '"<b>', "é"):
        answer = await client.ask("GET", "/nowhere", headers={"X-Request-Id": name})
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["x-request-id"])
        assert answer.headers["x-request-id"] != name
    names = {(await client.ask("GET", "/healthz")).headers["x-request-id"] for _ in range(20)}
    assert len(names) == 20


async def test_public_answers_are_validated_and_open_to_all(client: Client, lot: str) -> None:
    for path in public_paths(lot):
        first = await client.ask("GET", path, key=None)
        assert first.status == 200, path
        tag = first.headers["etag"]
        assert re.fullmatch(r'"[^"]+"', tag)
        assert first.headers["cache-control"]
        assert first.headers["access-control-allow-origin"] == "*"
        assert "etag" in first.headers["access-control-expose-headers"].lower()
        for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = await client.ask("GET", path, key=None, headers={"If-None-Match": given})
            assert (again.status, again.body) == (304, b""), (path, given)
            assert again.headers["etag"] == tag
            assert again.headers["access-control-allow-origin"] == "*"
        for given in ('"x"', "", tag.strip('"')):
            other = await client.ask("GET", path, key=None, headers={"If-None-Match": given})
            assert (other.status, other.body) == (200, first.body), (path, given)


async def test_a_change_is_another_tag(client: Client, lot: str) -> None:
    path = f"/v1/lots/{lot}/availability"
    before = await client.ask("GET", path)
    await client.accept({"type": "count", "lot": lot, "observed_at": ago(1), "free": 3})
    match = {"If-None-Match": before.headers["etag"]}
    after = await client.ask("GET", path, headers=match)
    assert after.status == 200
    assert after.headers["etag"] != before.headers["etag"]


async def test_what_needs_a_key_is_not_kept(client: Client, lot: str) -> None:
    for path in ("/v1/keys", f"/v1/lots/{lot}/events", f"/v1/lots/{lot}/sensors", "/v1/none"):
        answer = await client.ask("GET", path)
        assert answer.headers["cache-control"] == "no-store"


async def test_head_is_get_without_a_body(client: Client, lot: str) -> None:
    for path in [*public_paths(lot), "/healthz", "/readyz", f"/v1/lots/{lot}/sensors"]:
        head, full = await client.ask("HEAD", path), await client.ask("GET", path)
        assert (head.status, head.body) == (full.status, b""), path
        for name in ("etag", "content-type", "content-length", "cache-control"):
            assert head.headers.get(name) == full.headers.get(name), (path, name)
    assert (await client.ask("HEAD", "/v1/lots/none")).status == 404
    assert (await client.ask("HEAD", "/v1/stream")).status == 200


async def test_preflight(client: Client, lot: str) -> None:
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "last-event-id",
    }
    for path in [*public_paths(lot), "/v1/stream"]:
        answer = await client.ask("OPTIONS", path, key=None, headers=headers)
        assert answer.status in (200, 204), path
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "GET" in answer.headers["access-control-allow-methods"]
        assert "last-event-id" in answer.headers["access-control-allow-headers"].lower()


async def test_failures_can_be_read_from_anywhere(client: Client) -> None:
    for path in ("/v1/lots/none", "/v1/nearby", "/nowhere"):
        answer = await client.ask("GET", path, key=None, headers={"Origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/lots", {"GET", "HEAD"}),
        ("PATCH", "/v1/lots/p1", {"GET", "HEAD", "PUT", "DELETE"}),
        ("DELETE", "/v1/events", {"POST"}),
        ("GET", "/v1/events", {"POST"}),
        ("OPTIONS", "/v1/events", {"POST"}),
        ("PUT", "/v1/availability", {"GET", "HEAD"}),
        ("POST", "/v1/stream", {"GET", "HEAD"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
    ],
)
async def test_methods_that_are_not(
    client: Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = await client.ask(method, path)
    assert answer.status == 405
    assert {name.strip() for name in answer.headers["allow"].split(",")} == allowed


@pytest.mark.parametrize(
    "path",
    ["//", "/v1", "/v2/lots", "/v1/lots/", "/v1//lots", "/v1/lots/a/b", "/v1/events/", "/docs/x.js",
     "/docs/..%2f..%2fconfig.py", "/docs/../../etc/passwd", "/%00", "/%ff", "/v1/lots%0a",
     "/v1/%E4%B8%9C"],
)  # fmt: skip
async def test_paths_that_are_not(client: Client, path: str) -> None:
    answer = await client.ask("GET", path)
    assert answer.status == 404
    assert answer.json["type"].startswith("urn:")


async def test_a_parameter_unknown_or_given_twice(client: Client, lot: str) -> None:
    for path in public_paths(lot):
        joint = "&" if "?" in path else "?"
        answer = await client.ask("GET", f"{path}{joint}colour=red")
        assert (answer.status, answer.pointers) == (400, {"?colour"}), path
    answer = await client.ask("GET", "/v1/nearby?lat=1&lat=1&lon=1")
    assert (answer.status, answer.pointers) == (400, {"?lat"})


async def test_a_get_with_a_body(client: Client, lot: str) -> None:
    answer = await client.ask("GET", f"/v1/lots/{lot}", data=b"{" * 100_000)
    assert answer.status == 200
