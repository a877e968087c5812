"""Months of lots, made up: as they are in a district, and as nobody would wish them."""

import math
import random
from calendar import monthrange
from datetime import date
from typing import Any

from parking.web.report.data import Cell, Day, Figures, Language, LotUsage, Report

MADE_AT = 1_796_000_000_000_000  # 2026-11-29T23:33:20Z
NASTY = '<script>alert("1")</script>&amp;</title><b>{0} "\'\u202eevil\u202c\x00\x1b</svg>'


def report(
    lots: tuple[LotUsage, ...],
    *,
    language: Language = "en",
    month: str = "2026-11",
    timezone: str = "Asia/Shanghai",
    district: str | None = "east-station",
) -> Report:
    return Report(month, timezone, MADE_AT, district, lots, language)


def figures(**known: Any) -> Figures:
    """Give figures of which nothing is known but what is named."""
    unknown: dict[str, Any] = dict.fromkeys(Figures.__slots__)
    shares = [name for name in unknown if name.endswith("coverage")]
    told = unknown | dict.fromkeys(shares, 0.0) | {"full_coverage": 1.0}
    told |= {"capacity_s": 1000.0, "known_s": 0.0, "occupied_s": 0.0}
    return Figures(**told | known)


def silent_lot(name: str = "silent", capacity: int = 10, days: tuple[Day, ...] = ()) -> LotUsage:
    """Give a lot of which nothing was heard."""
    weekly = (Cell(None, 0.0, 1000.0, 0.0),) * 168
    return LotUsage(name, name, capacity, days, weekly, figures(), ())


def unheard_day(day: str, capacity: int = 10) -> Day:
    return Day(day, None, None, 0.0, 0.0, None, capacity * 86_400.0, 0.0)


def busy_lot(
    place: int, name: str, month: str = "2026-11", days: int | None = None, coverage: float = 0.98
) -> LotUsage:
    """Give a lot like those of a district; `coverage` of its time is known, more or less."""
    chance = random.Random(f"{place}{name}")
    capacity = chance.randint(20, 1200)
    year, number = (int(part) for part in month.split("-"))
    last = monthrange(year, number)[1] if days is None else days
    top = chance.uniform(0.5, 1.0)
    counted = chance.choice(("spaces", "gates", "counts", "flag"))
    weekly = tuple(_cell(hour, top, capacity, coverage, chance) for hour in range(168))
    daily = tuple(
        _day(date(year, number, 1 + n), top, capacity, coverage, chance) for n in range(last)
    )
    stays = _stays(chance) if counted == "spaces" else ()
    return LotUsage(
        f"lot-{place}", name, capacity, daily, weekly, _total(daily, counted, chance), stays
    )


def district(count: int, month: str = "2026-11", days: int | None = None) -> tuple[LotUsage, ...]:
    """Give lots of all kinds: most well known, some badly, one silent, one with a nasty name."""
    lots = []
    for place in range(count):
        name = f"郑东新区第{place}停车场" if place % 2 else f"East Station P{place} (sample)"
        coverage = (0.99, 0.97, 0.6, 0.99, 0.3)[place % 5]
        lots.append(busy_lot(place, name, month, days, coverage))
    if count > 2:
        lots[1] = silent_lot("silent-lot", days=tuple(unheard_day(d.date) for d in lots[0].days))
        lots[2] = busy_lot(2, NASTY, month, days)
    return tuple(lots)


def _level(hour: int, weekday: int, top: float) -> float:
    shape = math.exp(-(((hour - 13.5) / 4.5) ** 2))
    return min(1.0, 0.06 + top * shape * (0.55 if weekday >= 5 else 1.0))


def _cell(hour: int, top: float, capacity: int, coverage: float, chance: random.Random) -> Cell:
    known = min(1.0, coverage * chance.uniform(0.6, 1.05))
    if coverage < 0.9 and chance.random() < 0.1:
        known = 0.0
    capacity_s = capacity * 3600.0 * 4
    mean = _level(hour % 24, hour // 24, top) if known else None
    return Cell(mean, known, capacity_s, known * capacity_s)


def _day(at: date, top: float, capacity: int, coverage: float, chance: random.Random) -> Day:
    known = min(1.0, coverage * chance.uniform(0.5, 1.2))
    if chance.random() < 0.3 * (1 - coverage):
        known = 0.0
    levels = [_level(hour, at.weekday(), top * chance.uniform(0.9, 1.1)) for hour in range(24)]
    capacity_s = capacity * 86_400.0
    return Day(
        at.isoformat(),
        sum(levels) / 24 if known else None,
        max(levels) if known else None,
        known,
        60.0 * sum(level >= 1 for level in levels) if known else 0.0,
        round(capacity * top * 3 * known) if known else None,
        capacity_s,
        known * capacity_s,
    )


def _stays(chance: random.Random) -> tuple[tuple[float, int], ...]:
    return tuple(
        (5.0 * 1.04**n, round(900 * math.exp(-(((n - 75) / 35) ** 2)) * chance.random()))
        for n in range(180)
    )


def _total(daily: tuple[Day, ...], counted: str, chance: random.Random) -> Figures:
    heard = [day for day in daily if day.occupancy_mean is not None]
    known_s = sum(day.known_s for day in heard)
    capacity_s = sum(day.capacity_s for day in daily)
    occupied_s = sum((day.occupancy_mean or 0.0) * day.known_s for day in heard)
    arrivals = None if counted == "flag" else sum(day.arrivals or 0 for day in heard)
    mean = occupied_s / known_s if known_s else None
    away = chance.uniform(0.0, 200.0)
    return figures(
        capacity_s=capacity_s,
        known_s=known_s,
        occupied_s=occupied_s,
        coverage=known_s / capacity_s if capacity_s else 0.0,
        occupancy_mean=mean,
        occupancy_peak=max((day.occupancy_peak or 0.0 for day in heard), default=None),
        arrivals=arrivals,
        departures=arrivals,
        arrivals_are=None
        if arrivals is None
        else "lower_bound"
        if counted == "counts"
        else "exact",
        turnover=arrivals * 86_400 / capacity_s if arrivals is not None and capacity_s else None,
        dwell_mean_min=occupied_s / 60 / arrivals if arrivals else None,
        dwell_p50_min=94.0 if counted == "spaces" else None,
        dwell_p85_min=312.0 if counted == "spaces" else None,
        full_minutes=sum(day.full_minutes for day in heard),
        saturation=chance.random() * 0.3 if heard else None,
        saturation_coverage=0.9 if mean and mean > 0.3 else 0.4,
        peak_hour=13 if heard else None,
        peak_hour_coverage=0.9,
        turned_away=None if arrivals is None else away,
        turned_away_coverage=0.8 if away > 60 else 0.2,
    )
