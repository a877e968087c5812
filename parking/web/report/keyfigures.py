"""The key figures: of all lots together, and of each lot."""

from collections.abc import Iterator

from parking.web.report.data import LotUsage
from parking.web.report.markup import NOTHING, Markup, fill, join, tag, text
from parking.web.report.together import ENOUGH, Sum, Together, full_minutes, percentile
from parking.web.report.words import Words
from parking.web.report.writing import (
    amount,
    duration,
    hour_of_day,
    lots_of,
    name_of,
    names_of,
    percent,
    rate,
)


def key_figures(sums: Together, words: Words) -> Markup:
    """Tell the sums of the lots that count, and which do not."""
    told = [tag("h2", text(words.key_figures))]
    if sums.counted:
        intro = words.key_intro.format(lots=lots_of(len(sums.counted), words))
        told += [tag("p", text(intro)), tag("dl", *_sums(sums, words), class_="cards")]
    else:
        told.append(tag("p", text(words.none_counted)))
    if sums.left_out:
        how_many = text(lots_of(len(sums.left_out), words))
        named = fill(words.left_out, lots=how_many, names=names_of(sums.left_out, words))
        told.append(tag("p", named, class_="note"))
    return tag("section", *told)


def lot_figures(lot: LotUsage, words: Words) -> Markup:
    """Tell the figures of a lot; those that rest on less than half of the time say so."""
    total = lot.total
    arrivals, departures = (
        cars(value, words, at_least=total.arrivals_are == "lower_bound")
        for value in (total.arrivals, total.departures)
    )
    hour = hour_of_day(total.peak_hour, words)
    saturation = percent(total.saturation, words)
    turned_away = amount(total.turned_away, words)
    figures = (
        (words.capacity, text(amount(lot.capacity, words))),
        (words.coverage, text(percent(total.coverage, words))),
        (words.mean, text(percent(total.occupancy_mean, words))),
        (words.peak, text(percent(total.occupancy_peak, words))),
        (words.peak_hour, resting(hour, total.peak_hour_coverage, words)),
        (words.saturation, resting(saturation, total.saturation_coverage, words)),
        (words.full, resting(duration(full_minutes(total), words), total.full_coverage, words)),
        (words.turned_away, resting(turned_away, total.turned_away_coverage, words)),
        (words.arrivals, text(arrivals)),
        (words.departures, text(departures)),
        (words.turnover, text(rate(total.turnover, words))),
        (words.dwell_mean, text(duration(total.dwell_mean_min, words))),
        (words.dwell_p50, text(duration(total.dwell_p50_min, words))),
        (words.dwell_p85, text(duration(total.dwell_p85_min, words))),
    )
    return tag("dl", *(_line(label, value) for label, value in figures), class_="lines")


def cars(value: float | None, words: Words, *, at_least: bool) -> str:
    """Write a number of cars, which may be a lower bound."""
    written = amount(value, words)
    return words.at_least.format(number=written) if value is not None and at_least else written


def resting(written: str, coverage: float, words: Words) -> Markup:
    """Write a figure with the share of the time it rests on, where that is less than half."""
    if written == words.none or coverage >= ENOUGH:
        return text(written)
    rests_on = words.rests_on.format(share=percent(coverage, words))
    return join((text(written), tag("small", text(f" ({rests_on})"))))


def _sums(sums: Together, words: Words) -> Iterator[Markup]:
    arrivals, departures = (
        cars(flow.value, words, at_least=sums.at_least) for flow in (sums.arrivals, sums.departures)
    )
    yield _card(words.capacity, amount(sums.capacity, words), words)
    yield _card(words.coverage, percent(sums.coverage, words), words)
    yield _card(words.mean, percent(sums.occupancy_mean, words), words)
    yield _peak(sums, words)
    yield _hour(sums, words)
    yield _saturation(sums, words)
    full = duration(sums.full_minutes.value, words)
    yield _card(words.full, full, words, _of(sums.full_minutes, sums, words, words.summed))
    turned_away = amount(sums.turned_away.value, words)
    yield _card(words.turned_away, turned_away, words, _of(sums.turned_away, sums, words))
    yield _card(words.arrivals, arrivals, words, _of(sums.arrivals, sums, words))
    yield _card(words.departures, departures, words, _of(sums.departures, sums, words))
    yield _card(words.turnover, rate(sums.turnover, words), words, text(words.turnover_unit))
    yield _card(words.dwell_mean, duration(sums.dwell_mean_min, words), words)
    yield _card(words.dwell_p50, duration(percentile(sums.stays, 0.50), words), words)
    yield _card(words.dwell_p85, duration(percentile(sums.stays, 0.85), words), words)


def _peak(sums: Together, words: Words) -> Markup:
    lot = sums.peak_lot
    if lot is None:
        return _card(words.peak, words.none, words)
    return _card(words.peak, percent(lot.total.occupancy_peak, words), words, _in(lot, words))


def _hour(sums: Together, words: Words) -> Markup:
    hour = hour_of_day(sums.peak_hour, words)
    note = NOTHING
    if sums.peak_hour is not None and sums.peak_hour_coverage < ENOUGH:
        share = percent(sums.peak_hour_coverage, words)
        note = text(words.rests_on.format(share=share))
    return _card(words.peak_hour, hour, words, note)


def _saturation(sums: Together, words: Words) -> Markup:
    lot = sums.saturated_lot
    if lot is None:
        return _card(words.highest_saturation, words.none, words)
    saturation = percent(lot.total.saturation, words)
    return _card(words.highest_saturation, saturation, words, _in(lot, words))


def _in(lot: LotUsage, words: Words) -> Markup:
    return fill(words.in_lot, lot=name_of(lot))


def _of(part: Sum, sums: Together, words: Words, told: str = "") -> Markup:
    """Say of how many lots a sum is, where some of those that count do not have the figure."""
    if part.value is None or part.lots == len(sums.counted):
        return text(told)
    lots = lots_of(len(sums.counted), words)
    return text(words.of_lots.format(some=f"{part.lots:,}", lots=lots))


def _card(label: str, value: str, words: Words, note: Markup = NOTHING) -> Markup:
    shown = words.unknown if value == words.none else value
    parts = [tag("dt", text(label)), tag("dd", text(shown))]
    if note:
        parts.append(tag("dd", note, class_="note"))
    return tag("div", *parts)


def _line(label: str, value: Markup) -> Markup:
    return tag("div", tag("dt", text(label)), tag("dd", value))
