"""The lines of usage: what has a row, bucket by bucket, read a bounded piece at a time."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal

from parking.domain.calendar import Bucket, boundaries, hour_start, zone_of
from parking.domain.instants import DAY, HOUR
from parking.domain.timeline import Layout, Timeline
from parking.domain.usage import Tally
from parking.live.reports import Reports, Sums
from parking.live.summing import Buckets, Figures
from parking.store.usage import Hours

Place = tuple[str, int, int, str]
"""Where a line stands among all: its group, the bucket's start and end, and its name."""

_LENGTHS: dict[Bucket, int] = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 31 * DAY}
_HOURS_AT_ONCE = 200_000  # of all rows of a bucket together
_DAYS_LIKE_A_BUCKET = 4  # to be read and summed up
_HOURS_LIKE_A_BUCKET = 25


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which lots: buckets that reach into [start, end), us, until now."""

    timelines: Sequence[Timeline]
    start: int
    end: int
    now: int
    bucket: Literal["hour", "day", "week", "month", "hour_of_week"]
    by: Literal["lot", "zone", "class", "district"]
    hours: Hours
    turned_away: bool
    min_coverage: float
    at_once: int
    """How many buckets are read at once, all lots together."""
    begun: bool = True
    """Whether that counts buckets which began before the start."""
    patient: bool = False
    """Whether part of the answer is read already."""

    @property
    def scope(self) -> str:
        """The scope that is read."""
        return "lot" if self.by == "district" else self.by


@dataclass(slots=True)
class Line:
    """A row before it is written: its group (lot or district), bucket, name and figures.

    Of a district, `covered` are those of its lots, `lots_covered` in number, that are known well
    enough.
    """

    group: str
    start: int
    end: int
    name: str
    capacity: int
    figures: Figures
    hour_of_week: int | None = None
    covered: Tally | None = None
    lots: int = 1
    lots_covered: int = 1

    @property
    def place(self) -> Place:
        """Where it stands."""
        if self.hour_of_week is not None:
            return (self.group, self.hour_of_week, 0, self.name)
        return (self.group, self.start, self.end, self.name)


def list_lines(reports: Reports, question: Question, after: Place | None) -> AsyncIterator[Line]:
    """Give the lines in their order, from a place on: some before it may be given too."""
    listing = _by_district if question.by == "district" else _by_lot
    return listing(reports, question, after)


async def _by_lot(reports: Reports, question: Question, after: Place | None) -> AsyncIterator[Line]:
    asked: dict[str, tuple[Timeline, Buckets]] = {}
    weight = 0
    names = _count_names(question)
    for timeline in question.timelines:
        for buckets in _split(question, timeline, after):
            if asked and (timeline.id in asked or weight >= question.at_once):
                async for line in _read(reports, question, list(asked.values())):
                    yield line
                asked, weight, question = {}, 0, replace(question, patient=True)
            asked[timeline.id] = timeline, buckets
            weight += _weight(buckets, by_hours=question.turned_away) * names(timeline)
    async for line in _read(reports, question, list(asked.values())):
        yield line


async def _by_district(
    reports: Reports, question: Question, after: Place | None
) -> AsyncIterator[Line]:
    """Sum the lots of each district, some buckets at a time."""

    def district(timeline: Timeline) -> str:
        return timeline.last_layout.lot.district or ""

    for group, timelines in groupby(sorted(question.timelines, key=district), key=district):
        mine = replace(question, timelines=list(timelines))
        if after is not None and group < after[0]:
            continue
        for window in _windows(mine, after if after is not None and group == after[0] else None):
            sums: dict[tuple[int, int], Line] = {}
            async for line in _by_lot(reports, window, None):
                key = line.place[1:3]
                if key not in sums:
                    sums[key] = replace(
                        line, group=group, capacity=0, figures=Figures(), covered=Tally(), lots=0,
                        lots_covered=0,
                    )  # fmt: skip
                _add(sums[key], line, question.min_coverage)
            for _, line in sorted(sums.items()):
                yield line


def _add(district: Line, lot: Line, min_coverage: float) -> None:
    assert district.covered is not None  # noqa: S101 - it is a district
    district.start, district.end = min(district.start, lot.start), max(district.end, lot.end)
    district.capacity += lot.capacity
    district.figures.add(lot.figures)
    district.lots += 1
    if lot.figures.tally.coverage >= min_coverage:
        district.covered.add(lot.figures.tally)
        district.lots_covered += 1


def _windows(question: Question, after: Place | None) -> Iterator[Question]:
    """Cut a question into ones about fewer buckets, one after the other."""
    until = min(question.end, question.now)
    if question.bucket == "hour_of_week":
        yield question
        return
    length = question.at_once * _LENGTHS[question.bucket]
    begun = True
    at = question.start if after is None else max(question.start, after[1])
    while at < until:
        end = min(at + length, until)
        yield replace(question, start=at, end=end, begun=begun, patient=not begun)
        at, begun = end, False


def _split(question: Question, timeline: Timeline, after: Place | None) -> Iterator[Buckets]:
    """Give a lot's buckets, a bounded number at a time."""
    zone = zone_of(timeline.last_layout.lot.timezone)
    at, until = question.start, min(question.end, question.now)
    bucket = question.bucket
    if after is not None:
        if timeline.id < after[0]:
            return
        if timeline.id == after[0] and bucket != "hour_of_week":
            at = max(at, after[1])
    if at >= until:
        return
    if bucket == "hour_of_week":
        start, end = hour_start(at, zone), boundaries(until - 1, until, zone, "hour")[-1]
        yield Buckets(zone, (start,), min(end, question.now), "week")
        return
    names = _count_names(question)(timeline)
    most = min(question.at_once * _LENGTHS[bucket], _HOURS_AT_ONCE * HOUR) // names
    length = max(most, _LENGTHS[bucket])
    begun = question.begun
    while at < until:
        *starts, last = boundaries(at, min(at + length, until), zone, bucket)
        if starts[0] < at and not begun:
            del starts[0]
        if starts:
            end = min(last, question.now)
            yield Buckets(zone, starts, end, "hour" if bucket == "hour" else "days")
        at = last


async def _read(
    reports: Reports, question: Question, asked: Sequence[tuple[Timeline, Buckets]]
) -> AsyncIterator[Line]:
    """Read some lots' sums, and give their lines."""
    if not asked:
        return
    found = await reports.list_sums(
        asked,
        question.scope,
        question.hours,
        turned_away=question.turned_away,
        patient=question.patient,
    )
    for (timeline, buckets), sums in zip(asked, found, strict=True):
        for line in _lines(timeline, buckets, sums, question.scope):
            yield line


def _lines(timeline: Timeline, buckets: Buckets, sums: Sums, scope: str) -> Iterator[Line]:
    spans: Sequence[tuple[int, int, int | None]]
    if buckets.each == "week":
        spans = [(buckets.starts[0], buckets.end, hour) for hour in range(buckets.number)]
    else:
        spans = [(*span, None) for span in pairwise([*buckets.starts, buckets.end])]
    spaces: dict[str, int] = {}
    held_to = spans[0][0]  # until when what has a row stays as it is
    for (start, end, hour), figures in zip(spans, sums, strict=True):
        if end > held_to:
            stretches = timeline.between(start, end)
            spaces = _scopes(stretches, scope)
            held_to = end if len(stretches) > 1 else timeline.next_change(start) or buckets.end
        for name, capacity in spaces.items():
            told = figures.get(name) or Figures()
            yield Line(timeline.id, start, end, name, capacity, told, hour)


def _scopes(stretches: Sequence[tuple[int, Layout | None]], scope: str) -> dict[str, int]:
    """Give what has a row in a bucket, with its spaces as described last in it."""
    spaces: dict[str, int] = {"": 0} if scope == "lot" else {}
    for _, layout in stretches:
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


def _count_names(question: Question) -> Callable[[Timeline], int]:
    """Give what tells how many rows a lot has in a bucket, about."""
    if question.scope == "lot":
        return lambda _: 1
    return lambda timeline: max(len(_spaces(timeline.last_layout, question.scope)), 1)


def _weight(buckets: Buckets, *, by_hours: bool) -> int:
    """Tell how much there is to read and to write, in buckets; it may all be read by hours."""
    length = buckets.end - buckets.starts[0]
    if buckets.each == "week" or by_hours:
        return buckets.number + length // HOUR // _HOURS_LIKE_A_BUCKET
    if buckets.each == "days":
        return buckets.number + length // DAY // _DAYS_LIKE_A_BUCKET
    return buckets.number
