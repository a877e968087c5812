"""Retention: whole months go, and nothing that can still be asked for changes by that."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from parking.domain.instants import DAY, HOUR, MINUTE, SECOND, micros, moment, rfc3339
from parking.errors import DatabaseAway
from parking.jobs import retention, walk
from parking.store import history
from parking.store.partitions import list_months, month_of, month_start
from tests import oracle
from tests.e2e.wire import Refusal, connected, description, now, until, zone
from tests.entries import NOW, passage
from tests.nodes import Node, shown, started
from tests.oracle_events import Json
from tests.service import running_services

ZONES = [zone("g", "gates"), zone("s", "spaces", 3), zone("c", "counts"), zone("f", "flag")]
FOR_A_YEAR = [{**described, "stale_after_s": 31_536_000} for described in ZONES]
SEPTEMBER, OCTOBER, NOVEMBER = (month_of(NOW) - ago for ago in (2, 1, 0))
END = month_start(OCTOBER)
"""The end of September, the last month that goes."""
OLDEST = month_start(NOVEMBER) - DAY
"""What is retained; as October is not over by then, it stays whole."""
ASKED = [END, END + 1, END + HOUR, END + 3 * DAY, OLDEST, month_start(NOVEMBER), NOW]


def event(id_: str, at: int, type_: str, **more: object) -> Json:
    return {"lot": "p1", "id": id_, "type": type_, "observed_at": rfc3339(at), **more}


def told() -> list[Json]:
    """Give a history of a hundred days, with events on both sides of the end and on it."""
    cars = [passage(f"e{n}", NOW - n * 7 * HOUR) for n in range(100 * 24 // 7)]
    about = [
        passage(f"about{us}", END + us) for us in (-HOUR, -1, 0, 1, 20 * MINUTE, HOUR, 2 * HOUR)
    ]
    return [
        *cars,
        *about,
        event("base", END - 40 * DAY, "recount", occupied=3, zone="g"),
        event("s1", END - 50 * DAY, "space", space="s1", occupied=True),
        event("s2", END - 2 * DAY, "space", space="s2", occupied=True),
        event("s2-free", END + 2 * DAY, "space", space="s2", occupied=False),
        event("count", END - 1, "count", free=30, zone="c"),
        event("flag", END - 30 * DAY, "flag", level="limited"),
        event("closed", END - 20 * DAY, "status", status="closed"),
        event("void", NOW - DAY, "void", event="e5"),
        event("void-to-come", END - 3 * DAY, "void", event="later"),
    ]


wherever = pytest.mark.parametrize("timezone", ["Asia/Kolkata", "America/New_York"])


@pytest.fixture
def timezone() -> str:
    return "Asia/Shanghai"


@pytest.fixture
async def node(database_url: str, timezone: str) -> AsyncIterator[Node]:
    """Start an instance whose lot has a history."""
    async with started(database_url) as node:
        node.now = NOW - 110 * DAY
        await node.describe("p1", {**description(FOR_A_YEAR), "timezone": timezone})
        await node.put_spaces("p1", "s", ["s1", "s2"])
        node.now = NOW
        events = told()
        assert set(await node.take(events)) == {"accepted"}
        yield node


async def answers(node: Node) -> list[Json | None]:
    return [shown(await node.view_at("p1", at)) for at in ASKED] + [shown(node.view("p1"))]


async def months(node: Node) -> set[int]:
    async with node.database.connection() as connection:
        return await list_months(connection)


async def drop(node: Node) -> list[int]:
    dropped = await retention.drop_old(node.replica, OLDEST)
    await node.replica.sync()
    return dropped


async def test_nothing_goes_before_it_is_worked_up(node: Node) -> None:
    there = await months(node)
    assert {SEPTEMBER - 1, SEPTEMBER, OCTOBER, NOVEMBER} <= there
    assert await drop(node) == []
    assert await months(node) == there
    await walk.walk_all(node.replica)
    # a late event: its hours have to be worked up again first
    await node.take([passage("late", END - 5 * DAY)])
    dropped = await drop(node)
    assert SEPTEMBER not in dropped
    await walk.walk_all(node.replica)
    # so has a lot that was described only now
    await node.describe("new", description(ZONES))
    assert await drop(node) == []
    await walk.walk_all(node.replica)
    assert (await drop(node))[-1] == SEPTEMBER
    assert min(await months(node)) == OCTOBER


@wherever
async def test_numbers_after_it_stay(node: Node) -> None:
    await walk.walk_all(node.replica)
    before = await answers(node)
    assert before[0] is not None
    assert before[0]["occupied"] > 0
    assert (await drop(node))[-1] == SEPTEMBER
    assert node.replica.retained_from == END
    assert await answers(node) == before
    await node.restart()  # there was no snapshot
    assert await answers(node) == before
    await node.replica.save()
    await node.restart()
    assert await answers(node) == before


@wherever
async def test_what_comes_after_it_counts_as_if_nothing_had_gone(node: Node) -> None:
    await walk.walk_all(node.replica)
    assert (await drop(node))[-1] == SEPTEMBER
    events = told()
    assert await answers(node) == by_the_oracle(events)
    corrections = [
        event("void-on-it", NOW, "void", event="about0"),
        passage("on-it", END),
        passage("just-after", END + 10 * SECOND, count=2),
        event("void-after", NOW, "void", event="about1200000000"),
        passage("later", END + 3 * HOUR),  # voided before what is retained
        event("s1-free", END + 5 * DAY, "space", space="s1", occupied=False),
        event("late-base", END + 30 * HOUR, "recount", occupied=50, zone="g"),
    ]
    for number, correction in enumerate(corrections):
        events.append(correction)
        assert await node.take([correction]) == ["accepted"]
        if number % 2:
            await walk.walk_all(node.replica)
        assert await answers(node) == by_the_oracle(events), correction
    await walk.walk_all(node.replica)
    assert await answers(node) == by_the_oracle(events)
    await node.restart()
    assert await answers(node) == by_the_oracle(events)


def by_the_oracle(events: list[Json]) -> list[Json | None]:
    timeline, lists = [(None, description(FOR_A_YEAR))], [(None, "s", ["s1", "s2"])]
    moments = [moment(at) for at in [*ASKED, NOW]]
    return [oracle.availability(timeline, lists, events, at) for at in moments]


async def test_identities_go_and_voids_stay(node: Node) -> None:
    await node.take([event("void-in-it", END - DAY, "void", event="for-later")])
    await walk.walk_all(node.replica)
    await drop(node)
    # their ids are free again
    assert await node.take([event("s1", NOW, "flag", level="full")]) == ["accepted"]
    assert await node.take([event("s2-free", NOW, "flag", level="full")]) == ["conflict"]
    assert await node.take([passage("for-later", NOW - DAY)]) == ["accepted"]
    async with node.database.connection() as connection:
        assert {"e5", "later", "for-later"} <= await history.list_voided(connection, "p1")
        oldest = await connection.fetchval("SELECT min(observed_at) FROM event_identity")
        assert micros(oldest) >= END


async def test_nothing_comes_into_what_was_dropped(node: Node) -> None:
    """An event that was judged just before is not stored either; sent again it is too old."""
    await walk.walk_all(node.replica)
    await drop(node)
    with pytest.raises(DatabaseAway):
        await node.take([passage("too-late", END - 1)])
    assert min(await months(node)) == OCTOBER
    assert await node.take([passage("in-time", END)]) == ["accepted"]


async def test_months_are_made_ahead(database_url: str) -> None:
    async with started(database_url) as node:
        await retention.make_ahead(node.replica)
        await retention.make_ahead(node.replica)
        assert await months(node) == {NOVEMBER, NOVEMBER + 1, NOVEMBER + 2}
        # an empty database retains what is to come
        assert await retention.drop_old(node.replica, NOW + 400 * DAY) != []


async def test_a_service_that_is_told_to_drops(database_url: str) -> None:
    present = micros(now())
    old = month_start(month_of(present) - 1) - 10 * DAY
    fresh = present - 20 * DAY
    with running_services(database_url) as (service,):
        async with connected(service) as (wire,):
            await wire.put_lot("p1", FOR_A_YEAR)
            await wire.push(
                [
                    event("old", old, "recount", occupied=30, zone="g"),
                    event("older", old - 40 * DAY, "recount", occupied=40, zone="g"),
                    passage("fresh", fresh),
                ]
            )
            at = moment(fresh + 1)
            before = await wire.availability("p1", at)
            assert before["zones"][0]["occupied"] == 31
    async with started(database_url) as node:
        node.now = present
        await walk.walk_all(node.replica)
    with running_services(database_url, PARKING_RETENTION_DAYS="30") as (service,):
        async with connected(service) as (wire,):
            connection = await asyncpg.connect(database_url)
            try:

                async def dropped() -> bool:
                    return month_of(old) not in await list_months(connection)

                await until(dropped)
            finally:
                await connection.close()
            assert await wire.availability("p1", at) == before
            assert (await wire.availability("p1"))["zones"][0]["occupied"] == 31
            assert [item["id"] for item in await wire.log("p1")] == ["fresh"]
            receipt = await wire.push([event("old", old, "recount", occupied=30, zone="g")])
            assert [item["code"] for item in receipt["rejected"]] == ["too_old"]
            with pytest.raises(Refusal) as caught:
                await wire.availability("p1", moment(old))
            assert caught.value.status == 410
