"""Importing lots into a real database: all or nothing, and a second time nothing."""

import asyncio
import io
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from parking.domain.geo import Crs
from parking.domain.timeline import Described, Layout, Listed, Timeline
from parking.store import lots
from parking.store.database import connect
from parking.web.lotfiles import Imported, LotFile, import_lots, read_lots, run
from parking.web.lots import describe
from tests.service import DIRECT, RunningService
from tests.web.lotfiles_samples import (
    DISTRICT,
    DISTRICT_LOTS,
    EAST,
    LOT,
    SAMPLES,
    encoded,
    lot,
    spaces,
)

NOON = 1_790_000_000_000_000


def made(**described: Any) -> LotFile:
    file = read_lots(encoded({"lots": described}), "lots.json")
    assert file.faults == []
    return file


def sample(path: Path) -> LotFile:
    return read_lots(path.read_bytes(), path.name)


async def stored(dsn: str) -> list[lots.StoredChange]:
    connection = await connect(dsn)
    try:
        return await lots.list_changes(connection)
    finally:
        await connection.close()


async def store(dsn: str, *wishes: lots.Wish) -> None:
    connection = await connect(dsn)
    try:
        async with connection.transaction():
            await lots.append(connection, wishes, NOON, "test")
    finally:
        await connection.close()


async def layouts(dsn: str) -> dict[str, Layout | None]:
    changes = await stored(dsn)
    return {
        id_: Timeline(id_, [item.change for item in changes if item.lot == id_]).current
        for id_ in sorted({item.lot for item in changes})
    }


async def listed(dsn: str, lot_id: str = "p1") -> dict[str, list[str]]:
    layout = (await layouts(dsn))[lot_id]
    assert layout is not None
    return {zone: [space.id for space in spaces] for zone, spaces in layout.lists.items()}


async def test_a_district_is_imported_once_from_whichever_format(database_url: str) -> None:
    assert await import_lots(database_url, sample(SAMPLES / DISTRICT[0])) == Imported(DISTRICT_LOTS)
    before = await stored(database_url)
    assert len(before) == DISTRICT_LOTS
    for name in DISTRICT:
        again = await import_lots(database_url, sample(SAMPLES / name))
        assert again == Imported(unchanged=DISTRICT_LOTS)
    assert await stored(database_url) == before


async def test_descriptions_and_lists_are_stored(database_url: str) -> None:
    file = sample(EAST)
    assert await import_lots(database_url, file) == Imported(new=1)
    layout = (await layouts(database_url))["zd-p1"]
    assert layout is not None
    assert layout.lot == file.descriptions["zd-p1"].to_lot("wgs84")
    assert layout.lists == {zone: listed.to_spaces() for (_, zone), listed in file.spaces.items()}
    assert await import_lots(database_url, file) == Imported(unchanged=1)
    changes = [item.change for item in await stored(database_url)]
    assert [type(change) for change in changes] == [Described, Listed, Listed]
    assert [change.at - changes[0].at for change in changes] == [0, 1, 2]


async def test_only_what_differs_is_stored(database_url: str) -> None:
    await import_lots(database_url, made(p1=lot(spaces={"a": spaces("1")}), p2=LOT, p3=LOT))
    before = await stored(database_url)
    file = made(p1=lot(spaces={"a": spaces("1"), "b": spaces("2")}), p2=lot(district="x"), p4=LOT)
    assert await import_lots(database_url, file) == Imported(new=1, changed=2)
    after = await stored(database_url)
    assert after[: len(before)] == before
    assert [(item.lot, type(item.change)) for item in after[len(before) :]] == [
        ("p1", Listed),
        ("p2", Described),
        ("p4", Described),
    ]
    assert await listed(database_url) == {"a": ["1"], "b": ["2"]}


async def test_a_dry_run_stores_nothing(database_url: str) -> None:
    await import_lots(database_url, made(p1=LOT, p2=LOT))
    before = await stored(database_url)
    file = made(p1=LOT, p2=lot(kind="underground"), p3=LOT)
    assert await import_lots(database_url, file, dry_run=True) == Imported(1, 1, 1)
    assert await stored(database_url) == before


async def test_it_is_all_or_nothing_when_storing_fails(database_url: str) -> None:
    connection = await connect(database_url)
    try:
        await connection.execute("ALTER TABLE lot_change ADD CHECK (lot <> 'zd-20')")
        head = await connection.fetchval("SELECT changes FROM log_head")
        with pytest.raises(asyncpg.CheckViolationError):
            await import_lots(database_url, sample(SAMPLES / DISTRICT[1]))
        assert await connection.fetchval("SELECT changes FROM log_head") == head
    finally:
        await connection.close()
    assert await stored(database_url) == []


async def test_imports_at_the_same_time_agree(database_url: str) -> None:
    file = sample(SAMPLES / DISTRICT[2])
    outcomes = await asyncio.gather(*(import_lots(database_url, file) for _ in range(3)))
    assert sum(outcome.new for outcome in outcomes) == DISTRICT_LOTS
    assert sum(outcome.unchanged for outcome in outcomes) == 2 * DISTRICT_LOTS
    assert len(await stored(database_url)) == DISTRICT_LOTS


async def test_it_looks_again_when_a_lot_was_changed_meanwhile(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_lots(database_url, made(p1=LOT))
    append, calls = lots.append, []

    async def late(connection: Any, wishes: Any, now: int, key: str) -> list[lots.StoredChange]:
        calls.append(wishes)
        if len(calls) == 1:
            raise lots.Overtaken
        return await append(connection, wishes, now, key)

    monkeypatch.setattr(lots, "append", late)
    assert await import_lots(database_url, made(p1=lot(district="x"))) == Imported(changed=1)
    assert len(calls) == 2


async def test_spaces_may_move_between_zones_that_are_both_listed(database_url: str) -> None:
    await import_lots(database_url, made(p1=lot(spaces={"a": spaces("1", "2"), "b": spaces("3")})))
    file = made(p1=lot(spaces={"a": spaces("1"), "b": spaces("3", "2")}))
    assert await import_lots(database_url, file) == Imported(changed=1)
    assert await listed(database_url) == {"a": ["1"], "b": ["3", "2"]}
    file = made(p1=lot(spaces={"a": spaces("3", "2"), "b": spaces("1")}))
    assert await import_lots(database_url, file) == Imported(changed=1)
    assert await listed(database_url) == {"a": ["3", "2"], "b": ["1"]}
    assert await import_lots(database_url, file) == Imported(unchanged=1)


async def test_a_space_of_a_list_that_the_file_leaves_is_refused(database_url: str) -> None:
    await import_lots(database_url, made(p1=lot(spaces={"a": spaces("1", "2")})))
    before = await stored(database_url)
    outcome = await import_lots(database_url, made(p0=LOT, p1=lot(spaces={"b": spaces("2")})))
    (fault,) = outcome.faults
    assert fault.where == "lot p1"
    assert fault.message == 'space "2" of zone b is in the stored list of zone a'
    assert await stored(database_url) == before
    # without zone a its list is of no account
    zones = [zone for zone in LOT["zones"] if zone["id"] != "a"]
    file = made(p1=lot(zones=zones, spaces={"b": spaces("2")}))
    assert await import_lots(database_url, file) == Imported(changed=1)
    assert await listed(database_url) == {"b": ["2"]}


async def test_a_list_that_has_lost_spaces_is_put_again(database_url: str) -> None:
    await import_lots(database_url, made(p1=lot(spaces={"a": spaces("1", "2")})))
    took = made(p1=lot(spaces={"b": spaces("2")})).spaces["p1", "b"].to_spaces()
    await store(database_url, lots.Wish("p1", ("b", took), 2))
    assert await listed(database_url) == {"a": ["1"], "b": ["2"]}
    file = made(p1=lot(spaces={"a": spaces("1"), "b": spaces("3")}))
    assert await import_lots(database_url, file) == Imported(changed=1)
    assert await listed(database_url) == {"a": ["1"], "b": ["3"]}


async def test_a_retired_lot_is_revived(database_url: str) -> None:
    file = made(p1=lot(spaces={"a": spaces("1")}))
    await import_lots(database_url, file)
    await store(database_url, lots.Wish("p1", None, 2))
    assert await layouts(database_url) == {"p1": None}
    assert await import_lots(database_url, file) == Imported(new=1)
    assert await listed(database_url) == {"a": ["1"]}


async def test_another_operators_lot_is_refused(database_url: str) -> None:
    await import_lots(database_url, made(p1=lot(operator="east"), p2=LOT))
    file = made(p1=LOT, p2=LOT)
    outcome = await import_lots(database_url, file, operator="zd")
    (fault,) = outcome.faults
    assert str(fault) == ('1:11: lot p1: it is the operator "east"\'s, and the import is for "zd"')
    assert await import_lots(database_url, file) == Imported(changed=1, unchanged=1)


@pytest.mark.parametrize("crs", ["wgs84", "gcj02", "bd09"])
async def test_what_is_answered_can_be_imported(database_url: str, crs: Crs) -> None:
    """As `GET /v1/lots?crs=…` answers it, which is `describe` of each lot."""
    for path in (EAST, SAMPLES / DISTRICT[0]):
        await import_lots(database_url, sample(path))
    items = [
        describe(id_, layout.lot, crs, NOON)
        for id_, layout in (await layouts(database_url)).items()
        if layout is not None
    ]
    file = read_lots(encoded({"items": items, "next": None}), "lots.json", crs)
    assert file.faults == []
    assert await import_lots(database_url, file) == Imported(unchanged=DISTRICT_LOTS + 1)
    items[0]["location"]["lat"] += 1e-6
    file = read_lots(encoded(items), "lots.json", crs)
    assert (await import_lots(database_url, file)).changed == 1


def test_the_answer_of_a_service_is_a_file(
    service: RunningService, database_url: str, tmp_path: Path
) -> None:
    assert asyncio.run(import_lots(database_url, sample(EAST))).new == 1
    service.terminate()
    service.start()  # it surely knows the lot now
    path = tmp_path / "answer.json"
    for url in ("/v1/lots", "/v1/lots/zd-p1"):
        with DIRECT.open(service.url + url, timeout=10) as answer:
            path.write_bytes(answer.read())
        assert asyncio.run(import_lots(database_url, sample(path))) == Imported(unchanged=1)


async def ran(dsn: str, path: Path, **options: Any) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = await run(dsn, path, **options, out=out, err=err)
    return code, out.getvalue(), err.getvalue()


async def test_the_command_sums_up(database_url: str) -> None:
    path = SAMPLES / DISTRICT[1]
    assert await ran(database_url, path, dry_run=True) == (
        0,
        f"{path}: would be {DISTRICT_LOTS} new, 0 changed, 0 unchanged\n",
        "",
    )
    assert await ran(database_url, path) == (
        0,
        f"{path}: {DISTRICT_LOTS} new, 0 changed, 0 unchanged\n",
        "",
    )


async def test_the_command_tells_every_fault_and_stores_nothing(
    database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "lots.csv"
    text = (SAMPLES / DISTRICT[1]).read_text("utf-8-sig")
    text = text.replace(",40,", ",many,").replace(",flag,", ",flags,", 1)
    path.write_text(text, "utf-8")
    column = text.splitlines()[1].index("many") + 1
    code, out, err = await ran(database_url, path, operator=None)
    assert (code, out) == (1, "")
    lines = err.splitlines()
    assert lines[0] == f"{path}:2:{column}: capacity: Input should be a valid integer: 'many'"
    assert lines[1].startswith(f"{path}:5:")
    assert lines[2:] == [f"{path}: 2 errors, nothing was imported"]
    assert await stored(database_url) == []


async def test_the_command_without_a_file_or_a_database(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    missing = tmp_path / "lots.csv"
    assert await ran(nowhere, missing) == (2, "", f"{missing}: No such file or directory\n")
    code, out, err = await ran(nowhere, EAST)
    assert (code, out) == (2, "")
    assert err.startswith(f"{EAST}: nothing was imported: The database cannot be reached")
