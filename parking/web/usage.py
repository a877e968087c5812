"""Usage for planners: rows by bucket of the lots' local calendar, as JSON or CSV."""

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiohttp import web

from parking.domain.calendar import Bucket, hour_of_week, list_buckets, zone_of
from parking.domain.instants import HOUR, MINUTE, SECOND, rfc3339
from parking.domain.timeline import Layout, Timeline
from parking.domain.usage import LOWER_BOUND, Tally
from parking.errors import Fault, Forbidden, InvalidInput, NotAcceptable, NotFound
from parking.live.replica import Replica
from parking.live.reports import Reports, Stretch
from parking.web.calls import Call
from parking.web.pages import invalid_cursor, make_cursor, read_cursor
from parking.web.params import UsageQuery
from parking.web.replies import reply_value

HOURS_OF_A_WEEK = 168
MOST_HOURS = 200_000
"""Twenty-two years, whatever the bucket: longer reports are put together of several."""
AT_ONCE: dict[Bucket, int] = {"hour": 2232, "day": 93, "week": 13, "month": 3}
"""How many buckets are read from the database at once: a quarter of a year."""

COLUMNS = (
    "start", "end", "capacity", "capacity_s", "known_s", "occupied_s", "coverage",
    "occupancy_mean", "occupancy_peak", "arrivals", "departures", "arrivals_are", "turnover",
    "dwell_mean_min", "dwell_p50_min", "dwell_p85_min", "full_minutes",
)  # fmt: skip


_MOMENT = re.compile(r"-?[0-9]{1,18}")
_TOO_EARLY = Fault("?from", "before 1970")


@dataclass(frozen=True, slots=True)
class Line:
    """A row before it is written: its group (lot or district), bucket, name and tally."""

    group: str
    start: int
    end: int
    name: str
    capacity: int
    tally: Tally
    hour_of_week: int | None = None


class Usage:
    """`/v1/usage`."""

    def __init__(self, replica: Replica, reports: Reports) -> None:
        """Know the lots from `replica`, read their usage by `reports`."""
        self._replica = replica
        self._reports = reports

    async def get(self, call: Call) -> web.StreamResponse:
        """Give usage rows: a page of JSON, or all of them as CSV."""
        query: UsageQuery = call.query
        if query.from_ >= query.to:
            raise InvalidInput("from must be before to.", faults=[Fault("?from", "not before to")])
        if query.from_ < 0:
            raise InvalidInput("Nothing is told of the time before 1970.", faults=[_TOO_EARLY])
        if min(query.to, self._replica.clock()) - query.from_ > MOST_HOURS * HOUR:
            fault = Fault("?to", f"more than {MOST_HOURS} hours after from")
            raise InvalidInput("A parameter is not valid.", faults=[fault])
        if query.format == "parquet":
            raise NotAcceptable("Parquet is not to be had here; json and csv are.")
        timelines = self._timelines(call)
        if query.format == "csv":
            return await self._csv(call, self._lines(query, timelines, None))
        return await self._page(query, timelines)

    def _timelines(self, call: Call) -> list[Timeline]:
        """Give the lots that are asked for and may be seen, in the order of their ids."""
        query: UsageQuery = call.query
        who = call.who
        found = []
        for live in sorted(self._replica.board.all_lots(), key=lambda live: live.id):
            lot = live.timeline.last_layout.lot
            if query.lots is not None and live.id not in query.lots:
                continue
            if query.district is not None and lot.district != query.district:
                continue
            if who.role == "operator" and not who.may_write_lot(lot.operator):
                if query.lots is not None:
                    raise Forbidden(f"Lot {live.id} is another operator's.")
                continue
            found.append(live.timeline)
        missing = set(query.lots or ()) - {timeline.id for timeline in found}
        if missing and query.district is None:
            raise NotFound(f"There is no lot {min(missing)}.")
        return found

    async def _page(self, query: UsageQuery, timelines: list[Timeline]) -> web.StreamResponse:
        after = None
        if query.cursor is not None:
            group, start, name = read_cursor(query.cursor, 3)
            if not _MOMENT.fullmatch(start):
                raise invalid_cursor()
            after = (group, int(start), name)
        rows: list[dict[str, Any]] = []
        following = None
        last: Line | None = None
        async for line in self._lines(query, timelines, after):
            if after is not None and _place(line) <= after:
                continue
            if len(rows) == query.limit and last is not None:
                end_group, end_start, end_name = _place(last)
                following = make_cursor(end_group, str(end_start), end_name)
                break
            rows.append(_row(query, line))
            last = line
        return reply_value({"items": rows, "next": following})

    async def _csv(self, call: Call, lines: AsyncIterator[Line]) -> web.StreamResponse:
        query: UsageQuery = call.query
        response = web.StreamResponse(
            headers={"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"}
        )
        fields = [*_keys(query), *COLUMNS]
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, fields, extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        await response.prepare(call.request)
        async for line in lines:
            writer.writerow(_row(query, line))
            if buffer.tell() > 1 << 16:
                await response.write(_taken(buffer))
        await response.write(_taken(buffer))
        await response.write_eof()
        return response

    async def _lines(
        self, query: UsageQuery, timelines: list[Timeline], after: tuple[str, int, str] | None
    ) -> AsyncIterator[Line]:
        now = self._replica.clock()  # once, for the running bucket to end alike for all lots
        if query.by == "district":
            async for line in self._by_district(query, timelines, now):
                yield line
            return
        for timeline in timelines:
            if after is not None and timeline.id < after[0]:
                continue
            since = query.from_
            if after is not None and timeline.id == after[0] and query.bucket != "hour_of_week":
                since = max(since, after[1])
            async for line in self._of_lot(query, timeline, timeline.id, since, now):
                yield line

    async def _by_district(
        self, query: UsageQuery, timelines: list[Timeline], now: int
    ) -> AsyncIterator[Line]:
        """Sum the lots of each district, bucket by bucket."""
        districts: dict[str, dict[tuple[int, int], list[Line]]] = {}
        for timeline in timelines:
            district = timeline.last_layout.lot.district or ""
            buckets = districts.setdefault(district, {})
            async for line in self._of_lot(query, timeline, district, query.from_, now):
                hour = line.hour_of_week
                key = (line.start, line.end) if hour is None else (hour, 0)
                buckets.setdefault(key, []).append(line)
        for district, buckets in sorted(districts.items()):
            for _, lines in sorted(buckets.items()):
                tally = Tally(stays={})
                for line in lines:
                    tally.add(line.tally)
                start, end = min(line.start for line in lines), max(line.end for line in lines)
                capacity = sum(line.capacity for line in lines)
                yield Line(district, start, end, "", capacity, tally, lines[0].hour_of_week)

    async def _of_lot(
        self, query: UsageQuery, timeline: Timeline, group: str, since: int, now: int
    ) -> AsyncIterator[Line]:
        """Give a lot's lines from the bucket of `since` on."""
        scope = "lot" if query.by == "district" else query.by
        zone = zone_of(timeline.last_layout.lot.timezone)
        bucket: Bucket = "hour" if query.bucket == "hour_of_week" else query.bucket
        until = min(query.to, now)
        if since >= query.to:
            return
        weekly: list[Stretch] = []
        buckets = list_buckets(since, until, zone, bucket)
        while batch := [(start, min(end, now)) for start, end in islice(buckets, AT_ONCE[bucket])]:
            stretches = await self._reports.list_stretches(timeline, scope, query.hours, batch)
            if query.bucket == "hour_of_week":
                weekly += stretches
                continue
            for part in stretches:
                for name, capacity in _scopes(timeline, scope, part).items():
                    tally = part.tallies.get(name, Tally())
                    yield Line(group, part.start, part.end, name, capacity, tally)
        if weekly:
            for line in _weekly(group, timeline, scope, weekly):
                yield line


def _weekly(group: str, timeline: Timeline, scope: str, stretches: list[Stretch]) -> list[Line]:
    """Sum the hours of each hour of the week."""
    zone = zone_of(timeline.last_layout.lot.timezone)
    start, end = stretches[0].start, stretches[-1].end
    names = _scopes(timeline, scope, Stretch(start, end, {}))
    sums = {(hour, name): Tally(stays={}) for hour in range(HOURS_OF_A_WEEK) for name in names}
    for part in stretches:
        hour = hour_of_week(part.start, zone)
        for name, tally in part.tallies.items():
            sums.setdefault((hour, name), Tally(stays={})).add(tally)
    return [
        Line(group, start, end, name, names.get(name, 0), tally, hour)
        for (hour, name), tally in sorted(sums.items())
    ]


def _scopes(timeline: Timeline, scope: str, part: Stretch) -> dict[str, int]:
    """Give what has a row in a bucket, with its spaces as described last in it."""
    spaces: dict[str, int] = {"": 0} if scope == "lot" else {}
    for _, layout in timeline.between(part.start, part.end):
        if layout is not None:
            spaces |= _spaces(layout, scope)
    return dict(sorted(spaces.items()))


def _spaces(layout: Layout, scope: str) -> dict[str, int]:
    if scope == "lot":
        return {"": layout.lot.capacity}
    spaces: dict[str, int] = {}
    for zone in layout.lot.zones:
        name = zone.id if scope == "zone" else zone.class_
        spaces[name] = spaces.get(name, 0) + zone.capacity
    return spaces


def _place(line: Line) -> tuple[str, int, str]:
    start = line.start if line.hour_of_week is None else line.hour_of_week
    return (line.group, start, line.name)


def _keys(query: UsageQuery) -> list[str]:
    keys = ["district"] if query.by == "district" else ["lot"]
    if query.by in ("zone", "class"):
        keys.append(query.by)
    if query.bucket == "hour_of_week":
        keys.append("hour_of_week")
    return keys


def _row(query: UsageQuery, line: Line) -> dict[str, Any]:
    """Give a row as it is answered."""
    tally = line.tally
    counted = tally.flows != 0
    row: dict[str, Any] = {("district" if query.by == "district" else "lot"): line.group}
    if query.by == "district":
        row["district"] = line.group or None
    if query.by in ("zone", "class"):
        row[query.by] = line.name
    if line.hour_of_week is not None:
        row["hour_of_week"] = line.hour_of_week
    return row | {
        "start": rfc3339(line.start),
        "end": rfc3339(line.end),
        "capacity": line.capacity,
        "capacity_s": _seconds(tally.capacity),
        "known_s": _seconds(tally.known),
        "occupied_s": _seconds(tally.occupied),
        "coverage": tally.coverage,
        "occupancy_mean": tally.occupancy_mean,
        "occupancy_peak": tally.peak,
        "arrivals": tally.arrivals if counted else None,
        "departures": tally.departures if counted else None,
        "arrivals_are": ("lower_bound" if tally.flows & LOWER_BOUND else "exact")
        if counted
        else None,
        "turnover": tally.turnover,
        "dwell_mean_min": tally.dwell_mean_min if counted else None,
        "dwell_p50_min": tally.dwell_min(0.5),
        "dwell_p85_min": tally.dwell_min(0.85),
        "full_minutes": tally.full / MINUTE,
    }


def _seconds(space_us: int) -> int | float:
    """Give space-seconds, whole where they are."""
    whole, rest = divmod(space_us, SECOND)
    return space_us / SECOND if rest else whole


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
