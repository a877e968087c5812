"""Pages of lists: a cursor is opaque to the caller and says where the next page begins."""

import base64
import binascii

from parking.errors import Fault, InvalidInput


def make_cursor(*parts: str) -> str:
    """Give a cursor of the key that the next page comes after."""
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def read_cursor(cursor: str, parts: int) -> list[str]:
    """Give the parts of a cursor; InvalidInput when it is none of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\n")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        found = []
    if len(found) != parts:
        raise invalid_cursor()
    return found


def invalid_cursor() -> InvalidInput:
    """Say that a cursor is none of ours."""
    fault = Fault("?cursor", "not a cursor of this list")
    return InvalidInput("A parameter is not valid.", faults=[fault])
