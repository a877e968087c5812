"""What a decoder makes of a message of a sensor, gateway or operator's system.

Decoders are pure: bytes, headers and settings in, `Decoded` out. They know formats, not lots: what
they give is judged by the intake like whatever is pushed as JSON.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a message that gives no event: a JSON pointer or `line 3`, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of a message, as `POST /v1/events` takes them, and what was not understood."""

    events: Sequence[dict[str, Any]]
    unread: Sequence[Unread] = ()


class NotDecodable(Exception):
    """A message is not what its format says; the text says where and why, for the operator."""
