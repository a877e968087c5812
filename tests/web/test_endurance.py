"""What one client does never stops the service, nor leaves another without an answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.oracle_events import Json
from tests.service import RunningService
from tests.web.client import Answer, Client, ago, client_of, described, event, unique, until, zone


@pytest.mark.parametrize("timezone", ["localtime", "Factory", "Mars/Olympus"])
async def test_a_time_zone_that_hours_cannot_be_told_in_is_refused(
    client: Client, timezone: str
) -> None:
    description = described(
        zone("a", "gates"), timezone=timezone, opening_hours="Mo-Fr 08:00-18:00"
    )
    answer = await client.ask("PUT", f"/v1/lots/{unique('tz')}", json=description)
    assert answer.status == 400
    assert "/timezone" in answer.pointers


async def test_hours_of_a_moment_that_has_no_local_time_are_unknown(client: Client) -> None:
    lot = await client.new_lot(timezone="America/New_York", opening_hours="Mo-Fr 08:00-18:00")
    await client.get(f"/v1/lots/{lot}/availability?at=0001-01-01T00:00:00Z")


async def test_a_retry_of_many_events_of_one_moment_is_told_at_once(client: Client) -> None:
    lot = await client.new_lot(zone("a", "gates"))
    moment = ago(100)
    sent = [event(lot, id=f"e{n}", direction="in", observed_at=moment) for n in range(5000)]
    assert (await client.push(*sent))["accepted"] == 5000
    async with asyncio.timeout(8):
        again = await client.push(*sent)
    assert (again["accepted"], again["duplicates"]) == (0, 5000)


async def test_sparse_history_of_half_a_century_holds_nobody_up(client: Client) -> None:
    lot = await client.new_lot(zone("a", "gates", stale_after_s=31_536_000))
    begin = datetime(1970, 1, 2, tzinfo=UTC)
    moments = [(begin + timedelta(days=300 * n)).isoformat() for n in range(60)]
    recounts = [event(lot, "recount", occupied=5, observed_at=moment) for moment in moments]
    assert (await client.push(*recounts))["accepted"] == 60
    loop = asyncio.get_running_loop()
    until = loop.time() + 12  # the walk comes by every ten seconds
    while loop.time() < until:
        async with asyncio.timeout(3):
            await client.get("/healthz")


class Stream:
    """Lines of events that are sent one by one."""

    def __init__(self, lot: str) -> None:
        self._lot = lot
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send(self, event_id: str) -> None:
        line = json.dumps(event(self._lot, id=event_id, direction="in"))
        self._lines.put_nowait(line.encode() + b"\n")

    def end(self) -> None:
        self._lines.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (line := await self._lines.get()) is not None:
            yield line


async def pushed(client: Client, stream: Stream, key: str) -> Answer:
    headers = {"Content-Type": "application/x-ndjson"}
    return await client.ask("POST", "/v1/events", data=aiter(stream), headers=headers, key=key)


async def cut_off(client: Client, stream: Stream) -> tuple[int, Json]:
    headers = {
        "Authorization": f"Bearer {client.service.admin_key}",
        "Content-Type": "application/x-ndjson",
    }
    url = client.service.url + "/v1/events"
    async with client.session.post(url, headers=headers, data=aiter(stream)) as answer:
        return answer.status, await answer.json(content_type=None)


async def stored(client: Client, lot: str, count: int) -> None:
    await until(lambda: client.log(lot), lambda log: len(log) == count)


async def test_a_revoked_key_ends_a_stream_under_way(client: Client) -> None:
    lot = await client.new_lot(zone("a", "gates"), operator="op-stream")
    wish = {"role": "operator", "operator": "op-stream"}
    key = (await client.ask("POST", "/v1/keys", json=wish)).json
    stream = Stream(lot)
    answering = asyncio.create_task(pushed(client, stream, key["key"]))
    stream.send("e1")
    await stored(client, lot, 1)
    assert (await client.ask("DELETE", f"/v1/keys/{key['id']}")).status == 204
    stream.send("e2")
    stream.end()
    answer = await answering
    assert answer.status == 401
    assert answer.json["receipt"]["accepted"] == 1
    assert [line["id"] for line in await client.log(lot)] == ["e1"]


async def test_a_stop_answers_a_stream_under_way(service: RunningService) -> None:
    async with client_of(service) as client:
        lot = await client.new_lot(zone("a", "gates"))
        stream = Stream(lot)
        answering = asyncio.create_task(cut_off(client, stream))
        stream.send("e1")
        await stored(client, lot, 1)
        service.process.terminate()
        status, problem = await answering
        assert status == 503
        assert problem["receipt"]["accepted"] == 1
    assert await asyncio.to_thread(service.process.wait, 10) == 0
