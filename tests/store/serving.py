"""Embedded servers of other processes, and questions to any."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg

from parking.store import embedded
from parking.store.embedded import running

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 20.0

# Says what it did, and goes on until its input ends.
SERVE = """
import asyncio, sys
from pathlib import Path
from parking.store.embedded import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]))
    print("starting", flush=True)
    await server.start()
    print("started" if server.pid else "joined", server.dsn, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()

asyncio.run(main())
"""


CHANGE = "UPDATE kept SET number = number + 1 RETURNING number"


class Serving:
    """Another process that runs the server of a data folder."""

    def __init__(self, data_dir: Path, python: Sequence[str] = (sys.executable,)) -> None:
        self.process = subprocess.Popen(  # noqa: S603
            [*python, "-c", SERVE, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env=environment(),
        )
        assert self._read() == ["starting"]

    def wait(self) -> tuple[str, str]:
        """Tell whether it `started` or `joined`, and the address."""
        did, dsn = self._read()
        return did, dsn

    def _read(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def kill(self) -> None:
        self.process.kill()
        self.close()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


def environment() -> dict[str, str]:
    packages = Path(asyncpg.__file__).parents[1]
    return {"PATH": os.environ["PATH"], "PYTHONPATH": f"{CHECKOUT}:{packages}"}


async def remember(path: Path) -> None:
    async with running(path) as dsn:
        await run(dsn, "CREATE TABLE kept AS SELECT 42 AS number")


async def run(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn, timeout=PATIENCE_S)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def kept(dsn: str) -> object:
    return await run(dsn, "SELECT number FROM kept")


async def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def server_is_gone(data_dir: Path) -> bool:
    with embedded.data_lock(data_dir) as lock:
        return lock is not None


async def kept_after_recovery(dsn: str) -> object:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await kept(dsn)
        except (OSError, asyncpg.CannotConnectNowError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
