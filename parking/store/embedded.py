"""An embedded PostgreSQL: started by the service, stopped with it, for the service alone.

The rule that must hold: **whoever holds the lock on `<data_dir>/pg.lock` is the server.** It is
taken by whoever is about to start a server, and the locked descriptor is handed down to postgres,
so the kernel keeps the lock exactly as long as any process of that server lives: the postmaster, or
a backend that outlives a killed one. Hence
- the lock not to be had: a server runs, starts or stops. Connect when it answers, never stop it;
- the lock in hand: nobody uses the data folder, so what a crash left there (`postmaster.pid` with a
  number that by now is another process, sockets, a half-made folder) is stale and may go.
Process numbers decide nothing, and processes may start at once.

The server listens on a Unix socket only, in a folder that nobody else may enter, and trusts whoever
can reach it. It dies with the process that started it.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import asyncpg

from parking.store.locks import locked
from parking.store.programs import (
    EmbeddedPostgresError,
    Programs,
    choose_programs,
    choose_way,
    end_of,
    run,
    spawn,
    stop,
)
from parking.store.sockets import PORT, is_private, socket_folder

if TYPE_CHECKING:
    import subprocess

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "data_lock", "running"]

log = logging.getLogger("parking.store.embedded")

START_S = (
    300.0  # recovery after a crash replays up to max_wal_size: seconds; minutes on a slow disk
)
WATCH_S = 0.5  # how soon a server that died is noticed

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "192MB",
    "max_wal_size": "2GB",  # bounds what a restart after a crash has to replay
    "wal_compression": "on",
    "jit": "off",  # short queries: compiling costs more than it gains
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
    # A file for each hour of the day, overwritten a day later: bounded without any housekeeping.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%H.log",
    "log_rotation_age": "60",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_min_error_statement": "panic",  # statements may carry what the log need not keep
}

DATABASE_EXISTS = "SELECT true FROM pg_database WHERE datname = 'parking'"
CREATE_DATABASE = "CREATE DATABASE parking"


class EmbeddedPostgres:
    """The server of one data folder: started here, or found running and joined."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.expanduser().resolve()
        self._folder = self._data_dir / "pg"
        self._sockets = socket_folder(self._folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def dsn(self) -> str:
        """Address of the database `parking`, as asyncpg and libpq take it."""
        return self._dsn("parking")

    @property
    def pid(self) -> int | None:
        """The server's process if it was started here, else `None`."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Return when the database answers; from then on keep the server up until `stop`.

        Call it in the main thread: the server dies with the thread that started it.
        Raises `EmbeddedPostgresError`.
        """
        await self._start_or_join()
        self._watcher = asyncio.create_task(self._keep_up(), name="embedded-postgres")

    async def stop(self) -> None:
        """Stop the server if it was started here; takes 5 s or a little more at most."""
        if self._watcher:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        if self._process:
            await stop(self._process)
            await self._until_unlocked()
            log.info("PostgreSQL has stopped")
        self._forget_process()

    async def _until_unlocked(self) -> None:
        """Wait for the postmaster's last helper, the logger, which goes a moment after it."""
        deadline = time.monotonic() + 1  # longer only if another process has started a server
        while time.monotonic() < deadline:
            with data_lock(self._data_dir) as lock:
                if lock is not None:
                    return
            await asyncio.sleep(0.005)

    async def _keep_up(self) -> None:
        """Start the server again when it died, also one that another process had started."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                if self._process and self._process.poll() is None:
                    continue
                with data_lock(self._data_dir) as lock:
                    if lock is None:
                        continue
                log.error("PostgreSQL is gone: starting it again")
                await self._start_or_join()
            except (EmbeddedPostgresError, OSError):
                log.exception("PostgreSQL does not start")

    async def _start_or_join(self) -> None:
        self._forget_process()
        started = told = time.monotonic()
        while True:
            # First the lock, then the question: an answer may come from a server about to go.
            if self._process is None:
                with data_lock(self._data_dir) as lock:
                    if lock is not None:
                        await self._launch(lock)
            if await self._answers():
                return
            if self._process and self._process.poll() is not None:
                raise EmbeddedPostgresError(f"PostgreSQL ended at once:\n{self._tail()}")
            if time.monotonic() > started + START_S:
                raise EmbeddedPostgresError(f"no answer in {START_S:.0f} s:\n{self._tail()}")
            if time.monotonic() > told + 5:
                told = time.monotonic()
                log.info("waiting for PostgreSQL: it recovers, or another process stops it")
            await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        """Whether the server takes connections; sees to it that the database exists."""
        if not is_private(self._sockets, self._folder):
            return False
        try:
            connection = await asyncpg.connect(self._dsn("postgres"), timeout=5)
            try:
                if not await connection.fetchval(DATABASE_EXISTS):
                    await connection.execute(CREATE_DATABASE)
            finally:
                await connection.close(timeout=5)
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            return True  # another process was quicker to create it
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def _launch(self, lock: int) -> None:
        """Start postgres on the data folder, which nobody else uses: `lock` proves it."""
        programs = choose_programs(self._folder)
        if not (self._folder / "PG_VERSION").exists():
            await self._create_folder(programs, lock)
        way = choose_way(programs, self._folder)
        if not self._sockets.is_dir():
            self._sockets.mkdir(mode=0o700)
            os.chown(self._sockets, way.uid, way.gid)
        if not is_private(self._sockets, self._folder):
            raise EmbeddedPostgresError(f"{self._sockets} is open to others: remove it")
        (self._folder / "postmaster.pid").unlink(missing_ok=True)
        for stale in self._sockets.glob(".s.PGSQL.*"):
            stale.unlink()
        log.info("starting PostgreSQL %s in %s", programs.version, self._folder)
        sockets = str(self._sockets).replace('"', '""')
        settings = SETTINGS | {"unix_socket_directories": f'"{sockets}"'}
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = spawn(
            way,
            [
                programs.folder / "postgres",
                *("-D", self._folder),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            output=self._output,
            dies_by=signal.SIGINT,
            keep=(lock,),
        )

    async def _create_folder(self, programs: Programs, lock: int) -> None:
        """Make the data folder beside its place and move it there whole: never half of one."""
        if self._folder.exists() and any(self._folder.iterdir()):
            raise EmbeddedPostgresError(f"{self._folder} is neither empty nor a database folder")
        log.info("preparing a database in %s (once, a second or two)", self._folder)
        for unfinished in self._data_dir.glob("pg.new-*"):
            shutil.rmtree(unfinished)
        new = Path(tempfile.mkdtemp(prefix="pg.new-", dir=self._data_dir))
        way = choose_way(programs, new)
        options = ("--no-locale", "-E", "UTF8", "-U", "parking", "-A", "trust")
        initdb = (programs.folder / "initdb", *options, "-D", new)
        await run(way, initdb, seconds=START_S, keep=(lock,))
        new.rename(self._folder)  # noqa: ASYNC240 - nothing else runs yet

    def _dsn(self, database: str) -> str:
        return f"postgresql://parking@/{database}?host={quote(str(self._sockets))}&port={PORT}"

    def _tail(self) -> str:
        """Return what PostgreSQL said last: on its way up, and in its log of this hour."""
        said = end_of(self._output) if self._output else ""
        logs = (self._folder / "log").glob("*.log")
        for newest in sorted(logs, key=lambda path: path.stat().st_mtime)[-1:]:
            with newest.open("rb") as file:
                said += f"\n{newest}:\n{end_of(file)}"
        return said

    def _forget_process(self) -> None:
        self._process = None
        if self._output:
            self._output.close()
            self._output = None


@contextlib.asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[str]:
    """Run the server of `data_dir`, or join the one that runs; yields its database's address.

    Raises `EmbeddedPostgresError`.
    """
    server = EmbeddedPostgres(data_dir)
    try:
        await server.start()
        yield server.dsn
    finally:
        await server.stop()


@contextlib.contextmanager
def data_lock(data_dir: Path) -> Iterator[int | None]:
    """Yield the locked descriptor, or `None` while a server of this data folder lives."""
    with contextlib.ExitStack() as stack:
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(locked(data_dir / "pg.lock"))
        except OSError as error:
            raise EmbeddedPostgresError(
                f"cannot use the data folder {data_dir}: {error}"
            ) from error
        yield lock
