"""Bodies of events: lines and lists, their limits, and what cannot be read as either."""

import asyncio
import gzip
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import RunningService
from tests.web.client import NDJSON, Answer, Client, Json, ago, zone

MIB = 1 << 20
MOST_BYTES = 8 * MIB
JSON = "application/json"


@pytest.fixture
async def lot(client: Client) -> str:
    return await client.new_lot(zone("b1"))


def passages(lot: str, count: int) -> list[Json]:
    """Give passages at different moments of the last minutes."""
    base = {"lot": lot, "type": "passage", "direction": "in"}
    return [{**base, "id": f"car-{n}", "observed_at": ago(60 + n / 1000)} for n in range(count)]


def encoded(events: list[Any]) -> bytes:
    return json.dumps({"events": events}).encode()


async def post(client: Client, body: Any, form: str = JSON, **headers: str) -> Answer:
    sent = {"Content-Type": form, **headers}
    return await client.ask("POST", "/v1/events", data=body, headers=sent)


def peak_memory(service: RunningService) -> int:
    """Give the most memory that the service ever had, bytes."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


async def test_lines_are_counted_from_0_and_blank_ones_skipped(client: Client, lot: str) -> None:
    first, second, third = (json.dumps(item).encode() for item in passages(lot, 3))
    body = b"\n".join(
        [b"", first, b"  \t", b"no json", second + b"\r", b"\r", b"[]", b"null", third + b" {}",
         b'"' + first + b'"', b"\xef\xbb\xbf", b"7", third]
    )  # fmt: skip
    for tail in (b"", b"\n", b"\n\n \n"):
        answer = await post(client, body + tail, NDJSON)
        receipt = answer.json
        assert receipt["accepted"] + receipt["duplicates"] == 3
        assert [item["index"] for item in receipt["rejected"]] == [3, 6, 7, 8, 9, 10, 11]
        assert {item["code"] for item in receipt["rejected"]} == {"invalid"}
        assert receipt["rejected_total"] == 7
    assert len(await client.log(lot)) == 3


async def test_made_ids_name_their_lines(client: Client, lot: str) -> None:
    events = passages(lot, 3)
    for event in events:
        event.pop("id", None)
    first, second, third = (json.dumps(event).encode() for event in events)
    answer = await post(client, b"\n".join([b"", first, b" ", b"", second, third]), NDJSON)
    assert [item["index"] for item in answer.json["ids"]] == [1, 4, 5]


async def test_no_lines_at_all(client: Client) -> None:
    for body in (b"", b"\n", b"\n \r\n"):
        answer = await post(client, body, NDJSON)
        assert answer.status == 200
        assert answer.json["accepted"] == answer.json["rejected_total"] == 0


async def test_lines_have_no_limit_and_the_first_1000_rejections_are_listed(
    client: Client, lot: str
) -> None:
    good = passages(lot, 10_501)
    mixed = itertools.chain.from_iterable([item, {**item, "lot": "none"}] for item in good)
    body = b"\n".join(json.dumps(item).encode() for item in mixed)
    answer = await post(client, gzip.compress(body), NDJSON, **{"Content-Encoding": "gzip"})
    receipt = answer.json
    assert (receipt["accepted"], receipt["duplicates"]) == (10_501, 0)
    assert receipt["rejected_total"] == 10_501
    assert [item["index"] for item in receipt["rejected"]] == list(range(1, 2000, 2))


async def test_a_list_holds_10000_events(client: Client, lot: str) -> None:
    events = passages(lot, 10_001)
    answer = await post(client, encoded(events))
    assert answer.status == 413
    assert await client.log(lot) == []
    answer = await post(client, encoded(events[1:]))
    assert (answer.status, answer.json["accepted"]) == (200, 10_000)


@pytest.mark.parametrize("form", [JSON, NDJSON])
@pytest.mark.parametrize("count", [50, 51, 450])
async def test_long_lists_are_judged_in_pieces(
    client: Client, lot: str, form: str, count: int
) -> None:
    """Places in the receipt are those of the request; what repeats within it counts once."""
    events = passages(lot, count)
    wrong = [7, count // 2, count - 1]
    for place in wrong:
        events[place] = {**events[place], "lot": "none"}
    events[count - 2] = events[3]
    body = b"\n".join(json.dumps(item).encode() for item in events)
    receipt = (await post(client, body if form == NDJSON else encoded(events), form)).json
    assert [item["index"] for item in receipt["rejected"]] == wrong
    assert (receipt["accepted"], receipt["duplicates"]) == (count - 4, 1)
    again = (await post(client, body if form == NDJSON else encoded(events), form)).json
    assert (again["accepted"], again["duplicates"]) == (0, count - 3)


@pytest.mark.parametrize("packed", [False, True])
async def test_a_list_holds_8_mib(client: Client, lot: str, packed: bool) -> None:
    body = encoded(passages(lot, 1))
    for size, status in ((MOST_BYTES + 1, 413), (MOST_BYTES, 200)):
        padded = body + b" " * (size - len(body))
        headers = {"Content-Encoding": "gzip"} if packed else {}
        answer = await post(client, gzip.compress(padded, 1) if packed else padded, **headers)
        assert answer.status == status, size
        assert len(await client.log(lot)) == (status == 200)


async def test_the_limit_holds_for_descriptions_too(client: Client, lot: str) -> None:
    for path in (f"/v1/lots/{lot}", f"/v1/lots/{lot}/zones/b1/spaces"):
        body = b"[" + b" " * MOST_BYTES
        assert (await client.ask("PUT", path, data=body)).status == 413
    assert (await client.ask("POST", "/v1/keys", data=body)).status == 413


def gzip_bomb(size: int) -> bytes:
    """Give many members of one gzip file that unpack to so many blanks."""
    member = gzip.compress(b" " * (4 * MIB))
    return member * (size // (4 * MIB))


@pytest.mark.parametrize("form", [JSON, NDJSON])
async def test_a_bomb_does_not_go_off(client: Client, form: str) -> None:
    await post(client, encoded([]))
    before = peak_memory(client.service)
    answer = await post(client, gzip_bomb(200 * MIB), form, **{"Content-Encoding": "gzip"})
    assert answer.status == (413 if form == JSON else 200)
    assert peak_memory(client.service) - before < 64 * MIB


async def raw_push(client: Client, form: str, pieces: Iterator[bytes]) -> tuple[bytes, int]:
    """Send pieces until there is an answer; gives that and the bytes sent by then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.service.port)
    head = (
        "POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Transfer-Encoding: chunked\r\nContent-Type: {form}\r\n"
        f"Authorization: Bearer {client.service.admin_key}\r\n\r\n"
    )
    writer.write(head.encode())
    answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    sent = 0
    for piece in pieces:
        if answer.done():
            break
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
        await asyncio.sleep(0)  # to see the answer when it is there
        sent += len(piece)
    else:
        writer.write(b"0\r\n\r\n")
    try:
        return await asyncio.wait_for(answer, 30), sent
    finally:
        writer.close()


async def test_100_mb_in_chunks_are_refused_early(client: Client) -> None:
    before = peak_memory(client.service)
    head, sent = await raw_push(client, JSON, itertools.repeat(b" " * MIB, 100))
    assert head.startswith(b"HTTP/1.1 413 ")
    assert sent < 100 * MIB
    assert peak_memory(client.service) - before < 64 * MIB


async def test_a_line_of_100_mb_is_one_invalid_event(client: Client, lot: str) -> None:
    before = peak_memory(client.service)
    good = json.dumps(passages(lot, 1)[0]).encode()
    pieces = [b'{"a": "', *itertools.repeat(b"x" * MIB, 100), b'"}\n' + good]
    answer = await asyncio.wait_for(post(client, _gather(pieces), NDJSON), 60)
    assert answer.json["accepted"] == 1
    assert [item["index"] for item in answer.json["rejected"]] == [0]
    assert peak_memory(client.service) - before < 64 * MIB


async def _gather(pieces: list[bytes]) -> Any:
    for piece in pieces:
        yield piece


async def test_a_line_that_is_too_long_is_no_event_however_it_arrives(
    client: Client, lot: str
) -> None:
    good = json.dumps(passages(lot, 1)[0]).encode()
    blanks = b" " * 100_000
    for line in (good + blanks, blanks + good, good + blanks + b"no json"):
        for pieces in ([line + b"\n"], [line, b"\n"], [line[:90_000], line[90_000:]]):
            answer = await asyncio.wait_for(post(client, _gather(pieces), NDJSON), 10)
            assert answer.json["accepted"] == 0, (line[-7:], len(pieces))
            assert [item["code"] for item in answer.json["rejected"]] == ["invalid"]
    assert await client.log(lot) == []


@pytest.mark.parametrize("form", [JSON, NDJSON])
async def test_gzip_that_is_broken(client: Client, lot: str, form: str) -> None:
    sent = passages(lot, 1)[0]
    whole = encoded([sent]) if form == JSON else json.dumps(sent).encode()
    packed = gzip.compress(whole)
    damaged = packed[:-8] + bytes(8)
    for body in (packed[:-1], packed[: len(packed) // 2], packed[:5], whole, damaged,
                 packed + b"rest"):  # fmt: skip
        answer = await post(client, body, form, **{"Content-Encoding": "gzip"})
        assert answer.status == 400, body
        if form == JSON or not answer.json["receipt"]["accepted"]:
            assert await client.log(lot) == [], body
    again = await post(client, packed[:9] + packed[9:], form, **{"Content-Encoding": "gzip"})
    assert again.status == 200


async def test_a_stream_cut_off_tells_what_is_stored(client: Client, lot: str) -> None:
    sent = b"\n".join(json.dumps(item).encode() for item in passages(lot, 3000))
    packed = gzip.compress(sent)
    answer = await post(client, packed[:-9], NDJSON, **{"Content-Encoding": "gzip"})
    assert answer.status == 400
    receipt = answer.json["receipt"]
    stored = await client.log(lot, "?limit=1000")
    assert receipt["accepted"] > 0
    assert len(stored) == min(receipt["accepted"], 1000)
    again = await post(client, packed, NDJSON, **{"Content-Encoding": "gzip"})
    assert again.json["duplicates"] == receipt["accepted"]
    assert again.json["accepted"] == 3000 - receipt["accepted"]


@pytest.mark.parametrize(
    ("form", "packing"),
    [
        ("text/plain", None),
        ("text/xml", None),
        ("multipart/form-data; boundary=x", None),
        (JSON, "br"),
        (JSON, "deflate"),
        (JSON, "gzip, gzip"),
        (JSON, "x" * 200),
        (NDJSON, "zstd"),
    ],
)
async def test_forms_that_are_not_understood(
    client: Client, lot: str, form: str, packing: str | None
) -> None:
    headers = {} if packing is None else {"Content-Encoding": packing}
    answer = await post(client, encoded(passages(lot, 1)), form, **headers)
    assert answer.status == 415
    assert await client.log(lot) == []


@pytest.mark.parametrize(
    ("form", "packing"),
    [
        ("application/json; charset=utf-8", "identity"),
        ("application/x-www-form-urlencoded", "identity"),  # what curl says by itself
        ("Application/JSON", "GZIP"),
        (JSON, "x-gzip"),
        ("application/x-ndjson; charset=utf-8", "gzip"),
    ],
)
async def test_forms_that_are_the_same(client: Client, lot: str, form: str, packing: str) -> None:
    sent = passages(lot, 1)
    body = json.dumps(sent[0]).encode() if "nd" in form else encoded(sent)
    packed = body if packing == "identity" else gzip.compress(body)
    answer = await post(client, packed, form, **{"Content-Encoding": packing})
    assert (answer.status, answer.json["accepted"]) == (200, 1)
