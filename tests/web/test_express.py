"""The express way: the same answers as by the usual one, and only what is plain goes by it."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.web.express import LARGEST_BODY, read_head, split
from tests.faults.link import linked
from tests.faults.machine import running
from tests.service import RunningService
from tests.web.client import Client, client_of, event, one_of_each, unique, zone

USUAL = "X-Unheard-Of: 1\r\n"
"""A header that changes nothing, but is not plain."""
NAME = "X-Request-Id: me\r\n"


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, text: str | bytes) -> bytes:
        self.writer.write(text.encode() if isinstance(text, str) else text)
        return await self.hear()

    async def hear(self) -> bytes:
        """Read an answer, without its date; headers in the order of their names."""
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            body = await self.reader.readexactly(int(length[1])) if length else b""
        assert len(re.findall(rb"\r\nDate: [^\r]+", head)) == 1
        first, *lines = re.sub(rb"\r\nDate: [^\r]+", b"", head[:-4]).split(b"\r\n")
        return b"\r\n".join([first, *sorted(lines)]) + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def line(service: RunningService) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


def get(target: str, more: str = "") -> str:
    return f"GET {target} HTTP/1.1\r\nHost: a\r\n{NAME}{more}\r\n"


def post(body: str | bytes, key: str, more: str = "", target: str = "/v1/events") -> bytes:
    data = body.encode() if isinstance(body, str) else body
    head = f"POST {target} HTTP/1.1\r\nHost: a\r\n{NAME}Authorization: Bearer {key}\r\n"
    length = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n{more}\r\n"
    return (head + length).encode() + data


async def both(service: RunningService, express: str | bytes, usual: str | bytes) -> bytes:
    """Ask the same both ways, each over a connection of its own; the answers must be the same."""
    async with line(service) as one, line(service) as other:
        answer = await one.ask(express)
        assert await other.ask(usual) == answer
        return answer


@pytest.fixture
async def lots(client: Client) -> tuple[str, str]:
    first = await client.new_lot(zone("b1"), zone("ev", "counts"), district=unique("d"))
    second = await client.new_lot(zone("c1", "counts"), opening_hours="Mo 10:00-11:00")
    await client.accept(event(first, "recount", occupied=3, zone="b1"))
    return first, second


async def test_reads_are_the_same_either_way(
    shared_service: RunningService, lots: tuple[str, str]
) -> None:
    targets = [
        "/v1/availability",
        f"/v1/availability?lots={lots[0]}",
        f"/v1/availability?lots={','.join(lots)}&class=general",
        "/v1/availability?district=nowhere",
        "/v1/availability?lots=%61",
        "/v1/availability?lots=",
        "/v1/availability?at=2026-01-01T00:00:00Z",
        "/v1/availability?at=x",
        "/v1/availability?unknown=1",
        "/v1/availability?lots=a&lots=b",
        f"/v1/lots/{lots[0]}/availability",
        f"/v1/lots/{lots[1]}/availability?",
        f"/v1/lots/{lots[1]}/availability?crs=gcj02",
        "/v1/lots/none/availability",
        "/v1/nearby?lat=34.76&lon=113.77",
        "/v1/nearby?lat=34.76&lon=113.77&min_free=1&limit=1&crs=gcj02&class=general",
        "/v1/nearby?lat=34.76",
        "/v1/nearby?lat=nan&lon=1",
        "/v1/nearby",
        "/v1/lots",
        "/v1/events",
        "/",
        "//v1/availability",
        "/v1/availability/",
    ]
    for target in targets:
        answer = await both(shared_service, get(target), get(target, USUAL))
        tag = re.search(rb"ETag: ([^\r]+)", answer)
        if answer.startswith(b"HTTP/1.1 200") and tag and "/lots" not in target[:8]:
            for had in (tag[1].decode(), '"x"', "*", f'W/{tag[1].decode()}, "x"'):
                asked = f"If-None-Match: {had}\r\n"
                again = await both(shared_service, get(target, asked), get(target, asked + USUAL))
                assert again.startswith(b"HTTP/1.1 200" if had == '"x"' else b"HTTP/1.1 304")


async def test_pushes_are_the_same_either_way(
    shared_service: RunningService, client: Client, lots: tuple[str, str]
) -> None:
    lot = lots[0]
    planner = await client.new_key("planner")
    known = event(lot, id="known")
    await client.accept(known)
    bodies: list[str] = [
        json.dumps({"events": events})
        for events in (
            [],
            [known],
            [{**known, "count": 2}],
            [{**known, "lot": "none"}],
            [event(lot, seconds_ago=-3600)],
            [event(lot, zone="none"), {"no": "event"}, 1, known],
            one_of_each("none"),
        )
    ]
    bodies += [
        "",
        "{",
        "[]",
        '{"events": 1}',
        '{"events": [], "more": 1}',
        "\ud800".encode(errors="surrogatepass").decode(errors="replace"),
    ]
    for body in bodies:
        for key in (shared_service.admin_key, planner, "none"):
            await both(shared_service, post(body, key), post(body, key, USUAL))


async def test_what_is_pushed_is_stored_once(
    shared_service: RunningService, client: Client, lots: tuple[str, str]
) -> None:
    lot = lots[0]
    sent = [event(lot, id=f"n{number}", seconds_ago=30) for number in range(5)]
    async with line(shared_service) as one:
        for number, item in enumerate(sent, 1):
            said = post(json.dumps({"events": [item]}), shared_service.admin_key)
            assert b'"accepted":1,' in await one.ask(said)
            told = (await one.ask(get(f"/v1/lots/{lot}/availability"))).partition(b"\r\n\r\n")[2]
            assert json.loads(told)["occupied"] == 3 + number  # acknowledged is shown
        assert b'"duplicates":1,' in await one.ask(said)


async def test_a_void_is_shown_when_it_is_answered(
    shared_service: RunningService, client: Client
) -> None:
    """The lot is folded anew for it, from the log: the answer waits for that."""
    lot = await client.new_lot(zone("c", "counts"))
    counts = [event(lot, "count", 60 - n, occupied=n, zone="c", id=f"{lot}.{n}") for n in (3, 4)]
    async with line(shared_service) as express:
        for sent in (*counts, event(lot, "void", event=f"{lot}.4")):
            body = json.dumps({"events": [sent]})
            answer = await express.ask(post(body, shared_service.admin_key))
            assert b'"accepted":1,' in answer
        shown = await express.ask(get(f"/v1/lots/{lot}/availability"))
        assert json.loads(shown.partition(b"\r\n\r\n")[2])["occupied"] == 3


async def test_pieces_and_haste(shared_service: RunningService, lots: tuple[str, str]) -> None:
    """A request may come byte by byte, the next before the last is answered, or two at once."""
    body = json.dumps({"events": [event(lots[0], id="slow", seconds_ago=20)]})
    said = post(body, shared_service.admin_key)
    asked = get("/v1/availability").encode()
    for places in ([10], [len(said) - 3], [len(said) - len(body)], range(100, len(said), 50)):
        async with line(shared_service) as one:
            start = 0
            for place in [*places, len(said)]:
                one.writer.write(said[start:place])
                await one.writer.drain()
                await asyncio.sleep(0.002)
                start = place
            one.writer.write(asked)
            assert b'"rejected":[]' in await one.hear()
            assert (await one.hear()).startswith(b"HTTP/1.1 200")
            assert (await one.ask(asked)).startswith(b"HTTP/1.1 200")
    async with line(shared_service) as one:
        one.writer.write(said + asked + said)
        assert b'"duplicates":1' in await one.hear()
        assert b'"cursor"' in await one.hear()
        assert b'"duplicates":1' in await one.hear()
    async with line(
        shared_service
    ) as one:  # the rest of a body comes late, by when the usual way waits
        one.writer.write(said[:-5])
        await asyncio.sleep(1.3)
        assert b'"duplicates":1' in await one.ask(said[-5:])


async def test_a_large_push_goes_the_usual_way(
    shared_service: RunningService, lots: tuple[str, str]
) -> None:
    body = json.dumps({"events": [event(lots[0], id="big")]}) + " " * LARGEST_BODY
    async with line(shared_service) as one:
        assert b'"accepted":1,' in await one.ask(post(body, shared_service.admin_key))
        assert (await one.ask(get("/v1/availability"))).startswith(b"HTTP/1.1 200")


async def test_it_is_measured_like_the_rest(shared_service: RunningService, client: Client) -> None:
    count = 'parking_request_seconds_count{method="GET",route="/v1/nearby",status="200"}'

    async def counted() -> float:
        text = (await client.ask("GET", "/metrics", key=None)).body.decode()
        return sum(float(found.split()[-1]) for found in text.splitlines() if count in found)

    before = await counted()
    target = "/v1/nearby?lat=34.76&lon=113.77"
    await both(shared_service, get(target), get(target, USUAL))
    assert await counted() == before + 2


async def test_a_database_that_is_away_is_told_by_either_way(database_url: str) -> None:
    async with (
        linked(database_url) as link,
        running(link.url) as (service,),
        client_of(service) as client,
    ):
        lot = await client.new_lot()
        link.cut()
        body = json.dumps({"events": [event(lot, id="lost")]})
        usual = post(body, service.admin_key, USUAL)
        answer = await both(service, post(body, service.admin_key), usual)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nRetry-After: " in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["instance"] == "me"


# -- heads -----------------------------------------------------------------------------------------

PLAIN = b"GET /v1/nearby?lat=1&lon=2 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"


def test_a_plain_head() -> None:
    head = read_head(PLAIN)
    assert head is not None
    assert (head.method, head.path, head.query, head.length) == (
        "GET", "/v1/nearby", "lat=1&lon=2", 0
    )  # fmt: skip


@pytest.mark.parametrize(
    "head",
    [
        PLAIN.replace(b"GET", b"HEAD"),
        PLAIN.replace(b"GET", b"get"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.1 "),
        PLAIN.replace(b" /v1", b" http://a/v1"),
        PLAIN.replace(b"lat=1", b"lat=1#x"),
        PLAIN.replace(b"lat=1", b"lat=\xff"),
        PLAIN.replace(b"\r\nHost: a", b""),
        PLAIN.replace(b"Host: a", b"Host : a"),
        PLAIN.replace(b"Host: a", b"Host:a"),
        PLAIN.replace(b"Host: a", b"Host: a\r\nHost: a"),
        PLAIN.replace(b"Accept: */*", b"Accept: a\r\n b"),
        PLAIN.replace(b"Accept: */*", b"Accept: a\nb"),
        PLAIN.replace(b"Accept: */*", b"Accept: a\0b"),
        PLAIN.replace(b"Accept: */*", b"Content-Length: 0"),
        PLAIN.replace(b"Accept: */*", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Accept: */*", b"Connection: close"),
        PLAIN.replace(b"Accept: */*", b"Upgrade: websocket"),
        PLAIN.replace(b"Accept: */*", b"Expect: 100-continue"),
        PLAIN.replace(b"Accept: */*", b"X-Request-Id: a b"),
        PLAIN.replace(b"Accept: */*", b"Authorization: Basic abc"),
        b"POST /v1/events HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
        *(
            b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %s\r\n\r\n" % length
            for length in (b"+1", b"1, 1", b"0x1", b"1000000", "١".encode(), b"-1", b"")
        ),
    ],
)
def test_heads_that_are_not_plain(head: bytes) -> None:
    assert read_head(head) is None
    assert split(head) is None


@given(st.binary(max_size=60), st.integers(0, len(PLAIN)))
def test_whatever_else_is_no_head(piece: bytes, place: int) -> None:
    """No head says what it does not: whatever is plain is made of lines that are."""
    head = read_head(PLAIN[:place] + piece + PLAIN[place:])
    if head is not None:
        assert head.method == "GET"
        assert head.length == 0
        assert head.path.startswith("/")
        assert not set(head.path + head.query) & set(" #\r\n\0")
