"""Single values: read as they are meant, or refused without being repeated."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from parking.domain.instants import parse
from parking.ingest.formats.scalars import (
    TimeForm,
    Unreadable,
    check_pattern,
    number,
    text,
    truth,
    whole,
)

NOW = parse("2026-10-25T02:30:00Z")
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
LOCAL = "%Y-%m-%d %H:%M:%S"


@pytest.mark.parametrize(
    ("value", "found"), [(3, 3), (-3, -3), (12.0, 12), ("12", 12), (" +7 ", 7), ("12.000", 12)]
)
def test_whole_numbers(value: Any, found: int) -> None:
    assert whole(value) == found


@pytest.mark.parametrize(
    "value",
    [True, None, 1.5, "1.5", "", "1e3", "１２", "0x1", 10**15, float("inf"), float("nan"), [], {}],
)
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(Unreadable):
        whole(value)


def test_numbers_truths_and_texts() -> None:
    assert (number("87.5"), number(-3)) == (87.5, -3)
    assert (truth(value=True), truth("FALSE")) == (True, False)
    assert (text(" a "), text(12), text(12.0)) == ("a", "12", "12")
    for read, wrong in ((number, "x"), (number, None), (truth, 1), (truth, "yes"), (text, "  "),
                        (text, True), (text, 1.5), (text, [])):  # fmt: skip
        with pytest.raises(Unreadable):
            read(wrong)


@pytest.mark.parametrize(
    ("form", "value", "found"),
    [
        (TimeForm(), "2026-11-23T08:31:07+08:00", "2026-11-23T00:31:07Z"),
        (TimeForm(), "2026-11-23 00:31:07.25Z", "2026-11-23T00:31:07.250000Z"),
        (TimeForm(zone=SHANGHAI), "2026-11-23T08:31:07", "2026-11-23T00:31:07Z"),
        (TimeForm(zone=SHANGHAI), "2026-11-23T08:31:07+01:00", "2026-11-23T07:31:07Z"),
        (TimeForm(LOCAL, SHANGHAI), "2026-11-23 08:31:07", "2026-11-23T00:31:07Z"),
        (TimeForm("%d.%m.%Y %H:%M %z"), "23.11.2026 08:31 +0800", "2026-11-23T00:31:00Z"),
        (TimeForm("unix"), 1795393867, "2026-11-23T00:31:07Z"),
        (TimeForm("unix"), "1795393867.5", "2026-11-23T00:31:07.500000Z"),
        (TimeForm("unix_ms"), 1795393867123, "2026-11-23T00:31:07.123000Z"),
    ],
)
def test_times(form: TimeForm, value: Any, found: str) -> None:
    assert form.read(value, NOW) == found


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (TimeForm(), "2026-11-23T08:31:07"),
        (TimeForm(), "2026-11-23"),
        (TimeForm(), 1795393867),
        (TimeForm(), "0001-01-01T00:00:00+08:00"),
        (TimeForm(LOCAL), "2026-11-23 08:31:07"),
        (TimeForm(LOCAL, SHANGHAI), "2026-11-23T08:31:07"),
        (TimeForm(LOCAL, SHANGHAI), "2026-02-30 08:31:07"),
        (TimeForm(LOCAL, SHANGHAI), "9999-12-31 23:59:59 "),
        (TimeForm(LOCAL, BERLIN), "2026-03-29 02:30:00"),
        (TimeForm("unix"), 1795393867123),
        (TimeForm("unix"), -1),
        (TimeForm("unix"), "now"),
        (TimeForm("unix"), True),
    ],
)
def test_what_is_no_time(form: TimeForm, value: Any) -> None:
    if value == "9999-12-31 23:59:59 ":
        form.read(value, NOW)
        form = TimeForm(LOCAL, ZoneInfo("America/Lima"))
    with pytest.raises(Unreadable) as caught:
        form.read(value, NOW)
    assert str(value) not in str(caught.value)


def test_an_hour_that_comes_twice_is_the_later_one_once_it_may_be() -> None:
    """On 2026-10-25 Berlin's clocks go from 03:00 back to 02:00 at 01:00 UTC."""
    form = TimeForm(LOCAL, BERLIN)
    assert form.read("2026-10-25 02:10:00", NOW) == "2026-10-25T01:10:00Z"
    before = parse("2026-10-25T00:12:00Z")
    assert form.read("2026-10-25 02:10:00", before) == "2026-10-25T00:10:00Z"


@pytest.mark.parametrize("form", ["rfc3339", "unix", "unix_ms", LOCAL, "%d/%m/%y %H:%M"])
def test_patterns(form: str) -> None:
    check_pattern(form)


@pytest.mark.parametrize("form", ["", "iso", "%H:%M", "%Y-%m-%d", "%Y-%m-%d %H:%M %Q", "%"])
def test_what_is_no_pattern(form: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        check_pattern(form)
