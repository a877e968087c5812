"""The check: stored usage is worked out once more from the log, and held against what is stored.

On a healthy database nothing differs. What does is mended by the walk, which goes over it again.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from parking import metrics
from parking.domain.calendar import bucket_start, zone_of
from parking.domain.timeline import Timeline
from parking.domain.usage import Hour, Tally
from parking.errors import DatabaseAway
from parking.jobs import walk
from parking.live.replica import Replica
from parking.store import checkpoints, history, usage
from parking.store.database import Connection
from parking.store.usage import HourKey

log = logging.getLogger("parking.jobs.check")

_NOTHING = Tally()
_FAR = 1 << 62


@dataclass(frozen=True, slots=True)
class Difference:
    """A tally of a lot's hour that is stored otherwise than it should be."""

    lot: str
    hour: HourKey
    stored: Tally
    right: Tally

    def list_columns(self) -> list[tuple[str, object, object]]:
        """List what differs: (column, as stored, as it should be)."""
        return [
            (name, was, should)
            for name in Tally.__struct_fields__
            if (was := getattr(self.stored, name)) != (should := getattr(self.right, name))
        ]


async def check(replica: Replica, timeline: Timeline, start: int, end: int) -> list[Difference]:
    """Work out a lot's hours in [start, end), us, once more; gives what was stored otherwise.

    Only what is worked up is looked at, from the last checkpoint before `start` on. What differs
    is worked up anew before this ends.
    """
    async with replica.database.transaction("repeatable_read") as connection:
        reached = await checkpoints.find_progress(connection, timeline.id)
        if reached is None or reached[1] != timeline.last_layout.lot.timezone:
            return []  # the walk has yet to come
        differences = []
        async for since, until, hours in _recompute(
            connection, timeline, start, min(end, reached[0])
        ):
            stored = await usage.list_hours(connection, timeline.id, since, until)
            differences += _compare(timeline.id, stored, _told(hours, since, until))
    if differences:
        await _mend(replica, timeline, min(difference.hour.start for difference in differences))
    return differences


async def _recompute(
    connection: Connection, timeline: Timeline, start: int, end: int
) -> AsyncIterator[tuple[int, int, list[Hour]]]:
    """Give stretches (start, end) that follow each other, with their hours."""
    head = await history.get_head(connection)
    voided = await history.list_voided(connection, timeline.id)
    first = max(start, head.retained_from)
    since, past = await walk.begin(connection, timeline, first, head.retained_from)
    stretch = walk.Stretch(timeline, past, since, fine_from=_FAR)
    at = start if since is None else max(start, since)
    async for moment, entries in history.instants(connection, timeline.id, voided, since, end):
        while not stretch.take(moment, entries):
            hours = stretch.drain()
            yield at, max(at, stretch.reached), hours
            at = max(at, stretch.reached)
    while not stretch.finish(end):
        hours = stretch.drain()
        yield at, max(at, stretch.reached), hours
        at = max(at, stretch.reached)
    yield at, end, stretch.drain()


def _told(hours: list[Hour], since: int, until: int) -> dict[HourKey, Tally]:
    told = {}
    for hour in hours:
        if since <= hour.start and hour.end <= until:
            for scope, tally in hour.tallies.items():
                told[HourKey(hour.start, scope, "all")] = tally
                told[HourKey(hour.start, scope, "open")] = hour.opened[scope]
    return told


def _compare(
    lot: str, stored: dict[HourKey, Tally], right: dict[HourKey, Tally]
) -> list[Difference]:
    """Compare; an hour in which nothing was known need not be stored."""
    differences = []
    for hour in sorted(stored.keys() | right.keys()):
        was, should = stored.get(hour), right.get(hour)
        if was is None or should is None:
            there = was or should or _NOTHING
            if not there.known and not there.arrivals and not there.departures:
                continue
        if was != should:
            differences.append(Difference(lot, hour, was or _NOTHING, should or _NOTHING))
    return differences


async def _mend(replica: Replica, timeline: Timeline, first: int) -> None:
    """Take the lot back to before the first difference, and work it up again."""
    async with replica.database.transaction() as connection:
        due = await checkpoints.take_back_all(connection, timeline.id, first)
    while (reached := await walk.walk(replica, timeline, due)) is not None and reached < due:
        continue


async def check_night(replica: Replica) -> int:
    """Check the day before yesterday of all lots; gives the number of differences."""
    number = 0
    for live in replica.board.all_lots():
        zone = zone_of(live.timeline.last_layout.lot.timezone)
        end = bucket_start(bucket_start(replica.clock(), zone, "day") - 1, zone, "day")
        start = bucket_start(end - 1, zone, "day")
        try:
            differences = await check(replica, live.timeline, start, end)
        except DatabaseAway:
            raise
        except Exception:  # as with the walk
            log.exception("the usage of %s was not checked", live.id)
            continue
        if differences:
            log.error("%s hours of %s were stored wrong, and mended", len(differences), live.id)
        number += len(differences)
    metrics.usage_differences.inc(number)
    return number
