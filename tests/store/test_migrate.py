"""Migrations: applied once, by whoever is first, and never onto a schema of another history."""

import asyncio

import asyncpg
import pytest

from parking.errors import DatabaseAway
from parking.store import migrate as migrations
from parking.store.migrate import (
    Migration,
    Plan,
    SchemaMismatch,
    list_migrations,
    list_newer,
    migrate,
    plan,
)
from tests.store.serving import run

FIRST_VERSION = 29  # numbers up to here


async def applied(dsn: str) -> list[tuple[int, str]]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT number, name FROM schema_migration ORDER BY 1")
    finally:
        await connection.close()
    return [(row["number"], row["name"]) for row in rows]


def add(monkeypatch: pytest.MonkeyPatch, *more: Migration) -> None:
    """Be a version that has further migrations."""
    monkeypatch.setattr(migrations, "list_migrations", lambda: [*list_migrations(), *more])


def next_(name: str, sql: str, steps: int = 1) -> Migration:
    return Migration(list_migrations()[-1].number + steps, name, sql)


def test_numbers_rise_without_repetitions() -> None:
    numbers = [migration.number for migration in list_migrations()]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


async def test_applied_once(empty_database_url: str) -> None:
    names = [migration.name for migration in list_migrations()]
    assert await migrate(empty_database_url) == names
    assert await migrate(empty_database_url) == []
    assert [name for _, name in await applied(empty_database_url)] == names
    assert await run(empty_database_url, "SELECT seq FROM log_head") == 0


async def test_by_many_at_once(empty_database_url: str) -> None:
    done = await asyncio.gather(*(migrate(empty_database_url) for _ in range(6)))
    assert sorted(map(len, done)) == [0] * 5 + [len(list_migrations())]


async def test_only_the_missing_ones(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database_url)
    two = next_("one", "CREATE TABLE one ()"), next_("two", "CREATE TABLE two ()", 2)
    add(monkeypatch, *two)
    assert await migrate(empty_database_url) == ["one", "two"]
    assert await migrate(empty_database_url) == []


async def test_a_failing_one_leaves_nothing(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database_url)
    known = await applied(empty_database_url)
    good = next_("good", "CREATE TABLE good ()")
    bad = next_("bad", "CREATE TABLE half (); SELECT 1 / 0; CREATE TABLE other ()", 2)
    add(monkeypatch, good, bad)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database_url)
    assert await applied(empty_database_url) == [*known, (good.number, "good")]
    assert await run(empty_database_url, "SELECT to_regclass('half')") is None
    # mended, it goes on from there
    monkeypatch.undo()
    add(monkeypatch, good, next_("bad", "CREATE TABLE half ()", 2))
    assert await migrate(empty_database_url) == ["bad"]


async def test_a_changed_file_is_refused(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    await run(empty_database_url, "UPDATE schema_migration SET sha256 = repeat('0', 64)")
    with pytest.raises(SchemaMismatch, match="differs from its file"):
        await migrate(empty_database_url)


async def test_a_file_may_say_what_it_was(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    old = "a0bc540670970ddc00823aaaa919e43ecf87dfc7f13408aa3509cdebc8510cf1"
    sql = f"UPDATE schema_migration SET sha256 = '{old}' WHERE number = "
    await run(empty_database_url, sql + "3")
    assert await migrate(empty_database_url) == []
    await run(empty_database_url, sql + "2")
    with pytest.raises(SchemaMismatch, match="Migration 2 differs from its file"):
        await migrate(empty_database_url)


async def test_a_newer_schema_is_refused(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, next_("new", "CREATE TABLE new ()"))
    await migrate(empty_database_url)
    monkeypatch.undo()
    with pytest.raises(SchemaMismatch, match="this version knows"):
        await migrate(empty_database_url)


async def test_a_newer_schema_is_served_that_says_so(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    newest = list_migrations()[-1].number
    add(monkeypatch, next_("new", f"-- serves: {newest:04d}\nCREATE TABLE new ()"))
    assert (await plan(empty_database_url)).serves_what_runs  # nothing runs on an empty one
    monkeypatch.undo()
    await migrate(empty_database_url)
    assert await plan(empty_database_url) == Plan((), newest)
    add(monkeypatch, next_("new", f"-- serves: {newest:04d}\nCREATE TABLE new ()"))
    assert (await plan(empty_database_url)).serves_what_runs
    assert await migrate(empty_database_url) == ["new"]
    assert await list_newer(empty_database_url) == []
    monkeypatch.undo()
    with caplog.at_level("WARNING"):
        assert await migrate(empty_database_url) == []
    assert "is of a newer version, and serves this one" in caplog.text
    assert await list_newer(empty_database_url) == ["new"]


async def test_what_removes_is_refused_by_the_code_before(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that adds, and one that removes what the code before needs: the second one counts."""
    await migrate(empty_database_url)
    newest = list_migrations()[-1].number
    adds = next_("adds", f"-- serves: {newest:04d}\nCREATE TABLE new ()")
    removes = next_("removes", f"-- serves: {adds.number:04d}\nDROP TABLE snapshot", 2)
    add(monkeypatch, adds, removes)
    assert not (await plan(empty_database_url)).serves_what_runs
    assert await migrate(empty_database_url) == ["adds", "removes"]
    monkeypatch.undo()
    for ask in (migrate, plan):
        with pytest.raises(SchemaMismatch, match="is not served by it: start a newer version"):
            await ask(empty_database_url)
    add(monkeypatch, adds)  # the version between goes on
    assert await migrate(empty_database_url) == []


async def test_a_version_of_another_branch_is_refused(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = list_migrations()[-1].number
    add(monkeypatch, next_("theirs", f"-- serves: {newest:04d}\nCREATE TABLE theirs ()", 2))
    await migrate(empty_database_url)
    monkeypatch.undo()
    add(monkeypatch, next_("ours", "CREATE TABLE ours ()"))
    with pytest.raises(SchemaMismatch, match=f"but {newest + 1} is not applied"):
        await migrate(empty_database_url)


async def test_databases_of_before_are_taken_over(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was migrated before files said whom they serve has no column for it."""
    await migrate(empty_database_url)
    await run(empty_database_url, "ALTER TABLE schema_migration DROP COLUMN serves")
    assert await migrate(empty_database_url) == []
    add(monkeypatch, next_("new", "CREATE TABLE new ()"))
    assert await migrate(empty_database_url) == ["new"]
    monkeypatch.undo()
    with pytest.raises(SchemaMismatch, match="is not served by it"):
        await migrate(empty_database_url)
    await run(empty_database_url, "UPDATE schema_migration SET serves = NULL")
    with pytest.raises(SchemaMismatch, match="is not served by it"):
        await migrate(empty_database_url)


def test_files_say_whom_they_serve() -> None:
    """Those of the first version stand alone; each later one was thought about."""
    for migration in list_migrations():
        if migration.number > FIRST_VERSION:
            assert migration.sql.startswith("-- serves: "), f"{migration.name}: older code or not?"
            assert migration.serves <= migration.number


async def test_refusal_and_failure_leave_no_lock(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, next_("bad", "SELECT 1 / 0"))
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database_url)
    monkeypatch.undo()
    async with asyncio.timeout(5):
        assert await migrate(empty_database_url) == []


async def test_an_absent_database_is_away(empty_database_url: str) -> None:
    name = empty_database_url.partition("?")[0].rpartition("/")[2]
    with pytest.raises(DatabaseAway):
        await migrate(empty_database_url.replace(f"/{name}?", "/absent?"))
