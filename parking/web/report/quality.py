"""What is known: coverage by lot and day as a grid, and the gaps in words."""

from collections.abc import Sequence
from datetime import date

from parking.web.report.data import Day, LotUsage
from parking.web.report.markup import Markup, fill, tag, text
from parking.web.report.together import ENOUGH
from parking.web.report.words import Words
from parking.web.report.writing import days_of, hundredths, lots_of, name_of, percent

_NEARLY_ALL = 0.95


def quality(lots: Sequence[LotUsage], dates: Sequence[date], words: Words) -> Markup:
    """Give the grid of coverage, and below it what is missing."""
    gaps = [(lot, gaps_of(lot, words)) for lot in lots]
    named = [
        tag("li", fill(words.named, name=name_of(lot), told=text(told)))
        for lot, told in gaps
        if told
    ]
    told = [tag("h3", text(words.gaps))]
    if named:
        told.append(tag("ul", *named))
    whole = sum(not told for _, told in gaps)
    if whole:
        told.append(tag("p", text(words.gapless.format(lots=lots_of(whole, words)))))
    return tag(
        "section",
        tag("h2", text(words.quality)),
        tag("p", text(words.quality_intro)),
        _grid(lots, dates, words),
        *told,
        class_="part",
    )


def gaps_of(lot: LotUsage, words: Words) -> str:
    """Tell the days of which nothing, or less than half, is known; "" when there are none."""
    if not lot.days:
        return words.gap_no_days
    unheard = [date.fromisoformat(day.date) for day in lot.days if not day.coverage]
    if len(unheard) == len(lot.days):
        return words.gap_all
    low = [date.fromisoformat(day.date) for day in lot.days if 0 < day.coverage < ENOUGH]
    told = [
        said.format(days=days_of(days, words))
        for said, days in ((words.gap_none, unheard), (words.gap_low, low))
        if days
    ]
    return words.semicolon.join(told)


def _grid(lots: Sequence[LotUsage], dates: Sequence[date], words: Words) -> Markup:
    head = tag(
        "tr",
        tag("th", text(words.name), scope="col", class_="name"),
        *(tag("th", text(str(at.day)), scope="col") for at in dates),
        tag("th", text(words.month_total), scope="col", class_="total"),
    )
    rows = [_row(lot, dates, words) for lot in lots]
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="coverage")


def _row(lot: LotUsage, dates: Sequence[date], words: Words) -> Markup:
    by_date = {day.date: day for day in lot.days}
    return tag(
        "tr",
        tag("th", name_of(lot), scope="row", class_="name"),
        *(_cell(by_date.get(at.isoformat())) for at in dates),
        tag("td", text(percent(lot.total.coverage, words)), class_="total"),
    )


def _cell(day: Day | None) -> Markup:
    if day is None:
        return tag("td", class_="ahead")
    return tag("td", text(hundredths(day.coverage) or ""), class_=_mark(day.coverage))


def _mark(coverage: float) -> str:
    """Give the style of a coverage: darker is more, white is none."""
    if not coverage:
        return "c0"
    if coverage < ENOUGH:
        return "c1"
    return "c2" if coverage < _NEARLY_ALL else "c3"
