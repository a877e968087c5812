"""The words: both languages say the same things, and every one of them is filled in alike."""

from dataclasses import fields
from string import Formatter

import pytest

from parking.web.report.chinese import CHINESE
from parking.web.report.english import ENGLISH
from parking.web.report.staying import BOUNDS
from parking.web.report.words import Words


def texts_of(words: Words) -> dict[str, list[str]]:
    """Give every text of a language by its field."""
    found = {}
    for each in fields(Words):
        value = getattr(words, each.name)
        if isinstance(value, str):
            found[each.name] = [value]
        elif isinstance(value, tuple):
            found[each.name] = list(value)
        else:
            found[each.name] = [part for pair in value.items() for part in pair]
    return found


def places_in(plain: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(plain) if name is not None}


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.tag)
def test_nothing_is_left_empty(words: Words) -> None:
    assert all(text.strip() for field in texts_of(words).values() for text in field)


def test_both_have_the_same_places_to_fill_in() -> None:
    english, chinese = texts_of(ENGLISH), texts_of(CHINESE)
    for name in english:
        assert len(english[name]) == len(chinese[name]), name
        for one, other in zip(english[name], chinese[name], strict=True):
            assert places_in(one) == places_in(other), name


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.tag)
def test_there_is_a_word_for_each(words: Words) -> None:
    assert len(words.months) == 12
    assert len(words.weekdays) == len(words.initials) == 7
    assert len(words.stays_classes) == len(BOUNDS) + 1


def test_chinese_is_chinese() -> None:
    same = {"tag", "percent", "hour", "hour_of_week", "none", "at_least"}
    for name, field in texts_of(CHINESE).items():
        assert name in same or all(not part.isascii() for part in field), name


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.tag)
def test_each_figure_that_is_shown_is_defined(words: Words) -> None:
    defined = " ".join(words.terms)
    shown = (
        words.coverage,
        words.mean,
        words.peak,
        words.arrivals,
        words.departures,
        words.turnover,
        words.dwell_mean,
        words.dwell_p50,
        words.full,
        words.saturation,
        words.peak_hour,
        words.turned_away,
    )
    for label in shown:
        assert label.lower() in defined.lower(), label
