"""Usage where it is hard: hours that retention cut, other calendars, lots that cannot be told."""

from collections.abc import AsyncIterator

import pytest

from parking.domain.instants import DAY, HOUR, MINUTE, rfc3339
from parking.domain.usage import Tally
from parking.jobs import retention, walk
from parking.jobs.check import check
from parking.store import checkpoints
from parking.store.partitions import month_of, month_start
from parking.store.usage import Hours, list_hours
from tests.e2e.wire import description, zone
from tests.entries import NOW, passage
from tests.jobs.test_walk import gated, hourly, progress
from tests.nodes import Node, started
from tests.oracle_events import Json

LAST_MONTH = month_of(NOW) - 1
DROPPED = month_start(LAST_MONTH)
"""Up to when the log is dropped."""


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        yield node


async def fill(node: Node, **described: object) -> None:
    """Tell a lot before and after `DROPPED`, work it up, and drop what is before."""
    lasting = {**zone("g", "gates"), "stale_after_s": 31_536_000}
    node.now = NOW - 110 * DAY
    await node.describe("p1", {**description([lasting]), **described})
    node.now = NOW
    await node.take(
        [
            counted(DROPPED - 9 * DAY),
            *(passage(f"s{n}", DROPPED - n * HOUR - MINUTE) for n in range(8 * 24)),
            passage("a", DROPPED - 10 * MINUTE),
            passage("b", DROPPED + 10 * MINUTE),
            *hourly(50),
        ]
    )
    await walk.walk_all(node.replica)
    assert await retention.drop_old(node.replica, month_start(LAST_MONTH + 1) - DAY)
    await node.replica.sync()


def counted(at: int) -> Json:
    event = {"lot": "p1", "id": f"r{at}", "type": "recount", "zone": "g", "occupied": 5}
    return {**event, "observed_at": rfc3339(at)}


async def told(node: Node, start: int, end: int, hours: Hours) -> dict[int, Tally]:
    async with node.database.connection() as connection:
        found = await list_hours(connection, "p1", start, end)
    return {key.start: tally for key, tally in found.items() if key[1:] == (("lot", ""), hours)}


async def test_an_hour_that_retention_cut_is_counted_once(node: Node) -> None:
    await fill(node, timezone="Asia/Kolkata")
    stretch = (DROPPED - 3 * HOUR, DROPPED + 3 * HOUR)
    before = await told(node, *stretch, "all")
    cut = DROPPED - 30 * MINUTE
    assert (before[cut].span, before[cut].arrivals) == (HOUR, 3)  # an hour from half past on
    assert await check(node.replica, node.replica.timeline("p1"), 0, NOW) == []
    assert await told(node, *stretch, "all") == before
    await node.take([passage("late", DROPPED + 50 * MINUTE)])
    await walk.walk_all(node.replica)
    after = await told(node, *stretch, "all")
    assert after[cut] == before[cut]
    assert after[cut + HOUR].arrivals == before[cut + HOUR].arrivals + 1


async def test_opening_hours_stay_with_another_calendar(node: Node) -> None:
    hours = "Mo,We,Fr 06:00-20:00; Tu,Th,Sa,Su 00:00-24:00"
    await fill(node, opening_hours=hours)
    stretch = (DROPPED - 7 * DAY, DROPPED - 2 * DAY)
    before = [await told(node, *stretch, kind) for kind in ("all", "open")]
    assert before[0] != before[1]
    lasting = {**zone("g", "gates"), "stale_after_s": 31_536_000}
    berlin = {**description([lasting]), "opening_hours": hours, "timezone": "Europe/Berlin"}
    await node.describe("p1", berlin)
    await walk.walk_all(node.replica)
    assert [await told(node, *stretch, kind) for kind in ("all", "open")] == before


async def test_a_clock_set_within_a_minute_is_walked_over(node: Node) -> None:
    await gated(node, timezone="Africa/Monrovia")  # in 1972 by 44 minutes and 30 seconds
    await node.take([{**counted(0), "observed_at": "1972-01-07T00:10:00Z"}])
    await walk.walk_all(node.replica)
    assert await progress(node, "p1") == walk.last_whole_hour(node.replica.timeline("p1"), node.now)


async def test_one_lot_that_fails_does_not_stop_the_others(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lot in ("p1", "p2"):
        await gated(node, lot)
        await node.take([{**event, "lot": lot} for event in hourly(1)])
    going = walk.walk

    async def failing(replica: object, timeline: object, due: int) -> int | None:
        if getattr(timeline, "id", "") == "p1":
            raise OverflowError
        return await going(replica, timeline, due)  # type: ignore[arg-type]

    monkeypatch.setattr(walk, "walk", failing)
    await walk.walk_all(node.replica)
    assert await progress(node, "p1") is None
    assert await progress(node, "p2") is not None


async def test_what_was_begun_anew_meanwhile_is_not_taken_back(node: Node) -> None:
    await gated(node)
    async with node.database.transaction() as connection:
        assert await checkpoints.take_back_all(connection, "p1", NOW) == NOW
