"""Streams of lines: how much of them may be stored at a time, and how soon a failure is told."""

import asyncio
import json
from typing import Any, cast
from unittest.mock import Mock

import pytest
from aiohttp import StreamReader
from aiohttp.test_utils import make_mocked_request

from parking.domain.access import Principal
from parking.errors import DatabaseAway, Overloaded, Unauthorized
from parking.ingest.intake import Chunk
from parking.ingest.receipts import Receipt
from parking.web import events
from parking.web.calls import Call
from parking.web.events import Events

WHO = Principal("environment", "admin")
LINE = json.dumps({"lot": "p1"}).encode() + b"\n"


class Store:
    """Stands where chunks are stored: each waits until it is let through, or fails."""

    def __init__(self) -> None:
        self.doors: list[asyncio.Future[Receipt]] = []

    async def judge_many(self, raws: list[bytes], principal: Principal, start: int) -> Chunk:
        return Chunk([], [], [], str(len(raws)), principal)

    async def store(self, chunk: Chunk) -> Receipt:
        door: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.doors.append(door)
        return await door

    @property
    def stored(self) -> int:
        return sum(door.done() for door in self.doors)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def pushed(store: Store) -> Events:
    nothing = cast("Any", None)
    return Events(nothing, cast("Any", store), nothing, lambda _: WHO)


def begin(pushed: Events) -> tuple[StreamReader, asyncio.Task[Receipt]]:
    """Begin a stream; gives where its lines are put, and what waits for its answer."""
    loop = asyncio.get_running_loop()
    body = StreamReader(Mock(_reading_paused=False), 1 << 20, loop=loop)
    headers = {"Content-Type": "application/x-ndjson"}
    request = make_mocked_request("POST", "/v1/events", headers, payload=body)
    return body, asyncio.create_task(pushed._store_lines(Call(request, WHO, cast("Any", None))))


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_streams_share_the_room_there_is(
    pushed: Events, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are, half of the queue stays free; all of them are stored in the end."""
    streams = [begin(pushed) for _ in range(5)]
    for body, _ in streams:
        body.feed_data(LINE * 1000 * 14)
        body.feed_eof()
    await settled()
    assert len(store.doors) == 48
    done = 0
    while done < 5 * 14:
        store.doors[done].set_result(Receipt(1000, 0, [], 0, []))
        done += 1
        await settled()
        assert len(store.doors) == min(48 + done, 5 * 14)
    answers = await asyncio.gather(*(answer for _, answer in streams))
    assert [answer.accepted for answer in answers] == [14_000] * 5


async def test_one_stream_has_some_chunks_in_flight(pushed: Events, store: Store) -> None:
    body, answer = begin(pushed)
    body.feed_data(LINE * 1000 * 20)
    await settled()
    assert len(store.doors) == events._CHUNKS_IN_FLIGHT
    answer.cancel()
    for door in store.doors:
        door.set_result(Receipt(1000, 0, [], 0, []))
    await asyncio.wait([answer])
    assert pushed._room._value == events._CHUNKS_OF_ALL


async def test_room_is_given_back_when_nothing_is_stored(
    pushed: Events, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> Chunk:
        raise Overloaded("Too many events are waiting.")

    body, answer = begin(pushed)
    monkeypatch.setattr(store, "judge_many", refuse)
    body.feed_data(LINE)
    with pytest.raises(Overloaded):
        await asyncio.wait_for(answer, 10)
    assert pushed._room._value == events._CHUNKS_OF_ALL


async def test_a_key_that_was_revoked_while_it_waited_stores_nothing(
    pushed: Events, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def revoked(_: object) -> Principal:
        raise Unauthorized("The key was revoked.")

    others = [begin(pushed) for _ in range(3)]
    for body, _ in others:
        body.feed_data(LINE * 1000 * 16)
    await settled()
    body, answer = begin(pushed)
    body.feed_data(LINE)
    await settled()
    assert len(store.doors) == 48
    monkeypatch.setattr(pushed, "_authenticate", revoked)
    store.doors[0].set_result(Receipt(1000, 0, [], 0, []))
    with pytest.raises(Unauthorized):
        await asyncio.wait_for(answer, 10)
    assert len(store.doors) == 48
    for door in store.doors[1:]:
        door.set_result(Receipt(1000, 0, [], 0, []))
    for other, waiting in others:
        other.feed_eof()
        await waiting


async def test_a_failure_is_told_with_the_next_lines(pushed: Events, store: Store) -> None:
    body, answer = begin(pushed)
    body.feed_data(LINE)
    await settled()
    store.doors[0].set_exception(DatabaseAway("The database is away."))
    await settled()
    assert not answer.done()
    body.feed_data(LINE)
    with pytest.raises(DatabaseAway) as failed:
        await asyncio.wait_for(answer, 10)
    assert failed.value.extra["receipt"] == Receipt(0, 0, [], 0, [])
