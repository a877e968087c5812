"""Reports: usage of lots by buckets of their local calendar.

Hours that the walk has worked up are read as rows; those after it, the running one too, are metered
from the log by the same meter; those in which nothing was known have no row, and are metered
without events. A bucket is the sum of its hours.
"""

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from parking.domain.availability import fold
from parking.domain.calendar import hour_start, next_hour, zone_of
from parking.domain.meter import Meter, Past
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.domain.usage import Hour, Tally
from parking.live.turns import Turns
from parking.store import checkpoints, history, usage
from parking.store.database import Connection, Database

_ALL = 1 << 31


_HOURS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Stretch:
    """The tallies of a lot, by zone or class or as a whole (""), over [start, end), us."""

    start: int
    end: int
    tallies: dict[str, Tally]


class Reports:
    """Reads usage from the database."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        self._turns = Turns(2, 50)

    async def list_stretches(
        self, timeline: Timeline, scope: str, hours: usage.Hours, buckets: list[tuple[int, int]]
    ) -> list[Stretch]:
        """Give a lot's tallies over buckets that follow each other; the last may end anywhere."""
        start, end = buckets[0][0], buckets[-1][1]
        async with (
            self._turns.turn(),
            self._database.transaction("repeatable_read") as connection,
        ):
            reached = await checkpoints.find_progress(connection, timeline.id)
            # what came late takes back to within an hour, whose row holds no more
            through = start if reached is None else hour_start(reached, _zone_of(timeline))
            rows = await usage.list_rows(
                connection, timeline.id, scope, hours=hours, start=start, end=min(end, through)
            )
            pieces = [Stretch(row.start, row.end, {row.scope[1]: row.tally}) for row in rows]
            if end > through:
                metered = await self._meter(connection, timeline, through, end)
                pieces += [_piece(hour, scope, hours) for hour in metered if hour.start >= start]
            gaps = _gaps(pieces, start, end)
            states = [LotState() for _ in gaps]
            if hours == "open" and gaps:
                states = await self._find_status(connection, timeline, [gap[0] for gap in gaps])
        for gap, state in zip(gaps, states, strict=True):
            pieces += await self._fill(timeline, scope, hours, state, gap)
        return _sum(pieces, buckets)

    @staticmethod
    async def _meter(
        connection: Connection, timeline: Timeline, through: int, end: int
    ) -> list[Hour]:
        """Meter the log from `through`, the start of an hour, up to `end`."""
        zone = _zone_of(timeline)
        voided = await history.list_voided(connection, timeline.id)
        nearest = await checkpoints.find_nearest(connection, timeline.id, through)
        since, past = (None, Past(LotState(), {})) if nearest is None else nearest
        done: list[Hour] = []
        meter: Meter | None = None
        boundary = 0
        async for at, entries in history.instants(connection, timeline.id, voided, since, end):
            if meter is None:
                meter = Meter(timeline, past, hour_start(at, zone) if since is None else since)
                boundary = next_hour(hour_start(at, zone) if since is None else since, zone)
            while boundary <= at:
                done.append(meter.cut(boundary))
                boundary = next_hour(boundary, zone)
            meter.take(at, entries)
        if meter is None:
            if since is None:
                return []
            meter, boundary = Meter(timeline, past, since), next_hour(since, zone)
        while boundary < end:
            done.append(meter.cut(boundary))
            boundary = next_hour(boundary, zone)
        return [hour for hour in [*done, meter.cut(end)] if hour.start >= through]

    @staticmethod
    async def _find_status(
        connection: Connection, timeline: Timeline, moments: list[int]
    ) -> list[LotState]:
        """Give whether the lot was said to be open or closed at each of the moments, in order."""
        first, last = moments[0], moments[-1]
        state = LotState(status=(await history.read_state(connection, timeline, first)).status)
        lines = await history.list_page(
            connection, timeline.id, start=first, end=last, type_="status", before=None, limit=_ALL
        )
        said = [line.entry for line in lines if line.voided_by is None]
        said.sort(key=lambda entry: (entry.at, entry.id))
        states = []
        for at in moments:
            while said and said[0].at <= at:
                fold(state, said.pop(0), timeline)
            states.append(LotState(status=state.status))
        return states

    @staticmethod
    async def _fill(
        timeline: Timeline, scope: str, hours: usage.Hours, state: LotState, gap: tuple[int, int]
    ) -> list[Stretch]:
        """Meter a stretch in which nothing was known: only capacity goes by."""
        zone = _zone_of(timeline)
        at, end = gap
        meter = Meter(timeline, Past(state, {}), at)
        pieces = []
        while at < end:
            at = min(next_hour(at, zone), end)
            pieces.append(_piece(meter.cut(at), scope, hours))
            if len(pieces) % _HOURS_AT_ONCE == 0:
                await asyncio.sleep(0)  # others want to go on
        return pieces


def _zone_of(timeline: Timeline) -> ZoneInfo:
    return zone_of(timeline.last_layout.lot.timezone)


def _piece(hour: Hour, scope: str, hours: usage.Hours) -> Stretch:
    tallies = hour.tallies if hours == "all" else hour.opened
    named = {name: tally for (kind, name), tally in tallies.items() if kind == scope}
    return Stretch(hour.start, hour.end, named)


def _gaps(pieces: list[Stretch], start: int, end: int) -> list[tuple[int, int]]:
    """List what the pieces leave open of [start, end)."""
    gaps = []
    at = start
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if piece.start > at:
            gaps.append((at, piece.start))
        at = max(at, piece.end)
    if at < end:
        gaps.append((at, end))
    return gaps


def _sum(pieces: list[Stretch], buckets: list[tuple[int, int]]) -> list[Stretch]:
    """Sum pieces, none of which reaches over the end of a bucket, into the buckets."""
    ordered = iter(sorted(pieces, key=lambda piece: piece.start))
    piece = next(ordered, None)
    summed = []
    for start, end in buckets:
        tallies: dict[str, Tally] = {}
        while piece is not None and piece.start < end:
            for name, tally in piece.tallies.items():
                tallies.setdefault(name, Tally(stays={})).add(tally)
            piece = next(ordered, None)
        summed.append(Stretch(start, end, tallies))
    return summed
