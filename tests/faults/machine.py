"""One machine: a service and the PostgreSQL that it brings along, to be killed in any order."""

import asyncio
import contextlib
import os
import random
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from parking.store.embedded import EmbeddedPostgres
from tests.e2e.wire import until
from tests.service import RunningService, running_services

_OURS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'parking'"


class Machine:
    """A running service with its database in `folder`; closed at the end of the block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.service = RunningService("", secrets.token_hex(20), {"PARKING_DATA_DIR": str(folder)})
        self.database_url = EmbeddedPostgres(folder).dsn

    def __enter__(self) -> Self:
        try:
            self.service.start()
        except BaseException:
            self.service.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.service.close()

    def kill_service(self) -> None:
        self.service.kill()

    def kill_database(self) -> None:
        """Kill the postmaster; its helpers find out by themselves."""
        os.kill(self._postmaster(), signal.SIGKILL)

    def kill_both(self, chance: random.Random) -> None:
        """Kill service and postmaster, one right after the other."""
        postmaster = self._postmaster()
        if chance.random() < 0.5:
            os.kill(postmaster, signal.SIGKILL)
            self.service.kill()
        else:
            self.service.process.kill()
            os.kill(postmaster, signal.SIGKILL)
            self.service.kill()

    async def kill_session(self, chance: random.Random) -> None:
        """Kill the process of one of the service's sessions; PostgreSQL then ends all the others.

        It takes such a death for a sign of broken memory, and recovers from its log.
        """
        connection = await asyncpg.connect(self.database_url)
        try:
            sessions = [row["pid"] for row in await connection.fetch(_OURS)]
            os.kill(chance.choice(sessions), signal.SIGKILL)
            await until(lambda: _noticed(connection))
        finally:
            connection.terminate()

    async def start_service(self, chance: random.Random) -> int:
        """Start it again, now and then killing it on its way up; gives how often that was."""
        kills = 0
        while chance.random() < 0.25:
            self.service.start(wait=False)
            # a moment of its start, whichever: there is nothing to wait for
            await asyncio.sleep(chance.uniform(0, 1))
            self.service.kill()
            kills += 1
        await asyncio.to_thread(self.service.start)
        return kills

    def _postmaster(self) -> int:
        return int((self._folder / "pg" / "postmaster.pid").read_text().split()[0])


@contextlib.asynccontextmanager
async def running(
    database_url: str, count: int = 1, **env: str
) -> AsyncIterator[tuple[RunningService, ...]]:
    """Run services as `running_services` does, while whatever leads to their database goes on."""
    services = running_services(database_url, count, **env)
    try:
        yield await asyncio.to_thread(services.__enter__)
    finally:
        await asyncio.to_thread(services.__exit__, None, None, None)


async def _noticed(connection: asyncpg.Connection) -> bool:
    return bool(connection.is_closed())
