"""Whatever is sent, the answer is a problem or a receipt, and the receipt is the truth."""

import asyncio
import json
from typing import Any

import pytest

from tests.web.client import NDJSON, Client, Json, ago, described, unique, zone

DEEP = 100_000
GOOD = b'{"id":"good","type":"passage","direction":"in","lot":"LOT","observed_at":"WHEN"}'


@pytest.fixture
async def lot(client: Client) -> str:
    return await client.new_lot(zone("b1"), zone("c", "counts"))


def filled(body: bytes, lot: str) -> bytes:
    return body.replace(b"LOT", lot.encode()).replace(b"WHEN", ago(60).encode())


NOT_LISTS: dict[str, bytes] = {
    "empty": b"",
    "blank": b"  \n",
    "null": b"null",
    "list": b"[]",
    "list of events": b"[" + GOOD + b"]",
    "one event": GOOD,
    "number": b"7",
    "string": b'"events"',
    "object of nothing": b"{}",
    "events an object": b'{"events": {}}',
    "events null": b'{"events": null}',
    "events a string": b'{"events": "[]"}',
    "more than events": b'{"events": [' + GOOD + b'], "colour": "red"}',
    "cut off": b'{"events": [' + GOOD,
    "twice": b'{"events": [' + GOOD + b"]}{}",
    "comma": b'{"events": [' + GOOD + b",]}",
    "lines": GOOD + b"\n" + GOOD,
    "not quoted": b"{events: []}",
    "surrogate": b'{"events": {"a": "\\ud800"}}',
    "surrogate outside": b'{"events": [' + GOOD + b'], "a": "\\ud800"}',
    "surrogate and nan": b'{"events": [' + GOOD + b', "\\ud800", NaN]}',
    "surrogate and deep": b'{"events": [' + GOOD + b', "\\ud800", ' + b"[" * DEEP,
    "leading zero": b'{"events": [' + GOOD + b", 01]}",
    "nan": b'{"events": [' + GOOD + b", NaN]}",
    "infinity": b'{"events": [' + GOOD + b", -Infinity]}",
    "utf-16": '{"events": []}'.encode("utf-16"),
    "nul": b'{"events": [' + GOOD + b"]}\0",
    "deep": b"[" * DEEP,
    "deep and closed": b'{"events": [' + b"[" * DEEP + b"]" * DEEP + b"]}",
    "deep objects": b'{"events": [' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"]}",
}


@pytest.mark.parametrize("body", NOT_LISTS.values(), ids=NOT_LISTS)
async def test_what_is_no_list_of_events(client: Client, lot: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.ask("POST", "/v1/events", data=filled(body, lot), headers=headers)
    assert answer.status == 400
    assert await client.log(lot) == []


def with_(**fields: str) -> bytes:
    """Give an event with fields of any text at all."""
    given = {
        "type": '"count"',
        "lot": '"LOT"',
        "observed_at": '"WHEN"',
        "zone": '"c"',
        "free": "1",
        **fields,
    }
    return b"{" + b",".join(f'"{k}":{v}'.encode("latin-1") for k, v in given.items()) + b"}"


NOT_EVENTS: dict[str, bytes] = {
    "null": b"null",
    "list": b"[]",
    "number": b"7",
    "string": b'"x"',
    "nothing": b"{}",
    "huge float": with_(free="1e400"),
    "huge negative": with_(free="-1e400"),
    "huge int": with_(free="1" + "0" * 5000),
    "huge zero": with_(free="0." + "0" * 5000 + "1"),
    "beyond 64 bits": with_(free=str(1 << 64)),
    "beyond all cars": with_(free=str(10**12)),
    "text": with_(free='"01"'),
    "nul in lot": with_(lot=r'"a\u0000b"'),
    "nul in id": with_(id=r'"a\u0000b"'),
    "nul in zone": with_(zone=r'"a\u0000b"'),
    "nul in sensor": with_(sensor=r'"a\u0000b"'),
    "nul in time": with_(observed_at=r'"2026-01-01T00:00:00Z\u0000"'),
    "surrogate in lot": with_(lot=r'"\ud800"'),
    "surrogate in id": with_(id=r'"\udfff"'),
    "surrogates turned": with_(zone=r'"\udc00\ud800"'),
    "surrogate in field": with_(**{r"\ud800": "1"}),
    "no utf-8 in id": with_(id='"\xff"'),
    "no utf-8 in field": with_(ÿ="1"),
    "newline in id": with_(id=r'"a\n"'),
    "emoji id": with_(id=r'"\ud83d\ude97"'),
    "deep zone": with_(zone="[" * 500 + "]" * 500),
    "unknown field": with_(colour='"red"'),
    "list of lots": with_(lot='["LOT"]'),
    "nul in reason": with_(type='"recount"', occupied="1", reason=r'"\u0000"').replace(
        b'"free":1,', b""
    ),
    "long reason": with_(type='"recount"', occupied="1", reason=f'"{"a" * 501}"').replace(
        b'"free":1,', b""
    ),
    "type a number": with_(type="7"),
    "type null": with_(type="null"),
    "naive": with_(observed_at='"2026-01-01T00:00:00"'),
    "year 1": with_(observed_at='"0001-01-01T00:00:00+08:00"'),
    "a number of seconds": with_(observed_at="1790000000"),
}


@pytest.mark.parametrize("body", NOT_EVENTS.values(), ids=NOT_EVENTS)
async def test_what_is_no_event_costs_only_itself(client: Client, lot: str, body: bytes) -> None:
    bad, good = filled(body, lot), filled(GOOD, lot)
    for form, sent in (
        ("application/json", b'{"events": [' + bad + b"," + good + b"]}"),
        (NDJSON, bad + b"\n" + good + b"\n"),
    ):
        headers = {"Content-Type": form}
        answer = await client.ask("POST", "/v1/events", data=sent, headers=headers)
        assert answer.status == 200, answer
        receipt = answer.json
        assert [(item["index"], item["code"]) for item in receipt["rejected"]] == [(0, "invalid")]
        assert receipt["accepted"] + receipt["duplicates"] == 1
    assert [item["id"] for item in await client.log(lot)] == ["good"]


async def test_deep_lines_cost_only_themselves(client: Client, lot: str) -> None:
    deep = [b"[" * 60_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 30_000 + b"]" * 30_000]
    body = b"\n".join([*deep, filled(GOOD, lot)])
    headers = {"Content-Type": NDJSON}
    answer = await client.ask("POST", "/v1/events", data=body, headers=headers)
    assert answer.status == 200
    assert answer.json["accepted"] == 1
    assert [item["code"] for item in answer.json["rejected"]] == ["invalid"] * 3


NOT_DESCRIPTIONS: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "cut off": b'{"name": {"zh": "x"',
    "nan": b'{"location": {"lat": NaN, "lon": 1}}',
    "infinity": b'{"location": {"lat": Infinity, "lon": 1}}',
    "deep": b"[" * DEEP + b"]" * DEEP,
    "deep name": b'{"name": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "no utf-8": b'{"operator": "\xff"}',
}


@pytest.mark.parametrize("body", NOT_DESCRIPTIONS.values(), ids=NOT_DESCRIPTIONS)
async def test_what_is_no_description(client: Client, lot: str, body: bytes) -> None:
    for method, path in (
        ("PUT", f"/v1/lots/{unique('lot')}"),
        ("PUT", f"/v1/lots/{lot}/zones/c/spaces"),
        ("POST", "/v1/keys"),
    ):
        answer = await client.ask(method, path, data=body)
        assert answer.status == 400
        assert answer.json["errors"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("location", '{"lat": 1e400, "lon": 1}'),
        ("location", '{"lat": 1' + "0" * 5000 + ', "lon": 1}'),
        ("max_height_m", "1e400"),
        ("zones", '[{"id":"a","class":"ev","capacity":1' + "0" * 5000
         + ',"counting":"flag","stale_after_s":1}]'),
        ("zones", '[{"id":"a","class":"ev","capacity":1e2,"counting":"flag","stale_after_s":1}]'),
        ("name", r'{"zh": "\ud800"}'),
        ("name", r'{"zh": "a\u0000b"}'),
        ("name", r'{"z\u0000": "a"}'),
        ("address", r'{"zh": "a\u0000b"}'),
        ("address", "{}"),
        ("operator", r'"a\u0000"'),
        ("timezone", r'"UTC\u0000"'),
        ("opening_hours", r'"24/7\u0000"'),
        ("opening_hours", '"' + "Mo-Fr 08:00-18:00; " * 60 + '"'),
        ("district", '""'),
    ],
)  # fmt: skip
async def test_values_that_no_description_has(client: Client, field: str, text: str) -> None:
    lot = unique("lot")
    wanted = described()
    wanted.pop(field, None)
    body = json.dumps(wanted)[:-1] + f', "{field}": {text}}}'
    answer = await client.ask("PUT", f"/v1/lots/{lot}", data=body.encode())
    assert answer.status == 400, answer
    assert (await client.ask("GET", f"/v1/lots/{lot}")).status == 404


PARAMETERS = {
    "/v1/lots": ("district", "operator", "class", "limit", "cursor", "bbox", "crs"),
    "/v1/availability": ("lots", "district", "class", "at"),
    "/v1/nearby?lat=1&lon=1": ("radius_m", "limit", "class", "min_free", "height_m", "crs"),
    "/v1/stream": ("lots", "district", "class"),
    "/v1/lots/LOT": ("crs",),
    "/v1/lots/LOT/availability": ("at",),
    "/v1/lots/LOT/events": ("from", "to", "type", "limit", "cursor"),
    "/v1/keys": ("limit", "cursor"),
}
ODD = (
    "%00", "%ff", "%0a", "a%00b", "%E4%B8%9C", "%ED%A0%80", "x" * 5000, "%", "%zz", "'", "{}",
    "0001-01-01T00:00:00%2B08:00", "9999-12-31T23:59:59-08:00",
)  # fmt: skip


@pytest.mark.parametrize("path", PARAMETERS)
async def test_odd_parameters(client: Client, lot: str, path: str) -> None:
    for name in PARAMETERS[path]:
        for value in ODD:
            joint = "&" if "?" in path else "?"
            url = f"{path.replace('LOT', lot)}{joint}{name}={value}"
            answer = await client.ask("GET", url)
            assert answer.status == 400, url
            assert answer.pointers == {f"?{name}"}, (url, answer.json)


async def raw(client: Client, head: bytes) -> tuple[int, Json]:
    """Send bytes as they are; gives status and problem of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.service.port)
    key = client.service.admin_key.encode()
    writer.write(head.replace(b"KEY", key) + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    top, _, body = answer.partition(b"\r\n\r\n")
    problem: Any = json.loads(body) if body else {}
    return int(top.split()[1]), problem


@pytest.mark.parametrize(
    "target",
    [b"/v1/lots/%", b"/v1/lots/%zz", b"/v1/lots?%ff=1", b"/v1/lots/a#b", b"/v1/keys/%ED%A0%80",
     b"/v1/lots/" + b"a" * 60_000, b"//", b"/../..", b"/v1/lots/..", b"/v1/lots/;x=1"],
)  # fmt: skip
async def test_odd_targets(client: Client, target: bytes) -> None:
    for method in (b"GET", b"DELETE"):
        head = method + b" " + target + b" HTTP/1.1\r\nAuthorization: Bearer KEY"
        status, problem = await raw(client, head)
        assert status in (400, 404, 405), (method, target)
        assert problem["status"] == status
        assert problem["instance"]
