"""Numbers and times as written: nothing unknown is 0, nothing that is not 0 is written as 0."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.web.report.chinese import CHINESE
from parking.web.report.english import ENGLISH
from parking.web.report.words import Words
from parking.web.report.writing import (
    amount,
    day_of,
    days_of,
    duration,
    hour_of_day,
    hour_of_week,
    hundredths,
    lots_of,
    moment_of,
    month_of,
    percent,
    rate,
)


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.tag)
def test_what_is_not_known_is_a_dash(words: Words) -> None:
    assert percent(None, words) == amount(None, words) == rate(None, words) == "–"
    assert duration(None, words) == hour_of_day(None, words) == "–"
    assert hundredths(None) is None


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_only_nothing_is_0_and_only_all_is_100(share: float) -> None:
    assert hundredths(share) not in {"0", "100"}
    assert (hundredths(0.0), hundredths(1.0)) == ("0", "100")


@given(st.floats(0, 1e6, exclude_min=True))
def test_a_little_is_not_nothing(value: float) -> None:
    assert amount(value, ENGLISH) != "0"
    assert rate(value, ENGLISH) != "0.00"
    assert duration(value, ENGLISH) != "0 min"


@pytest.mark.parametrize(
    ("minutes", "english", "chinese"),
    [
        (0.0, "0 min", "0 分钟"),
        (0.2, "<1 min", "<1 分钟"),
        (59.4, "59 min", "59 分钟"),
        (59.6, "1 h", "1 小时"),
        (85.0, "1 h 25 min", "1 小时 25 分"),
        (5999.0, "99 h 59 min", "99 小时 59 分"),
        (74_520.0, "1,242 h", "1,242 小时"),
    ],
)
def test_durations(minutes: float, english: str, chinese: str) -> None:
    assert duration(minutes, ENGLISH) == english
    assert duration(minutes, CHINESE) == chinese


def test_numbers() -> None:
    assert amount(1_234_567, ENGLISH) == amount(1_234_567, CHINESE) == "1,234,567"
    assert (percent(0.583, ENGLISH), percent(0.583, CHINESE)) == ("58 %", "58%")
    assert (rate(3.456, ENGLISH), rate(0.001, ENGLISH)) == ("3.46", "<0.01")


def test_hours() -> None:
    assert hour_of_day(0, ENGLISH) == "0:00–1:00"
    assert hour_of_week(0, ENGLISH) == "Mon 0:00–1:00"
    assert hour_of_week(167, CHINESE) == "周日 23:00–24:00"


def test_dates() -> None:
    assert month_of("2026-11", ENGLISH) == "November 2026"
    assert month_of("2026-11", CHINESE) == "2026 年 11 月"
    assert day_of(date(2026, 11, 9), ENGLISH) == "Mon 9"
    days = [date(2026, 11, day) for day in (1, 3, 4, 5, 9, 30)]
    assert days_of(days, ENGLISH) == "1, 3–5, 9, 30 November"
    assert days_of(days, CHINESE) == "11 月 1、3–5、9、30 日"


def test_moments_are_told_in_the_time_zone() -> None:
    us = 1_793_505_600_000_000  # 2026-11-01T04:00:00Z
    assert moment_of(us, "Asia/Shanghai", ENGLISH) == "1 November 2026, 12:00 (UTC+08:00)"
    assert moment_of(us, "America/New_York", ENGLISH) == "1 November 2026, 00:00 (UTC-04:00)"
    assert moment_of(us, "Asia/Shanghai", CHINESE) == "2026 年 11 月 1 日 12:00（UTC+08:00）"


def test_counts_of_lots() -> None:
    assert (lots_of(1, ENGLISH), lots_of(1200, ENGLISH)) == ("1 lot", "1,200 lots")
    assert lots_of(2, CHINESE) == "2 个停车场"
