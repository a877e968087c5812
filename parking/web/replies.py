"""Answers: JSON made once, validators for caches, and problem documents."""

from hashlib import blake2b
from typing import Any

import msgspec
from aiohttp import web

from parking.errors import ParkingError

encode = msgspec.json.Encoder().encode
_JSON = "application/json"
PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id",
}


def reply(body: bytes, *, status: int = 200) -> web.Response:
    """Answer JSON to one who has a key: nothing may keep it."""
    return web.Response(
        body=body, status=status, content_type=_JSON, headers={"Cache-Control": "no-store"}
    )


def reply_value(value: Any, *, status: int = 200) -> web.Response:
    """Answer a value as JSON to one who has a key."""
    return reply(encode(value), status=status)


def cached(request: web.Request, body: bytes, *, media: str = _JSON) -> web.Response:
    """Answer anyone, with a validator: 304 when it is what the caller has.

    `no-cache` lets caches keep it and makes them ask each time: a number shown is a number true.
    """
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {**PUBLIC, "ETag": tag, "Cache-Control": "public, no-cache"}
    if not {tag, "*"}.isdisjoint(_tags(request.headers.get("If-None-Match", ""))):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=media, headers=headers)


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
