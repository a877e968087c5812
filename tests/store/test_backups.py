"""Backups of the embedded database: what is made, what is refused, and what proves itself."""

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from parking.domain.instants import DAY, SECOND, rfc3339
from parking.store import backups, saving
from parking.store.backups import BackupError
from parking.store.embedded import running
from parking.store.locks import locked
from parking.store.migrate import migrate
from parking.store.programs import EmbeddedPostgresError
from parking.store.restoring import restore
from parking.store.saving import save
from tests.e2e.wire import until
from tests.service import CHECKOUT
from tests.store.serving import environment, run

_seconds = itertools.count(20_000 * DAY // SECOND)
BURST = "CREATE TABLE burst AS SELECT md5(i::text) FROM generate_series(1, {}) AS i"
ADVANCE = "UPDATE log_head SET seq = seq + 1 RETURNING seq"


def clock() -> int:
    """Give a second of its own to whoever asks."""
    return next(_seconds) * SECOND


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Make a data folder with a database at place 7 of the log, and a backup of it, once."""
    path = Path(tempfile.mkdtemp(prefix="parking-test-"))
    asyncio.run(prepare(path))
    yield path
    shutil.rmtree(path)


async def prepare(path: Path) -> None:
    async with running(path / "data") as dsn:
        await migrate(dsn)
        await run(dsn, "UPDATE log_head SET seq = 7 RETURNING seq")
    await save(path / "data", path / "backups", clock)


@pytest.fixture
def backup(place: Path) -> Iterator[Path]:
    """Give a backup of one's own, to be spoilt; its files are links, so replace what changes."""
    path = Path(tempfile.mkdtemp(prefix="parking-test-", dir=place))
    shutil.copytree(backups.newest(place / "backups"), path / "backup", copy_function=os.link)
    yield path / "backup"
    shutil.rmtree(path)


async def places_in(data_dir: Path) -> object:
    async with running(data_dir) as dsn:
        return await run(dsn, "SELECT seq FROM log_head")


async def test_what_is_there_is_told_and_closed_to_others(place: Path) -> None:
    found = backups.newest(place / "backups")
    record = backups.read(found / backups.RECORD)
    assert (record.place, record.schema, record.format) == (7, record.schema, 1)
    assert record.schema.split("_")[0].isdecimal()
    assert record.size > 10_000_000
    assert record.began_at < record.holds_until
    assert backups.read(place / "data" / backups.LAST) == record
    assert (place / "backups").stat().st_mode & 0o777 == 0o700
    assert found.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in found.iterdir()) == ["backup.json", "pg"]


async def test_restored_into_a_new_folder(backup: Path) -> None:
    data_dir = backup.parent / "data"
    done = await restore(backup, data_dir, clock, replace=False)
    assert (done.place, done.newest, done.aside) == (7, None, None)
    assert await places_in(data_dir) == 7
    assert (data_dir / "pg").stat().st_mode & 0o777 == 0o700
    assert not (data_dir / "restoring").exists()
    assert backups.read(data_dir / backups.LAST) == done.backup


async def test_made_while_another_process_writes(place: Path) -> None:
    """Whatever was committed before the moment that is told is in it."""
    async with running(place / "data") as dsn:
        committed: list[tuple[int, int]] = []

        async def write() -> None:
            while True:
                seq = await run(dsn, ADVANCE)
                assert isinstance(seq, int)
                committed.append((clock(), seq))

        await run(dsn, BURST.format(100_000))
        writing = asyncio.create_task(write())
        path, record, _ = await save(place / "data", place / "busy", clock)
        writing.cancel()
    restored = await restore(path, place / "again", clock, replace=False)
    assert restored.place >= record.place > committed[0][1]
    before = [seq for at, seq in committed if rfc3339(at) < record.holds_until]
    assert before
    assert before[-1] <= record.place
    shutil.rmtree(place / "again")
    shutil.rmtree(place / "busy")


async def test_running_database_is_not_replaced(place: Path, backup: Path) -> None:
    async with running(place / "data") as dsn:
        with pytest.raises(BackupError, match="stop the service first"):
            await restore(backup, place / "data", clock, replace=True)
        assert await run(dsn, "SELECT true")


async def test_database_that_is_there_is_moved_aside_if_that_is_wished(backup: Path) -> None:
    data_dir = backup.parent / "data"
    async with running(data_dir) as dsn:
        await run(dsn, "CREATE TABLE precious AS SELECT 42 AS number")
    with pytest.raises(BackupError, match="--replace"):
        await restore(backup, data_dir, clock, replace=False)
    done = await restore(backup, data_dir, clock, replace=True)
    assert done.aside is not None
    assert await places_in(data_dir) == 7
    shutil.rmtree(data_dir / "pg")
    done.aside.rename(data_dir / "pg")
    async with running(data_dir) as dsn:
        assert await run(dsn, "SELECT number FROM precious") == 42


def change(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def flip(path: Path, at: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    change(path, bytes(content))


def spoil_wal(pg: Path) -> None:
    """Blank the log from the page on that tells where the backup begins."""
    for segment in (pg / "pg_wal").glob("0*"):
        change(segment, bytes(segment.stat().st_size))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bit of a table": (lambda folder: flip(next(folder.glob("pg/base/*/1259"))), "damaged"),
    "a bit of the control file": (lambda folder: flip(folder / "pg/global/pg_control"), "damaged"),
    "a file lost": (lambda folder: (folder / "pg/global/pg_filenode.map").unlink(), "is missing"),
    "a file cut": (lambda folder: change(folder / "pg/postgresql.conf", b"# it was"), "damaged"),
    "a file added": (lambda folder: (folder / "pg/standby.signal").touch(), "does not belong"),
    "a bit of the list": (lambda folder: flip(folder / "pg/backup_manifest", 300), "backup_manif"),
    "no list": (lambda folder: (folder / "pg/backup_manifest").unlink(), "cannot be read"),
    "the log blank": (lambda folder: spoil_wal(folder / "pg"), "pg_waldump failed"),
    "not a record": (lambda folder: change(folder / "backup.json", b"{}"), "cannot be read"),
    "no record": (lambda folder: (folder / "backup.json").unlink(), "neither a backup nor"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damaged_backup_touches_nothing(backup: Path, damage: str) -> None:
    spoil, said = DAMAGES[damage]
    spoil(backup)
    data_dir = backup.parent / "data"
    (data_dir / "pg").mkdir(parents=True)
    (data_dir / "pg" / "PG_VERSION").write_text("18\n")
    with pytest.raises((BackupError, EmbeddedPostgresError), match=said):
        await restore(backup, data_dir, clock, replace=True)
    assert sorted(path.name for path in data_dir.iterdir()) in (["pg"], ["pg", "pg.lock"])
    assert (data_dir / "pg" / "PG_VERSION").read_text() == "18\n"


async def test_record_of_another_backup(backup: Path) -> None:
    record = backups.read(backup / backups.RECORD)
    record.manifest = "0" * 64
    backups.write(backup / backups.RECORD, record)
    with pytest.raises(BackupError, match="not of one backup"):
        await restore(backup, backup.parent / "data", clock, replace=False)


async def test_log_that_ends_too_early(backup: Path) -> None:
    record = backups.read(backup / backups.RECORD)
    record.place += 1
    backups.write(backup / backups.RECORD, record)
    with pytest.raises(BackupError, match="ends at 7, before 8"):
        await restore(backup, backup.parent / "data", clock, replace=False)
    assert not (backup.parent / "data" / "pg").exists()


async def test_only_the_newest_are_kept(place: Path) -> None:
    target = place / "kept"
    target.mkdir()
    (target / "notes").mkdir()  # what is not ours stays
    (target / "unfinished-1").mkdir()  # what a backup left that was cut off does not
    made: list[Path] = []
    for count in (None, 1):
        path, _, gone = await save(place / "data", target, clock, keep=count)
        made.append(path)
    assert gone == made[:1]
    assert sorted(path.name for path in target.iterdir()) == [
        ".lock",
        *(path.name for path in made[1:]),
        "notes",
    ]
    assert backups.newest(target) == made[-1]
    shutil.rmtree(target)


def begin_backup(data_dir: Path, target: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "parking", "backup", str(target)],
        env={**environment(), "PARKING_DATA_DIR": str(data_dir)},
        cwd=CHECKOUT,
        stderr=subprocess.DEVNULL,
    )


async def is_under_way(target: Path) -> bool:
    return any(target.glob("unfinished-*/pg/base"))  # noqa: ASYNC240 - nothing else waits


async def is_free(dsn: str) -> bool:
    return await run(dsn, "SELECT count(*) FROM pg_replication_slots") == 0


async def test_killed_backup_leaves_nothing_that_lasts(place: Path) -> None:
    target = place / "killed"
    async with running(place / "data") as dsn:
        backup = begin_backup(place / "data", target)
        try:
            await until(partial(is_under_way, target))
        finally:
            backup.kill()
            backup.wait()
        with pytest.raises(BackupError, match="neither a backup nor"):
            backups.newest(target)
        # the server keeps its write-ahead log for nobody any more
        await until(partial(is_free, dsn))
        path, _, _ = await save(place / "data", target, clock)
    assert sorted(found.name for found in target.iterdir()) == [".lock", path.name]
    shutil.rmtree(target)


async def test_refusals(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = place / "nothing"
    with pytest.raises(BackupError, match="no database"):
        await save(empty, place / "b", clock)
    assert not empty.exists()
    with pytest.raises(BackupError, match="own folder"):
        await save(place / "data", place / "data" / "pg" / "backups", clock)
    (place / "b").mkdir()
    with locked(place / "b" / ".lock"), pytest.raises(BackupError, match="another backup"):
        await save(place / "data", place / "b", clock)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 1))
    with pytest.raises(BackupError, match="room for 1 bytes"):
        await save(place / "data", place / "b", clock)
    assert [path.name for path in (place / "b").iterdir()] == [".lock"]


def test_room_is_asked_for_what_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write-ahead log that lies there, up to gigabytes, is not: only what comes meanwhile."""
    (tmp_path / "pg_wal").mkdir()
    usage = shutil._ntuple_diskusage(1 << 40, 0, 100 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with (tmp_path / "pg_wal" / "segment").open("wb") as segment:
        segment.truncate(1 << 30)
    saving._have_room(tmp_path, tmp_path)
    with (tmp_path / "table").open("wb") as table:
        table.truncate(40 << 20)
    with pytest.raises(BackupError, match="room for 104,857,600 bytes, and 113,246,208 are"):
        saving._have_room(tmp_path, tmp_path)


async def test_database_without_a_schema(folder: Path) -> None:
    async with running(folder / "data"):
        pass
    with pytest.raises(BackupError, match="the database is empty"):
        await save(folder / "data", folder / "b", clock)


@pytest.mark.parametrize("words", [("backup", "b"), ("restore", "b")])
def test_server_is_backed_up_by_its_own_means(words: tuple[str, str]) -> None:
    said = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parking", *words],
        env={**os.environ, "PARKING_DATABASE_URL": "postgresql://nowhere.invalid/parking"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (said.returncode, "deploy/backup" in said.stderr) == (2, True)
