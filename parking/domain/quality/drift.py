"""Drift: by how many cars a day the level of a gate zone goes wrong, with a range.

Two things tell it. When somebody counts the cars, the gap to what the gates had is what has gone
wrong since the count before. And from quiet night to quiet night as many cars should have driven
out as in: what is left over, night after night, are cars that a gate did not see. Both are taken
robustly (Theil-Sen with ranges by Kendall; trimmed gaps with Student's t) and put together by their
precision. Positive: the level shows too many cars, departures are missed.
"""

import math
from collections.abc import Sequence

from msgspec import Struct

from parking.domain.instants import DAY
from parking.domain.quality.habits import whole_days, zone_in
from parking.domain.quality.sheets import Base, Sheet

FEWEST_NIGHTS = 7
WEEK = 7
SHORTEST = DAY // 4
"""A recount sooner than this after another says nothing of a day."""
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.13, 2.09)
"""Student's t for 95 % by degrees of freedom from 1 on; the last also for 15 and more."""
_Z = 1.96


class Drift(Struct, frozen=True):
    """Cars a day, with the range that holds it in 19 of 20 cases, and what it was told from."""

    cars_per_day: float
    low: float
    high: float
    recounts: int
    nights: int

    @property
    def half(self) -> float:
        """Half of the range."""
        return (self.high - self.low) / 2


def estimate(sheets: Sequence[Sheet], zone: str) -> Drift | None:
    """Estimate a gate zone's drift from the sheets of some weeks; None: not enough to tell."""
    bases = [base for sheet in sheets for base in zone_in(sheet, zone).bases]
    counted, nightly = of_recounts(bases), of_nights(sheets, zone)
    if counted is None or nightly is None:
        return counted or nightly
    if counted.low > nightly.high or nightly.low > counted.high:
        return counted  # people have counted; the nights are disturbed by something else
    weights = [1 / max(drift.half, 0.05) ** 2 for drift in (counted, nightly)]
    rate = (weights[0] * counted.cars_per_day + weights[1] * nightly.cars_per_day) / sum(weights)
    half = 1 / math.sqrt(sum(weights))
    return Drift(rate, rate - half, rate + half, counted.recounts, nightly.nights)


def of_recounts(bases: Sequence[Base]) -> Drift | None:
    """Estimate from the gaps that recounts found; None without one long enough after another."""
    gaps = [
        (base.level - base.counted, (base.at - base.since) / DAY)
        for base in bases
        if base.at - base.since >= SHORTEST
    ]
    if not gaps:
        return None
    days = sum(length for _, length in gaps)
    if len(gaps) == 1:  # cars missed at random: as many as that, give or take their root
        gap = gaps[0][0]
        half = _Z * math.sqrt(max(abs(gap), 1)) / days
        return Drift(gap / days, gap / days - half, gap / days + half, 1, 0)
    rates = [(gap / length, length) for gap, length in gaps]
    if len(gaps) >= 4:
        rates = _trimmed(rates)
        days = sum(length for _, length in rates)
    mean = sum(rate * length for rate, length in rates) / days
    number = len(rates)
    spread = sum(length * (rate - mean) ** 2 for rate, length in rates) / days * number
    error = math.sqrt(spread / (number - 1) / number)
    floor = 1 / math.sqrt(12) / days * math.sqrt(number)  # cars are whole
    half = _T[min(number - 1, len(_T)) - 1] * max(error, floor)
    return Drift(mean, mean - half, mean + half, len(gaps), 0)


def _trimmed(rates: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Pull what lies far off, as a miscount does, to three deviations from the middle."""
    middle = _median([rate for rate, _ in rates])
    width = 3 * 1.4826 * _median([abs(rate - middle) for rate, _ in rates])
    return [(min(max(rate, middle - width), middle + width), length) for rate, length in rates]


def of_nights(sheets: Sequence[Sheet], zone: str) -> Drift | None:
    """Estimate from what is left over from one quiet night to the next; None with too few nights.

    Weeks have a rhythm of their own: from two weeks on only the same nights of weeks are compared.
    """
    series = _nights(sheets, zone)
    nights = max((len(part) for part in series), default=0)
    if nights < FEWEST_NIGHTS:
        return None
    step = WEEK if nights >= 2 * WEEK else 1
    slopes: list[float] = []
    variance = 0.0
    for part in series:
        for first in range(step):
            group = part[first::step]
            number = len(group)
            variance += number * (number - 1) * (2 * number + 5) / 18
            slopes += [
                (group[later] - group[sooner]) / ((later - sooner) * step)
                for sooner in range(number)
                for later in range(sooner + 1, number)
            ]
    slopes.sort()
    reach = _Z * math.sqrt(variance) / 2
    middle = len(slopes) / 2
    low = slopes[max(0, math.floor(middle - reach))]
    high = slopes[min(len(slopes) - 1, math.ceil(middle + reach) - 1)]
    rate = _median(slopes)
    # cars are missed at random, so their sum strays as it goes on; and cars are whole
    stray = _Z * math.sqrt(max(abs(rate), 1 / nights) / nights)
    return Drift(
        rate, rate - math.hypot(rate - low, stray), rate + math.hypot(high - rate, stray), 0, nights
    )


def _nights(sheets: Sequence[Sheet], zone: str) -> list[list[int]]:
    """Give how many more cars had come in than gone out by each quiet hour of following days.

    A new list begins after a day of which not all was heard. The first day is left out: it may have
    begun in its middle.
    """
    whole = whole_days(sheets, sheets[-1].end)[1:] if sheets else []
    totals = [0] * 24
    for sheet in whole:
        part = zone_in(sheet, zone)
        for hour in range(24):
            totals[hour] += part.arrivals[hour] + part.departures[hour]
    if not any(totals):
        return []
    quiet = min(range(24), key=lambda hour: (totals[hour], hour))
    series: list[list[int]] = [[]]
    level, end = 0, None
    for sheet in whole:
        part = zone_in(sheet, zone)
        heard = (
            part.hearing.at is not None
            and part.hearing.at >= sheet.start
            and not part.hearing.silent
        )
        if not heard or (end is not None and sheet.start != end):
            series.append([])
        if heard:
            net = [came - went for came, went in zip(part.arrivals, part.departures, strict=True)]
            series[-1].append(level + sum(net[: quiet + 1]))
            level += sum(net)
        end = sheet.end
    return series


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
