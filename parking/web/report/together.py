"""All the lots of a report together.

Sums are those of the lots of which at least half is known (`counted`): what the others would say is
not known. Hours of the week and days are of all lots, each weighing as much as is known of it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from parking.web.report.data import Cell, Day, Figures, LotUsage

ENOUGH = 0.5
"""The coverage below which a figure is shown as uncertain, and counts in no sum."""
SECONDS_OF_A_DAY = 86_400

Stays = tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum, None where no lot has the figure, and how many lots it is of."""

    value: float | None
    lots: int


@dataclass(frozen=True, slots=True)
class Together:
    """The sums of the lots `counted`; `left_out` are the others.

    `at_least`: in one lot or more, arrivals and departures are lower bounds. `peak_lot` and
    `saturated_lot` have the highest peak and saturation. `stays` as in a lot, shortest first.
    """

    counted: tuple[LotUsage, ...]
    left_out: tuple[LotUsage, ...]
    capacity: int
    coverage: float
    occupancy_mean: float | None
    peak_lot: LotUsage | None
    peak_hour: int | None
    peak_hour_coverage: float
    saturated_lot: LotUsage | None
    full_minutes: Sum
    turned_away: Sum
    arrivals: Sum
    departures: Sum
    at_least: bool
    turnover: float | None
    dwell_mean_min: float | None
    stays: Stays


def together(lots: tuple[LotUsage, ...]) -> Together:
    """Add up what can be added up."""
    counted = tuple(lot for lot in lots if lot.total.coverage >= ENOUGH)
    totals = [lot.total for lot in counted]
    capacity_s = sum(total.capacity_s for total in totals)
    known_s = sum(total.known_s for total in totals)
    flowing = [total for total in totals if total.departures is not None]
    departures = _sum(total.departures for total in totals)
    flowing_s = sum(total.capacity_s for total in flowing)
    gone = departures.value
    fullest_hour, hour_coverage = peak_hour(weekly_of(counted))
    return Together(
        counted=counted,
        left_out=tuple(lot for lot in lots if lot.total.coverage < ENOUGH),
        capacity=sum(lot.capacity for lot in counted),
        coverage=known_s / capacity_s if capacity_s else 0.0,
        occupancy_mean=sum(t.occupied_s for t in totals) / known_s if known_s else None,
        peak_lot=_fullest(counted, lambda total: total.occupancy_peak),
        peak_hour=fullest_hour,
        peak_hour_coverage=hour_coverage,
        saturated_lot=_fullest(counted, saturation),
        full_minutes=_sum(full_minutes(total) for total in totals if total.full_coverage >= ENOUGH),
        turned_away=_sum(turned_away(total) for total in totals),
        arrivals=_sum(total.arrivals for total in totals),
        departures=departures,
        at_least=any(total.arrivals_are == "lower_bound" for total in totals),
        turnover=gone * SECONDS_OF_A_DAY / flowing_s if gone is not None and flowing_s else None,
        dwell_mean_min=sum(t.occupied_s for t in flowing) / 60 / gone if gone else None,
        stays=tuple(sorted(stay for lot in counted for stay in lot.stays)),
    )


def full_minutes(figures: Figures) -> float | None:
    """Give the time full; where nothing was known, no minute of it is not "never full"."""
    return figures.full_minutes if figures.coverage else None


def saturation(figures: Figures) -> float | None:
    """Give the saturation where enough is known to compare it."""
    return figures.saturation if figures.saturation_coverage >= ENOUGH else None


def turned_away(figures: Figures) -> float | None:
    """Give the cars turned away where enough is known to add them up."""
    return figures.turned_away if figures.turned_away_coverage >= ENOUGH else None


def percentile(stays: Stays, share: float) -> float | None:
    """Give the length, minutes, that `share` of the stays do not pass; None without stays."""
    rank = max(math.ceil(share * sum(count for _, count in stays)), 1)
    for length, count in sorted(stays):
        rank -= count
        if rank <= 0:
            return length
    return None


def weekly_of(lots: Sequence[LotUsage]) -> tuple[Cell, ...]:
    """Give the 168 hours of the week of all lots together."""
    columns = zip(*(lot.weekly for lot in lots), strict=True)
    return tuple(cell_of(cells) for cells in columns) or (Cell(None, 0.0, 0.0, 0.0),) * 168


def cell_of(cells: Iterable[Cell]) -> Cell:
    """Put cells together by the space-time that is known of each."""
    cells = tuple(cells)
    mean, coverage, capacity_s, known_s = _weighed(cells)
    return Cell(mean, coverage, capacity_s, known_s)


def daily_of(lots: Sequence[LotUsage]) -> dict[str, Day]:
    """Give the days of all lots together, by date; peaks are the highest of any lot."""
    by_date: dict[str, list[Day]] = {}
    for lot in lots:
        for day in lot.days:
            by_date.setdefault(day.date, []).append(day)
    return {date: _day_of(date, days) for date, days in sorted(by_date.items())}


def peak_hour(weekly: Sequence[Cell]) -> tuple[int | None, float]:
    """Give the fullest hour of the day, 0 to 23, and the coverage of the one known least."""
    hours = [cell_of(weekly[hour::24]) for hour in range(24)]
    known = [
        (cell.occupancy_mean, -hour)
        for hour, cell in enumerate(hours)
        if cell.occupancy_mean is not None
    ]
    least = min((cell.coverage for cell in hours if cell.capacity_s), default=0.0)
    return (-max(known)[1], least) if known else (None, 0.0)


def _day_of(date: str, days: list[Day]) -> Day:
    mean, coverage, capacity_s, known_s = _weighed(days)
    peaks = [day.occupancy_peak for day in days if day.occupancy_peak is not None]
    arrivals = [day.arrivals for day in days if day.arrivals is not None]
    return Day(
        date=date,
        occupancy_mean=mean,
        occupancy_peak=max(peaks, default=None),
        coverage=coverage,
        full_minutes=sum(day.full_minutes for day in days if day.coverage),
        arrivals=sum(arrivals) if arrivals else None,
        capacity_s=capacity_s,
        known_s=known_s,
    )


def _weighed(parts: Sequence[Cell] | Sequence[Day]) -> tuple[float | None, float, float, float]:
    """Give mean occupancy, coverage, and the space-seconds in all and known, of parts together."""
    capacity_s = sum(part.capacity_s for part in parts)
    heard = [(p.occupancy_mean, p.known_s) for p in parts if p.occupancy_mean is not None]
    known_s = sum(known for _, known in heard)
    if not known_s or not capacity_s:
        return None, 0.0, capacity_s, 0.0
    mean = sum(mean * known for mean, known in heard) / known_s
    return mean, known_s / capacity_s, capacity_s, known_s


def _fullest(
    lots: Iterable[LotUsage], figure: Callable[[Figures], float | None]
) -> LotUsage | None:
    """Find the lot with the greatest figure, the first of equals."""
    known = [(value, lot) for lot in lots if (value := figure(lot.total)) is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def _sum(values: Iterable[float | None]) -> Sum:
    known = [value for value in values if value is not None]
    return Sum(sum(known) if known else None, len(known))
