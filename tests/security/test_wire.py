"""Raw bytes: whatever could be read in two ways is refused, and nothing hides behind it."""

import asyncio
import gzip
import json
import re
from dataclasses import dataclass

import pytest

from tests.service import RunningService
from tests.web.client import Client

POST = b"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer KEY\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
HIDDEN = b"GET /v1/keys HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer KEY\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
STATUS = re.compile(rb"HTTP/\d\.\d (\d{3}) ")


@dataclass(frozen=True)
class Heard:
    statuses: list[int]
    closed: bool
    text: bytes

    @property
    def problem(self) -> dict[str, object]:
        """The first answer's problem document."""
        body = self.text.partition(b"\r\n\r\n")[2]
        found: dict[str, object] = json.JSONDecoder().raw_decode(body.decode())[0]
        return found


async def say(service: RunningService, *parts: bytes, patience_s: float = 10) -> Heard:
    """Send parts in packets of their own, and hear until the other closes or patience ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    heard, closed = b"", False
    try:
        for number, part in enumerate(parts):
            if number:
                await asyncio.sleep(0.2)  # a packet of its own
            writer.write(part.replace(b"KEY", service.admin_key.encode()))
            await writer.drain()
        while not closed:
            async with asyncio.timeout(patience_s):
                piece = await reader.read(1 << 16)
            closed, heard = not piece, heard + piece
    except TimeoutError:
        pass
    except ConnectionError:
        closed = True
    finally:
        writer.close()
    return Heard([int(status) for status in STATUS.findall(heard)], closed, heard)


AMBIGUOUS = {
    "length and chunks": POST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks and length": POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "a length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 50\r\n\r\n",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length with an underscore": POST + b"Content-Length: 0_2\r\n\r\n{}",
    "no length at all": POST + b"Content-Length: \r\n\r\n{}",
    "a length without an end": POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n{}",
    "an unknown encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "an encoding hidden by a tab": POST + b"Transfer-Encoding:\tx\tchunked\r\n\r\n0\r\n\r\n",
    "two encodings": POST + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: a\n\n",
    "a bare line feed": GET + b"X: y\nContent-Length: 40\r\n\r\n",
    "a bare carriage return": GET + b"X: y\rContent-Length: 40\r\n\r\n",
    "a folded header": GET + b"X: y\r\n Content-Length: 40\r\n\r\n",
    "a folded first header": b"GET /healthz HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n",
    "a zero byte": GET + b"X: y\0z\r\n\r\n",
    "a blank in a name": GET + b"X Y: z\r\n\r\n",
    "no name": GET + b": z\r\n\r\n",
    "no colon": GET + b"XY\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: b\r\n\r\n",
    "chunks ended by line feeds": POST + CHUNKED + b"\r\n2\n{}\n0\n\n",
    "a chunk's length with a sign": POST + CHUNKED + b"\r\n+2\r\n{}\r\n0\r\n\r\n",
    "a chunk's length in C": POST + CHUNKED + b"\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk's length beyond 64 bits": POST
    + CHUNKED
    + b"\r\n"
    + b"f" * 17
    + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than told": POST + CHUNKED + b"\r\n2\r\n{}XX\r\n0\r\n\r\n",
    "a chunk without a length": POST + CHUNKED + b"\r\nzz\r\n{}\r\n0\r\n\r\n",
    "an unknown version": b"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n",
    "the beginning of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the beginning of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown method": b"FETCH /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a small method": b"get /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a blank in the path": b"GET /v1/ lots HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path that is not ASCII": "GET /é HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
}


@pytest.mark.parametrize("sent", AMBIGUOUS.values(), ids=AMBIGUOUS)
async def test_the_ambiguous_is_refused_with_all_that_follows(
    shared_service: RunningService, sent: bytes
) -> None:
    heard = await say(shared_service, sent + HIDDEN)
    assert heard.statuses == [400], heard
    assert heard.closed
    assert heard.problem["type"] == "urn:parking:problem:not-http"
    name = str(heard.problem["instance"]).encode()
    assert b"X-Request-Id: " + name in heard.text
    assert b"nosniff" in heard.text
    assert shared_service.admin_key.encode() not in heard.text


async def test_old_and_new_versions_are_refused(shared_service: RunningService) -> None:
    for line in (b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n"):
        heard = await say(shared_service, line)
        assert heard.closed
        assert heard.problem["status"] == 505
        assert b'"items"' not in (await say(shared_service, line + HIDDEN)).text
    heard = await say(shared_service, b"GET /healthz HTTP/1.0\r\n\r\n", HIDDEN)
    assert heard.statuses == [200]
    assert heard.closed


async def test_heads_have_limits(shared_service: RunningService) -> None:
    path = b"GET /v1/availability?lots=%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    lots = b",".join(b"%064d" % n for n in range(1000))
    assert (await say(shared_service, path % lots)).statuses == [200]  # what people may ask for
    for sent in (
        path % (lots + lots),
        GET + b"X: " + b"y" * 9000 + b"\r\n\r\n",
        GET + b"y" * 9000 + b": x\r\n\r\n",
        GET + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n",
        b"GET /" + b"y" * (1 << 20),
        GET + b"X: " + b"y" * (1 << 20),
    ):
        heard = await say(shared_service, sent)
        assert heard.statuses == [431], sent[:100]
        assert heard.closed
        assert heard.problem["type"] == "urn:parking:problem:head-too-large"


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (b"POST /v1/events", b"application/json"),
        (b"POST /v1/events", b"application/x-ndjson"),
        (b"PUT /v1/lots/wire", b"application/json"),
    ],
)
async def test_a_body_that_goes_wrong_on_the_way_is_answered(
    shared_service: RunningService, line: bytes, form: bytes
) -> None:
    """Whoever reads the body is told, rather than left to wait for ever."""
    head = POST.replace(b"POST /v1/events", line) + b"Content-Type: %s\r\n" % form
    heard = await say(shared_service, head + CHUNKED + b"\r\n1\r\n{\r\n", b"zz\r\n" + HIDDEN)
    assert heard.statuses == [400, 400]
    assert heard.problem["detail"] == "The body's chunks cannot be read."
    assert heard.closed


async def test_what_is_wrong_later_does_not_undo_what_was_right(
    shared_service: RunningService,
) -> None:
    body = b'{"events": []}'
    good = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    heard = await say(shared_service, good, b"zz zz\r\n\r\n" + HIDDEN)
    assert heard.statuses == [200, 400]
    assert heard.closed


async def test_who_goes_in_the_middle_leaves_no_line_in_the_log(service: RunningService) -> None:
    for head in (
        b"Content-Length: 10\r\n\r\n{",
        b"Content-Type: application/x-ndjson\r\nContent-Length: 10\r\n\r\n{",
        b"Content-Encoding: gzip\r\nContent-Length: 99\r\n\r\n" + gzip.compress(b"{}")[:9],
        CHUNKED + b"\r\n1\r\n{\r\n",
        b"",
    ):
        await say(service, POST + head, patience_s=0.2)
    for sent in (*AMBIGUOUS.values(), b"\x00" * 1000):
        await say(service, sent, patience_s=0.5)
    assert (await say(service, GET + b"Connection: close\r\n\r\n")).statuses == [200]
    for line in service.said().splitlines():
        assert json.loads(line)["level"] == "info", line


@pytest.mark.parametrize(
    "path",
    [
        b"/docs/../v1/keys", b"/docs/..%2f..%2fgate.py", b"/docs/%2e%2e/gate.py", b"/docs//docs.js",
        b"//a/healthz", b"/v1/lots/%zz", b"/v1/lots/%00", b"/v1/lots/a%0d%0ab", b"/v1/lots/a\\b",
        b"/healthz/", b"/HEALTHZ", b"/healthz;a=b", b"*", b"a:443",
    ],
)  # fmt: skip
async def test_paths_that_are_none(shared_service: RunningService, path: bytes) -> None:
    head = b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    heard = await say(shared_service, head)
    assert heard.statuses in ([404], [400]), heard


async def test_a_name_with_line_feeds_splits_no_answer(client: Client) -> None:
    for path in ("/v1/lots/a%0d%0aSet-Cookie:%20x", "/v1/nearby?lat=1&lon=1%0d%0aX:%20y"):
        answer = await client.ask("GET", path, key=None)
        assert answer.status in (400, 404)
        assert not {"set-cookie", "x"} & answer.headers.keys()
