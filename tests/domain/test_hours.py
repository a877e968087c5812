"""Opening hours: open, closed, unknown, and when that changes."""

import msgspec
import pytest

from parking.domain import hours
from parking.domain.instants import DAY, SECOND, parse
from parking.domain.lots import Lot, Position, Zone

LOT = Lot(
    name={"en": "P"},
    operator="op",
    kind="surface",
    location=Position(34.76, 113.77),
    timezone="Asia/Shanghai",
    zones=(Zone("a", "general", 3, "counts", 60),),
)


def lot(opening_hours: str | None, timezone: str = "Asia/Shanghai") -> Lot:
    return msgspec.structs.replace(LOT, opening_hours=opening_hours, timezone=timezone)


@pytest.mark.parametrize(
    ("expression", "at", "is_open"),
    [
        (None, "2026-11-23T00:00:00Z", None),
        ("24/7", "2026-11-23T00:00:00Z", True),
        ("unknown", "2026-11-23T00:00:00Z", None),
        ("Mo-Su 07:00-23:00", "2026-11-22T22:59:59.999999Z", False),
        ("Mo-Su 07:00-23:00", "2026-11-22T23:00:00Z", True),
        ("Mo-Su 07:00-23:00", "2026-11-23T15:00:00Z", False),
        ("Mo-Fr 22:00-06:00", "2026-11-27T21:30:00Z", True),  # Saturday 05:30 there
        ("Mo-Fr 22:00-06:00", "2026-11-28T14:30:00Z", False),  # Saturday 22:30 there
        ("24/7; Su off", "2026-11-22T12:00:00Z", False),
    ],
)
def test_hours_are_of_the_lot_s_own_time(
    expression: str | None, at: str, *, is_open: bool | None
) -> None:
    assert hours.is_open(lot(expression), parse(at)) is is_open


def test_the_next_change_is_the_very_moment() -> None:
    at = parse("2026-11-23T00:00:00Z")
    change = hours.next_change(lot("Mo-Su 07:00-23:00"), at)
    assert change == parse("2026-11-23T15:00:00Z")
    assert hours.is_open(lot("Mo-Su 07:00-23:00"), change - 1) is True
    assert hours.is_open(lot("Mo-Su 07:00-23:00"), change) is False


def test_unknown_hours_never_change_and_constant_ones_are_looked_at_again() -> None:
    at = parse("2026-11-23T00:00:00Z")
    assert hours.next_change(lot(None), at) is None
    assert hours.next_change(lot("24/7"), at) == at + 365 * DAY


def test_every_change_of_a_year_with_summer_time_lies_ahead_and_is_one() -> None:
    described = lot("Mo-Su 02:15-02:45", "Europe/Berlin")
    at, end = parse("2026-01-01T00:00:00Z"), parse("2027-01-01T00:00:00Z")
    changes = 0
    while at < end:
        change = hours.next_change(described, at)
        assert change is not None
        assert change > at
        at = change
        changes += 1
    assert 725 <= changes <= 732  # twice a day, but for the night without that half hour


@pytest.mark.parametrize("expression", ["", "garbage", "25:00-26:00x", "Mo-Xx 08:00-10:00"])
def test_what_is_not_in_the_syntax_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        hours.check(expression)


def test_a_second_before_the_last_moment_there_is_nothing_breaks() -> None:
    assert hours.next_change(lot("24/7"), 253_402_300_799 * SECOND) is None
