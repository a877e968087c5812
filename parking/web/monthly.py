"""The monthly report's data: a month of some lots, read as the usage of days and hours is."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from parking.domain.calendar import boundaries, local, next_bucket, zone_of
from parking.domain.instants import micros
from parking.domain.lots import Names
from parking.domain.timeline import Timeline
from parking.domain.usage import length_of
from parking.errors import InvalidInput, NotFound
from parking.live.replica import Replica
from parking.live.reports import Reports, Sums
from parking.live.summing import Buckets, Figures
from parking.web.report import data
from parking.web.usage_rows import read_figures, read_turned_away

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_AT_ONCE = 50  # lots


async def gather(
    replica: Replica,
    month: str,
    *,
    lots: Sequence[str] | None,
    district: str | None,
    language: data.Language,
) -> data.Report:
    """Read a month ("2026-11", by each lot's calendar) of the lots named, or all of a district.

    NotFound: there is no such lot. InvalidInput: no such month, or it has not begun.
    """
    found = _MONTH.fullmatch(month)
    if found is None or int(found[1]) < 1970:
        raise InvalidInput(f"{month} is not a month: 2026-11 is one.")
    first = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
    timelines = _timelines(replica, lots, district)
    now = replica.clock()
    told: list[data.LotUsage] = []
    reports = Reports(replica.database)
    for place in range(0, len(timelines), _AT_ONCE):
        told += await _read(reports, timelines[place : place + _AT_ONCE], first, now, language)
    zones = [timeline.last_layout.lot.timezone for timeline in timelines]
    return data.Report(
        title_month=month,
        timezone=max(zones, key=zones.count),
        made_at=now,
        district=district,
        lots=tuple(told),
        language=language,
    )


def _timelines(
    replica: Replica, lots: Sequence[str] | None, district: str | None
) -> list[Timeline]:
    board = {live.id: live.timeline for live in replica.board.all_lots()}
    missing = set(lots or ()) - board.keys()
    if missing:
        raise NotFound(f"There is no lot {min(missing)}.")
    found = [
        board[lot]
        for lot in sorted(board if lots is None else set(lots))
        if district is None or board[lot].last_layout.lot.district == district
    ]
    if not found:
        raise NotFound("There are no such lots.")
    return found


async def _read(
    reports: Reports,
    timelines: Sequence[Timeline],
    first: datetime,
    now: int,
    language: data.Language,
) -> list[data.LotUsage]:
    asked = []
    for timeline in timelines:
        zone = zone_of(timeline.last_layout.lot.timezone)
        start = micros(first.replace(tzinfo=zone))
        end = min(next_bucket(start, zone, "month"), now)
        if end <= start:
            raise InvalidInput("The month has not begun.")
        asked.append((timeline, zone, start, end))
    by_day = await reports.list_sums(
        [
            (timeline, Buckets(zone, boundaries(start, end, zone, "day")[:-1], end, "days"))
            for timeline, zone, start, end in asked
        ],
        "lot",
        "all",
    )
    weekly, whole = [
        await reports.list_sums(
            [(line, Buckets(zone, (start,), end, each)) for line, zone, start, end in asked],
            "lot",
            "all",
            turned_away=each == "days",
        )
        for each in ("week", "days")
    ]
    return [
        _lot(timeline, boundaries(start, end, zone, "day"), language, sums)
        for (timeline, zone, start, end), *sums in zip(asked, by_day, weekly, whole, strict=True)
    ]


def _lot(
    timeline: Timeline,
    days: Sequence[int],
    language: data.Language,
    read: Sequence[Sums],
) -> data.LotUsage:
    lot = timeline.last_layout.lot
    zone = zone_of(lot.timezone)
    by_day, weekly, whole = ([sums.get("") or Figures() for sums in each] for each in read)
    stays = [] if whole[0].stays is None else whole[0].stays.tolist()
    return data.LotUsage(
        id=timeline.id,
        name=_name(lot.name, language),
        capacity=lot.capacity,
        days=tuple(
            _day(local(day, zone), figures) for day, figures in zip(days, by_day, strict=False)
        ),
        weekly=tuple(_cell(figures) for figures in weekly),
        total=_figures(whole[0]),
        stays=tuple((length_of(bucket), count) for bucket, count in enumerate(stays) if count),
    )


def _name(names: Names, language: data.Language) -> str:
    return names.get(language) or next(iter(names.values()))


def _day(day: datetime, figures: Figures) -> data.Day:
    told = read_figures(figures)
    wanted = data.Day.__slots__
    return data.Day(
        date=day.date().isoformat(), **{name: told[name] for name in wanted if name != "date"}
    )


def _cell(figures: Figures) -> data.Cell:
    told = read_figures(figures)
    return data.Cell(**{name: told[name] for name in data.Cell.__slots__})


def _figures(figures: Figures) -> data.Figures:
    told = read_figures(figures) | read_turned_away(figures)
    if not figures.tally.full_known:
        told["full_minutes"] = None
    for name in ("peak_hour_coverage", "turned_away_coverage"):
        told[name] = told[name] or 0.0
    return data.Figures(**{name: told[name] for name in data.Figures.__slots__})
