"""The walk: every lot's log is worked up hour by hour, each time from where it is still right.

An hour is worked up when it has been over for a while. The state at its end is kept as a checkpoint;
an event that comes later than that takes the lot back to before its moment (in its own
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
        made, reached = await _fold_hours(
            connection, timeline, voided, state, since, due, replica.clock()
        )
    async with replica.database.transaction() as connection:
        kept = await checkpoints.store(connection, timeline.id, made, reached, head.seq)
    return kept and reached == due


async def _fold_hours(
    connection: asyncpg.Connection,
    timeline: Timeline,
    voided: set[str],
    state: LotState,
    since: int | None,
    due: int,
    now: int,
) -> tuple[dict[int, bytes], int]:
    """Fold the log from `since` on; gives the states at the ends of hours, and how far it came."""
    made: dict[int, bytes] = {}
    hour: int | None = None  # the end of the hour of the events at hand
    seen = 0
    async for entry in history.in_order(connection, timeline.id, since, due):
        end = -(-entry.at // HOUR) * HOUR  # an event at the full hour belongs to what it ends
        if hour is not None and end > hour:
            if _kept(hour, end, now):
                made[hour] = checkpoints.encode_state(settle(state))
            if seen >= _MOST_EVENTS:
                return made, hour
        hour = end
        seen += 1
        if entry.id not in voided and not isinstance(entry.event, Void):
            fold(state, entry, timeline)
    if hour is not None:
        made[hour] = checkpoints.encode_state(settle(state))
    return made, due


def _kept(hour: int, following: int, now: int) -> bool:
    """Whether the state at `hour` is worth keeping, when the next event's hour is `following`."""
    return hour > now - _FINE or hour // DAY != (following - 1) // DAY
