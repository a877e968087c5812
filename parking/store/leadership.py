"""Leadership: of several instances one does the jobs, held by a lock of its database session."""

import asyncio
import contextlib

import asyncpg

from parking.store.database import AWAY, connect

_LOCK = 0x6C656164  # "lead"


class Leadership:
    """Tries for the lock whenever it is asked; a lost connection loses it."""

    def __init__(self, dsn: str) -> None:
        """Connect when first asked."""
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None
        self._leading = False
        self._asking = asyncio.Lock()  # several jobs ask at once: they share one session

    async def held(self) -> bool:
        """Whether this instance leads now; False also when the database is away."""
        async with self._asking:
            return await self._held()

    async def _held(self) -> bool:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection, self._leading = await connect(self._dsn), False
            if self._leading:
                await self._connection.fetchval("SELECT 1")
            else:
                self._leading = await self._connection.fetchval(
                    "SELECT pg_try_advisory_lock($1)", _LOCK
                )
        except AWAY:
            self.close()
        return self._leading

    def close(self) -> None:
        """Let go of the lock and the connection."""
        connection, self._connection = self._connection, None
        self._leading = False
        if connection is not None:
            with contextlib.suppress(*AWAY):
                connection.terminate()
