"""Migrations: applied once, by whoever is first, and never onto a schema of another history."""

import asyncio

import asyncpg
import pytest

from parking.errors import DatabaseAway
from parking.store import migrate as migrations
from parking.store.migrate import Migration, SchemaMismatch, list_migrations, migrate
from tests.store.serving import run


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


async def test_a_newer_schema_is_refused(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, next_("new", "CREATE TABLE new ()"))
    await migrate(empty_database_url)
    monkeypatch.undo()
    with pytest.raises(SchemaMismatch, match="this version knows"):
        await migrate(empty_database_url)


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
