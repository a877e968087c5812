"""Metering on demand: hours that are not stored, from the log or because nothing was known."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from parking.domain.calendar import hour_start, next_hour, steady_until
from parking.domain.hours import next_change
from parking.domain.instants import DAY, HOUR
from parking.domain.meter import Meter, Past
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.domain.usage import Hour, Scope, Tally
from parking.live.turns import pause
from parking.store import checkpoints, history
from parking.store.database import Connection

_AT_ONCE = 366 * DAY
_RUNS_AT_ONCE = 10


async def meter_log(
    connection: Connection, timeline: Timeline, zone: ZoneInfo, through: int, end: int
) -> list[Hour]:
    """Meter a lot's log from `through`, the start of an hour, up to `end`, us; the last ends there.

    Hours in which there is nothing to be known may be left out.
    """
    voided = await history.list_voided(connection, timeline.id)
    nearest = await checkpoints.find_nearest(connection, timeline.id, through)
    since, past = (None, Past(LotState(), {})) if nearest is None else nearest
    done: list[Hour] = []
    meter: Meter | None = None
    boundary = 0
    async for at, entries in history.instants(connection, timeline.id, voided, since, end):
        if meter is None:
            start = hour_start(at, zone) if since is None else since
            meter, boundary = Meter(timeline, past, start), next_hour(start, zone)
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


@dataclass(frozen=True, slots=True)
class Run:
    """Hours one after the other that have the same tallies: each from a bound to the next, us."""

    bounds: list[int]
    tallies: Mapping[Scope, Tally]
    opened: Mapping[Scope, Tally]


async def meter_silence(
    timeline: Timeline, zone: ZoneInfo, state: LotState, start: int, end: int
) -> list[Run]:
    """Meter hours of [start, end) in which nothing was known, so that only capacity goes by.

    `state` tells whether the lot was said to be closed.
    """
    runs: list[Run] = []
    at = start
    while at < end:
        like_this = _unchanging(timeline, at, end)
        following = min(next_hour(at, zone), end)
        hour = Meter(timeline, Past(state, {}), at).cut(following)
        bounds, width = [at, following], following - at
        # further hours under the same description, all open or all closed, are the same
        while (at := bounds[-1]) < like_this:
            following = next_hour(at, zone)
            if following > like_this or following - at != width:
                break
            bounds.append(following)
            if width == HOUR:
                steady = steady_until(following, min(like_this, following + _AT_ONCE), zone)
                bounds += range(following + HOUR, steady + 1, HOUR)
                await pause()
        runs.append(Run(bounds, hour.tallies, hour.opened))
        if len(runs) % _RUNS_AT_ONCE == 0:
            await pause()
    return runs


def _unchanging(timeline: Timeline, at: int, end: int) -> int:
    """Give until when, `end` at most, description and opening hours stay as they are at `at`."""
    layout = timeline.at(at)
    changes = [timeline.next_change(at), None if layout is None else next_change(layout.lot, at)]
    return min([end, *(change for change in changes if change is not None)])
