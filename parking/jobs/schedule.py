"""What is done by the clock: following the log up, snapshots, the walk, months of the log."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from parking import metrics
from parking.domain.instants import DAY
from parking.errors import DatabaseAway
from parking.jobs import check, quality, retention, walk
from parking.live.repeats import Repeats
from parking.live.replica import Replica
from parking.live.verdicts import Verdicts
from parking.store.leadership import Leadership

log = logging.getLogger("parking.jobs")

MEASURE_SECONDS = 30.0
SNAPSHOT_SECONDS = 20.0
WALK_SECONDS = 10.0
MONTHS_SECONDS = 600.0
DROP_SECONDS = 10.0
CHECK_SECONDS = 300.0
QUALITY_SECONDS = 60.0
QUALITY_SHARE = 0.1
"""Of the time, at most, in which quality is judged: with much to read a round takes longer."""


async def every(seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` now and again every so many seconds, until cancelled.

    While the database is away it waits; another failure is logged and does not end it.
    """
    while True:
        try:
            await work()
        except DatabaseAway:
            log.info("%s waits for the database", name)
        except Exception:  # a job that fails must not end the service
            log.exception("%s failed", name)
        await asyncio.sleep(seconds)


class Jobs:
    """The jobs that one instance at a time does for all."""

    def __init__(
        self,
        replica: Replica,
        oldest: Callable[[int], int],
        leadership: Leadership,
        verdicts: Verdicts,
        repeats: Repeats,
    ) -> None:
        """Work on `replica`'s database while leading; `oldest` tells what is retained at a time.

        What is found of lots is put into `verdicts`; `repeats` are this instance's own.
        """
        self._replica = replica
        self._oldest = oldest
        self._leadership = leadership
        self._verdicts = verdicts
        self._repeats = repeats
        self._checked = self._thinned = replica.clock() // DAY

    async def walk(self) -> None:
        """Work up the hours that are due."""
        if await self._leadership.held():
            await walk.walk_all(self._replica)

    async def judge(self) -> None:
        """Store this instance's duplicates; judge all lots, and once a day forget old sheets."""
        await self._repeats.store(self._replica.database)
        if not await self._leadership.held():
            self._verdicts.keep(set())
            return
        await quality.judge_all(self._replica, self._verdicts, QUALITY_SHARE)
        day = self._replica.clock() // DAY
        if day != self._thinned:
            await quality.thin_out(self._replica)
            self._thinned = day

    async def make_months(self) -> None:
        """Make months of the log ahead."""
        await retention.make_ahead(self._replica)

    async def drop_months(self) -> None:
        """Drop the months of the log that are not retained any longer."""
        if await self._leadership.held():
            await retention.drop_old(self._replica, self._oldest(self._replica.clock()))

    async def check(self) -> None:
        """Check what was stored of a day, once in the night of UTC."""
        night = self._replica.clock() // DAY
        if night != self._checked and await self._leadership.held():
            await check.check_night(self._replica)
            self._checked = night

    async def measure(self) -> None:
        """Tell the metrics how far the jobs are, and how large the database is."""
        await walk.measure_behind(self._replica)
        metrics.database_size.set(await self._replica.database.size())

    async def run(self) -> None:
        """Do all of it by the clock until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(every(SNAPSHOT_SECONDS, "snapshot", self._replica.save))
            group.create_task(every(WALK_SECONDS, "walk", self.walk))
            group.create_task(every(MONTHS_SECONDS, "making months", self.make_months))
            group.create_task(every(CHECK_SECONDS, "check", self.check))
            group.create_task(every(QUALITY_SECONDS, "quality", self.judge))
            group.create_task(every(DROP_SECONDS, "dropping months", self.drop_months))
            group.create_task(every(MEASURE_SECONDS, "measuring", self.measure))
