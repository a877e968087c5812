"""The monthly report as one HTML document that stands by itself."""

from datetime import date
from itertools import chain

from parking.web.report.data import Day, LotUsage, Report
from parking.web.report.days import NARROW, WIDE, dates_of, day_bars
from parking.web.report.keyfigures import cars, key_figures, lot_figures
from parking.web.report.markup import NOTHING, Markup, fill, tag, text
from parking.web.report.quality import quality
from parking.web.report.ranking import ranking
from parking.web.report.scale import legend
from parking.web.report.staying import staying
from parking.web.report.style import STYLE
from parking.web.report.together import daily_of, together, weekly_of
from parking.web.report.weeks import LARGE, SMALL, week_map
from parking.web.report.words import Words
from parking.web.report.writing import (
    WORDS,
    day_of,
    days_of,
    duration,
    lots_of,
    moment_of,
    month_of,
    names_of,
    percent,
    title_of,
)

_MOST_NAMED = 6  # lots in the heading; with more than these, parts begin on a page of their own


def render(report: Report) -> str:
    """Give the report as the text of an HTML document, to be written as UTF-8."""
    words = WORDS[report.language]
    title = words.title.format(month=month_of(report.title_month, words))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width"),
        tag("title", text(title)),
        tag("style", Markup(STYLE)),
    )
    main = tag("main", _heading(report, title, words), *_sections(report, words))
    body = tag("body", main, class_="long" if len(report.lots) > _MOST_NAMED else None)
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang=words.tag)}\n"


def _sections(report: Report, words: Words) -> list[Markup]:
    if not report.lots:
        return [tag("p", text(words.no_lots))]
    sums = together(report.lots)
    dates = dates_of(report.title_month)
    return [
        key_figures(sums, words),
        _weeks(report, words),
        _days(report, dates, words),
        staying(sums, words),
        ranking(sums, words),
        _lots(report, dates, words),
        quality(report.lots, dates, words),
        _definitions(words),
    ]


def _heading(report: Report, title: str, words: Words) -> Markup:
    lots = text(lots_of(len(report.lots), words))
    if 0 < len(report.lots) <= _MOST_NAMED:
        lots = fill(words.named, name=lots, told=names_of(report.lots, words))
    facts = [(words.all_lots, lots)]
    if report.district is not None:
        facts.insert(0, (words.district, tag("bdi", text(report.district))))
    facts.append((words.time_zone, text(report.timezone)))
    made_at = moment_of(report.made_at, report.timezone, words)
    facts.append((words.made_at, text(made_at)))
    told = [tag("h1", text(title))]
    told.append(
        tag(
            "dl",
            *chain.from_iterable((tag("dt", text(k)), tag("dd", v)) for k, v in facts),
            class_="facts",
        )
    )
    begun = [day.date for lot in report.lots for day in lot.days]
    if not begun:
        told.append(tag("p", text(words.ahead)))
    elif max(begun) < dates_of(report.title_month)[-1].isoformat():
        last = days_of([date.fromisoformat(max(begun))], words)
        told.append(tag("p", text(words.running.format(date=last))))
    return tag("header", *told)


def _weeks(report: Report, words: Words) -> Markup:
    drawn = week_map("week", words.week, weekly_of(report.lots), LARGE, words)
    return tag(
        "section",
        tag("h2", text(words.week)),
        tag("p", text(words.week_intro)),
        tag("figure", drawn, legend(words)),
    )


def _days(report: Report, dates: tuple[date, ...], words: Words) -> Markup:
    daily = daily_of(report.lots)
    drawn = day_bars("days", words.days, dates, daily, shape=WIDE, words=words)
    at_least = any(lot.total.arrivals_are == "lower_bound" for lot in report.lots)
    titles = (words.date, words.mean, words.peak, words.full, words.arrivals, words.coverage)
    head = tag("tr", *(tag("th", text(title), scope="col") for title in titles))
    rows = [_day(day, words, at_least=at_least) for day in daily.values()]
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="days")
    return tag(
        "section",
        tag("h2", text(words.days)),
        tag("p", text(words.days_intro)),
        tag("figure", drawn),
        table if rows else NOTHING,
    )


def _day(day: Day, words: Words, *, at_least: bool) -> Markup:
    name = tag("th", text(day_of(date.fromisoformat(day.date), words)), scope="row")
    told = (
        percent(day.occupancy_mean, words),
        percent(day.occupancy_peak, words),
        duration(day.full_minutes if day.coverage else None, words),
        cars(day.arrivals, words, at_least=at_least),
        percent(day.coverage, words),
    )
    return tag("tr", name, *(tag("td", text(value)) for value in told))


def _lots(report: Report, dates: tuple[date, ...], words: Words) -> Markup:
    cards = (_lot(place, lot, dates, words) for place, lot in enumerate(report.lots))
    return tag(
        "section",
        tag("h2", text(words.each)),
        tag("p", text(words.each_intro)),
        tag("div", *cards, class_="lots"),
        class_="part",
    )


def _lot(place: int, lot: LotUsage, dates: tuple[date, ...], words: Words) -> Markup:
    named = (
        words.named.format(name=lot.name or lot.id, told=told) for told in (words.week, words.days)
    )
    week, days = named
    daily = {day.date: day for day in lot.days}
    return tag(
        "article",
        tag("h3", *title_of(lot)),
        tag("figure", week_map(f"week-{place}", week, lot.weekly, SMALL, words)),
        tag(
            "figure",
            day_bars(f"days-{place}", days, dates, daily, shape=NARROW, words=words),
        ),
        lot_figures(lot, words),
    )


def _definitions(words: Words) -> Markup:
    head = tag("tr", *(tag("th", text(t), scope="col") for t in (words.term, words.meaning)))
    rows = (
        tag("tr", tag("th", text(term), scope="row"), tag("td", text(meaning)))
        for term, meaning in words.terms.items()
    )
    return tag(
        "section",
        tag("h2", text(words.definitions)),
        tag("p", text(words.definitions_intro)),
        tag("table", tag("thead", head), tag("tbody", *rows), class_="terms"),
        class_="page",
    )
