"""Dropping old months of the log, so that what they led to stays.

A month goes whole, and only when every lot's hours are worked up past its end. What it led to
stays: its usage rows, the last checkpoint of each lot until its end, from which later moments are
read, and all voids.
"""

import logging

import asyncpg

from parking.domain.instants import moment
from parking.store.partitions import drop_month, month_start

log = logging.getLogger("parking.store.months")

_HOLD = "SELECT 1 FROM log_head FOR UPDATE"
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


async def drop(connection: asyncpg.Connection, month: int) -> bool:
    """Drop a month in the caller's transaction, with the head locked so that nothing comes in.

    False: some lot is not worked up that far, and nothing was done.
    """
    end = moment(month_start(month + 1))
    await connection.execute("SET LOCAL lock_timeout = '3s'")
    await connection.execute(_HOLD)
    if await connection.fetchval(_BEHIND, end):
        log.info("the log before %s is not yet worked up and stays", end)
        return False
    await connection.execute(_RETAIN, end)
    await connection.execute(_FORGET, end)
    await drop_month(connection, month)
    log.info("dropped the log before %s", end)
    return True
