"""What a monthly report is made of. None means "not known" wherever it is allowed, never 0.

Shares (occupancy, coverage, saturation) are 0 to 1. Space-seconds are spaces times seconds. What
each figure means and how it is worked out stands in docs/usage.md.
"""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week, over the whole month; `coverage` is `known_s` / `capacity_s`.

    `capacity_s`, `known_s`: space-seconds in all, and those that were known to be occupied or free.
    They weigh the lot where several are shown together.
    """

    occupancy_mean: float | None
    coverage: float
    capacity_s: float
    known_s: float


@dataclass(frozen=True, slots=True)
class Day:
    """One local day, `date` as "2026-11-30"; `capacity_s` and `known_s` as in a cell.

    `full_minutes`: minutes with no space free and nothing unknown. `arrivals`: cars, None where
    they are not counted. A day of which nothing is known has coverage 0 and no occupancy.
    """

    date: str
    occupancy_mean: float | None
    occupancy_peak: float | None
    coverage: float
    full_minutes: float
    arrivals: int | None
    capacity_s: float
    known_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The month of a lot in numbers; names and formulas are those of docs/usage.md.

    `turnover`: departures per space and day. `dwell_*_min`: minutes. `full_minutes`: minutes with
    no space free and nothing unknown. `saturation`: share of opening hours in which nine tenths or
    more were occupied. `peak_hour`: the local hour of the day (0 to 23) that was the fullest,
    `peak_hour_coverage`: that of the hour of the day that is known least. `turned_away`: cars that
    are to be expected in the full minutes. Each other `*_coverage` is the share of the time that
    its figure rests on.
    """

    capacity_s: float
    known_s: float
    occupied_s: float
    coverage: float
    occupancy_mean: float | None
    occupancy_peak: float | None
    arrivals: int | None
    departures: int | None
    arrivals_are: Literal["exact", "lower_bound"] | None
    turnover: float | None
    dwell_mean_min: float | None
    dwell_p50_min: float | None
    dwell_p85_min: float | None
    full_minutes: float | None
    full_coverage: float
    saturation: float | None
    saturation_coverage: float
    peak_hour: int | None
    peak_hour_coverage: float
    turned_away: float | None
    turned_away_coverage: float


@dataclass(frozen=True, slots=True)
class LotUsage:
    """The month of one lot.

    `days`: those that have begun, in order; days that are missing are shown as not yet there.
    `weekly`: 168 cells, 0 is Monday 00:00 to 01:00. `stays`: (length in minutes, how many), the
    length being the middle of a bucket 4 % wide; in any order, () where stays are not measured.
    """

    id: str
    name: str
    capacity: int
    days: tuple[Day, ...]
    weekly: tuple[Cell, ...]
    total: Figures
    stays: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A month of some lots; `title_month` as "2026-11", `made_at` in us since the epoch.

    `timezone` is the IANA name in which days and hours are told; `district` is None where the lots
    were named one by one.
    """

    title_month: str
    timezone: str
    made_at: int
    district: str | None
    lots: tuple[LotUsage, ...]
    language: Language
