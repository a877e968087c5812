"""Reports: usage of lots by buckets of their local calendar.

What the walk has worked up is read as days and hours; what comes after it, the running hour too, is
metered from the log by the same meter; hours in which nothing was known need not be stored, and are
metered without events. A bucket is the sum of its hours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from parking.domain.calendar import boundaries, bucket_start, hour_start
from parking.domain.instants import DAY
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.live import demand, metering
from parking.live.summing import Buckets, Figures, add_series, series_of, silent_series
from parking.live.turns import Turns, pause
from parking.store import checkpoints, usage
from parking.store.database import Connection, Database
from parking.store.usage import Hours, Series, Table

Sums = list[dict[str, Figures]]
"""Figures by bucket, and by name of what they are of ("" for lots)."""


@dataclass(slots=True)
class Lot:
    """A lot that is asked for: its buckets, and what is known of them by and by."""

    timeline: Timeline
    buckets: Buckets
    worked_to: int = 0
    series: list[tuple[str, Series]] = field(default_factory=list)

    @property
    def start(self) -> int:
        """The start of the first bucket, us."""
        return self.buckets.starts[0]

    def days(self) -> tuple[int, ...]:
        """Give the starts of the days that the buckets reach into, and the end of the last."""
        return boundaries(self.start, self.buckets.end, self.buckets.zone, "day")

    def day_of(self, at: int) -> int:
        """Give the start of the day of a moment, us."""
        return bucket_start(at, self.buckets.zone, "day")

    def gaps(self) -> list[tuple[int, int]]:
        """List the stretches of which nothing is told yet."""
        at, gaps = self.start, []
        for start, end in sorted({span for _, series in self.series for span in _spans(series)}):
            if start > at:
                gaps.append((at, start))
            at = max(at, end)
        return [*gaps, (at, self.buckets.end)] if at < self.buckets.end else gaps


class Reports:
    """Reads usage from the database."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        self._turns = Turns(2, 50)

    async def list_sums(
        self,
        asked: Iterable[tuple[Timeline, Buckets]],
        scope: str,
        hours: Hours,
        *,
        turned_away: bool = False,
        patient: bool = False,
    ) -> list[Sums]:
        """Give the sums of lots, in their order; the last bucket of each may end anywhere.

        Overloaded when many wait already, but for who is `patient`, with an answer begun.

        Cars that were turned away are told if asked for: that takes all hours of the weeks around.
        """
        lots = [Lot(timeline, buckets) for timeline, buckets in asked]
        reading = _Reading(scope, hours, fine=turned_away)
        async with (
            self._turns.turn(patient=patient),
            self._database.transaction("repeatable_read") as connection,
        ):
            await reading.read_stored(connection, lots)
            await reading.meter_rest(connection, lots)
            silences = await reading.find_silences(connection, lots)
            around = await reading.list_around(connection, lots) if turned_away else None
        for lot, state, (start, end) in silences:
            zone = lot.buckets.zone
            for run in await metering.meter_silence(lot.timeline, zone, state, start, end):
                lot.series += silent_series(run, scope, opened=hours == "open").items()
                await pause()
        sums = []
        for lot in lots:
            mine = None if around is None else around.get(lot.timeline.id, {})
            sums.append(await _sum(lot, mine))
        return sums


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reading what there is of lots in one transaction."""

    scope: str
    hours: Hours
    fine: bool
    """Whether hours are needed also of days that are complete."""

    async def read_stored(self, connection: Connection, lots: Sequence[Lot]) -> None:
        """Read days that are complete, and the hours of the others."""
        progress = await checkpoints.list_progress(connection)
        for lot in lots:
            reached, timezone = progress.get(lot.timeline.id, (0, ""))
            # what came late takes back to within an hour, which is out of date from then on
            known = timezone == lot.buckets.zone.key
            lot.worked_to = hour_start(reached, lot.buckets.zone) if known else lot.start
        since = {lot.timeline.id: lot.start for lot in lots}
        if lots[0].buckets.each == "days" and not self.fine:
            since = await self._read_days(connection, lots)
        by_hours = [lot for lot in lots if lot.timeline.id in since]
        found = await self._list(connection, "usage_hours", by_hours, since)
        for lot in by_hours:
            whole = dict(lot.series)
            for name, series in found.get(lot.timeline.id, {}).items():
                there = _within(series, lot)
                if name in whole:  # hours of days that are complete are in them
                    days = np.array(lot.days())
                    of = days[np.searchsorted(days, series.figures["start"], "right") - 1]
                    there &= ~np.isin(of, whole[name].figures["start"])
                lot.series.append((name, series[there]))

    async def _read_days(self, connection: Connection, lots: Sequence[Lot]) -> dict[str, int]:
        """Read days that are complete; gives since which day (us) lots have some that are not."""
        since = {lot.timeline.id: lot.start for lot in lots}
        found = await self._list(connection, "usage_day", lots, since)
        for lot in lots:
            days = np.array(lot.days())
            last = int(days[np.searchsorted(days, lot.worked_to, "right") - 1])
            lacking = [last] if last < lot.worked_to else []
            for name, series in found.get(lot.timeline.id, {}).items():
                # What is read reaches as far as any lot's days do, which may be of another zone.
                own = series[
                    (series.figures["start"] >= days[0]) & (series.figures["start"] < days[-1])
                ]
                starts, ends = own.figures["start"], own.figures["end"]
                place = np.searchsorted(days, starts, "right") - 1
                whole = (days[place] == starts) & (days[place + 1] == ends) & _within(own, lot)
                lot.series.append((name, own[whole]))
                lacking += days[place[~whole]][:1].tolist()
            if lacking:
                since[lot.timeline.id] = min(lacking)
            else:
                del since[lot.timeline.id]
        return since

    async def _list(
        self, connection: Connection, table: Table, lots: Sequence[Lot], since: Mapping[str, int]
    ) -> dict[str, dict[str, Series]]:
        lots = [lot for lot in lots if lot.worked_to > lot.start]
        if not lots:
            return {}
        return await usage.list_series(
            connection,
            table,
            [lot.timeline.id for lot in lots],
            self.scope,
            hours=self.hours,
            start=min(lot.day_of(since[lot.timeline.id]) for lot in lots),
            end=max(min(lot.buckets.end, lot.worked_to) for lot in lots),
        )

    async def meter_rest(self, connection: Connection, lots: Iterable[Lot]) -> None:
        """Meter what is not worked up yet."""
        for lot in lots:
            end = lot.buckets.end
            if lot.worked_to < end:
                metered = await metering.meter_log(
                    connection, lot.timeline, lot.buckets.zone, lot.worked_to, end
                )
                metered = [hour for hour in metered if hour.start >= lot.start]
                lot.series += series_of(metered, self.scope, opened=self.hours == "open").items()

    @staticmethod
    async def find_silences(
        connection: Connection, lots: Iterable[Lot]
    ) -> list[tuple[Lot, LotState, tuple[int, int]]]:
        """Find the stretches without a known hour, and whether the lot was said to be closed."""
        found = []
        for lot in lots:
            for gap in lot.gaps():
                nearest = await checkpoints.find_nearest(connection, lot.timeline.id, gap[0])
                status = None if nearest is None else nearest[1].state.status
                found.append((lot, LotState(status=status), gap))
        return found

    async def list_around(
        self, connection: Connection, lots: Sequence[Lot]
    ) -> dict[str, dict[str, Series]]:
        """List the hours that are stored of the weeks before and after."""
        weeks = demand.WEEKS * 7 * DAY
        return await usage.list_series(
            connection,
            "usage_hours",
            [lot.timeline.id for lot in lots],
            self.scope,
            hours=self.hours,
            start=min(lot.start for lot in lots) - weeks,
            end=max(lot.buckets.end for lot in lots) + weeks,
        )


def _within(series: Series, lot: Lot) -> NDArray[np.bool_]:
    """Tell which records are asked for and up to date."""
    figures = series.figures
    end = min(lot.buckets.end, lot.worked_to)
    within: NDArray[np.bool_] = (figures["start"] >= lot.start) & (figures["end"] <= end)
    return within


def _spans(series: Series) -> list[tuple[int, int]]:
    """Give the stretches that are told without a break."""
    starts, ends = series.figures["start"], series.figures["end"]
    if not len(starts):
        return []
    breaks = np.flatnonzero(starts[1:] != ends[:-1])
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, len(starts) - 1)
    return list(zip(starts[firsts].tolist(), ends[lasts].tolist(), strict=True))


async def _sum(lot: Lot, around: Mapping[str, Series] | None) -> Sums:
    sums: Sums = [{} for _ in range(lot.buckets.number)]
    for name, series in lot.series:
        add_series(sums, name, series, lot.buckets)
        await pause()
    if around is None:
        return sums
    for name in {name for name, _ in lot.series}:
        mine = np.concatenate([told.figures for named, told in lot.series if named == name])
        stored = around[name].figures if name in around else mine[:0]
        stored = stored[stored["end"] <= lot.worked_to]
        demand.add_turned_away(sums, name, mine, stored, lot.buckets)
    return sums
