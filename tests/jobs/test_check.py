"""The check: nothing differs on a healthy database, and what does is told and mended."""

import random
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import pytest

from parking.domain.instants import DAY, HOUR, MINUTE, micros, rfc3339
from parking.domain.usage import Tally
from parking.jobs import walk
from parking.jobs.check import check, check_night
from parking.store.packing import HOUR as HOUR_RECORD
from parking.store.packing import unpack
from parking.store.usage import list_hours
from tests.entries import NOW, passage
from tests.jobs.test_walk import check_usage, gated, hourly, progress, told, usage, void
from tests.nodes import Node, started
from tests.oracle_events import Json

LONG_AGO = NOW - 400 * DAY


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        yield node


def busy(days: float) -> list[Json]:
    """Give a recount, and then a car in every hour."""
    counted = {"lot": "p1", "id": "base", "type": "recount", "occupied": 7, "zone": "g"}
    at = rfc3339(NOW // HOUR * HOUR - int(days * 24) * HOUR)
    return [{**counted, "observed_at": at}, *hourly(days)]


async def differing(node: Node, lot: str = "p1", start: int = LONG_AGO) -> list[object]:
    return list(await check(node.replica, node.replica.timeline(lot), start, NOW + DAY))


async def test_nothing_differs_however_it_came(node: Node) -> None:
    chance = random.Random(11)
    drawn = [told(number) for number in range(100, 112)]
    for case, events, _ in drawn:
        await node.live_through(case.lot)
        chance.shuffle(events)
    node.now += 10 * MINUTE
    left = [event for _, events, _ in drawn for event in events]
    while left:
        await node.take(left[:60])
        del left[:60]
        await walk.walk_all(node.replica)
    for case, events, _ in drawn:
        await node.take(
            [
                {**void(f"v{n}", event["id"]), "lot": case.lot.id}
                for n, event in enumerate(chance.sample(events, len(events) // 5))
            ]
        )
    await walk.walk_all(node.replica)
    number = 0
    for case, _, _ in drawn:
        for start in (LONG_AGO, NOW - 3 * DAY - 5 * HOUR, NOW):
            assert await differing(node, case.lot.id, start) == []
        number += await progress(node, case.lot.id) or 0
    assert number > 0
    assert len(await usage(node)) > len(drawn)


async def test_what_a_void_leaves_without_any_event_is_gone(node: Node) -> None:
    await gated(node)
    first, *rest = busy(3)
    lone = {**first, "id": "lone", "observed_at": rfc3339(NOW - 9 * DAY)}
    await node.take([lone, first, *rest])
    await walk.walk_all(node.replica)
    days = len(await usage(node))
    await node.take([void("v", "lone")])
    await walk.walk_all(node.replica)
    assert 0 < len(await usage(node)) < days
    assert await differing(node) == []
    await node.take([void(f"v{event['id']}", event["id"]) for event in [first, *rest]])
    await walk.walk_all(node.replica)
    assert await usage(node) == []
    assert await differing(node) == []


async def test_what_differs_is_told_and_mended(node: Node) -> None:
    await gated(node)
    await node.take(busy(3))
    await walk.walk_all(node.replica)
    before = await usage(node)
    assert before
    async with node.database.connection() as connection:
        row = await connection.fetchrow(
            "SELECT day, figures FROM usage_hours WHERE scope = 'zone' ORDER BY day DESC OFFSET 1"
        )
        figures = unpack(row["figures"], HOUR_RECORD).copy()
        assert figures["arrivals"][5] == 1
        figures["arrivals"][5] = 7
        await connection.execute(
            "UPDATE usage_hours SET figures = $1 WHERE scope = 'zone' AND day = $2",
            figures.tobytes(),
            row["day"],
        )
    found = await check(node.replica, node.replica.timeline("p1"), LONG_AGO, NOW)
    assert {difference.hour.start for difference in found} == {int(figures["start"][5])}
    assert {difference.hour.scope for difference in found} == {("zone", "g")}
    assert found[0].list_columns() == [("arrivals", 7, 1)]
    assert await usage(node) == before
    assert await differing(node) == []


async def test_lost_and_invented_days_are_told_and_mended(node: Node) -> None:
    await gated(node)
    await node.take(busy(3))
    await walk.walk_all(node.replica)
    before = await usage(node)
    assert before
    async with node.database.connection() as connection:
        lost = await connection.fetchval("SELECT max(day) - interval '1 day' FROM usage_hours")
        for table in ("usage_day", "usage_hours"):
            await connection.execute(f"DELETE FROM {table} WHERE day = $1", lost)
            await connection.execute(
                f"INSERT INTO {table} SELECT lot, day - interval '10 days', scope, name, hours,"
                f" figures, stays FROM {table} WHERE day > $1",
                lost,
            )
    found = await check(node.replica, node.replica.timeline("p1"), LONG_AGO, NOW)
    missing = [difference for difference in found if difference.stored == Tally()]
    assert {difference.hour.start // DAY for difference in missing} <= {
        micros(lost) // DAY,
        micros(lost) // DAY + 1,
    }
    assert len(missing) == 24 * 3 * 2
    assert await differing(node) == []
    kept = [row for row in await usage(node) if row in before]
    assert kept == before


async def test_only_what_is_worked_up_is_checked(node: Node) -> None:
    await gated(node)
    assert await differing(node) == []
    await node.take(busy(1))
    assert await differing(node) == []
    await walk.walk_all(node.replica)
    await node.take([passage("late", NOW - 5 * HOUR)])
    assert await differing(node) == []
    assert await progress(node, "p1") == NOW - 5 * HOUR


async def test_at_night_the_day_before_yesterday_is_checked(node: Node) -> None:
    for lot in ("p1", "p2"):
        await gated(node, lot)
        await node.take([{**event, "lot": lot} for event in busy(4)])
    await walk.walk_all(node.replica)
    assert await check_night(node.replica) == 0
    async with node.database.connection() as connection:
        await connection.execute("UPDATE usage_hours SET figures = '' WHERE lot = 'p2'")
    assert await check_night(node.replica) == 24 * 3 * 2
    assert await check_night(node.replica) == 0


@pytest.mark.parametrize("timezone", ["Asia/Kolkata", "Europe/Berlin"])
async def test_another_time_zone_is_another_calendar(node: Node, timezone: str) -> None:
    await gated(node)
    await node.take(busy(9))
    await walk.walk_all(node.replica)
    shanghai = await usage(node)
    await gated(node, timezone=timezone)
    assert await differing(node) == []  # the walk has yet to come
    await walk.walk_all(node.replica)
    there = await usage(node)
    assert there != shanghai
    assert await differing(node) == []
    await check_usage(node, least=9)
    await gated(node)
    await walk.walk_all(node.replica)
    assert await usage(node) == shanghai


async def test_what_was_dropped_is_sorted_by_another_calendar(node: Node) -> None:
    await gated(node)
    await node.take(busy(3))
    await walk.walk_all(node.replica)
    before = await hours_by_start(node)
    assert sum(tally.known > 0 for tally in before.values()) > 60
    async with node.database.connection() as connection:
        # as if all was dropped
        await connection.execute("TRUNCATE event, event_identity")
        await connection.execute(
            "UPDATE log_head SET retained_from = (SELECT max(at) FROM checkpoint)"
        )
    await gated(node, timezone="Europe/Berlin")
    await walk.walk_all(node.replica)
    after = await hours_by_start(node)
    assert {start: tally for start, tally in after.items() if tally.known} == {
        start: tally for start, tally in before.items() if tally.known
    }
    async with node.database.connection() as connection:
        days = await connection.fetch("SELECT DISTINCT day FROM usage_day")
    berlin = ZoneInfo("Europe/Berlin")
    assert {row["day"].astimezone(berlin).hour for row in days} == {0}


async def hours_by_start(node: Node) -> dict[int, Tally]:
    async with node.database.connection() as connection:
        found = await list_hours(connection, "p1", LONG_AGO, NOW + DAY)
    return {key.start: tally for key, tally in found.items() if key[1:] == (("lot", ""), "all")}
