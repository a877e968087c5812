"""The settings of deploy/backup, on a real server: destroyed, restored, and nothing is missing."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from parking.store.programs import DEBIAN, Programs, choose_way, spawn
from tests.service import CHECKOUT
from tests.store.serving import run

SHIPPED = CHECKOUT / "deploy/backup"
PATIENCE_S = 60.0


def find_server() -> Programs:
    """Give Debian's PostgreSQL; skips where it or pgBackRest is not installed, but not in CI."""
    folders = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parents[1].name))
    if not folders or shutil.which("pgbackrest") is None:
        missing = "not installed: apt-get install --no-install-recommends postgresql pgbackrest"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return Programs(folders[-1].parent, folders[-1].parents[1].name)


class Server:
    """A server in `folder`, archiving as the files shipped say; paths are the folder's own."""

    def __init__(self, folder: Path) -> None:
        self._programs = find_server()
        self._folder = folder
        self._data = folder / "data"
        self._config = folder / "pgbackrest.conf"
        self._output = (folder / "output").open("w+b")
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("data", "repository", "spool", "log", "lock"):
            (folder / name).mkdir(mode=0o700)
        self._way = choose_way(self._programs, self._data)
        for path in (folder, *folder.iterdir()):
            os.chown(path, self._way.uid, self._way.gid)
        self.dsn = f"postgresql://parking@/postgres?host={folder}&port=5432"

    def create(self) -> None:
        text = (SHIPPED / "pgbackrest.conf").read_text()
        own = {
            "repo1-path": self._folder / "repository",
            "spool-path": self._folder / "spool",
            "pg1-path": self._data,
        }
        for option, path in own.items():
            text, found = re.subn(rf"^{option}=.*", f"{option}={path}", text, flags=re.MULTILINE)
            assert found == 1, option
        text += f"pg1-socket-path={self._folder}\npg1-user=parking\npg1-database=postgres\n"
        text += f"[global]\nlog-path={self._folder}/log\nlock-path={self._folder}/lock\n"
        self._config.write_text(text)
        options = ("-E", "UTF8", "-U", "parking", "-A", "trust", "-D", self._data)
        self._do(self._programs.folder / "initdb", *options)
        archiving = (SHIPPED / "archiving.conf").read_text()
        command = f"pgbackrest --config={self._config}"
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(archiving.replace("pgbackrest", command))

    async def start(self) -> None:
        self._process = spawn(
            self._way,
            [
                *(self._programs.folder / "postgres", "-D", self._data),
                *("-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}"),
            ],
            output=self._output,
            dies_by=signal.SIGINT,
        )
        deadline = time.monotonic() + PATIENCE_S
        while not await self._answers():
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        """Whether it takes writes: what was restored replays its archive first."""
        try:
            return await run(self.dsn, "SELECT NOT pg_is_in_recovery()") is True
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._output.close()

    def destroy(self) -> None:
        """Lose the server's disk, but not the backups'."""
        shutil.rmtree(self._data)
        self._data.mkdir(mode=0o700)
        os.chown(self._data, self._way.uid, self._way.gid)

    def pgbackrest(self, *words: str) -> str:
        return self._do("pgbackrest", f"--config={self._config}", "--stanza=parking", *words)

    def said(self) -> str:
        return (self._folder / "output").read_text(errors="replace")[-4000:]

    def _do(self, program: str | Path, *words: str | Path) -> str:
        done = subprocess.run(  # noqa: S603 - programs that are installed
            [*self._way.prefix, program, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            cwd="/",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def server() -> Iterator[Server]:
    find_server()
    folder = Path(tempfile.mkdtemp(prefix="parking-test-", dir="/tmp"))
    server = Server(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


async def test_everything_archived_is_restored(server: Server) -> None:
    server.create()
    await server.start()
    said = server.pgbackrest("stanza-create") + server.pgbackrest("check")
    assert "WARN" not in said
    await run(server.dsn, "CREATE TABLE kept (number integer)")
    insert = "INSERT INTO kept SELECT generate_series({}, {}) RETURNING number"
    await run(server.dsn, insert.format(1, 1000))
    assert "WARN" not in server.pgbackrest("--type=full", "backup")
    await run(server.dsn, insert.format(1001, 2000))  # after the backup: by the archive alone
    server.pgbackrest("check")  # returns when what was written until now is archived
    server.kill()
    server.destroy()
    server.pgbackrest("restore")
    await server.start()
    assert await run(server.dsn, "SELECT count(*) FROM kept") == 2000


def test_cron_runs_what_there_is() -> None:
    lines = [
        line
        for line in (SHIPPED / "pgbackrest.cron").read_text().splitlines()
        if not line.startswith("#")
    ]
    for line in lines:
        assert re.fullmatch(
            r"\d+ \d+ \* \* [0-6](-[0-6])?\s+postgres  "
            r"pgbackrest --stanza=parking --type=(full|diff) backup",
            line,
        )
    assert len(lines) == 2
