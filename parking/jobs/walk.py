"""The walk: every lot's log is worked up hour by hour, each time from where it is still right.

An hour is worked up when it has been over for a while: its usage is stored, and the state it led to
as a checkpoint. An event that comes later than that takes the lot back to before its moment (in its
own transaction, see `store.checkpoints`), and the walk goes over those hours again.
"""

import logging
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from parking import metrics
from parking.domain.calendar import bucket_start, hour_start, next_hour, zone_of
from parking.domain.events import Entry
from parking.domain.instants import DAY
from parking.domain.meter import Meter, Past
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.domain.usage import Hour
from parking.errors import DatabaseAway
from parking.live.replica import Replica
from parking.store import checkpoints, history, usage
from parking.store.database import Connection

log = logging.getLogger("parking.jobs.walk")

_MOST_EVENTS = 100_000
_MOST_HOURS = 500
"""After how much a stretch is stored and another begun, so that nothing else waits for long."""
_NEVER = (0, "")
_FINE = 3 * DAY
"""How far back checkpoints are kept for every hour; before that, for midnights UTC."""


def last_whole_hour(timeline: Timeline, now: int) -> int:
    """Give the end of the last local hour that may be worked up at `now`, us."""
    return hour_start(now - checkpoints.LAG, _zone(timeline))


async def walk_all(replica: Replica) -> int:
    """Work up what is due of all lots; gives the number of lots that had something."""
    now = replica.clock()
    behind = await _list_behind(replica, now)
    metrics.checkpoint_lots_behind.set(len(behind))
    for timeline in behind:
        due = last_whole_hour(timeline, now)
        try:
            while (reached := await walk(replica, timeline, due)) is not None and reached < due:
                continue  # a lot that was overtaken waits for the next round
        except DatabaseAway:
            raise
        except Exception:  # what one lot asks for must not stop the others, nor the service
            log.exception("the hours of %s were not worked up", timeline.id)
        else:
            metrics.checkpoint_lots_behind.dec()
    if behind:
        async with replica.database.connection() as connection:
            await checkpoints.thin_out(connection, now - _FINE)
    return len(behind)


async def measure_behind(replica: Replica) -> None:
    """Tell the metrics how many lots wait, whichever instance walks or should."""
    behind = await _list_behind(replica, replica.clock())
    metrics.checkpoint_lots_behind.set(len(behind))


async def _list_behind(replica: Replica, now: int) -> list[Timeline]:
    """List the lots that have hours due."""
    async with replica.database.connection() as connection:
        progress = await checkpoints.list_progress(connection)
    return [
        live.timeline
        for live in replica.board.all_lots()
        if progress.get(live.id, _NEVER)[0] < last_whole_hour(live.timeline, now)
        or progress[live.id][1] != live.timeline.last_layout.lot.timezone
    ]


async def walk(replica: Replica, timeline: Timeline, due: int) -> int | None:
    """Work up a stretch of a lot's log until `due` at most; gives how far, None if overtaken."""
    async with replica.database.transaction("repeatable_read") as connection:
        head = await history.get_head(connection)
        voided = await history.list_voided(connection, timeline.id)
        reached = await checkpoints.find_progress(connection, timeline.id)
        if reached is not None and reached[1] != timeline.last_layout.lot.timezone:
            await _change_calendar(replica, timeline)
            return 0
        through = due if reached is None else reached[0]
        since, past = await begin(connection, timeline, min(through, due), head.retained_from)
        stretch = Stretch(timeline, past, since, fine_from=replica.clock() - _FINE)
        if since is None:  # whatever stood of what is retained is gone
            stretch.begun = whole_hour(head.retained_from, _zone(timeline))
        async for at, entries in history.instants(connection, timeline.id, voided, since, due):
            if not stretch.take(at, entries):
                break
        else:
            stretch.finish(due)
    return stretch.reached if await _store(replica, timeline, stretch, head.seq) else None


async def _change_calendar(replica: Replica, timeline: Timeline) -> None:
    """Sort what is stored by the calendar of another time zone, and begin the lot anew.

    Of what was dropped from the log, hours are sorted by their starts.
    """
    async with replica.database.transaction() as connection:
        await usage.change_calendar(connection, timeline.id, _zone(timeline))
        await checkpoints.forget(connection, timeline.id)


async def begin(
    connection: Connection, timeline: Timeline, at: int, retained_from: int
) -> tuple[int | None, Past]:
    """Give the latest checkpoint until `at` at which a local hour begins; None: there is none.

    What a dropped month led to is the only one of its time, whether an hour begins there or not.
    """
    zone = _zone(timeline)
    while (nearest := await checkpoints.find_nearest(connection, timeline.id, at)) is not None:
        if nearest[0] == hour_start(nearest[0], zone) or nearest[0] <= retained_from:
            return nearest
        at = nearest[0] - 1
    return None, Past(LotState(), {})


async def _store(replica: Replica, timeline: Timeline, stretch: "Stretch", seq: int) -> bool:
    """Store what was worked up; False when it was overtaken and has to be done again."""
    try:
        async with replica.database.transaction() as connection:
            zone = _zone(timeline)
            await usage.replace(
                connection,
                timeline.id,
                stretch.hours,
                zone=zone,
                start=stretch.begun,
                end=stretch.reached,
            )
            await checkpoints.store(
                connection,
                timeline.id,
                stretch.made,
                through=stretch.reached,
                timezone=zone.key,
                seq=seq,
            )
    except checkpoints.Overtaken:
        return False
    return True


def whole_hour(at: int, zone: ZoneInfo) -> int:
    """Give the first start of a local hour from a moment, us, on."""
    return at if at == hour_start(at, zone) else next_hour(at, zone)


def _zone(timeline: Timeline) -> ZoneInfo:
    return zone_of(timeline.last_layout.lot.timezone)


class Stretch:
    """A stretch of a lot's log as it is worked up: the usage of its hours, and checkpoints."""

    def __init__(
        self, timeline: Timeline, past: Past, since: int | None, *, fine_from: int
    ) -> None:
        """Begin at the checkpoint of `since`, or with the first event."""
        self._timeline = timeline
        self._past = past
        self._zone = _zone(timeline)
        self._fine_from = fine_from
        self._meter: Meter | None = None
        self._fresh = False  # whether there were events since the last checkpoint
        self.begun = self.reached = self._boundary = 0
        self.hours: list[Hour] = []
        self.made: dict[int, checkpoints.Stored] = {}
        self._seen = 0
        if since is not None:
            self._begin(since)
            # of an hour whose beginning was dropped the usage stays as it is
            self.begun = whole_hour(since, self._zone)

    def _begin(self, at: int) -> None:
        self._go_to(at)
        self._meter = Meter(self._timeline, self._past, at)

    def take(self, at: int, entries: Sequence[Entry]) -> bool:
        """Take the events of an instant; False: it has been enough, they are of the next one."""
        if self._meter is None:
            self._begin(bucket_start(at, self._zone, "day"))
        assert self._meter is not None  # noqa: S101 - it has just begun
        if not self._pass(self._meter, at):
            return False
        self._meter.take(at, entries)
        self._fresh = True
        self._seen += len(entries)
        return True

    def finish(self, due: int) -> bool:
        """Go on to `due`, when there are no more events before it; False: it has been enough."""
        if self._meter is None:
            self.reached = due
            return True
        if not self._pass(self._meter, due):
            return False
        self._fresh = self._fresh or not self._meter.idle
        self._keep(due)
        return True

    def drain(self) -> list[Hour]:
        """Give the hours, and go on as if what was done until now had been stored."""
        hours, self.hours = self.hours, []
        self.made.clear()
        self.begun, self._seen = self.reached, 0
        return hours

    def _pass(self, meter: Meter, at: int) -> bool:
        """Go over the ends of hours, and the midnights, up to `at`; False when it is enough."""
        while (end := self._boundary) <= at:
            whole = end == hour_start(end, self._zone)
            enough = whole and (self._seen >= _MOST_EVENTS or len(self.hours) >= _MOST_HOURS)
            if enough or end % DAY == 0 or end > self._fine_from:
                self._fresh = self._fresh or enough
                self._keep(end)
            if whole:
                hour = meter.cut(end)
                if hour.start >= self.begun:
                    self.hours.append(hour)
            self._go_to(end)
            if enough:
                return False
            # until there is an event, or a description by which an old reading is known again
            until = bucket_start(min(at, self._timeline.next_change(end) or at), self._zone, "day")
            if meter.idle and end < until and end == bucket_start(end, self._zone, "day"):
                self._keep(end)  # days in which nothing is known are not stored
                self._go_to(until)
                meter.cut(until)
        return True

    def _go_to(self, at: int) -> None:
        self.reached = at
        self._boundary = min(next_hour(at, self._zone), (at // DAY + 1) * DAY)

    def _keep(self, at: int) -> None:
        if self._fresh:
            self.made[at] = checkpoints.encode(self._past)
            self._fresh = False
