"""What the report says, in each language it can be made in. All of it is plain text, not markup.

Places such as `{lot}` are filled in by those who use the text; both languages have the same ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    tag: str
    comma: str
    semicolon: str
    percent: str
    hours_minutes: str
    hours: str
    minutes: str
    month: str
    months: tuple[str, ...]
    day: str
    days_of: str
    moment: str
    weekdays: tuple[str, ...]
    initials: tuple[str, ...]
    hour: str
    hour_of_week: str
    lot: str
    lots: str
    named: str
    none: str
    unknown: str
    at_least: str

    title: str
    all_lots: str
    district: str
    time_zone: str
    made_at: str
    running: str
    ahead: str
    no_lots: str

    key_figures: str
    key_intro: str
    left_out: str
    none_counted: str
    of_lots: str
    in_lot: str
    rests_on: str
    capacity: str
    coverage: str
    mean: str
    peak: str
    peak_hour: str
    saturation: str
    highest_saturation: str
    full: str
    turned_away: str
    arrivals: str
    departures: str
    turnover: str
    turnover_unit: str
    dwell_mean: str
    dwell_p50: str
    dwell_p85: str
    summed: str

    week: str
    week_intro: str
    week_desc: str
    week_empty: str
    cell_desc: str
    scale: str
    scale_low: str
    scale_unknown: str

    days: str
    days_intro: str
    days_desc: str
    days_empty: str
    date: str

    busiest: str
    busiest_intro: str
    rank: str
    name: str
    unranked: str

    stays: str
    stays_intro: str
    stays_desc: str
    stays_empty: str
    stays_classes: tuple[str, ...]
    stays_counted: str
    stays_lines: str
    stays_median: str
    stays_p85: str
    stays_unmeasured: str
    stays_left_out: str

    each: str
    each_intro: str

    quality: str
    quality_intro: str
    month_total: str
    gaps: str
    gap_none: str
    gap_low: str
    gap_all: str
    gap_no_days: str
    gapless: str

    definitions: str
    definitions_intro: str
    term: str
    meaning: str
    terms: Mapping[str, str]
