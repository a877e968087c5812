"""A primary PostgreSQL and its synchronous standby, of the programs that the embedded one is of."""

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg

from parking.store.programs import Way, choose_programs, choose_way, end_of, ended, spawn, stop

PATIENCE_S = 30.0
STANDBY = "standby"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "wal_level": "replica",
    "shared_buffers": "32MB",
    "max_wal_size": "64MB",
}
_IN_SYNC = "SELECT true FROM pg_stat_replication WHERE sync_state = 'sync'"


class Primary:
    """A server in a folder of its own; `url` is the address of its database `parking`."""

    def __init__(self, folder: Path) -> None:
        self.sockets = folder
        self._folder = folder / "pg"
        self._process: subprocess.Popen[bytes] | None = None
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`

    def url(self, database: str = "parking") -> str:
        return f"postgresql://parking@/{database}?host={self.sockets}&port=5432"

    async def create(self) -> None:
        """Make the database folder of a new primary."""
        options = ("--no-locale", "-E", "UTF8", "-U", "parking", "-A", "trust")
        await self._do("initdb", *options, "-D", str(self._folder))

    async def copy(self, primary: "Primary") -> None:
        """Make the database folder of a standby that follows `primary`."""
        source = f"host={primary.sockets} port=5432 user=parking application_name={STANDBY}"
        options = ("--wal-method=stream", "--write-recovery-conf", "--checkpoint=fast")
        await self._do("pg_basebackup", "-d", source, *options, "-D", str(self._folder))

    async def start(self, **settings: str) -> None:
        """Return when it takes connections."""
        programs = choose_programs(self._folder)
        chosen = _SETTINGS | {"unix_socket_directories": str(self.sockets)} | settings
        given = (f"--{name}={value}" for name, value in chosen.items())
        self._process = spawn(
            self._way(),
            [programs.folder / "postgres", "-D", self._folder, *given],
            output=self._output,
            dies_by=signal.SIGQUIT,
        )
        deadline = time.monotonic() + PATIENCE_S
        while not await self._answers():
            assert time.monotonic() < deadline, end_of(self._output)
            await asyncio.sleep(0.02)

    async def ask(self, sql: str, database: str = "postgres") -> object:
        connection = await asyncpg.connect(self.url(database), timeout=PATIENCE_S)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    def kill(self) -> None:
        """Kill the postmaster, as the loss of its machine would."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE_S)

    async def promote(self) -> None:
        """Make a standby the primary."""
        assert await self.ask("SELECT pg_promote(true, 30)")

    async def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            await stop(self._process)
        self._output.close()

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, end_of(self._output)
        try:
            return await self.ask("SELECT true") is True
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    async def _do(self, program: str, *options: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True)
        way = self._way()
        os.chown(self.sockets, way.uid, way.gid)
        programs = choose_programs(self._folder)
        command: Sequence[str | Path] = (programs.folder / program, *options)
        process = spawn(way, command, output=self._output, dies_by=signal.SIGKILL)
        assert await ended(process, PATIENCE_S), f"{program} takes too long"
        assert process.returncode == 0, end_of(self._output)

    def _way(self) -> Way:
        return choose_way(choose_programs(self._folder), self._folder)


@contextlib.asynccontextmanager
async def replicated(folder: Path) -> AsyncIterator[tuple[Primary, Primary]]:
    """Run a primary, which confirms nothing that its standby does not have, and the standby."""
    primary, standby = Primary(folder / "a"), Primary(folder / "b")
    try:
        await primary.create()
        await primary.start(synchronous_standby_names=STANDBY)
        await standby.copy(primary)
        await standby.start()
        deadline = time.monotonic() + PATIENCE_S
        while not await primary.ask(_IN_SYNC):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        await primary.ask("CREATE DATABASE parking")
        yield primary, standby
    finally:
        await primary.close()
        await standby.close()
