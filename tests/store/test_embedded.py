"""The embedded PostgreSQL keeps its data through whatever is killed, and leaves nothing running."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from parking.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, running
from tests.store.serving import (
    CHANGE,
    Serving,
    kept,
    kept_after_recovery,
    remember,
    run,
    server_is_gone,
    until,
)


@pytest.fixture
def moved(data_dir: Path) -> Iterator[Path]:
    """Move the data folder to where a socket's path would be too long."""
    path = data_dir.parent / ("long " * 20) / ("longer" * 20)
    path.parent.mkdir()
    data_dir.rename(path)
    yield path
    path.rename(data_dir)
    path.parent.rmdir()


async def test_data_outlive_a_restart(folder: Path) -> None:
    await remember(folder / "new" / "data")
    assert server_is_gone(folder / "new" / "data")
    async with running(folder / "new" / "data") as dsn:
        assert await kept(dsn) == 42


async def test_settings(data_dir: Path) -> None:
    async with running(data_dir) as dsn:
        shown = {
            name: await run(dsn, f"SHOW {name}")
            for name in ("server_encoding", "fsync", "synchronous_commit", "TimeZone")
        }
        assert list(shown.values()) == ["UTF8", "on", "on", "UTC"]
        assert await run(dsn, "SHOW listen_addresses") == ""
        collation = "SELECT datcollate FROM pg_database WHERE datname = 'parking'"
        assert await run(dsn, collation) == "C"
    assert (data_dir / "pg").stat().st_mode & 0o777 == 0o700
    assert (data_dir / "pg" / "log").is_dir()


async def test_killed_server_comes_back(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    await server.start()
    try:
        changed = await run(server.dsn, CHANGE)
        killed = server.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await until(lambda: server.pid not in {None, killed})
        await until((data_dir / "pg" / ".s.PGSQL.5432").exists)
        assert await kept_after_recovery(server.dsn) == changed
    finally:
        await server.stop()
    assert server_is_gone(data_dir)


async def test_server_dies_with_its_parent(data_dir: Path) -> None:
    serving = Serving(data_dir)
    did, dsn = serving.wait()
    assert did == "started"
    changed = await run(dsn, CHANGE)
    serving.kill()
    await until(lambda: server_is_gone(data_dir))
    async with running(data_dir) as dsn:
        assert await kept(dsn) == changed


async def test_start_at_once_after_a_kill_waits_for_the_dying_server(data_dir: Path) -> None:
    serving = Serving(data_dir)
    serving.wait()
    serving.kill()
    async with running(data_dir) as dsn:
        assert await kept(dsn)


async def test_all_killed_at_once(data_dir: Path) -> None:
    serving = Serving(data_dir)
    _, dsn = serving.wait()
    changed = await run(dsn, CHANGE)
    postmaster = int((data_dir / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(serving.process.pid, signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    serving.close()
    async with running(data_dir) as dsn:
        assert await kept(dsn) == changed


async def test_stale_process_number_that_is_another_process_now(data_dir: Path) -> None:
    (data_dir / "pg" / "postmaster.pid").write_text(f"{os.getpid()}\n{data_dir}/pg\n0\n5432\n")
    (data_dir / "pg" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{data_dir}/pg\n0\n5432\n")
    async with running(data_dir) as dsn:
        assert await kept(dsn)


async def test_second_process_joins_and_leaves_the_server_alone(data_dir: Path) -> None:
    async with running(data_dir) as dsn:
        other = EmbeddedPostgres(data_dir)
        await other.start()
        assert other.dsn == dsn
        assert other.pid is None
        await other.stop()
        assert await kept(dsn)


async def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    several = [Serving(folder) for _ in range(3)]
    try:
        said = [serving.wait() for serving in several]
        assert sorted(did for did, _ in said) == ["joined", "joined", "started"]
        assert len({dsn for _, dsn in said}) == 1
        assert await run(said[0][1], "SELECT 1") == 1
    finally:
        for serving in several:
            serving.close()
    assert server_is_gone(folder)


async def test_who_had_joined_takes_over(data_dir: Path) -> None:
    serving = Serving(data_dir)
    serving.wait()
    other = EmbeddedPostgres(data_dir)
    await other.start()
    assert other.pid is None
    serving.kill()
    try:
        await until(lambda: other.pid is not None)
        assert await kept_after_recovery(other.dsn)
    finally:
        await other.stop()


async def test_long_path(moved: Path) -> None:
    server = EmbeddedPostgres(moved)
    try:
        await server.start()
        assert await kept(server.dsn)
        assert server._sockets.stat().st_mode & 0o777 == 0o700
        async with running(moved) as dsn:
            assert dsn == server.dsn
    finally:
        await server.stop()
        server._sockets.rmdir()


async def test_socket_folder_that_another_user_could_enter(moved: Path) -> None:
    server = EmbeddedPostgres(moved)
    server._sockets.mkdir()
    server._sockets.chmod(0o755)
    try:
        with pytest.raises(EmbeddedPostgresError, match="open to others"):
            await server.start()
    finally:
        await server.stop()
        server._sockets.rmdir()


async def test_interrupted_initdb(folder: Path) -> None:
    serving = Serving(folder)
    await until(lambda: any(folder.glob("pg.new-*/PG_VERSION")))
    serving.kill()
    assert not (folder / "pg").exists()
    async with running(folder) as dsn:
        assert await run(dsn, "SELECT 1") == 1
    assert not [name for name in os.listdir(folder) if name.startswith("pg.new-")]  # noqa: PTH208


async def test_folder_with_something_else(folder: Path) -> None:
    (folder / "pg").mkdir()
    (folder / "pg" / "letter").touch()
    with pytest.raises(EmbeddedPostgresError, match="neither empty nor a database folder"):
        async with running(folder):
            pass


async def test_broken_folder_is_reported_with_the_log(data_dir: Path) -> None:
    control = data_dir / "pg" / "global" / "pg_control"
    control.rename(data_dir / "pg_control")
    try:
        with pytest.raises(EmbeddedPostgresError, match="pg_control"):
            async with running(data_dir):
                pass
        assert server_is_gone(data_dir)
    finally:
        (data_dir / "pg_control").rename(control)
