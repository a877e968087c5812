"""One answer of a system that is polled: bounded in size, time and redirections."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from parking.domain.instants import micros

MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 64 * 1024
_LONGEST_VALIDATOR = 1_000
_USER_AGENT = "smart-parking-availability"


class FetchFailed(Exception):
    """No answer that can be used; `kind` is one of few words, for metrics.

    `retry_after` is how many seconds the other side asks to wait, 0 when it does not say.
    """

    def __init__(self, kind: str, detail: str, retry_after: float = 0) -> None:
        """Say what happened; neither the address nor what came is part of it."""
        super().__init__(detail)
        self.kind = kind
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer; `body` None: it is what the asker has (304)."""

    body: bytes | None
    media: str = ""
    etag: str | None = None
    last_modified: str | None = None

    @property
    def modified(self) -> int | None:
        """When it was last modified, as it says itself, us; None when it does not."""
        try:
            return micros(parsedate_to_datetime(self.last_modified or ""))
        except (ValueError, TypeError, OverflowError):  # TypeError: a time without a zone
            return None


def new_session() -> aiohttp.ClientSession:
    """Give a session without memory: no cookies, and bodies as they come."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip"},
    )


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    *,
    timeout_s: float,
    most_bytes: int,
) -> Fetched:
    """Ask for `url`; FetchFailed when nothing that can be used comes in time."""
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    where = first = URL(url, encoded=url.isascii())
    for _ in range(MOST_REDIRECTS + 1):
        try:
            async with session.get(
                where, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status not in _REDIRECTS:
                    return await _read(response, most_bytes)
                where = _followed(response, where, first)
        except TimeoutError:
            raise FetchFailed("timeout", f"no whole answer within {timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise FetchFailed("connection", type(error).__name__) from None
    raise FetchFailed("redirect", f"more than {MOST_REDIRECTS} redirections")


def _followed(response: aiohttp.ClientResponse, here: URL, first: URL) -> URL:
    """Give where a redirection leads: to the same host, for the headers may hold a secret."""
    try:
        there = here.join(URL(response.headers.get("Location", "")))
    except ValueError:
        raise FetchFailed("redirect", "a redirection to no address") from None
    safe = there.scheme in ("https", here.scheme)
    if there.host != first.host or not safe:
        raise FetchFailed("redirect", "a redirection to another host, or to one without TLS")
    return there


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> Fetched:
    if response.status == 304:
        return Fetched(None)
    if response.status != 200:
        told = response.headers.get("Retry-After", "")
        raise FetchFailed(
            "status", f"status {response.status}", float(told) if told.isdecimal() else 0
        )
    body = await _body(response, most_bytes)
    headers = response.headers
    etag, modified = _validator(headers, "ETag"), _validator(headers, "Last-Modified")
    return Fetched(body, headers.get("Content-Type", ""), etag, modified)


def _validator(headers: Mapping[str, str], name: str) -> str | None:
    """Give a header that is sent back; None for one that cannot be kept, or is far too long."""
    value = headers.get(name, "")
    fits = value.isascii() and value.isprintable() and len(value) <= _LONGEST_VALIDATOR
    return value if value and fits else None


async def _body(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise FetchFailed("encoding", "an encoding that was not asked for")
    inflater = None if encoding == "identity" else _Inflater(most_bytes)
    body = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        body += piece if inflater is None else inflater.inflated(piece)
        if len(body) > most_bytes:
            raise FetchFailed("too_large", f"more than {most_bytes} bytes")
    if inflater is not None and not inflater.is_whole:
        raise FetchFailed("encoding", "the gzip is cut off")
    return bytes(body)


class _Inflater:
    """Unpacks gzip, of one member after another; gives one byte more than `most` at most."""

    def __init__(self, most: int) -> None:
        self._room = most + 1
        self._member = zlib.decompressobj(31)

    @property
    def is_whole(self) -> bool:
        """Whether a member has just ended."""
        return self._member.eof

    def inflated(self, piece: bytes) -> bytes:
        """Unpack a piece; FetchFailed when it is not gzip."""
        out = bytearray()
        while piece and self._room:
            if self._member.eof:  # or it would hold whatever comes after it
                self._member = zlib.decompressobj(31)
            try:
                got = self._member.decompress(piece, self._room)
            except zlib.error:
                raise FetchFailed("encoding", "what comes is not gzip") from None
            out += got
            self._room -= len(got)
            piece = self._member.unused_data
        return bytes(out)
