"""What is known: each lot and day in the grid, each gap in words."""

from dataclasses import replace

import pytest

from parking.web.report.chinese import CHINESE
from parking.web.report.data import Day
from parking.web.report.days import dates_of
from parking.web.report.english import ENGLISH
from parking.web.report.markup import tag
from parking.web.report.quality import gaps_of, quality
from tests.web.report.reading import read
from tests.web.report.samples import silent_lot, unheard_day


def day(number: int, coverage: float) -> Day:
    if not coverage:
        return unheard_day(f"2026-11-{number:02}")
    known = coverage * 100.0
    return Day(f"2026-11-{number:02}", 0.5, 0.6, coverage, 0.0, None, 100.0, known)


def test_gaps_in_words() -> None:
    known = (1.0, 0.0, 0.0, 0.3, 1.0, 0.49, 0.5, 0.0)
    lot = replace(silent_lot(), days=tuple(day(n, share) for n, share in enumerate(known, 1)))
    assert gaps_of(lot, ENGLISH) == (
        "nothing known on 2–3, 8 November; less than half known on 4, 6 November"
    )
    assert gaps_of(lot, CHINESE) == "11 月 2–3、8 日完全未知；11 月 4、6 日已知不足一半"


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ((), ENGLISH.gap_no_days),
        ((0.0, 0.0), ENGLISH.gap_all),
        ((0.5, 1.0), ""),
    ],
)
def test_other_gaps(known: tuple[float, ...], told: str) -> None:
    lot = replace(silent_lot(), days=tuple(day(n, share) for n, share in enumerate(known, 1)))
    assert gaps_of(lot, ENGLISH) == told


def test_the_grid_has_a_cell_a_day() -> None:
    lot = replace(silent_lot("<a>"), days=(day(1, 0.97), day(2, 0.6), day(3, 0.001), day(4, 0.0)))
    whole = replace(silent_lot("b"), days=(day(1, 1.0), day(2, 0.9999)))
    content = quality((lot, whole), dates_of("2026-11"), ENGLISH)
    shown = read(f"<!DOCTYPE html>\n{tag('html', content, lang='en')}")
    rows = [row for body in shown.find("tbody") for row in body.find("tr")]
    first, second = ([cell.text for cell in row.find("td")] for row in rows)
    assert first == ["97", "60", "<1", "0", *[""] * 26, "0 %"]
    assert second == ["100", ">99", *[""] * 28, "0 %"]
    marks = [cell.attributes["class"] for cell in rows[0].find("td")]
    assert marks == ["c3", "c2", "c1", "c0", *["ahead"] * 26, "total"]
    assert [head.text for head in rows[0].find("th")] == ["<a>"]
    assert [part.text for part in shown.find("li")] == [
        "<a>: nothing known on 4 November; less than half known on 3 November"
    ]
    assert shown.find("p")[-1].text == "At least half was known on every day so far: 1 lot."
