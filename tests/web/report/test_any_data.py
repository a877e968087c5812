"""Whatever the data: the report is well-formed, complete, and tells what it was given."""

from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parking.web.report.data import Cell, Day, Figures, LotUsage, Report
from parking.web.report.days import dates_of
from parking.web.report.page import render
from parking.web.report.together import ENOUGH
from parking.web.report.writing import WORDS, amount, month_of, percent
from tests.web.report.reading import Element, read
from tests.web.report.test_page import cards_of, lines_of

SHARES = st.floats(0, 1)
AMOUNTS = st.floats(0, 1e15)
COUNTS = st.integers(0, 10**9)
SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


@st.composite
def known(draw: st.DrawFn) -> tuple[float | None, float, float, float]:
    """Draw mean occupancy, coverage, and the space-seconds in all and known, that agree."""
    capacity_s, coverage = draw(AMOUNTS), draw(SHARES)
    known_s = capacity_s * coverage
    if not known_s:
        return None, 0.0, capacity_s, 0.0
    return draw(SHARES), known_s / capacity_s, capacity_s, known_s


@st.composite
def days(draw: st.DrawFn, at: date) -> Day:
    mean, coverage, capacity_s, known_s = draw(known())
    peak = None if mean is None else draw(st.floats(mean, 1))
    full, arrivals = draw(st.floats(0, 1500)), draw(maybe(COUNTS))
    return Day(at.isoformat(), mean, peak, coverage, full, arrivals, capacity_s, known_s)


@st.composite
def totals(draw: st.DrawFn) -> Figures:
    mean, coverage, capacity_s, known_s = draw(known())
    return Figures(
        capacity_s=capacity_s,
        known_s=known_s,
        occupied_s=(mean or 0.0) * known_s,
        coverage=coverage,
        occupancy_mean=mean,
        occupancy_peak=draw(maybe(SHARES)),
        arrivals=draw(maybe(COUNTS)),
        departures=draw(maybe(COUNTS)),
        arrivals_are=draw(st.sampled_from(["exact", "lower_bound", None])),
        turnover=draw(maybe(AMOUNTS)),
        dwell_mean_min=draw(maybe(AMOUNTS)),
        dwell_p50_min=draw(maybe(AMOUNTS)),
        dwell_p85_min=draw(maybe(AMOUNTS)),
        full_minutes=draw(maybe(AMOUNTS)),
        saturation=draw(maybe(SHARES)),
        saturation_coverage=draw(SHARES),
        peak_hour=draw(maybe(st.integers(0, 23))),
        peak_hour_coverage=draw(SHARES),
        turned_away=draw(maybe(AMOUNTS)),
        turned_away_coverage=draw(SHARES),
        full_coverage=draw(SHARES),
    )


@st.composite
def lots(draw: st.DrawFn, dates: tuple[date, ...]) -> LotUsage:
    begun = draw(st.integers(0, len(dates)))
    week = [Cell(*draw(known())) for _ in range(draw(st.integers(1, 12)))]
    some = draw(st.randoms(use_true_random=False))
    return LotUsage(
        id=draw(st.text(max_size=20)),
        name=draw(st.text(max_size=60)),
        capacity=draw(COUNTS),
        days=tuple(draw(days(at)) for at in dates[:begun]),
        weekly=tuple(some.choice(week) for _ in range(168)),
        total=draw(totals()),
        stays=tuple(draw(st.lists(st.tuples(st.floats(0.01, 1e6), COUNTS), max_size=5))),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    month = f"{draw(st.integers(1970, 9998))}-{draw(st.integers(1, 12)):02}"
    return Report(
        title_month=month,
        timezone=draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"])),
        made_at=draw(st.integers(0, 250_000_000_000_000_000)),
        district=draw(maybe(st.text(max_size=20))),
        lots=tuple(draw(st.lists(lots(dates_of(month)), max_size=4))),
        language=draw(st.sampled_from(["zh", "en"])),
    )


def shown_of(report: Report) -> Element:
    return read(render(report))


@SLOW
@given(reports())
def test_any_report_is_well_formed_and_has_each_lot(report: Report) -> None:
    shown = shown_of(report)
    words = WORDS[report.language]
    assert month_of(report.title_month, words) in shown.find("h1")[0].text
    assert len(shown.find("article")) == len(report.lots)
    for place, lot in enumerate(report.lots):
        lines = lines_of(shown, place)
        assert lines[words.capacity] == amount(lot.capacity, words)
        assert lines[words.mean] == percent(lot.total.occupancy_mean, words)
        assert (lines[words.departures] == words.none) == (lot.total.departures is None)
        assert (lines[words.turned_away] == words.none) == (lot.total.turned_away is None)
        assert (lines[words.peak_hour] == words.none) == (lot.total.peak_hour is None)


@SLOW
@given(reports())
def test_any_sums_are_those_of_the_lots_that_count(report: Report) -> None:
    shown = shown_of(report)
    words = WORDS[report.language]
    counted = [lot for lot in report.lots if lot.total.coverage >= ENOUGH]
    if not counted:
        assert not shown.find("dl", "cards")
        return
    cards = cards_of(shown)
    assert cards[words.capacity] == f"{sum(lot.capacity for lot in counted):,}"
    for label, values in (
        (words.arrivals, [lot.total.arrivals for lot in counted]),
        (words.departures, [lot.total.departures for lot in counted]),
    ):
        told = [value for value in values if value is not None]
        written = cards[label].removeprefix("≥ ")
        assert written == (f"{sum(told):,}" if told else words.unknown)
    at_least = any(lot.total.arrivals_are == "lower_bound" for lot in counted)
    assert cards[words.arrivals].startswith("≥") <= at_least


@SLOW
@given(reports())
def test_any_week_has_its_hours_grey_where_less_than_half_is_known(report: Report) -> None:
    shown = shown_of(report)
    for lot, article in zip(report.lots, shown.find("article"), strict=True):
        week = article.find("svg")[0]
        marks = [box.attributes["class"] for box in week.find("rect")]
        marks.remove("frame")
        known_cells = [cell for cell in lot.weekly if cell.occupancy_mean is not None]
        assert len(marks) == len(known_cells)
        assert len(week.find("line", "no")) == 168 - len(known_cells)
        for mark, cell in zip(marks, known_cells, strict=True):
            assert (mark[0] == "u") == (cell.coverage < ENOUGH)
