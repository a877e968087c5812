"""Every way a request can fail: the docstring is the problem's title, the class has its status."""

from collections.abc import Sequence
from typing import ClassVar


class Fault:
    """One thing wrong with an input: an RFC 6901 pointer (or `?name` of a parameter) and why."""

    __slots__ = ("detail", "pointer")

    def __init__(self, pointer: str, detail: str) -> None:
        """Say where and what."""
        self.pointer = pointer
        self.detail = detail


class ParkingError(Exception):
    """Internal error."""

    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        """Say what happened, in a sentence for the caller; `extra` members join the document."""
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.extra = extra or {}

    @classmethod
    def title(cls) -> str:
        """Give the problem's title."""
        return (cls.__doc__ or "Problem").strip().splitlines()[0].rstrip(".")

    @classmethod
    def type(cls) -> str:
        """Give the problem's type, a URN that names the class."""
        words = "".join("-" + c.lower() if c.isupper() else c for c in cls.__name__).strip("-")
        return f"urn:parking:problem:{words}"


class InvalidInput(ParkingError):
    """The request is not valid."""

    status = 400


class Unauthorized(ParkingError):
    """A valid key is needed."""

    status = 401


class Forbidden(ParkingError):
    """This key may not do that."""

    status = 403


class NotFound(ParkingError):
    """There is no such thing."""

    status = 404


class MethodNotAllowed(ParkingError):
    """This method is not for that path."""

    status = 405


class NotAcceptable(ParkingError):
    """That format is not to be had."""

    status = 406


class Conflict(ParkingError):
    """The request contradicts what is there."""

    status = 409


class Gone(ParkingError):
    """That moment is before what is retained."""

    status = 410


class TooLarge(ParkingError):
    """The request is too large."""

    status = 413


class UnsupportedMedia(ParkingError):
    """That media type or encoding is not understood."""

    status = 415


class Overloaded(ParkingError):
    """Too much work is in flight."""

    status = 503


class DatabaseAway(ParkingError):
    """The database cannot be reached."""

    status = 503
