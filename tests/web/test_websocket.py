"""The stream over WebSocket: subscribed, subscribed anew, and on after a bad message."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

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
