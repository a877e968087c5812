"""Answers written in one piece: by the byte what HTTP and the library's own answers are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import pytest

from tests.service import RunningService
from tests.web.client import Client, event, now, zone

Writing = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def connected(service: RunningService) -> AsyncIterator[Writing]:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader, *, body: bool = True) -> tuple[str, dict[str, str]]:
    """Read one answer; gives its first line and its headers, the body under ``body``."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    first, *lines = head[:-4].split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        assert name.lower() not in headers, line
        headers[name.lower()] = value
    if body and "content-length" in headers:
        headers["body"] = (await reader.readexactly(int(headers["content-length"]))).decode()
    return first, headers


PATHS = ("/v1/availability", "/v1/nearby?lat=34.76&lon=113.77", "/v1/lots", "/openapi.json")


@pytest.mark.parametrize("path", PATHS)
async def test_it_is_what_the_library_would_answer(service: RunningService, path: str) -> None:
    async with connected(service) as (reader, writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        first, headers = await answer(reader)
        assert first == "HTTP/1.1 200 OK"
        assert headers["content-type"] == "application/json"
        assert "connection" not in headers
        writer.write(b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n")  # by the library
        _, others = await answer(reader)
        assert headers.keys() == others.keys()
        same = set(headers) - {
            "body", "content-length", "content-type", "date", "etag", "x-request-id",
            "content-security-policy",
        }  # fmt: skip
        assert {name: headers[name] for name in same} == {name: others[name] for name in same}
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        told = parsedate_to_datetime(headers["date"])
        assert abs((now() - told).total_seconds()) < 10
        assert headers["x-request-id"] != others["x-request-id"]


async def test_unchanged(service: RunningService) -> None:
    async with connected(service) as (reader, writer):
        writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n")
        _, headers = await answer(reader)
        for had in (headers["etag"], f'W/{headers["etag"]}, "x"', "*"):
            asked = f"GET /openapi.json HTTP/1.1\r\nHost: a\r\nIf-None-Match: {had}\r\n\r\n"
            writer.write(asked.encode())
            first, again = await answer(reader)
            assert first == "HTTP/1.1 304 Not Modified"
            assert again["etag"] == headers["etag"]
            assert "content-length" not in again
            assert "content-type" not in again
        writer.write(b'GET /openapi.json HTTP/1.1\r\nHost: a\r\nIf-None-Match: "x"\r\n\r\n')
        assert (await answer(reader))[0] == "HTTP/1.1 200 OK"


async def test_heads_versions_and_connections(service: RunningService) -> None:
    async with connected(service) as (reader, writer):
        writer.write(b"HEAD /v1/availability HTTP/1.1\r\nHost: a\r\n\r\n")
        first, headers = await answer(reader, body=False)
        assert int(headers["content-length"]) > 10
        writer.write(b"GET /v1/availability HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        first, headers = await answer(reader)
        assert (first, headers["connection"]) == ("HTTP/1.0 200 OK", "keep-alive")
        writer.write(b"GET /v1/availability HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        first, headers = await answer(reader)
        assert (first, headers["connection"]) == ("HTTP/1.1 200 OK", "close")
        assert await reader.read() == b""
    async with connected(service) as (reader, writer):
        writer.write(b"GET /v1/availability HTTP/1.0\r\n\r\n")
        first, headers = await answer(reader)
        assert first == "HTTP/1.0 200 OK"
        assert "connection" not in headers
        assert await reader.read() == b""


async def test_several_asked_at_once_are_answered_in_order(service: RunningService) -> None:
    names = [f"name-{number}" for number in range(20)]
    async with connected(service) as (reader, writer):
        writer.write(
            b"".join(
                f"GET {PATHS[n % 4]} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {name}\r\n\r\n".encode()
                for n, name in enumerate(names)
            )
        )
        assert [(await answer(reader))[1]["x-request-id"] for _ in names] == names


async def test_who_does_not_read_is_not_written_to_without_end(service: RunningService) -> None:
    async with connected(service) as (reader, writer):
        asked = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        writer.write(asked * 400)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(writer.drain(), 1)
        for _ in range(400):
            assert (await answer(reader))[0] == "HTTP/1.1 200 OK"


async def test_what_changes_is_told_anew(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", 100))
    tags = set()
    for free in (5, 6, 7):
        await client.accept(event(lot, "count", 0, free=free))
        one = await client.ask("GET", f"/v1/lots/{lot}/availability")
        every = await client.ask("GET", f"/v1/availability?lots={lot}")
        assert one.json["free"] == every.json["items"][0]["free"] == free
        tags |= {one.headers["etag"], every.headers["etag"]}
    assert len(tags) == 6
