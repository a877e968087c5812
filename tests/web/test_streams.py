"""Following changes: the state first, then what changes, and nothing else."""

import asyncio
import json
import socket
from datetime import timedelta

import aiohttp
import pytest

from parking.app import Service
from parking.config import Settings
from parking.store.database import open_database
from tests.service import free_port
from tests.web.client import Client, ago, described, event, now, unique, until, zone
from tests.web.following import Frame, Reader, following


@pytest.fixture
async def lots(client: Client) -> list[str]:
    """Give three lots, whose zone counts at most 1000 cars."""
    return [await client.new_lot(zone("c", "counts", 1000)) for _ in range(3)]


async def count(client: Client, lot: str, free: int) -> None:
    await client.accept(event(lot, "count", 0, free=free))


def query(lots: list[str], **more: str) -> str:
    rest = "".join(f"&{name}={value}" for name, value in more.items())
    return f"?lots={','.join(lots)}{rest}"


async def test_the_state_and_then_each_change(client: Client, lots: list[str]) -> None:
    await count(client, lots[0], 7)
    async with following(client, query(lots)) as reader:
        response = reader.response
        assert response.content_type == "text/event-stream"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["X-Request-Id"]
        first = await reader.take(3)
        assert sorted(frame.data["lot"] for frame in first) == sorted(lots)
        assert {frame.event for frame in first} == {"availability"}
        for frame in first:
            shown = await client.availability(frame.data["lot"])
            del shown["zones"]
            assert frame.data == shown
        for free in (6, 5, 4):
            await count(client, lots[1], free)
            frame = await reader.next()
            assert (frame.event, frame.data["lot"], frame.data["free"]) == (
                "availability", lots[1], free,
            )  # fmt: skip
        await count(client, lots[2], 1)
        assert (await reader.next()).data["lot"] == lots[2]


async def test_what_changes_nothing_is_not_told(client: Client, lots: list[str]) -> None:
    await client.accept(event(lots[0], "count", 60, free=7))
    async with following(client, query(lots[:1])) as reader:
        await reader.next()
        await client.accept(event(lots[0], "count", 100, free=1))  # late
        await client.put_lot(lots[0], described(zone("c", "counts", 1000)))
        await count(client, lots[1], 3)  # another lot
        await count(client, lots[0], 2)
        assert (await reader.next()).data["free"] == 2


async def test_stale_and_described_anew(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", 10, stale_after_s=1))
    async with following(client, f"?lots={lot}") as reader:
        await reader.next()
        await count(client, lot, 4)
        heard = (await reader.until(lot, free=4)).data["observed_at"]
        stale = await reader.next()
        assert (stale.data["free"], stale.data["unknown"]) == (None, 10)
        assert ago(1) >= heard
        await client.put_lot(lot, described(zone("c", "counts", 20, stale_after_s=3600)))
        assert (await reader.next()).data["capacity"] == 20
        assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 204
        gone = await reader.next()
        assert (gone.event, gone.data) == ("retired", {"lot": lot})
        await client.put_lot(lot, described(zone("c", "counts", 30)))
        assert (await reader.next()).data["capacity"] == 30


async def test_events_of_the_near_future_come_at_their_moment(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", 10))
    async with following(client, f"?lots={lot}") as reader:
        await reader.next()
        moment = (now() + timedelta(seconds=0.7)).isoformat()
        await client.accept({**event(lot, "count", free=4), "observed_at": moment})
        assert (await client.availability(lot))["free"] is None or now().isoformat() >= moment
        assert (await reader.next()).data["free"] == 4
        assert now().isoformat() >= moment


async def test_filtered(client: Client) -> None:
    district = unique("district")
    ev = await client.new_lot(zone("c", "counts", class_="ev"), district=district)
    other = await client.new_lot(zone("c", "counts"), district=district)
    for filters, wanted in (
        (f"?district={district}", {ev, other}),
        (f"?district={district}&class=ev", {ev}),
        (f"?lots={other},none", {other}),
    ):
        async with following(client, filters) as reader:
            found = {frame.data["lot"] for frame in await reader.take(len(wanted))}
            assert found == wanted
    fresh = unique("lot")
    async with following(client, f"?district={district}&class=truck") as reader:
        wanted_lot = described(zone("c", "counts", class_="truck"), district=district)
        await client.put_lot(fresh, wanted_lot)
        assert (await reader.next()).data["lot"] == fresh


@pytest.mark.parametrize("by_header", [True, False])
async def test_going_on_tells_what_changed_since(
    client: Client, lots: list[str], by_header: bool
) -> None:
    short = await client.new_lot(zone("c", "counts", 10, stale_after_s=1))
    every = [*lots, short]
    await count(client, short, 3)
    async with following(client, query(every)) as reader:
        cursor = (await reader.take(4))[-1].cursor
    await count(client, lots[1], 8)
    await count(client, lots[1], 9)
    async with following(client, query([short])) as reader:
        await reader.until(short, free=None)  # it has gone stale meanwhile
    again = query(every) if by_header else query(every, cursor=cursor)
    async with following(client, again, cursor if by_header else None) as reader:
        frames = await reader.take(2)
        shown = {frame.data["lot"]: frame.data["free"] for frame in frames}
        assert shown == {lots[1]: 9, short: None}
        await count(client, lots[0], 1)
        assert (await reader.next()).data["lot"] == lots[0]


async def test_going_on_after_any_frame_misses_nothing(client: Client, lots: list[str]) -> None:
    async with following(client, query(lots)) as reader:
        await reader.take(3)
        told: list[Frame] = []
        for free in range(5):
            await client.accept(*(event(lot, "count", 0, free=free) for lot in lots))
            told += await reader.take(3)
    newest = dict.fromkeys(lots, 4)
    for place, frame in enumerate(told[:-1]):
        known = {item.data["lot"]: item.data["free"] for item in told[: place + 1]}
        missing = [lot for lot in lots if known.get(lot) != 4]
        async with following(client, query(lots), frame.cursor) as reader:
            for later in await reader.take(len(missing)):
                known[later.data["lot"]] = later.data["free"]
            while known != newest:  # some may be told again
                later = await reader.next()
                known[later.data["lot"]] = later.data["free"]


async def test_the_cursor_of_a_read_goes_on_from_there(client: Client, lots: list[str]) -> None:
    await count(client, lots[0], 7)
    cursor = (await client.get("/v1/availability" + query(lots)))["cursor"]
    await count(client, lots[2], 5)
    async with following(client, query(lots, cursor=cursor)) as reader:
        frame = await reader.next()
        assert (frame.data["lot"], frame.data["free"]) == (lots[2], 5)


@pytest.mark.parametrize(
    "cursor", ["x", "0", "none-7", "7-none", "-", "'", "000000000000-999999", "é"]
)
async def test_an_unknown_cursor_gets_the_full_state(
    client: Client, lots: list[str], cursor: str
) -> None:
    async with following(client, query(lots), cursor) as reader:
        found = {frame.data["lot"] for frame in await reader.take(3)}
        assert found == set(lots)


async def test_the_retired_are_told_to_those_who_knew_them(client: Client, lots: list[str]) -> None:
    cursor = (await client.get("/v1/availability" + query(lots)))["cursor"]
    assert (await client.ask("DELETE", f"/v1/lots/{lots[1]}")).status == 204
    async with following(client, query(lots), cursor) as reader:
        frame = await reader.next()
        assert (frame.event, frame.data) == ("retired", {"lot": lots[1]})
    async with following(client, query(lots)) as reader:
        assert {frame.data["lot"] for frame in await reader.take(2)} == {lots[0], lots[2]}


async def test_a_slow_reader_holds_nobody_up_and_skips_to_the_newest(client: Client) -> None:
    rounds, district = 30, unique("district")
    classes = ("general", "ev", "accessible", "women", "family", "truck", "bus", "motorcycle")
    zones = [zone(class_, "counts", 1000, class_) for class_ in classes]
    lots = await asyncio.gather(*(client.new_lot(*zones, district=district) for _ in range(200)))
    path = f"/v1/stream?district={district}"
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", client.service.port))
        slow.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        slow.setblocking(False)
        async with following(client, f"?district={district}") as reader:
            await reader.take(len(lots))
            for free in range(rounds):
                await client.accept(*(event(lot, "count", 0, zone="ev", free=free) for lot in lots))
                async with asyncio.timeout(5):
                    told = await reader.take(len(lots))
                assert {frame.data["free"] for frame in told} == {free}
        frames = await read_until(slow, dict.fromkeys(lots, rounds - 1))
    assert frames < (rounds + 1) * len(lots)  # of some changes it was never told


async def read_until(sock: socket.socket, newest: dict[str, int]) -> int:
    """Read a stream until each lot is at its newest; gives how many frames that took."""
    shown: dict[str, int | None] = {}
    frames, rest = 0, b""
    async with asyncio.timeout(20):
        while shown != newest:
            rest += await asyncio.get_running_loop().sock_recv(sock, 1 << 18)
            *lines, rest = rest.split(b"\n")
            for line in lines:
                if line.startswith(b"data: "):
                    data = json.loads(line[6:])
                    shown[data["lot"]] = data["free"]
                    frames += 1
    return frames


async def test_wrong_parameters(client: Client) -> None:
    for wrong in ("lots=", "lots=a b", "class=x", "colour=red", "cursor=" + "x" * 101):
        answer = await client.ask("GET", f"/v1/stream?{wrong.replace(' ', '%20')}")
        assert (answer.status, answer.pointers) == (400, {"?" + wrong.partition("=")[0]})


async def test_a_comment_now_and_then(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parking.web.streams._COMMENT_SECONDS", 0.1)
    monkeypatch.setattr("parking.live.stream._LONGEST_SLEEP", 0.05)
    settings, stop = Settings(database_url=database_url, port=free_port()), asyncio.Event()
    async with open_database(database_url) as database, aiohttp.ClientSession() as session:
        service = Service(settings, database_url, database)
        await service.listen()
        running = asyncio.create_task(service.run(stop))
        base = f"http://127.0.0.1:{settings.port}"

        async def status() -> int:
            async with session.get(f"{base}/readyz") as answer:
                return answer.status

        await until(status, lambda found: found == 200)
        async with session.get(f"{base}/v1/stream") as response:
            reader = Reader(response)
            assert await reader.is_silent(0.55)
            assert 2 <= len(reader.comments) <= 6
        stop.set()
        await running
        await service.aclose()
