"""Pages of lists: a cursor is opaque to the caller and says where the next page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from parking.errors import Fault, InvalidInput

T = TypeVar("T")


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


def end_page(found: list[T], limit: int, place: Callable[[T], Sequence[object]]) -> str | None:
    """Cut what was found down to a page; give the cursor of the next by the last one's place.

    None: no more than the page was found.
    """
    if len(found) <= limit:
        return None
    del found[limit:]
    return make_cursor(*map(str, place(found[-1])))


def cut_page(found: Sequence[T], cursor: str | None, limit: int) -> tuple[Sequence[T], str | None]:
    """Cut the page at a cursor out of all there is; give the cursor of the next, None at the end.

    InvalidInput when it is none of ours.
    """
    start = 0
    if cursor is not None:
        [place] = read_cursor(cursor, 1)
        if not place.isdecimal() or len(place) > 9:
            raise invalid_cursor()
        start = int(place)
    end = start + limit
    return found[start:end], make_cursor(str(end)) if end < len(found) else None
