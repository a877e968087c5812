"""The walk: every lot's log is worked up hour by hour, each time from where it is still right.

An hour is worked up when it has been over for a while. The state at its end is kept as a
checkpoint; an event that comes later than that takes the lot back to before its moment (in its own
transaction, see `store.checkpoints`), and the walk goes over those hours again.
"""

import logging

import asyncpg

from parking import metrics
from parking.domain.availability import fold, settle
from parking.domain.events import Void
from parking.domain.instants import DAY, HOUR
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.live.replica import Replica
from parking.store import checkpoints, history

log = logging.getLogger("parking.jobs.walk")

_MOST_EVENTS = 100_000
_FINE = 3 * DAY
"""How far back checkpoints are kept for every hour; before that, for midnights UTC."""


def last_whole_hour(now: int) -> int:
    """Give the end of the last hour that may be worked up at `now`, us."""
    return (now - checkpoints.LAG) // HOUR * HOUR


async def walk_all(replica: Replica) -> int:
    """Work up what is due of all lots; gives the number of lots that had something."""
    async with replica.database.connection() as connection:
        progress = await checkpoints.list_progress(connection)
    due = last_whole_hour(replica.clock())
    behind = [live.timeline for live in replica.board.all_lots() if progress.get(live.id, 0) < due]
    metrics.checkpoint_lots_behind.set(len(behind))
    for timeline in behind:
        while not await walk(replica, timeline, due):
            pass
        metrics.checkpoint_lots_behind.dec()
    if behind:
        async with replica.database.connection() as connection:
            await checkpoints.thin_out(connection, replica.clock() - _FINE)
    return len(behind)


async def walk(replica: Replica, timeline: Timeline, due: int) -> bool:
    """Work up a stretch of a lot's log until `due` at most; True when it got there."""
    async with replica.database.transaction("repeatable_read") as connection:
        head = await history.get_head(connection)
        voided = await history.list_voided(connection, timeline.id)
        through = await checkpoints.find_progress(connection, timeline.id)
        nearest = await checkpoints.find_nearest(
            connection, timeline.id, due if through is None else through
        )
        since, state = (None, LotState()) if nearest is None else nearest
        hours = _Hours(timeline, voided, state, fine_from=replica.clock() - _FINE)
        reached = await hours.fold(connection, since, due)
    async with replica.database.transaction() as connection:
        kept = await checkpoints.store(connection, timeline.id, hours.made, reached, head.seq)
    return kept and reached == due


class _Hours:
    """The states of a lot at the ends of hours, as its log is folded in order."""

    def __init__(
        self, timeline: Timeline, voided: set[str], state: LotState, *, fine_from: int
    ) -> None:
        self._timeline = timeline
        self._voided = voided
        self._state = state
        self._fine_from = fine_from
        self.made: dict[int, bytes] = {}

    async def fold(self, connection: asyncpg.Connection, since: int | None, due: int) -> int:
        """Fold the log from `since` on, to `due` or until it has been enough; gives how far."""
        hour: int | None = None  # the end of the hour of the events at hand
        seen = 0
        async for entry in history.in_order(connection, self._timeline.id, since, due):
            end = -(-entry.at // HOUR) * HOUR  # an event at the full hour is of what it ends
            if hour is not None and end > hour:
                enough = seen >= _MOST_EVENTS
                if enough or self._is_kept(hour, end):
                    self._keep(hour)
                if enough:
                    return hour
            hour = end
            seen += 1
            if entry.id not in self._voided and not isinstance(entry.event, Void):
                fold(self._state, entry, self._timeline)
        if hour is not None:
            self._keep(hour)
        return due

    def _keep(self, hour: int) -> None:
        self.made[hour] = checkpoints.encode_state(settle(self._state))

    def _is_kept(self, hour: int, following: int) -> bool:
        """Whether `hour` is worth keeping when the next event's hour is `following`."""
        return hour > self._fine_from or (hour - 1) // DAY != (following - 1) // DAY
