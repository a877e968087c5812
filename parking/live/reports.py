"""Reports: usage of lots by buckets of their local calendar.

Hours that the walk has worked up are read as rows; those after it, the running one too, are metered
from the log by the same meter; those in which nothing was known have no row, and are metered
without events. A bucket is the sum of its hours.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from parking.domain.calendar import hour_start, next_hour, zone_of
from parking.domain.events import Entry, Void
from parking.domain.meter import Meter, Past
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.domain.usage import Hour, Tally
from parking.store import checkpoints, history, usage
from parking.store.database import Connection, Database


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

    async def list_stretches(
        self, timeline: Timeline, scope: str, hours: usage.Hours, buckets: list[tuple[int, int]]
    ) -> list[Stretch]:
        """Give a lot's tallies over buckets that follow each other; the last may end anywhere."""
        start, end = buckets[0][0], buckets[-1][1]
        async with self._database.transaction("repeatable_read") as connection:
            through = await checkpoints.find_progress(connection, timeline.id) or start
            rows = await usage.list_rows(
                connection, timeline.id, scope, hours=hours, start=start, end=min(end, through)
            )
            pieces = [Stretch(row.start, row.end, {row.scope[1]: row.tally}) for row in rows]
            if end > through:
                metered = await self._meter(connection, timeline, through, end)
                pieces += [_piece(hour, scope, hours) for hour in metered if hour.start >= start]
            status = LotState()
            if hours == "open" and _gaps(pieces, start, end):
                status.status = (await history.read_state(connection, timeline, start)).status
        pieces += self._fill(timeline, scope, hours, status, _gaps(pieces, start, end))
        return _sum(pieces, buckets)

    @staticmethod
    async def _meter(
        connection: Connection, timeline: Timeline, through: int, end: int
    ) -> list[Hour]:
        """Meter the log from `through`, the start of an hour, up to `end`."""
        zone = zone_of(timeline.last_layout.lot.timezone)
        voided = await history.list_voided(connection, timeline.id)
        nearest = await checkpoints.find_nearest(connection, timeline.id, through)
        since, past = (None, Past(LotState(), {})) if nearest is None else nearest
        done: list[Hour] = []
        meter: Meter | None = None
        boundary = 0
        async for at, entries in _instants(
            history.in_order(connection, timeline.id, since, end), voided
        ):
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
    def _fill(
        timeline: Timeline,
        scope: str,
        hours: usage.Hours,
        status: LotState,
        gaps: list[tuple[int, int]],
    ) -> list[Stretch]:
        """Meter stretches in which nothing was known: only capacity goes by."""
        zone = zone_of(timeline.last_layout.lot.timezone)
        pieces = []
        for start, end in gaps:
            state = LotState(status=status.status)
            meter = Meter(timeline, Past(state, {}), start)
            at = start
            while at < end:
                at = min(next_hour(at, zone), end)
                pieces.append(_piece(meter.cut(at), scope, hours))
        return pieces


async def _instants(
    entries: AsyncIterator[Entry], voided: set[str]
) -> AsyncIterator[tuple[int, list[Entry]]]:
    """Give entries that count by their instants."""
    at, group = 0, list[Entry]()
    async for entry in entries:
        if entry.id in voided or isinstance(entry.event, Void):
            continue
        if group and entry.at != at:
            yield at, group
            group = []
        at = entry.at
        group.append(entry)
    if group:
        yield at, group


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
