"""Moments on the wire and inside the simulator.

Inside, a moment is an integer of microseconds since 1970-01-01 UTC, so that it sorts, adds up
and repeats exactly; on the wire it is RFC 3339 in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def from_datetime(moment: datetime) -> int:
    """Microseconds since the epoch of a datetime that carries an offset."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(moment_us: int) -> datetime:
    """Return the UTC datetime of a moment in microseconds."""
    return _EPOCH + timedelta(microseconds=moment_us)


def parse_rfc3339(text: str) -> int:
    """Microseconds of an RFC 3339 time; a time without an offset is a ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} carries no offset (Z or +08:00)")
    return from_datetime(moment)


def rfc3339(moment_us: int) -> str:
    """RFC 3339 in UTC with Z; a fraction only when there is one."""
    return to_datetime(moment_us).replace(tzinfo=None).isoformat() + "Z"


def parse_span(text: str) -> int:
    """Microseconds of a span such as 90s, 45m, 36h, 2d or 1d12h; else a ValueError."""
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a span like 90s, 45m, 36h, 2d or 1d12h")
    return round(sum(float(number) * _UNITS[unit] for number, unit in parts))


def span_text(span_us: int) -> str:
    """Return a span for people: 1 d 02:03:04."""
    days, rest = divmod(max(0, span_us) // SECOND, 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock
