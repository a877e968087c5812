"""Months of the log: made ahead, and dropped when they are older than what is retained."""

from parking.live.replica import Replica
from parking.store import months
from parking.store.partitions import list_months, make_months, month_of, month_start

_MONTHS_AHEAD = 2


async def make_ahead(replica: Replica) -> None:
    """Make the months that events will come for."""
    this = month_of(replica.clock())
    async with replica.database.connection() as connection:
        await make_months(connection, {this + ahead for ahead in range(_MONTHS_AHEAD + 1)})


async def drop_old(replica: Replica, oldest: int) -> list[int]:
    """Drop the months that were over before `oldest` (us) and are worked up; gives them."""
    async with replica.database.connection() as connection:
        there = sorted(await list_months(connection))
    dropped = []
    for month in there:
        if month_start(month + 1) > oldest:
            break
        async with replica.database.connection() as connection:
            if not await months.drop(connection, month):
                break
        dropped.append(month)
    return dropped
