"""Single values as systems write them: whole numbers, yes or no, times."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from parking.domain.instants import MINUTE, SECOND, micros, rfc3339

RFC3339 = "rfc3339"
UNIX = "unix"
UNIX_MS = "unix_ms"
_LAST_S = 253_402_300_800  # the end of the year 9999
_GREATEST = 10**15
_AHEAD = 5 * MINUTE
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}(\.0{1,6})?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?")
_DATED = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt ]")
_PROBE = datetime(2001, 2, 3, 14, 5)  # noqa: DTZ001 - rendered and read back, in no zone

T = TypeVar("T")


class Unreadable(Exception):
    """A value is not what it should be; the text says which rule it breaks, and never quotes it."""


def whole(value: Any) -> int:
    """Read a whole number, also one in a string or written 12.0; Unreadable for all else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) < _GREATEST and value == int(value):
            return int(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    raise Unreadable("it is not a whole number")


def number(value: Any) -> float:
    """Read a number, also one in a string; Unreadable for all else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _GREATEST:
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value.strip())
    raise Unreadable("it is not a number")


def truth(value: Any) -> bool:
    """Read true or false, also in a string; Unreadable for all else: 1 may mean either."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise Unreadable("it is neither true nor false")


def text(value: Any) -> str:
    """Give a string, or a whole number as its digits; Unreadable for all else, and for nothing."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, str):
        raise Unreadable("it is empty")
    try:
        return str(whole(value))
    except Unreadable:
        raise Unreadable("it is not a text") from None


def read(item: Mapping[str, Any], name: str, as_: Callable[[Any], T]) -> T:
    """Read a field that must be there; Unreadable names it."""
    value = item.get(name)
    if value is None:
        raise Unreadable(f"{name}: it is not there")
    try:
        return as_(value)
    except Unreadable as unreadable:
        raise Unreadable(f"{name}: {unreadable}") from None


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a system writes times.

    `form` is `rfc3339`, `unix` (seconds), `unix_ms`, or a pattern of strptime. A time without an
    offset is one of `zone`; without a zone it cannot be read.
    """

    form: str = RFC3339
    zone: ZoneInfo | None = None

    def read(self, value: Any, now: int) -> str:
        """Give the moment in RFC 3339; Unreadable when it is none. `now` in us.

        An hour that a zone has twice is the later one, if that is not to come.
        """
        if self.form in (UNIX, UNIX_MS):
            return _from_unix(value, 1000 if self.form == UNIX_MS else 1)
        if not isinstance(value, str):
            raise Unreadable("it is not a time in a string")
        try:
            read = self._parsed(value.strip())
            return rfc3339(micros(read) if read.tzinfo else self._placed(read, now))
        except (ValueError, OverflowError):
            raise Unreadable(f"it is not a time as {self.form} has it") from None

    def _parsed(self, value: str) -> datetime:
        if self.form != RFC3339:
            return datetime.strptime(value, self.form)  # noqa: DTZ007 - placed by who calls
        if not _DATED.match(value):
            raise ValueError("a day is no moment")
        return datetime.fromisoformat(value)

    def _placed(self, local: datetime, now: int) -> int:
        """Give the moment (us) of a time on the clocks of the zone."""
        if self.zone is None:
            raise Unreadable("it is a time without an offset, and no timezone is named for it")
        first, second = (
            micros(local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)) for fold in (0, 1)
        )
        back = datetime.fromtimestamp(first // SECOND, self.zone).replace(tzinfo=None)
        if back != local.replace(microsecond=0):
            raise Unreadable("it is a time that the clocks of its timezone left out")
        return second if second <= now + _AHEAD else first


def _from_unix(value: Any, parts: int) -> str:
    """Give the moment of so many seconds (1) or milliseconds (1000) since 1970."""
    moment = number(value)
    if not 0 <= moment < _LAST_S * parts:
        raise Unreadable("it is a number that is no time")
    if isinstance(moment, int):
        return rfc3339(moment * (SECOND // parts))
    return rfc3339(round(moment * (SECOND // parts)))


def check_pattern(form: str) -> None:
    """ValueError when a form tells no day, hour and minute, or is no pattern."""
    if form in (RFC3339, UNIX, UNIX_MS):
        return
    if "%" not in form:
        raise ValueError("one of rfc3339, unix, unix_ms, or a pattern such as %Y-%m-%d %H:%M:%S")
    try:
        back = datetime.strptime(_PROBE.replace(tzinfo=UTC).strftime(form), form)  # noqa: DTZ007
    except ValueError as error:
        raise ValueError(f"not a pattern of a time: {error}") from None
    if back.replace(tzinfo=None) != _PROBE:
        raise ValueError("a pattern that does not tell year, month, day, hour and minute")
