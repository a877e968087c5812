"""The walk: every lot's log is worked up hour by hour, each time from where it is still right.

An hour is worked up when it has been over for a while: its usage is stored, and the state it led to
as a checkpoint. An event that comes later than that takes the lot back to before its moment (in its
own transaction, see `store.checkpoints`), and the walk goes over those hours again.
"""

import logging
from collections.abc import Iterable

from parking import metrics
from parking.domain.calendar import hour_start, next_hour, zone_of
from parking.domain.events import Entry, Void
from parking.domain.instants import DAY, HOUR
from parking.domain.meter import Meter, Past
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.domain.usage import Hour
from parking.live.replica import Replica
from parking.store import checkpoints, history, usage
from parking.store.database import Connection

log = logging.getLogger("parking.jobs.walk")

_MOST_EVENTS = 100_000
_FINE = 3 * DAY
"""How far back checkpoints are kept for every hour; before that, for midnights UTC."""


def last_whole_hour(timeline: Timeline, now: int) -> int:
    """Give the end of the last local hour that may be worked up at `now`, us."""
    return hour_start(now - checkpoints.LAG, zone_of(timeline.last_layout.lot.timezone))


async def walk_all(replica: Replica) -> int:
    """Work up what is due of all lots; gives the number of lots that had something."""
    now = replica.clock()
    async with replica.database.connection() as connection:
        progress = await checkpoints.list_progress(connection)
    behind = [
        live.timeline
        for live in replica.board.all_lots()
        if progress.get(live.id, 0) < last_whole_hour(live.timeline, now)
    ]
    metrics.checkpoint_lots_behind.set(len(behind))
    for timeline in behind:
        due = last_whole_hour(timeline, now)
        while (reached := await walk(replica, timeline, due)) is not None and reached < due:
            continue  # a lot that was overtaken waits for the next round
        metrics.checkpoint_lots_behind.dec()
    if behind:
        async with replica.database.connection() as connection:
            await checkpoints.thin_out(connection, now - _FINE)
    return len(behind)


async def walk(replica: Replica, timeline: Timeline, due: int) -> int | None:
    """Work up a stretch of a lot's log until `due` at most; gives how far, None if overtaken."""
    async with replica.database.transaction("repeatable_read") as connection:
        head = await history.get_head(connection)
        voided = await history.list_voided(connection, timeline.id)
        through = await checkpoints.find_progress(connection, timeline.id)
        since, past = await _begin(
            connection, timeline, min(through or due, due), head.retained_from
        )
        stretch = Stretch(timeline, past, since, fine_from=replica.clock() - _FINE)
        entries = history.in_order(connection, timeline.id, since, due)
        at, group = 0, list[Entry]()
        async for entry in entries:
            if entry.at != at:
                if group:
                    stretch.take(at, group)
                    group = []
                at = entry.at
                if stretch.is_enough(at):
                    break
            if entry.id not in voided and not isinstance(entry.event, Void):
                group.append(entry)
            stretch.seen += 1
        else:
            if group:
                stretch.take(at, group)
            stretch.finish(due)
    return stretch.reached if await _store(replica, timeline, stretch, head.seq) else None


async def _begin(
    connection: Connection, timeline: Timeline, at: int, retained_from: int
) -> tuple[int | None, Past]:
    """Give the latest checkpoint until `at` at which a local hour begins; None: there is none.

    What a dropped month led to is the only one of its time, whether an hour begins there or not.
    """
    zone = zone_of(timeline.last_layout.lot.timezone)
    while (nearest := await checkpoints.find_nearest(connection, timeline.id, at)) is not None:
        if nearest[0] == hour_start(nearest[0], zone) or nearest[0] <= retained_from:
            return nearest
        at = nearest[0] - 1
    return None, Past(LotState(), {})


async def _store(replica: Replica, timeline: Timeline, stretch: "Stretch", seq: int) -> bool:
    """Store what was worked up; False when it was overtaken and has to be done again."""
    try:
        async with replica.database.transaction() as connection:
            await usage.replace(
                connection, timeline.id, stretch.begun, stretch.reached, stretch.hours
            )
            await checkpoints.store(connection, timeline.id, stretch.made, stretch.reached, seq)
    except checkpoints.Overtaken:
        return False
    return True


class Stretch:
    """A stretch of a lot's log as it is worked up: the usage of its hours, and checkpoints."""

    def __init__(
        self, timeline: Timeline, past: Past, since: int | None, *, fine_from: int
    ) -> None:
        """Begin at the checkpoint of `since`, or with the first event."""
        self._timeline = timeline
        self._past = past
        self._zone = zone_of(timeline.last_layout.lot.timezone)
        self._fine_from = fine_from
        self._meter: Meter | None = None
        self._fresh = False  # whether there were events since the last checkpoint
        self.begun = self.reached = 0
        self.hours: list[Hour] = []
        self.made: dict[int, checkpoints.Stored] = {}
        self.seen = 0
        if since is not None:
            self._begin(since)

    def _begin(self, at: int) -> None:
        self.reached = at
        # of an hour whose beginning was dropped the usage stays as it is
        self.begun = at if at == hour_start(at, self._zone) else next_hour(at, self._zone)
        self._meter = Meter(self._timeline, self._past, at)

    def is_enough(self, at: int) -> bool:
        """Go on to `at`; whether it is time to store, and an hour has just ended to do it at."""
        if self.seen < _MOST_EVENTS or self._meter is None:
            return False
        before = self.reached
        self._pass(self._meter, at)
        return self.reached > before and self.reached == hour_start(self.reached, self._zone)

    def take(self, at: int, entries: Iterable[Entry]) -> None:
        """Take the events of an instant."""
        if self._meter is None:
            self._begin(hour_start(at, self._zone))
        assert self._meter is not None  # noqa: S101 - it has just begun
        self._pass(self._meter, at)
        self._meter.take(at, entries)
        self._fresh = True

    def finish(self, due: int) -> None:
        """Go on to `due`, when there are no more events before it."""
        if self._meter is None:
            self.begun = self.reached = due
        else:
            self._pass(self._meter, due)
            self._fresh = self._fresh or not self._meter.idle
            self._keep(due)

    def _pass(self, meter: Meter, at: int) -> None:
        """Go over the ends of hours, and the midnights, up to `at`."""
        while (end := self._next(self.reached)) <= at:
            if end % DAY == 0 or end > self._fine_from or self.seen >= _MOST_EVENTS:
                self._keep(end)
            if end == hour_start(end, self._zone):
                hour = meter.cut(end)
                if end > self.begun:
                    self.hours.append(hour)
            self.reached = end
            if meter.idle and at - end > HOUR:
                self._keep(end)
                self.reached = hour_start(at, self._zone)
                meter.cut(self.reached)

    def _next(self, at: int) -> int:
        return min(next_hour(at, self._zone), (at // DAY + 1) * DAY)

    def _keep(self, at: int) -> None:
        if self._fresh:
            self.made[at] = checkpoints.encode(self._past)
            self._fresh = False
