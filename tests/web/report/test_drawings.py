"""The drawings: every hour, day and class is there, and what is not known looks like nothing."""

from dataclasses import replace
from datetime import date

import pytest

from parking.web.report.chinese import CHINESE
from parking.web.report.data import Cell, Day
from parking.web.report.days import NARROW, WIDE, dates_of, day_bars
from parking.web.report.english import ENGLISH
from parking.web.report.markup import Markup, tag
from parking.web.report.staying import class_of, classes_of, staying
from parking.web.report.together import together
from parking.web.report.weeks import LARGE, SMALL, Size, week_map
from tests.web.report.reading import Element, read
from tests.web.report.samples import district, figures, silent_lot

KNOWN = Cell(0.65, 0.9, 100.0, 90.0)
LOW = Cell(0.95, 0.49, 100.0, 49.0)
UNKNOWN = Cell(None, 0.0, 100.0, 0.0)


def drawn(content: Markup) -> Element:
    return read(f"<!DOCTYPE html>\n{tag('html', content, lang='en')}")


def boxes_of(shown: Element) -> list[str]:
    marks = [box.attributes.get("class", "") for box in shown.find("rect")]
    return [mark for mark in marks if mark != "frame"]


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["large", "small"])
def test_a_week_has_168_hours_each_in_its_place(size: Size) -> None:
    weekly = [KNOWN] * 100 + [UNKNOWN] * 40 + [LOW] * 28
    shown = drawn(week_map("week", "Week", weekly, size, ENGLISH))
    assert boxes_of(shown) == ["o3"] * 100 + ["u5"] * 28
    assert len(shown.find("line", "no")) == 40
    places = {
        (box.attributes["x"], box.attributes["y"])
        for box in shown.find("rect")
        if box.attributes.get("class") != "frame"
    }
    assert len(places) == 128
    assert len(shown.find("path")) == 28  # each hour of low coverage is hatched, no other


def test_a_large_week_says_each_hour_in_words() -> None:
    weekly = [KNOWN] * 9 + [LOW] + [UNKNOWN] * 158
    shown = drawn(week_map("week", "Week", weekly, LARGE, ENGLISH))
    told = [title.text for group in shown.find("g") for title in group.find("title")]
    assert told[8:] == [
        "Mon 8:00–9:00: 65 %, 90 % known",
        "Mon 9:00–10:00: 95 %, 49 % known",
    ]
    [desc] = shown.find("desc")
    assert desc.text == (
        "Fullest: Mon 9:00–10:00 95 %. Emptiest: Mon 0:00–1:00 65 %."
        " Less than half known: 1 of 168 hours. Nothing known: 158."
    )


def test_days_are_rows_and_hours_are_columns() -> None:
    weekly = [UNKNOWN] * 168
    weekly[0] = weekly[2 * 24 + 5] = KNOWN
    first, other = drawn(week_map("week", "Week", weekly, LARGE, ENGLISH)).find("rect", "o3")
    x, y = (float(other.attributes[at]) - float(first.attributes[at]) for at in ("x", "y"))
    assert (x / LARGE.width, y / LARGE.height) == (5, 2)


def test_a_week_of_which_nothing_is_known_has_no_number() -> None:
    shown = drawn(week_map("week", "Week", [UNKNOWN] * 168, LARGE, CHINESE))
    assert not boxes_of(shown)
    assert [part.text for part in shown.find("desc")] == [CHINESE.week_empty]
    labels = {part.text for part in shown.find("text")}
    assert labels == {*CHINESE.weekdays, *(str(hour) for hour in range(24))}


@pytest.mark.parametrize(
    ("month", "count"), [("2026-02", 28), ("2028-02", 29), ("2026-11", 30), ("2026-10", 31)]
)
def test_a_month_has_its_days(month: str, count: int) -> None:
    dates = dates_of(month)
    assert [at.day for at in dates] == list(range(1, count + 1))
    shown = drawn(day_bars("days", "Days", dates, {}, shape=WIDE, words=ENGLISH))
    labels = [part.text for part in shown.find("text") if part.text.isdigit()]
    assert labels == [str(day) for day in range(1, count + 1)]
    assert not shown.find("rect")


def test_days_are_bars_hatched_or_a_stroke() -> None:
    days = (
        Day("2026-11-01", 0.5, 0.8, 0.9, 0.0, 1, 100.0, 90.0),
        Day("2026-11-02", 0.5, 0.8, 0.4, 0.0, 1, 100.0, 40.0),
        Day("2026-11-03", None, None, 0.0, 0.0, None, 100.0, 0.0),
        Day("2026-11-04", 0.0, 0.0, 1.0, 0.0, 0, 100.0, 100.0),
    )
    daily = {day.date: day for day in days}
    shown = drawn(day_bars("days", "Days", dates_of("2026-11"), daily, shape=NARROW, words=ENGLISH))
    assert boxes_of(shown) == ["bar", "weak", "bar"]
    assert len(shown.find("g", "unheard")) == 1
    assert len(shown.find("line", "peak")) == 3
    assert len(shown.find("path", "hd")) == 1
    [desc] = shown.find("desc")
    assert desc.text == "Fullest: Mon 2 50 %. Emptiest: Wed 4 0 %. Nothing known: 1 days."


def test_weekends_are_bold() -> None:
    shown = drawn(day_bars("days", "Days", dates_of("2026-11"), {}, shape=WIDE, words=ENGLISH))
    bold = [int(part.text) for part in shown.find("text", "rest")]
    assert bold == [day for day in range(1, 31) if date(2026, 11, day).isoweekday() > 5]


def test_classes_of_stays_begin_at_their_bounds() -> None:
    bounds = [(14.99, 0), (15, 1), (30, 2), (60, 3), (120, 4), (240, 5), (480, 6), (1440, 7)]
    assert [class_of(length) for length, _ in bounds] == [place for _, place in bounds]
    assert class_of(100_000) == 7
    assert classes_of(((20, 3), (10, 1), (29, 2))) == [1, 5, 0, 0, 0, 0, 0, 0]


def test_stays_are_counted_and_those_without_are_named() -> None:
    known = figures(coverage=1.0, known_s=1000.0)
    measured = replace(silent_lot("a"), total=known, stays=((200.0, 1), (10.0, 3)))
    lots = (
        measured,
        replace(silent_lot("b<"), total=known),
        replace(silent_lot("c"), stays=((10.0, 5),)),
    )
    shown = drawn(staying(together(lots), ENGLISH))
    told = [part.text for part in shown.find("p")]
    assert told[1:] == [
        "4 stays in 1 lot.",
        "Half of them were no longer than 10 min, 85 % no longer than 3 h 20 min.",
        "Not measured: b<.",
        "Left out, because less than half of the space-time is known: c.",
    ]
    shares = [part.text for part in shown.find("text", "stay")]
    assert shares == ["75 %", "0 %", "0 %", "0 %", "25 %", "0 %", "0 %", "0 %"]
    assert len(shown.find("line", "mark")) == 2


def test_no_stays_are_no_histogram() -> None:
    shown = drawn(staying(together((silent_lot("a"),)), ENGLISH))
    assert not shown.find("svg")
    assert ENGLISH.stays_empty in shown.text


def test_made_up_districts_have_each_kind_of_lot() -> None:
    sums = together(district(24))
    assert sums.left_out
    assert sums.stays
    assert sums.at_least
