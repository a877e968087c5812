"""Connections to PostgreSQL, and its errors translated into the house's own."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import asyncpg

from parking.errors import DatabaseAway

log = logging.getLogger("parking.store")

Connection = asyncpg.Connection
QueryError = asyncpg.PostgresError
_SIZE = "SELECT pg_database_size(current_database())"

_CONNECT_SECONDS = 3.0
_COMMAND_SECONDS = 30.0
_SETTINGS = {
    "application_name": "parking",
    "timezone": "UTC",
    "jit": "off",
    # An instance that the network has lost must not hold the log's head locked for all others.
    "idle_in_transaction_session_timeout": "15s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}

AWAY = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,  # connections, memory, disk
    asyncpg.OperatorInterventionError,  # shutting down, starting up, cancelled
    asyncpg.IdleInTransactionSessionTimeoutError,  # the network was lost for a while
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.PostgresSystemError,  # I/O errors
    asyncpg.ReadOnlySQLTransactionError,  # a standby after a failover
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InternalClientError,
)
"""What the driver raises when the database cannot do its work now, and may later."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise DatabaseAway for whatever says that the database cannot be used now."""
    try:
        yield
    except AWAY as error:
        log.warning("database away: %s: %s", type(error).__name__, error)
        raise DatabaseAway(
            "The database cannot be reached; try again.", headers={"Retry-After": "2"}
        ) from error


async def connect(dsn: str, *, command_seconds: float = _COMMAND_SECONDS) -> asyncpg.Connection:
    """Open one connection; raises what asyncpg raises."""
    return await asyncpg.connect(
        dsn,
        timeout=_CONNECT_SECONDS,
        command_timeout=command_seconds,
        server_settings=_SETTINGS,
    )


@contextlib.asynccontextmanager
async def transaction_on(
    connection: asyncpg.Connection, isolation: Any = "read_committed"
) -> AsyncIterator[None]:
    """Run a transaction; one that timed out or was cancelled is left to end with its connection."""
    transaction = connection.transaction(isolation=isolation)
    await transaction.start()
    async with _ended(transaction.commit, transaction.rollback):
        yield


@contextlib.asynccontextmanager
async def transaction_with(connection: asyncpg.Connection, statement: str) -> AsyncIterator[str]:
    """Do the same, with a first statement in the same round trip; gives what its status says.

    Not within another one.
    """
    execute = connection.execute
    async with _ended(lambda: execute("COMMIT"), lambda: execute("ROLLBACK")):
        yield await execute(f"BEGIN ISOLATION LEVEL READ COMMITTED; {statement}")


@contextlib.asynccontextmanager
async def _ended(
    commit: Callable[[], Awaitable[object]], rollback: Callable[[], Awaitable[object]]
) -> AsyncIterator[None]:
    """End a transaction as its work ended.

    The driver would wait for the answer to a ROLLBACK as long again as for what timed out.
    """
    try:
        yield
    except (TimeoutError, asyncio.CancelledError):
        raise
    except BaseException:
        await rollback()
        raise
    else:
        await commit()


class Database:
    """A pool for reads and rare writes; the log's writer has a connection of its own."""

    def __init__(self, dsn: str, pool: asyncpg.Pool) -> None:
        """Take an open pool; `open_database` makes both."""
        self.dsn = dsn
        self._pool = pool

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection; DatabaseAway when there is none to be had."""
        with translated():
            async with self._pool.acquire(timeout=_CONNECT_SECONDS) as connection:
                try:
                    yield connection
                except (TimeoutError, asyncio.CancelledError) as error:
                    # the driver would wait for an answer first, and forget the cancellation
                    connection.terminate()
                    if isinstance(error, TimeoutError):  # the others may be as dead: replace them
                        await self._pool.expire_connections()
                    raise

    @contextlib.asynccontextmanager
    async def transaction(self, isolation: Any = "read_committed") -> AsyncIterator[Any]:
        """Lend a connection in a transaction."""
        async with self.connection() as connection, transaction_on(connection, isolation):
            yield connection

    async def ping(self) -> None:
        """Ask for an answer; DatabaseAway when none comes."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1", timeout=_CONNECT_SECONDS)

    async def size(self) -> int:
        """Give the size of the database on its disk, bytes; DatabaseAway when it cannot tell."""
        async with self.connection() as connection:
            size: int = await connection.fetchval(_SIZE)
        return size


@contextlib.asynccontextmanager
async def open_database(dsn: str) -> AsyncIterator[Database]:
    """Open the pool, and close it at the end however busy it is."""
    with translated():
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,  # so that it can be opened before the database is there
            max_size=12,
            timeout=_CONNECT_SECONDS,
            command_timeout=_COMMAND_SECONDS,
            server_settings=_SETTINGS,
            max_inactive_connection_lifetime=60,
        )
    try:
        yield Database(dsn, pool)
    finally:
        try:
            await asyncio.wait_for(pool.close(), 1)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pool.terminate()
