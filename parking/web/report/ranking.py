"""The busiest lots, by mean occupancy; those of which less than half is known have no rank."""

from parking.web.report.data import LotUsage
from parking.web.report.keyfigures import resting
from parking.web.report.markup import NOTHING, Markup, tag, text
from parking.web.report.scale import hatching
from parking.web.report.together import ENOUGH, Together, full_minutes
from parking.web.report.words import Words
from parking.web.report.writing import amount, duration, percent, title_of

_LONG, _HIGH = 100.0, 9.0  # of a bar


def ranking(sums: Together, words: Words) -> Markup:
    """Give the lots as a table, the fullest first."""
    lots = [*sums.counted, *sums.left_out]
    longest_full = max((full_minutes(lot.total) or 0.0 for lot in lots), default=0.0)
    most_away = max((lot.total.turned_away or 0.0 for lot in lots), default=0.0)
    scales = (longest_full, most_away)
    ranked = sorted(sums.counted, key=_fullness)
    parts = [_row(str(n), lot, scales, words) for n, lot in enumerate(ranked, 1)]
    if sums.left_out:
        over = tag("th", text(words.unranked), colspan=7, scope="rowgroup", class_="over")
        parts.append(tag("tr", over))
        parts += [
            _row(words.none, lot, scales, words) for lot in sorted(sums.left_out, key=_fullness)
        ]
    return tag(
        "section",
        tag("h2", text(words.busiest)),
        tag("p", text(words.busiest_intro)),
        tag("table", _head(words), tag("tbody", *parts), class_="ranking"),
        class_="part",
    )


def _fullness(lot: LotUsage) -> tuple[float, str]:
    mean = lot.total.occupancy_mean
    return (1.0 if mean is None else -mean, lot.id)


def _head(words: Words) -> Markup:
    titles = (
        words.rank,
        words.name,
        words.mean,
        words.peak,
        words.full,
        words.turned_away,
        words.coverage,
    )
    return tag("thead", tag("tr", *(tag("th", text(title), scope="col") for title in titles)))


def _row(rank: str, lot: LotUsage, scales: tuple[float, float], words: Words) -> Markup:
    total = lot.total
    full = full_minutes(total)
    away = resting(amount(total.turned_away, words), total.turned_away_coverage, words)
    mean = bar(total.occupancy_mean, 1.0, sure=rank != words.none, peak=total.occupancy_peak)
    longest_full, most_away = scales
    full_bar = bar(full, longest_full, sure=total.full_coverage >= ENOUGH)
    away_bar = bar(total.turned_away, most_away, sure=total.turned_away_coverage >= ENOUGH)
    return tag(
        "tr",
        tag("td", text(rank), class_="number"),
        tag("th", *title_of(lot), scope="row"),
        _cell(text(percent(total.occupancy_mean, words)), mean),
        tag("td", text(percent(total.occupancy_peak, words)), class_="number"),
        _cell(resting(duration(full, words), total.full_coverage, words), full_bar),
        _cell(away, away_bar),
        tag("td", text(percent(total.coverage, words)), class_="number"),
    )


def _cell(written: Markup, drawn: Markup) -> Markup:
    return tag("td", written, drawn, class_="number")


def bar(
    value: float | None, whole: float, *, sure: bool = True, peak: float | None = None
) -> Markup:
    """Draw a value as a part of a whole; the number beside it says the same."""
    if value is None or not whole:
        return NOTHING
    long = min(value / whole, 1.0) * _LONG
    parts = [
        tag("rect", x=0, y=0, width=_LONG, height=_HIGH, class_="tape"),
        tag("rect", x=0, y=0, width=long, height=_HIGH, class_="bar" if sure else "weak"),
    ]
    if not sure:
        parts.append(hatching(0, 0, long, _HIGH, "hd"))
    if peak is not None:
        x = min(peak, 1.0) * (_LONG - 2) + 1
        parts.append(tag("line", x1=x, x2=x, y1=0, y2=_HIGH, class_="peak"))
    return tag("svg", *parts, viewBox="0 0 100 9", aria_hidden="true", class_="bar")
