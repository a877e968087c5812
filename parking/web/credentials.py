"""What a request shows to say who makes it: a key or secret, in one of the ways that HTTP has."""

import base64
import binascii
from collections.abc import Mapping


def find_basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Give user and password of HTTP Basic (RFC 7617, in UTF-8); None when there are none.

    It is for machines that can send nothing else. A browser would send it by itself, whichever page
    asked it to: what names an origin is a browser's request, and gets none.
    """
    scheme, _, told = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic" or "Origin" in headers:
        return None
    try:
        text = base64.b64decode(told.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


def find_key(headers: Mapping[str, str]) -> str | None:
    """Give the key that is shown, as Bearer or as the password of Basic; None without one."""
    scheme, _, secret = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip() or None
    basic = find_basic(headers)
    return None if basic is None else basic[1].strip() or None
