"""The stream over WebSocket: subscribed, subscribed anew, and on after a bad message."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from parking.live.board import Board
from parking.live.replica import Replica
from parking.live.stream import Stream
from parking.web.calls import Call
from parking.web.streams import Streams
from tests.live.test_board import NOW, described
from tests.web.client import Client, Json, ago, event, unique, zone

Socket = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def socket(client: Client) -> AsyncIterator[Socket]:
    async with client.session.ws_connect(f"{client.service.url}/v1/ws") as socket:
        yield socket


@pytest.fixture
async def lots(client: Client) -> list[str]:
    return [await client.new_lot(zone("c", "counts", 1000)) for _ in range(2)]


async def count(client: Client, lot: str, free: int) -> None:
    await client.accept(event(lot, "count", 0, free=free))


async def subscribe(socket: Socket, **wanted: Any) -> None:
    await socket.send_json({"subscribe": wanted})


async def receive(socket: Socket) -> Json:
    message: Json = await socket.receive_json(timeout=10)
    return message


async def test_the_state_and_then_each_change(
    client: Client, socket: Socket, lots: list[str]
) -> None:
    await count(client, lots[0], 5)
    await subscribe(socket, lots=lots)
    first = [await receive(socket) for _ in lots]
    assert {item["availability"]["lot"] for item in first} == set(lots)
    for item in first:
        assert item.keys() == {"cursor", "availability"}
        shown = await client.availability(item["availability"]["lot"])
        del shown["zones"]
        assert item["availability"] == shown
    await count(client, lots[1], 6)
    message = await receive(socket)
    assert message["availability"]["lot"] == lots[1]
    assert message["availability"]["free"] == 6


async def test_subscribed_anew(client: Client, socket: Socket, lots: list[str]) -> None:
    await subscribe(socket, lots=lots[:1])
    cursor = (await receive(socket))["cursor"]
    await subscribe(socket, lots=lots[1:])
    assert (await receive(socket))["availability"]["lot"] == lots[1]
    await count(client, lots[0], 1)  # no longer wanted
    await count(client, lots[1], 2)
    assert (await receive(socket))["availability"]["free"] == 2
    await subscribe(socket, lots=lots, cursor=cursor)  # only what changed since
    shown = [(await receive(socket))["availability"] for _ in lots]
    assert {item["lot"]: item["free"] for item in shown} == {lots[0]: 1, lots[1]: 2}


async def test_everything_and_filters(client: Client, socket: Socket) -> None:
    district = unique("district")
    ev = await client.new_lot(zone(class_="ev"), district=district)
    await client.new_lot(zone(), district=district)
    await subscribe(socket, district=district, **{"class": "ev"})
    assert (await receive(socket))["availability"]["lot"] == ev
    await subscribe(socket)
    found = set()
    while ev not in found:
        found.add((await receive(socket))["availability"]["lot"])


@pytest.mark.parametrize(
    "text",
    ["", "hello", "null", "[]", "{}", '{"subscribe": null}', '{"subscribe": {"lots": 7}}',
     '{"subscribe": {"lots": ["a b"]}}', '{"subscribe": {"colour": "red"}}',
     '{"subscribe": {}, "x": 1}', '{"subscribe": {"class": "x"}}', '{"subscribe": {"lots": "a"}}',
     r'{"subscribe": {"district": "\ud800"}}', "[" * 100_000, '{"subscribe": {"cursor": 7}}'],
    ids=range(15),
)  # fmt: skip
async def test_a_bad_message_is_answered_and_the_socket_lives(
    client: Client, socket: Socket, lots: list[str], text: str
) -> None:
    await subscribe(socket, lots=lots[:1])
    await receive(socket)
    await socket.send_str(text)
    complaint = await receive(socket)
    assert complaint.keys() == {"error"}
    assert complaint["error"]
    await count(client, lots[0], 3)  # what was subscribed still is
    assert (await receive(socket))["availability"]["free"] == 3


async def test_bytes_are_answered_too(client: Client, socket: Socket, lots: list[str]) -> None:
    await socket.send_bytes(b'{"subscribe": {}}')
    assert (await receive(socket)).keys() == {"error"}
    await subscribe(socket, lots=lots[:1])
    assert (await receive(socket))["availability"]["lot"] == lots[0]


async def test_stale_and_retired(client: Client, socket: Socket) -> None:
    lot = await client.new_lot(zone("c", "counts", 10, stale_after_s=1))
    await count(client, lot, 4)
    await subscribe(socket, lots=[lot])
    message = await receive(socket)
    while message["availability"]["free"] is not None:
        message = await receive(socket)
    assert message["availability"]["unknown"] == 10
    assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 204
    gone = await receive(socket)
    assert gone["retired"] == lot


async def test_without_an_upgrade(client: Client) -> None:
    answer = await client.ask("GET", "/v1/ws", key=None)
    assert answer.status in (400, 426)


async def test_parameters_are_refused(client: Client) -> None:
    answer = await client.ask("GET", f"/v1/ws?at={ago(1)}", key=None)
    assert (answer.status, answer.pointers) == (400, {"?at"})


async def test_when_the_log_is_another_it_ends() -> None:
    """A lot that is not in that log would be told of for ever: who comes again hears of all."""
    board = Board()
    board.describe(described("a"))
    board.refresh(NOW)
    replica = cast(
        "Replica", SimpleNamespace(board=board, changed=asyncio.Event(), clock=lambda: NOW)
    )
    stream = Stream(replica)
    streams = Streams(replica, stream)

    async def handle(request: web.Request) -> web.StreamResponse:
        return await streams.get_ws(Call(request, None, None))

    app = web.Application()
    app.router.add_get("/v1/ws", handle)
    running = asyncio.create_task(stream.run())
    async with TestClient(TestServer(app)) as client:
        socket = await client.ws_connect("/v1/ws")
        await socket.send_json({"subscribe": {}})
        assert (await socket.receive_json(timeout=10))["availability"]["lot"] == "a"
        board.clear()
        board.describe(described("b"))
        replica.changed.set()
        last = await socket.receive(timeout=10)
        assert (last.type, last.data) == (aiohttp.WSMsgType.CLOSE, 1012)
    running.cancel()
    await asyncio.wait([running])
