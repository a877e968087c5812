"""Polling: against a real server that behaves well, badly, slowly and without end."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from parking import metrics
from parking.domain.instants import MINUTE, rfc3339
from parking.errors import DatabaseAway
from parking.ingest import polling
from parking.ingest.commits import GroupCommit
from parking.ingest.connectors.connector import Poll
from parking.ingest.connectors.loading import load
from parking.ingest.delivery import Delivery
from parking.ingest.fetching import new_session
from parking.ingest.intake import Intake
from parking.ingest.polling import Poller, Polling
from parking.ingest.rejections import DeadLetters
from parking.store.leadership import Leadership
from tests.e2e.wire import description, zone
from tests.entries import NOW
from tests.nodes import Node, started

MEASURED = rfc3339(NOW - MINUTE)
FREE = '{"free": %d, "at": "' + MEASURED + '"}'
PATIENCE_S = 20.0
TOML = """
[[poll]]
name = "feed"
operator = "op"
format = "json"
url = "http://127.0.0.1:{port}/feed"
[[poll.event]]
type = "count"
lot = {{ value = "p1" }}
free = "free"
observed_at = "{at}"
"""

BY_NAME = TOML.replace('{{ value = "p1" }}', '{{ from = "@key" }}\neach = "[*]"')


@dataclass
class Source:
    """A server: what it answers, and what it was asked."""

    port: int = 0
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        assert self.answer is not None
        return await self.answer(request)

    def says(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        async def answer(_: web.Request) -> web.Response:
            given = body.encode() if isinstance(body, str) else body
            told = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(body=given, status=status, headers=told)

        self.answer = answer


@asynccontextmanager
async def serving(source: Source) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/{path:.*}", source.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        source.port = runner.addresses[0][1]
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    one = Source()
    async with serving(one):
        yield one


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        await node.describe("p1", description([zone("c", "counts", 100)]))
        yield node


@pytest.fixture
async def delivery(node: Node) -> AsyncIterator[Delivery]:
    """Run what stores events."""
    commits = GroupCommit(node.writer, node.replica)
    letters = DeadLetters(node.replica)
    running = asyncio.create_task(commits.run())
    yield Delivery(Intake(node.replica, commits, letters, None), letters)
    commits.close()
    await running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session() as one:
        yield one


def poll_of(tmp_path: Path, source: Source, at: str = "at", text: str = TOML, **more: Any) -> Poll:
    file = tmp_path / "c.toml"
    file.write_text(text.format(port=source.port, at=at))
    [poll] = load(file, {}).polls
    return replace(poll, timeout_s=PATIENCE_S, **more)


@pytest.fixture
def poller(
    tmp_path: Path, source: Source, node: Node, delivery: Delivery, session: aiohttp.ClientSession
) -> Poller:
    return Poller(poll_of(tmp_path, source), delivery, node.replica, session)


def told(outcome: str, name: str = "feed") -> float:
    labels = {"connector": name, "outcome": outcome}
    return metrics.registry.get_sample_value("parking_poll_requests_total", labels) or 0


async def ask(poller: Poller, outcome: str) -> float:
    """Ask, and see that this came of it; gives the seconds to wait."""
    before = told(outcome)
    wait = await poller.ask()
    assert told(outcome) == before + 1, outcome
    return wait


def free(node: Node, lot: str = "p1") -> int | None:
    live = node.replica.board.find(lot)
    node.replica.board.refresh(node.now)
    assert live is not None
    assert live.view is not None
    return live.view.availability.free


def heard(node: Node, lot: str = "p1") -> str | None:
    live = node.replica.board.find(lot)
    node.replica.board.refresh(node.now)
    assert live is not None
    assert live.view is not None
    return live.view.zones[0].heard_at


def again(poller: Poller, poll: Poll | None = None) -> Poller:
    """Give another instance's poller of the same."""
    return Poller(poll or poller.poll, poller._delivery, poller._replica, poller._session)


async def test_an_answer_becomes_events(poller: Poller, source: Source, node: Node) -> None:
    source.says(FREE % 42)
    wait = await ask(poller, "changed")
    assert 54 <= wait <= 66
    assert free(node) == 42
    assert heard(node) == MEASURED
    assert source.asked[0]["User-Agent"] == "smart-parking-availability"
    at = metrics.registry.get_sample_value(
        "parking_poll_last_success_timestamp_seconds", {"connector": "feed"}
    )
    assert at == NOW / 1_000_000


async def test_what_is_validated_is_not_sent_again(
    poller: Poller, source: Source, node: Node
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"a"':
            return web.Response(status=304)
        return web.Response(text=FREE % 42, headers={"ETag": '"a"', "Last-Modified": "x"})

    source.answer = answer
    await ask(poller, "changed")
    node.now += 10 * MINUTE
    await ask(poller, "unchanged")
    await ask(again(poller), "unchanged")
    assert "If-None-Match" not in source.asked[0]
    assert [asked.get("If-Modified-Since") for asked in source.asked] == [None, "x", "x"]
    assert heard(node) == MEASURED, "an old measurement grows old"
    await ask(again(poller, replace(poller.poll, source=b"read otherwise")), "changed")
    assert "If-None-Match" not in source.asked[3]


def came(outcome: str) -> float:
    labels = {"connector": "feed", "outcome": outcome}
    return metrics.registry.get_sample_value("parking_connector_events_total", labels) or 0


async def test_the_same_content_is_nothing_new(poller: Poller, source: Source, node: Node) -> None:
    """It would be duplicates, for which nobody but us could be blamed."""
    source.says(FREE % 42)
    await ask(poller, "changed")
    node.now += 10 * MINUTE
    before = came("duplicate"), came("accepted")
    await ask(poller, "unchanged")
    await ask(again(poller), "unchanged")  # after a restart, or by another that leads
    assert (came("duplicate"), came("accepted")) == before
    assert heard(node) == MEASURED


async def test_a_dead_feed_stays_one_after_a_restart(
    poller: Poller, source: Source, node: Node
) -> None:
    """The age of what it measures goes on, though nothing new comes that would tell it."""
    source.says(FREE % 42)
    await ask(poller, "changed")
    measured = datetime.fromisoformat(MEASURED).timestamp()
    assert newest() == measured
    metrics.connector_observed.clear()
    delivery = poller._delivery
    restarted = Delivery(delivery._intake, delivery._letters)
    await ask(Poller(poller.poll, restarted, node.replica, poller._session), "unchanged")
    assert newest() == measured
    await ask(again(poller), "unchanged")
    assert newest() == measured


def newest() -> float | None:
    labels = {"connector": "feed"}
    return metrics.registry.get_sample_value(
        "parking_connector_newest_observed_timestamp_seconds", labels
    )


async def test_a_feed_without_a_time_is_judged_again_if_some_was_refused(
    tmp_path: Path, poller: Poller, source: Source, node: Node
) -> None:
    """A lot that is described later gets it, as of when it came; what was taken stays as old."""
    poller = again(poller, poll_of(tmp_path, source, "now", BY_NAME))
    source.says('{"p1": {"free": 42}, "p2": {"free": 7}}', ETag='"a"')
    await ask(poller, "changed")
    node.now += 10 * MINUTE
    await ask(poller, "unchanged")
    await ask(again(poller), "unchanged")
    assert heard(node) == rfc3339(NOW)
    await node.describe("p2", description([zone("c", "counts", 100)]))
    node.now += MINUTE
    await ask(poller, "unchanged")
    assert (free(node, "p2"), heard(node, "p2")) == (7, rfc3339(NOW))
    assert heard(node) == rfc3339(NOW)
    await ask(poller, "unchanged")
    assert [asked.get("If-None-Match") for asked in source.asked] == [None] * 4 + ['"a"']


async def test_a_feed_without_a_time_is_fresh_by_its_changes_alone(
    tmp_path: Path, poller: Poller, source: Source, node: Node
) -> None:
    poller = again(poller, poll_of(tmp_path, source, "now"))
    source.says(FREE % 42)
    await ask(poller, "changed")
    assert heard(node) == rfc3339(NOW)
    for _ in range(3):
        node.now += 10 * MINUTE
        await ask(poller, "unchanged")
        await ask(again(poller), "unchanged")  # after a restart, or by another that leads
    assert heard(node) == rfc3339(NOW)
    source.says(FREE % 41)
    await ask(poller, "changed")
    assert heard(node) == rfc3339(node.now)
    assert free(node) == 41


async def test_when_it_was_last_modified(
    tmp_path: Path, poller: Poller, source: Source, node: Node
) -> None:
    poller = again(poller, poll_of(tmp_path, source, "last_modified"))
    source.says(FREE % 42)
    await ask(poller, "changed")
    assert free(node) is None, "it does not say when"
    source.says(FREE % 42, Last_Modified="Mon, 23 Nov 2026 00:00:00 GMT")
    await ask(poller, "changed")
    assert heard(node) == "2026-11-23T00:00:00Z"


async def test_failures_are_waited_out_longer_and_longer(
    poller: Poller, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.says("busy", 500)
    waits = [await ask(poller, "status") for _ in range(6)]
    assert 108 <= waits[0] <= 132
    assert 216 <= waits[1] <= 264
    assert 810 <= waits[-1] <= 990
    source.says("busy", 503, Retry_After="1800")
    assert await ask(poller, "status") == 1800
    source.says("busy", 503, Retry_After="999999")
    assert await ask(poller, "status") == 3600
    source.says(FREE % 1)
    assert await ask(poller, "changed") <= 66
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "status 500" in caplog.text
    assert str(source.port) not in caplog.text


async def test_answers_that_are_none(poller: Poller, source: Source, node: Node) -> None:
    for body in ("<html>", "", '{"free": '):
        source.says(body)
        await ask(poller, "undecodable")
    source.says("", 304)
    await ask(poller, "status")
    source.says(FREE % 1, Content_Encoding="br")
    await ask(poller, "encoding")
    source.says(b"no gzip", Content_Encoding="gzip")
    await ask(poller, "encoding")
    source.says(gzip.compress((FREE % 1).encode())[:-9], Content_Encoding="gzip")
    await ask(poller, "encoding")
    assert free(node) is None
    source.says(gzip.compress((FREE % 2).encode()), Content_Encoding="gzip")
    await ask(poller, "changed")
    assert free(node) == 2


async def test_bodies_that_do_not_end(
    tmp_path: Path, poller: Poller, source: Source, node: Node
) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65536)

    source.answer = endless
    await ask(again(poller, replace(poller.poll, most_bytes=1 << 20)), "too_large")

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for byte in FREE % 1:
            await response.write(byte.encode())
            await asyncio.sleep(0.1)
        return response

    source.answer = slow
    await ask(again(poller, replace(poller.poll, timeout_s=0.5)), "timeout")
    source.says(gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip")
    await ask(again(poller, replace(poller.poll, most_bytes=1 << 20)), "too_large")

    async def beyond_the_end(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        await response.prepare(request)
        await response.write(gzip.compress((FREE % 1).encode()))
        while True:
            await response.write(b" " * 65536)

    source.answer = beyond_the_end
    await ask(poller, "encoding")
    source.answer = None
    assert free(node) is None


async def test_gzip_of_several_members(poller: Poller, source: Source, node: Node) -> None:
    parts = [gzip.compress(part.encode()) for part in (FREE % 17).partition(":")]
    source.says(b"".join(parts), Content_Encoding="gzip")
    await ask(poller, "changed")
    assert free(node) == 17
    source.says(b"".join(parts)[:-1], Content_Encoding="gzip")
    await ask(poller, "encoding")
    source.says(b"".join([*parts, gzip.compress(b" " * (9 << 20))]), Content_Encoding="gzip")
    await ask(poller, "too_large")


async def test_who_is_not_there(tmp_path: Path, poller: Poller, source: Source) -> None:
    gone = Source()
    async with serving(gone):
        pass
    await ask(again(poller, poll_of(tmp_path, gone)), "connection")
    await ask(again(poller, replace(poller.poll, url="http://nowhere.invalid/")), "connection")


async def test_redirections(poller: Poller, source: Source, node: Node) -> None:
    poll = replace(poller.poll, headers={"X-Token": "s3cret"})
    poller = again(poller, poll)

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/feed":
            return web.Response(status=302, headers={"Location": "/there"})
        return web.Response(text=FREE % 7)

    source.answer = answer
    await ask(poller, "changed")
    assert free(node) == 7
    assert [asked["X-Token"] for asked in source.asked] == ["s3cret"] * 2
    for where in (f"http://localhost:{source.port}/x", "http://[", "ftp://127.0.0.1/x", ""):
        source.asked.clear()
        source.says("", 301, Location=where)
        await ask(poller, "redirect")
        if where:
            assert len(source.asked) == 1, "nobody else is asked"


async def test_what_is_not_stored_is_asked_for_again(
    poller: Poller, source: Source, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.says(FREE % 42, ETag='"a"')

    async def away(*_: Any, **__: Any) -> Any:
        raise DatabaseAway("It is away.")

    with monkeypatch.context() as patched:
        patched.setattr(node.writer, "commit", away)
        await ask(poller, "not_stored")
    await ask(poller, "changed")
    assert "If-None-Match" not in source.asked[1]
    assert free(node) == 42


async def test_what_was_refused_is_asked_for_again(
    poller: Poller, source: Source, node: Node
) -> None:
    """A lot that is described later gets what the source has been saying all the time."""
    await node.describe("p1", None)
    source.says(FREE % 42, ETag='"a"')
    await ask(poller, "changed")
    node.now += MINUTE
    await node.describe("p1", description([zone("c", "counts", 100)]))
    source.says(f'{{"free": 41, "at": "{rfc3339(node.now)}"}}', ETag='"a"')
    await ask(poller, "changed")
    assert "If-None-Match" not in source.asked[1]
    assert free(node) == 41
    await ask(poller, "unchanged")
    assert source.asked[2]["If-None-Match"] == '"a"'


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
@pytest.mark.parametrize("value", [b'"\xff\xfe"', '"旧"'.encode(), b'"' + b"x" * 5_000 + b'"'])
async def test_a_validator_that_is_none_is_not_kept(
    poller: Poller, source: Source, node: Node, name: str, value: bytes
) -> None:
    body = (FREE % 42).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s: " % (len(body), name.encode())
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(head + value + b"\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        poller = again(poller, replace(poller.poll, url=f"http://127.0.0.1:{port}/feed"))
        await ask(poller, "changed")
        await ask(poller, "unchanged")
    assert free(node) == 42
    assert not any(b"if-" in one.lower() for one in asked)


async def test_one_instance_alone_asks(
    tmp_path: Path,
    source: Source,
    node: Node,
    delivery: Delivery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(polling, "_LEAD_SECONDS", 0.02)
    came = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        came.set()
        return web.Response(text=FREE % 1)

    source.answer = answer
    poll = poll_of(tmp_path, source, interval_s=0.02)
    leads = [Leadership(node.database.dsn) for _ in range(2)]
    tasks = {}
    for name, lead in zip("ab", leads, strict=True):
        mine = replace(poll, headers={"X-Instance": name})
        tasks[name] = asyncio.create_task(Polling([mine], delivery, node.replica, lead).run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while len(source.asked) < 10:
                came.clear()
                await came.wait()
            [leader] = {asked["X-Instance"] for asked in source.asked}
            tasks[leader].cancel()
            leads["ab".index(leader)].close()
            while {asked["X-Instance"] for asked in source.asked} != {"a", "b"}:
                came.clear()
                await came.wait()
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for lead in leads:
            lead.close()
