"""Opening hours in OpenStreetMap's syntax, evaluated in the lot's own time zone.

Parsing and evaluation are the `opening-hours-py` library's (public holidays of the country that the
position lies in, sunrise and sunset there); this gives them instants and a cache.
"""

import re
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]

from parking.domain.instants import DAY, micros, moment
from parking.domain.lots import Lot

_HORIZON_DAYS = 400
_LOCAL = re.compile(r"\b(PH|SH|sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)
"""What depends on where the lot is."""
_NOT_EVALUATED = (TypeError, ValueError, OverflowError, ParserError)
"""What evaluation at odd moments and of old descriptions may raise: the hours are unknown then."""
_LAST = 253_000_000_000 * 1_000_000  # some time in the year 9987


def check(expression: str) -> None:
    """Raise ValueError when the expression is not in OpenStreetMap's syntax."""
    try:
        OpeningHours(expression)
    except (ParserError, ValueError) as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_timezone(name: str) -> None:
    """Raise ValueError when this is not an IANA time zone that hours can be evaluated in."""
    if name not in _timezones():
        raise ValueError("not an IANA time zone")
    try:
        OpeningHours("24/7", timezone=ZoneInfo(name), auto_timezone=False)
    except TypeError:  # "localtime" and "Factory" are no places
        raise ValueError("not an IANA time zone") from None


@lru_cache(maxsize=16_384)
def _parsed(expression: str, timezone: str, at: tuple[float, float] | None) -> OpeningHours:
    return OpeningHours(
        expression,
        timezone=ZoneInfo(timezone),
        coords=at,
        auto_timezone=False,
        max_interval_days=_HORIZON_DAYS,
    )


def _of(lot: Lot) -> OpeningHours | None:
    if lot.opening_hours is None:
        return None
    # finding the country of a place takes the library a hundred megabytes
    local = _LOCAL.search(lot.opening_hours) is not None
    at = (lot.location.lat, lot.location.lon) if local else None
    return _parsed(lot.opening_hours, lot.timezone, at)


def is_open(lot: Lot, at: int) -> bool | None:
    """Whether the hours are open at `at` (us); None when they are not known."""
    try:
        hours = _of(lot)
        if hours is None:
            return None
        state, _comment = hours.state(moment(at).astimezone(ZoneInfo(lot.timezone)))
    except _NOT_EVALUATED:
        return None
    return None if state == State.UNKNOWN else bool(state == State.OPEN)


def next_change(lot: Lot, at: int) -> int | None:
    """When (us, later than `at`) the hours next open or close; None when they do not.

    Where they do not change within a year, a moment a year away is given, to look again.
    """
    if at > _LAST:
        return None
    try:
        hours = _of(lot)
        if hours is None:
            return None
        change = hours.next_change(moment(at).astimezone(ZoneInfo(lot.timezone)))
    except _NOT_EVALUATED:
        return at + DAY
    if change is None:
        return at + 365 * DAY
    us = micros(change)
    return us if us > at else at + 60_000_000  # a clock set back: look again in a minute
