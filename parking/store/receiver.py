"""The write-ahead log (WAL) of a running server, received beside whatever else is done.

The rule that must hold: after `reach`, the folder has the WAL up to that place, on the disk. The
server keeps what is not received yet, by a slot that goes with the session, however that ends.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import asyncpg

from parking.store.database import connect, translated
from parking.store.programs import (
    EmbeddedPostgresError,
    Programs,
    Way,
    end_of,
    ended,
    spawn,
)

_ASK_S = 0.05
_STOP_S = 30.0
_PARTIAL = ".partial"
_KEEP = "SELECT pg_create_physical_replication_slot($1, true, true)"
_RECEIVED = """
SELECT flush_lsn >= $2::text::pg_lsn FROM pg_stat_replication
WHERE application_name = $1 AND state = 'streaming'
"""


class Receiver:
    """Receives for as long as its block lasts; made by `receiving`."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        output: IO[bytes],
        connection: asyncpg.Connection,
        name: str,
    ) -> None:
        """Take a process that streams by the name `name`, what it says, and a way to ask."""
        self._process = process
        self._output = output
        self._connection = connection
        self._name = name

    async def reach(self, lsn: str) -> None:
        """Wait until the WAL is there up to `lsn`; EmbeddedPostgresError if it ends before."""
        while not await self._is_received(lsn):
            if self._process.poll() is not None:
                raise EmbeddedPostgresError(f"pg_receivewal failed:\n{end_of(self._output)}")
            await asyncio.sleep(_ASK_S)

    async def _is_received(self, lsn: str) -> bool:
        with translated():
            return bool(await self._connection.fetchval(_RECEIVED, self._name, lsn))


@contextlib.asynccontextmanager
async def receiving(
    dsn: str, folder: Path, programs: Programs, way: Way
) -> AsyncIterator[Receiver]:
    """Receive the WAL of the server at `dsn` into `folder`, a new one, from now on.

    When the block has ended well, the folder holds it in files of PostgreSQL's names.
    """
    folder.mkdir(mode=0o700)  # noqa: ASYNC240 - nothing else waits
    name = f"parking-backup-{os.getpid()}"
    command: list[str | Path] = [
        programs.folder / "pg_receivewal",
        f"--dbname={dsn}&application_name={name}",
        f"--directory={folder}",
        "--synchronous",
        "--no-loop",
        "--no-password",
    ]
    with tempfile.TemporaryFile() as output:
        connection = await _keeping(dsn, name)
        process = spawn(way, command, output=output, dies_by=signal.SIGKILL)
        try:
            receiver = Receiver(process, output, connection, name)
            await receiver.reach("0/0")
            yield receiver
            process.send_signal(signal.SIGINT)
            await ended(process, _STOP_S)
            if process.poll() != 0:
                raise EmbeddedPostgresError(f"pg_receivewal failed:\n{end_of(output)}")
        finally:
            process.kill()
            process.wait()
            connection.terminate()
    for path in folder.glob(f"*{_PARTIAL}"):  # noqa: ASYNC240 - a file
        path.rename(path.with_suffix(""))


async def _keeping(dsn: str, name: str) -> asyncpg.Connection:
    """Connect, and have the server keep its WAL for as long as this connection lasts."""
    with translated():
        connection = await connect(dsn)
        try:
            await connection.execute(_KEEP, name.replace("-", "_"))
        except BaseException:
            connection.terminate()
            raise
    return connection
