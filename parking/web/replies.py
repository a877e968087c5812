"""Answers: JSON made once, validators for caches, and problem documents."""

from typing import Any

import msgspec
from aiohttp import web

from parking.errors import ParkingError
from parking.web.prebuilt import Prebuilt, Validated, lines

encode = msgspec.json.Encoder().encode
_JSON = "application/json"
PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id",
}

_PRIVATE = lines({"Content-Type": _JSON, "Cache-Control": "no-store"})
_CACHED = {**PUBLIC, "Cache-Control": "public, no-cache"}
_CACHED_HEAD = lines(_CACHED)


def reply(body: bytes, *, status: int = 200) -> Prebuilt:
    """Answer JSON to one who has a key: nothing may keep it."""
    return Prebuilt(status, private_head(len(body)), body)


def private_head(length: int) -> bytes:
    """Give the lines of a head for JSON of that length that nothing may keep."""
    return b"%sContent-Length: %d\r\n" % (_PRIVATE, length)


def reply_value(value: Any, *, status: int = 200) -> Prebuilt:
    """Answer a value as JSON to one who has a key."""
    return reply(encode(value), status=status)


def validated(body: bytes, media: str = _JSON, *, told_by: bytes | None = None) -> Validated:
    """Make what may be answered to anyone, with a validator of the body, or of what tells it.

    `no-cache` lets caches keep it and makes them ask each time: a number shown is a number true.
    """
    return Validated(body, _CACHED_HEAD, media.encode(), body if told_by is None else told_by)


def cached(request: web.Request, made: Validated | bytes) -> Prebuilt:
    """Answer anyone: 304 when it is what the caller has."""
    if isinstance(made, bytes):
        made = validated(made)
    if has_tag(request, made.tag):
        return Prebuilt(304, made.unchanged, b"")
    return Prebuilt(200, made.changed, made.body)


def cached_file(request: web.Request, body: bytes, media: str) -> web.Response:
    """Answer a file to anyone, with headers that may be changed."""
    made = validated(body, media)
    headers = {**_CACHED, "ETag": made.tag}
    if has_tag(request, made.tag):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=media, headers=headers)


def has_tag(request: web.Request, tag: str) -> bool:
    """Whether the caller has what bears that validator."""
    had = request.headers.get("If-None-Match")
    return had is not None and (had == tag or not {tag, "*"}.isdisjoint(_tags(had)))


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def problem(error: ParkingError, request_id: str) -> web.Response:
    """Answer an RFC 9457 problem document."""
    document: dict[str, Any] = {
        "type": error.type(),
        "title": error.title(),
        "status": error.status,
        "detail": error.detail,
        "instance": request_id,
    }
    if error.faults:
        document["errors"] = [
            {"pointer": fault.pointer, "detail": fault.detail} for fault in error.faults
        ]
    document.update(error.extra)
    return web.Response(
        body=encode(document),
        status=error.status,
        content_type="application/problem+json",
        headers={**PUBLIC, "Cache-Control": "no-store", **error.headers},
    )
