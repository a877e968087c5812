"""Moments as integers: microseconds since 1970-01-01T00:00:00Z, written in RFC 3339."""

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime, exactly (floats would round)."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(us: int) -> datetime:
    """Give the aware UTC datetime of an instant; OverflowError outside years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=us)


def rfc3339(us: int) -> str:
    """`2026-11-23T00:31:07Z`, with six digits of microseconds only when they are not zero."""
    return moment(us).isoformat()[:-6] + "Z"


def parse(text: str) -> int:
    """Read an RFC 3339 time with an offset; ValueError for anything else, a naive time included."""
    shape_ok = len(text) >= 20 and text[4] == text[7] == "-" and text[10] in "Tt "
    if not (shape_ok and text[13] == text[16] == ":" and text.isascii()):
        raise ValueError("not an RFC 3339 time")
    parsed = datetime.fromisoformat(text.replace("z", "Z"))
    if parsed.tzinfo is None:
        raise ValueError("a time needs an offset, Z or +08:00")
    try:
        return micros(parsed)
    except OverflowError:
        raise ValueError("a time outside the years 1 to 9999") from None
