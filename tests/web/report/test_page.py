"""The whole report: stands by itself, hides nothing, tells nothing as known that is not."""

import re
from dataclasses import fields, replace

import pytest

from parking.web.report.chinese import CHINESE
from parking.web.report.data import Language, Report
from parking.web.report.english import ENGLISH
from parking.web.report.page import render
from parking.web.report.together import together
from parking.web.report.words import Words
from parking.web.report.writing import WORDS, amount, duration, percent
from tests.web.report.reading import Element, read
from tests.web.report.samples import (
    NASTY,
    busy_lot,
    district,
    figures,
    report,
    silent_lot,
    unheard_day,
)

LANGUAGES: list[Language] = ["zh", "en"]
READABLE = NASTY.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")


def cards_of(shown: Element) -> dict[str, str]:
    """Give the key figures of all lots: label and what stands below."""
    [cards] = shown.find("dl", "cards")
    return {
        card.find("dt")[0].text: card.find("dd")[0].text
        for card in cards.content
        if isinstance(card, Element)
    }


def lines_of(shown: Element, place: int) -> dict[str, str]:
    """Give the figures of one lot."""
    lines = shown.find("dl", "lines")[place]
    return {line.find("dt")[0].text: line.find("dd")[0].text for line in lines.find("div")}


def sections_of(shown: Element) -> list[str]:
    return [heading.text for heading in shown.find("h2")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 24])
def test_a_report_has_all_its_parts(count: int, language: Language) -> None:
    shown = read(render(report(district(count), language=language)))
    words = WORDS[language]
    assert shown.attributes["lang"] == words.tag
    assert shown.find("title")[0].text == shown.find("h1")[0].text
    assert sections_of(shown) == [
        words.key_figures,
        words.week,
        words.days,
        words.stays,
        words.busiest,
        words.each,
        words.quality,
        words.definitions,
    ]
    assert len(shown.find("article")) == count


def test_a_hundred_lots_are_all_there() -> None:
    lots = district(100)
    shown = read(render(report(lots)))
    names = [READABLE if lot.name == NASTY else lot.name for lot in lots]
    [grid] = shown.find("table", "coverage")
    for parts in (shown.find("article"), grid.find("tbody")[0].find("tr")):
        assert [part.find("bdi")[0].text for part in parts] == names


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_reaches_for_nothing_outside(language: Language) -> None:
    document = render(report(district(24), language=language))
    for outward in ("http", "//", "url(", "@import", "src=", "href=", "<script", "<link", " on"):
        found = re.findall(rf"<[^>]*{re.escape(outward)}[^>]*>", document)
        assert not found, outward
    [style] = read(document).find("style")
    assert not re.search(r"http|//|url\(|@import|src", style.text)


def test_names_are_shown_as_they_are_and_never_taken_for_markup() -> None:
    lot = replace(busy_lot(0, NASTY), id="<i>&")
    shown = read(render(report((lot,), district="<u>")))
    names = [part.text for part in shown.find("bdi")]
    assert {READABLE, "<i>&", "<u>"} <= set(names)
    assert not {"script", "i", "u", "b"} & {part.name for part in shown.walk()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_drawings_are_named_or_hidden_and_names_are_unique(language: Language) -> None:
    shown = read(render(report(district(24), language=language)))
    marks = [part.attributes["id"] for part in shown.walk() if "id" in part.attributes]
    assert len(marks) == len(set(marks))
    for svg in shown.find("svg"):
        if svg.attributes.get("aria-hidden") == "true":
            continue
        assert svg.attributes["role"] == "img"
        title, desc = svg.attributes["aria-labelledby"].split()
        texts = {part.attributes["id"]: part.text for part in svg.walk() if "id" in part.attributes}
        assert texts[title]
        assert texts[desc]


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_have_headings_that_can_be_repeated(language: Language) -> None:
    shown = read(render(report(district(24), language=language)))
    tables = shown.find("table")
    assert len(tables) == 4
    for table in tables:
        [head] = table.find("thead")
        columns = head.find("th")
        assert all(cell.attributes["scope"] == "col" for cell in columns)
        for row in table.find("tbody")[0].find("tr"):
            cells = row.find("th") + row.find("td")
            spans = sum(int(cell.attributes.get("colspan", "1")) for cell in cells)
            assert spans == len(columns)
            assert len(row.find("th")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_known_is_never_0(language: Language) -> None:
    words = WORDS[language]
    known = replace(silent_lot("known"), total=figures(coverage=1.0, known_s=9.0, capacity_s=9.0))
    shown = read(render(report((known, silent_lot("silent")), language=language)))
    cards = cards_of(shown)
    del cards[words.capacity], cards[words.coverage]
    assert cards[words.mean] == percent(0.0, words)  # that much is known
    del cards[words.mean]
    assert set(cards.values()) == {words.unknown}
    lines = lines_of(shown, 1)
    del lines[words.capacity], lines[words.coverage]
    assert len(lines) == 12
    assert set(lines.values()) == {words.none}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_silent_lot_has_no_minute_in_which_it_was_not_full(language: Language) -> None:
    lot = replace(silent_lot(), total=figures(full_minutes=0.0))
    shown = read(render(report((lot,), language=language)))
    assert lines_of(shown, 0)[WORDS[language].full] == WORDS[language].none
    [row] = shown.find("table", "ranking")[0].find("tbody")[0].find("tr")[1:]
    assert [cell.text for cell in row.find("td")][:-1] == [WORDS[language].none] * 5
    assert not row.find("svg")


def test_sums_are_those_of_the_lots_that_count_and_the_others_are_named() -> None:
    lots = district(24)
    shown = read(render(report(lots)))
    sums = together(lots)
    cards = cards_of(shown)
    assert cards["Spaces"] == f"{sum(lot.capacity for lot in sums.counted):,}"
    assert cards["Mean occupancy"] == percent(sums.occupancy_mean, ENGLISH)
    assert cards["Arrivals"] == f"≥ {amount(sums.arrivals.value, ENGLISH)}"
    assert cards["Time full"] == duration(sums.full_minutes.value, ENGLISH)
    [note] = shown.find("section")[0].find("p", "note")
    named = [name.text for name in note.find("bdi")]
    assert named == [lot.name for lot in sums.left_out]
    assert f": {len(named)} lots: " in note.text


def test_figures_of_a_lot_say_when_they_rest_on_little() -> None:
    total = figures(
        coverage=0.9,
        known_s=900.0,
        occupied_s=90.0,
        saturation=0.25,
        saturation_coverage=0.31,
        peak_hour=17,
        peak_hour_coverage=0.5,
        turned_away=12.4,
        turned_away_coverage=0.49,
        full_minutes=85.0,
        full_coverage=0.2,
        arrivals=1234,
        departures=0,
        arrivals_are="lower_bound",
        turnover=0.0,
    )
    shown = read(render(report((replace(silent_lot(), total=total),))))
    assert lines_of(shown, 0) == {
        "Spaces": "10",
        "Coverage": "90 %",
        "Mean occupancy": "–",
        "Peak occupancy": "–",
        "Fullest hour": "17:00–18:00",
        "Saturation": "25 % (31 % known)",
        "Time full": "1 h 25 min (20 % known)",
        "Turned away (est.)": "12 (49 % known)",
        "Arrivals": "≥ 1,234",
        "Departures": "≥ 0",
        "Turnover": "0.00",
        "Mean stay": "–",
        "Median stay": "–",
        "85 % stay up to": "–",
    }


def test_the_fullest_lot_is_first_and_those_known_too_little_have_no_rank() -> None:
    lots = district(24)
    shown = read(render(report(lots)))
    rows = shown.find("table", "ranking")[0].find("tbody")[0].find("tr")
    ranks = [row.find("td")[0].text for row in rows if row.find("td")]
    sums = together(lots)
    count = len(sums.counted)
    assert ranks == [str(n) for n in range(1, count + 1)] + ["–"] * (24 - count)
    means = {lot.name: lot.total.occupancy_mean or 0.0 for lot in lots}
    order = [row.find("bdi")[0].text for row in rows if row.find("bdi")][:count]
    assert order == sorted(order, key=lambda name: -means.get(name, means[NASTY]))


def test_bars_are_hatched_where_their_figure_rests_on_little() -> None:
    total = figures(
        coverage=0.9,
        occupancy_mean=0.5,
        full_minutes=60.0,
        full_coverage=0.4,
        turned_away=3.0,
        turned_away_coverage=0.5,
    )
    shown = read(render(report((replace(silent_lot(), total=total),))))
    bars = shown.find("table", "ranking")[0].find("svg")
    assert [len(each.find("path")) for each in bars] == [0, 1, 0]


@pytest.mark.parametrize(
    ("month", "timezone", "days"),
    [
        ("2026-02", "Asia/Shanghai", 28),
        ("2028-02", "Asia/Shanghai", 29),
        ("2026-11", "America/New_York", 30),
        ("2026-03", "Europe/Berlin", 31),
        ("2026-04", "Australia/Lord_Howe", 30),
    ],
)
def test_months_of_every_length(month: str, timezone: str, days: int) -> None:
    shown = read(render(report(district(2, month), month=month, timezone=timezone)))
    [table] = shown.find("table", "days")
    assert len(table.find("tbody")[0].find("tr")) == days
    [grid] = shown.find("table", "coverage")
    assert len(grid.find("thead")[0].find("th")) == days + 2
    assert timezone in shown.find("header")[0].text


def test_a_running_month_says_how_far_it_goes() -> None:
    shown = read(render(report(district(3, days=9))))
    assert "The month is not over: the report reaches to 9 November." in shown.text
    whole = read(render(report(district(3))))
    assert "not over" not in whole.text
    assert len(shown.find("table", "days")[0].find("tbody")[0].find("tr")) == 9


def test_a_day_of_which_nothing_is_known_has_no_figures() -> None:
    lot = replace(silent_lot(), days=(unheard_day("2026-11-01"),))
    [row] = read(render(report((lot,)))).find("table", "days")[0].find("tbody")[0].find("tr")
    assert row.find("th")[0].text == "Sun 1"
    assert [cell.text for cell in row.find("td")] == ["–", "–", "–", "–", "0 %"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_month_to_come_and_no_lots_at_all(language: Language) -> None:
    words = WORDS[language]
    ahead = read(render(report((silent_lot("a"), silent_lot("b")), language=language)))
    assert words.ahead in ahead.text
    assert words.none_counted in ahead.text
    assert words.gap_no_days in ahead.text
    assert not ahead.find("table", "days")
    none = read(render(report((), language=language)))
    assert words.no_lots in none.text
    assert not none.find("h2")


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.tag)
def test_every_text_is_used(words: Words) -> None:
    """Between them, the reports show each text of a language."""
    language: Language = "en" if words is ENGLISH else "zh"
    reports: list[Report] = [
        report(district(24), language=language),
        report(district(3, days=9), language=language),
        report((silent_lot(),), language=language),
        report((replace(silent_lot(), days=district(3)[1].days),), language=language),
        report((), language=language),
    ]
    shown = "".join(read(render(each)).text for each in reports) + words.tag
    unused = []
    for each in fields(Words):
        value = getattr(words, each.name)
        if not isinstance(value, str):
            continue
        if any(part not in shown for part in re.split(r"\{\w+\}", value)):
            unused.append(each.name)
    assert not unused


def test_the_document_prints_on_a4_without_splitting_drawings() -> None:
    [style] = read(render(report(()))).find("style")
    assert "@page{size:A4" in style.text
    assert re.search(r"[,}\n]figure[^{}]*\{[^}]*break-inside:avoid", style.text)
    assert "thead{display:table-header-group}" in style.text


def test_definitions_begin_a_page_and_of_many_lots_each_part_does() -> None:
    [style] = read(render(report(()))).find("style")
    assert "@media print{.page,.long .part{break-before:page}" in style.text
    for count, mark in ((6, ""), (7, "long")):
        shown = read(render(report(district(count))))
        assert shown.find("body")[0].attributes.get("class", "") == mark
        assert [part.find("h2")[0].text for part in shown.find("section", "page")] == [
            ENGLISH.definitions
        ]
        parts = [part.find("h2")[0].text for part in shown.find("section", "part")]
        assert parts == [ENGLISH.busiest, ENGLISH.each, ENGLISH.quality]
