"""Months of the log: made ahead, and dropped when they are older than what is retained.

A month goes whole, and only when every lot's hours are worked up past its end. What it led to
stays: the last checkpoint of each lot before its end, from which later moments are read, and all
voids.
"""

import logging

import asyncpg

from parking.domain.instants import moment
from parking.live.replica import Replica
from parking.store.partitions import drop_month, list_months, make_months, month_of, month_start

log = logging.getLogger("parking.jobs.retention")

_MONTHS_AHEAD = 2
_HOLD = "SELECT retained_from FROM log_head FOR UPDATE"
_RETAIN = "UPDATE log_head SET retained_from = greatest(retained_from, $1)"
_BEHIND = """
SELECT EXISTS (
    SELECT FROM (SELECT DISTINCT lot FROM lot_change) l LEFT JOIN lot_progress p USING (lot)
    WHERE p.through IS NULL OR p.through < $1
)
"""
_FORGET = """
DELETE FROM checkpoint c WHERE at < $1 AND EXISTS (
    SELECT FROM checkpoint n WHERE n.lot = c.lot AND n.at > c.at AND n.at <= $1
)
"""


async def make_ahead(replica: Replica) -> None:
    """Make the months that events will come for."""
    this = month_of(replica.clock())
    async with replica.database.connection() as connection:
        await make_months(connection, {this + ahead for ahead in range(_MONTHS_AHEAD + 1)})


async def drop_old(replica: Replica, oldest: int) -> list[int]:
    """Drop the months that were over before `oldest` (us) and are worked up; gives them."""
    async with replica.database.connection() as connection:
        months = sorted(await list_months(connection))
    dropped = []
    for month in months:
        end = month_start(month + 1)
        if end > oldest:
            break
        async with replica.database.transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = '3s'")
            if not await _drop(connection, month, end):
                break
        dropped.append(month)
    return dropped


async def _drop(connection: asyncpg.Connection, month: int, end: int) -> bool:
    """Drop a month with the head locked, so that nothing is added to it; False: not worked up."""
    await connection.execute(_HOLD)
    if await connection.fetchval(_BEHIND, moment(end)):
        log.info("the log before %s is not yet worked up and stays", moment(end))
        return False
    await connection.execute(_RETAIN, moment(end))
    await connection.execute(_FORGET, moment(end))
    await drop_month(connection, month)
    log.info("dropped the log before %s", moment(end))
    return True
