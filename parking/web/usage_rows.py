"""The rows of usage, as they are answered: keys first, then the columns."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from parking.domain.instants import MINUTE, SECOND, rfc3339
from parking.domain.usage import LOWER_BOUND, Tally
from parking.live.summing import Figures, peak_hours
from parking.web.usage_lines import Line, Question

Row = dict[str, Any]

_FIGURES = (
    "start", "end", "capacity", "capacity_s", "known_s", "occupied_s", "coverage",
    "occupancy_mean", "occupancy_peak", "arrivals", "departures", "arrivals_are", "turnover",
    "dwell_mean_min", "dwell_p50_min", "dwell_p85_min", "full_minutes", "full_coverage",
    "saturation", "saturation_coverage", "peak_hour", "peak_hour_coverage", "low_coverage",
)  # fmt: skip
_TURNED_AWAY = ("turned_away", "turned_away_coverage")
_DISTRICT = (
    "lots", "lots_covered", "covered_occupancy_mean", "covered_turnover", "covered_dwell_mean_min",
)  # fmt: skip

_time = lru_cache(maxsize=4096)(rfc3339)  # lots have the same buckets


def list_columns(question: Question) -> list[str]:
    """List the columns of the answer to a question."""
    columns = ["district"] if question.by == "district" else ["lot"]
    if question.by in ("zone", "class"):
        columns.append(question.by)
    if question.bucket == "hour_of_week":
        columns.append("hour_of_week")
    columns += _FIGURES
    if question.turned_away:
        columns += _TURNED_AWAY
    if question.by == "district":
        columns += _DISTRICT
    return columns


def read_rows(question: Question, lines: Sequence[Line]) -> list[Row]:
    """Give lines as rows, in the order of the columns."""
    peaks = peak_hours([line.figures for line in lines])
    return [_read_row(question, *told) for told in zip(lines, peaks, strict=True)]


def _read_row(question: Question, line: Line, peak: tuple[int | None, float | None]) -> Row:
    row: Row = {}
    if question.by == "district":
        row["district"] = line.group or None
    else:
        row["lot"] = line.group
    if question.by in ("zone", "class"):
        row[question.by] = line.name
    if line.hour_of_week is not None:
        row["hour_of_week"] = line.hour_of_week
    row["start"] = _time(line.start)
    row["end"] = _time(line.end)
    row["capacity"] = line.capacity
    row |= _read_figures(line.figures, *peak)
    row["low_coverage"] = line.figures.tally.coverage < question.min_coverage
    if question.turned_away:
        row |= read_turned_away(line.figures)
    if line.covered is not None:
        covered = line.covered
        row["lots"] = line.lots
        row["lots_covered"] = line.lots_covered
        row["covered_occupancy_mean"] = covered.occupancy_mean
        row["covered_turnover"] = covered.turnover
        row["covered_dwell_mean_min"] = covered.dwell_mean_min if covered.flows else None
    return row


def read_figures(figures: Figures) -> Row:
    """Give the columns of figures, but for cars that were turned away."""
    return _read_figures(figures, *figures.peak_hour)


def _read_figures(figures: Figures, peak_hour: int | None, peak_hour_coverage: float | None) -> Row:
    tally = figures.tally
    counted = tally.flows != 0
    half, most = figures.dwell_min(0.5, 0.85)
    return {
        "capacity_s": _seconds(tally.capacity),
        "known_s": _seconds(tally.known),
        "occupied_s": _seconds(tally.occupied),
        "coverage": tally.coverage,
        "occupancy_mean": tally.occupancy_mean,
        "occupancy_peak": tally.peak,
        "arrivals": tally.arrivals if counted else None,
        "departures": tally.departures if counted else None,
        "arrivals_are": _kind(tally),
        "turnover": tally.turnover,
        "dwell_mean_min": tally.dwell_mean_min if counted else None,
        "dwell_p50_min": half,
        "dwell_p85_min": most,
        "full_minutes": tally.full / MINUTE,
        "full_coverage": tally.full_coverage,
        "saturation": tally.saturation,
        "saturation_coverage": tally.saturation_coverage,
        "peak_hour": peak_hour,
        "peak_hour_coverage": peak_hour_coverage,
    }


def _kind(tally: Tally) -> str | None:
    if not tally.flows:
        return None
    return "lower_bound" if tally.flows & LOWER_BOUND else "exact"


def read_turned_away(figures: Figures) -> Row:
    """Give the columns of cars that were turned away; null where arrivals are not counted."""
    turned_away = figures.turned_away
    if turned_away is None:
        return dict.fromkeys(_TURNED_AWAY)
    coverage = turned_away.coverage(figures.tally)
    known = coverage > 0
    return {
        "turned_away": turned_away.cars if known else None,
        "turned_away_coverage": coverage,
    }


def _seconds(space_us: int) -> int | float:
    """Give space-seconds, whole where they are."""
    whole, rest = divmod(space_us, SECOND)
    return space_us / SECOND if rest else whole
