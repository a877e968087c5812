"""Dropping old months of the log, so that what they led to stays.

A month goes whole, and only when every lot's hours are worked up past its end. What it led to
stays: its usage rows, the last checkpoint of each lot until its end, from which later moments are
read, and all voids. First nothing more is let in, then its identities go, then its table; whatever
cuts this off, it is taken up again.
"""

import logging

import asyncpg

from parking.domain.instants import moment
from parking.store.database import transaction_on
from parking.store.partitions import drop_partition, month_start

log = logging.getLogger("parking.store.months")

_IDENTITIES_AT_ONCE = 50_000
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
_IDENTITIES = """
DELETE FROM event_identity WHERE (lot, digest) IN (
    SELECT lot, digest FROM event_identity WHERE observed_at < $1 LIMIT $2
)
"""


async def drop(connection: asyncpg.Connection, month: int) -> bool:
    """Drop a month, the connection not being in a transaction.

    False: some lot is not worked up that far, and nothing was done.
    """
    end = moment(month_start(month + 1))
    async with transaction_on(connection):
        retained_from = await connection.fetchval(_HOLD)
        if retained_from < end:
            if await connection.fetchval(_BEHIND, end):
                log.info("the log before %s is not yet worked up and stays", end)
                return False
            await connection.execute(_RETAIN, end)
            await connection.execute(_FORGET, end)
    while await connection.execute(_IDENTITIES, end, _IDENTITIES_AT_ONCE) != "DELETE 0":
        continue
    async with transaction_on(connection):
        await connection.execute("SET LOCAL lock_timeout = '3s'")
        await drop_partition(connection, month)
    log.info("dropped the log before %s", end)
    return True
