"""Quality: a lot's day is judged every few minutes while it lasts, and once more when it is over.

A sheet is worked up by whole hours, after the walk; what came later is read anew each time, and not
stored. An event for an hour that was worked up takes the lot back to it (`store.quality`): its day
and those after it are read and judged again, as far back as there are sheets.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import date, timedelta

from parking.domain.calendar import local, zone_of
from parking.domain.instants import DAY, moment
from parking.domain.quality.reading import finish, take
from parking.domain.quality.reports import WINDOW_DAYS, Duplicates, Report, judge
from parking.domain.quality.sheets import Day, Sheet, day_of, open_sheet, seal
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.errors import DatabaseAway
from parking.live.replica import Replica
from parking.live.verdicts import Verdicts
from parking.store import checkpoints, history, quality
from parking.store.database import Connection

log = logging.getLogger("parking.jobs.quality")

KEPT_DAYS = WINDOW_DAYS + 7
_MOST_EVENTS = 100_000
"""After how much a day is stored as far as it is read, so that nothing else waits for long."""


@dataclass(slots=True)
class _Work:
    """A lot's day to go on with: from `begin`, us, on; what stands before it is in the sheet."""

    day: Day
    date: date
    begin: int
    sheet: Sheet
    state: LotState
    earlier: list[Sheet]


@dataclass(slots=True)
class _Piece:
    """What was read of a day at `at`: `sealed` is how far for good, and `frozen` the sheet of that.

    `whole`: whether nothing is left to read now; `over`: whether the day is.
    """

    at: int
    sealed: int
    frozen: bytes
    whole: bool
    over: bool
    duplicates: Duplicates
    report: Report | None = None


async def judge_all(replica: Replica, verdicts: Verdicts, share: float = 1.0) -> None:
    """Judge the running day of all lots, and what is left of the days before.

    It rests in between, to work for no more than a share of the time.
    """
    current = {
        live.id: live.timeline
        for live in replica.board.all_lots()
        if live.timeline.current is not None
    }
    verdicts.keep(set(current))
    for timeline in current.values():
        try:
            further = True
            while further:
                started = time.monotonic()
                further = await step(replica, timeline, verdicts)
                await asyncio.sleep((time.monotonic() - started) * (1 / share - 1))
        except DatabaseAway:
            raise
        except Exception:  # as with the walk
            log.exception("the quality of %s was not judged", timeline.id)


async def thin_out(replica: Replica) -> None:
    """Delete the sheets that nothing is judged by any more, and reports of events long dropped."""
    oldest = moment(replica.clock() - KEPT_DAYS * DAY).date()
    retained = moment(replica.retained_from).date()
    async with replica.database.connection() as connection:
        await quality.thin_out(connection, oldest, retained)


async def step(replica: Replica, timeline: Timeline, verdicts: Verdicts) -> bool:
    """Read and judge a day of a lot, or a part of a long one; whether there is more to do now."""
    now = replica.clock()
    timezone = timeline.last_layout.lot.timezone
    today = day_of(now, timezone)
    async with replica.database.transaction("repeatable_read") as connection:
        walked = await checkpoints.find_progress(connection, timeline.id)
        if walked is None or walked[1] != timezone:
            return False  # the walk has yet to come
        if await quality.has_other_calendar(connection, timeline.id, timezone):
            await _change_calendar(replica, timeline.id, today)
            return True
        head = await history.get_head(connection)
        work = await _begin(connection, timeline, today, head.retained_from)
        if walked[0] < work.day.end <= today.start:
            return False  # a day that was taken back, and the walk has yet to go over it again
        piece = await _work_up(connection, timeline, work, walked[0], now)
    if piece.whole:
        piece.report = await _judge(timeline, work, piece.duplicates)
    if piece.over:
        seal(work.sheet)
        piece.frozen = quality.encode(work.sheet)
    if not await _store(replica, timeline, work, piece, head.seq):
        return False
    if piece.report is not None and work.day == today:
        verdicts.put(timeline.id, piece.report)
    return piece.over or not piece.whole


async def _work_up(
    connection: Connection, timeline: Timeline, work: _Work, walked: int, now: int
) -> _Piece:
    """Read a day on: what the walk has gone over for good, and the rest as it is now."""
    due = min(walked, work.day.end)
    sealed = await _read(connection, timeline, work, due, _MOST_EVENTS)
    frozen = quality.encode(work.sheet)
    whole, over = sealed >= due, sealed == work.day.end
    if whole and not over:
        await _read(connection, timeline, work, min(now, work.day.end))
    start, end = work.day.start, work.day.end
    duplicates = await quality.count_duplicates(connection, timeline.id, start, end)
    return _Piece(now, sealed, frozen, whole, over, duplicates)


async def _store(
    replica: Replica,
    timeline: Timeline,
    work: _Work,
    piece: _Piece,
    seq: int,
) -> bool:
    """Store what was made of the log up to place `seq`; False when it was overtaken meanwhile."""
    try:
        async with replica.database.transaction() as connection:
            if piece.sealed > work.begin or piece.over:
                await quality.advance(
                    connection,
                    timeline.id,
                    work.date,
                    piece.frozen,
                    through=piece.sealed,
                    timezone=timeline.last_layout.lot.timezone,
                    seq=seq,
                )
            if piece.report is not None:
                await quality.store_report(
                    connection, timeline.id, work.date, piece.at, piece.report
                )
    except checkpoints.Overtaken:
        return False
    return True


async def _change_calendar(replica: Replica, lot: str, today: Day) -> None:
    """Begin a lot anew by the days of another time zone; reports of longer ago stay."""
    since = moment(today.start - WINDOW_DAYS * DAY).date()
    async with replica.database.transaction() as connection:
        await quality.forget(connection, lot, since)


async def _begin(
    connection: Connection, timeline: Timeline, today: Day, retained_from: int
) -> _Work:
    """Find where to go on, and what stands before it."""
    lot, timezone = timeline.id, timeline.last_layout.lot.timezone
    oldest = max(day_of(today.start - WINDOW_DAYS * DAY, timezone).start, retained_from)
    progress = await quality.find_progress(connection, lot)
    if progress is None:
        first = await quality.find_first(connection, lot, oldest)
        begin = today.start if first is None else min(first, today.start)
    else:
        begin = max(progress, oldest)
    day = day_of(begin, timezone)
    named = local(day.start, zone_of(timezone)).date()
    stored = await quality.list_sheets(connection, lot, named - timedelta(WINDOW_DAYS), named)
    sheets = [sheet for sheet in map(quality.decode, stored) if sheet.start <= day.start]
    sheet = sheets.pop() if sheets and sheets[-1].start == day.start else None
    if progress is None or sheet is None or sheet.through != progress or sheet.end != day.end:
        sheet, begin = None, day.start
    state = await history.read_state(connection, timeline, begin - 1)
    if sheet is None:
        layout = timeline.at(day.end - 1) or timeline.last_layout
        previous = sheets[-1] if sheets and sheets[-1].end == day.start else None
        sheet = open_sheet(day, timezone, previous, state, layout.zone_of)
    return _Work(day, named, begin, sheet, state, sheets)


async def _read(
    connection: Connection, timeline: Timeline, work: _Work, until: int, most: int | None = None
) -> int:
    """Read on to a moment, us, or so many events; gives how far it is read then."""
    if until <= work.sheet.through:
        return work.sheet.through
    voided = await history.list_voided(connection, timeline.id)
    since, number = work.sheet.through, 0
    async for at, entries in history.instants(connection, timeline.id, voided, since, until):
        if most is not None and number >= most:
            finish(work.sheet, at)
            return at
        for entry in entries:
            take(work.sheet, work.state, entry, timeline)
        number += len(entries)
    finish(work.sheet, until)
    return until


async def _judge(timeline: Timeline, work: _Work, duplicates: Duplicates) -> Report | None:
    """Judge a day by the description of its end; None of a day at whose end there was no lot."""
    layout = timeline.at(work.sheet.through - 1)
    if layout is None:
        return None
    sheets = [*work.earlier, work.sheet]
    return await asyncio.to_thread(judge, sheets, work.state, layout, duplicates)
