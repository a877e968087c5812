"""Answers that are made once and sent often: head and body in one piece, past the header maps.

They are `aiohttp`'s answers in all but how they are written: `prepare` writes everything, where the
library would put headers together and write in three parts. Its version is pinned for that, and
tests/web/test_prebuilt.py holds them against the library's own answers.
"""

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

_FULL = 1 << 16  # bytes that a client has not taken
ALWAYS = web.AppKey("ALWAYS", bytes)
"""The header lines that every answer of an application bears."""


class Validated:
    """A body with its validator, and the heads of its two answers."""

    __slots__ = ("body", "changed", "tag", "unchanged")

    def __init__(self, body: bytes, head: bytes, media: bytes, told_by: bytes) -> None:
        """Answer with a body of a media type, and with the lines `head`.

        The validator is made of `told_by`, the content or what tells it apart from all other, so
        that all instances give the same one.
        """
        self.body = body
        self.tag = f'"{mark(told_by).hex()}"'
        common = b"%sETag: %s\r\n" % (head, self.tag.encode())
        self.changed = b"%sContent-Type: %s\r\nContent-Length: %d\r\n" % (common, media, len(body))
        self.unchanged = common


def mark(content: bytes) -> bytes:
    """Give a short mark of some content, which no other has."""
    return blake2b(content, digest_size=12).digest()


class Prebuilt(web.StreamResponse):
    """An answer that is written in one piece."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        """Answer with the lines of a head, which tell the body's type and length, and a body."""
        super().__init__(status=status)
        self._head = head
        self._told = body

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write all of it."""
        transport = request.transport
        if self._eof_sent:
            return None
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        old = request.version < HttpVersion11
        connection = b""
        if old and self._keep_alive and request.version == HttpVersion10:
            connection = b"Connection: keep-alive\r\n"
        elif not old and not self._keep_alive:
            connection = b"Connection: close\r\n"
        own = lines(self._headers) if self._headers else b""
        always = request.app[ALWAYS] if isinstance(request, web.Request) else b""
        body = b"" if request.method == "HEAD" else self._told
        version = b"HTTP/1.0 " if old else b"HTTP/1.1 "
        transport.write(
            assemble(version, self._status, self._head + always + own + connection, body)
        )
        self._eof_sent = True
        if transport.get_write_buffer_size() > _FULL:
            await request.writer.drain()
        return None


def assemble(version: bytes, status: int, head: bytes, body: bytes) -> bytes:
    """Give an answer as it is written: `head` are its lines, but for the date."""
    date = _date()
    return b"%s%sDate: %s\r\n\r\n" % (version + _status_line(status), head, date) + body


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    return f"{status} {HTTPStatus(status).phrase}\r\n".encode()


def lines(headers: Mapping[str, str]) -> bytes:
    """Give headers as lines."""
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())


class _Clock:
    """The date as HTTP writes it, made once a second."""

    __slots__ = ("second", "text")

    def __init__(self) -> None:
        self.second = 0
        self.text = b""


_clock = _Clock()


def _date() -> bytes:
    second = int(time.time())
    if second != _clock.second:
        _clock.second, _clock.text = second, formatdate(second, usegmt=True).encode()
    return _clock.text
