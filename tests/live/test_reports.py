"""Reports: cars turned away, worked out by hand; and what is read while much is not worked up."""

from collections.abc import AsyncIterator

import pytest

from parking.domain.calendar import boundaries, hour_start, zone_of
from parking.domain.instants import DAY, HOUR, MINUTE, rfc3339
from parking.domain.usage import TurnedAway
from parking.jobs import walk
from parking.live.reports import Reports
from parking.live.summing import Buckets, Figures
from tests.e2e.wire import description, zone
from tests.entries import NOW
from tests.nodes import Node, started
from tests.oracle_events import Json

ZONE = zone_of("Asia/Shanghai")
PEAK = hour_start(NOW - 30 * DAY, ZONE)
"""The hour that is full."""
WEEK = 7 * DAY


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        yield node


def counted(at: int, occupied: int) -> Json:
    event = {"lot": "p1", "id": f"r{at}", "type": "recount", "zone": "g", "occupied": occupied}
    return {**event, "observed_at": rfc3339(at)}


def came(at: int, cars: int) -> Json:
    """Give cars that come and others that go at once."""
    event = {"lot": "p1", "type": "passage", "zone": "g", "count": cars}
    return {**event, "id": f"i{at}", "direction": "in", "observed_at": rfc3339(at)}


def went(at: int, cars: int) -> Json:
    return {**came(at, cars), "id": f"o{at}", "direction": "out"}


async def ask(node: Node, start: int, end: int, *, each: str = "days") -> Figures:
    buckets = Buckets(ZONE, (start,), end, "week" if each == "week" else "days")
    (sums,) = await Reports(node.database).list_sums(
        [(node.replica.timeline("p1"), buckets)], "lot", "all", turned_away=True
    )
    if each == "week":
        total = Figures()
        for bucket in sums:
            total.add(bucket[""])
        return total
    return sums[0][""]


async def fill(node: Node) -> None:
    """Tell of a lot that is full for the second half of one hour, and of other weeks' same hour."""
    await node.describe("p1", description([zone("g", "gates", 10)]))
    await node.take([counted(PEAK - 8 * WEEK, 4)])
    for week, cars in ((-5, 90), (-4, 6), (-1, 9), (1, 0), (2, 9), (5, 90)):
        at = PEAK + week * WEEK + 10 * MINUTE
        if cars:
            await node.take([came(at, cars), went(at, cars)])
    # full for the last half of the hour: what then came is not what would have come
    await node.take([came(PEAK + 30 * MINUTE, 6), went(PEAK + HOUR, 6)])


@pytest.mark.parametrize("worked_up", [False, True])
async def test_cars_turned_away_are_those_of_other_weeks(node: Node, worked_up: bool) -> None:
    await fill(node)
    if worked_up:
        await walk.walk_all(node.replica)
    midnight = PEAK - (PEAK + 8 * HOUR) % DAY
    figures = await ask(node, midnight, midnight + DAY)
    assert figures.tally.full == 30 * MINUTE
    assert figures.turned_away is not None
    if not worked_up:  # other weeks are looked up among what is worked up
        assert figures.turned_away == TurnedAway(0, 30 * MINUTE)
        assert figures.turned_away.coverage(figures.tally) == (DAY - 30 * MINUTE) / DAY
        return
    # 24 cars in the eight hours of the four weeks before and the four after
    assert figures.turned_away.cars == pytest.approx(30 * 24 / (8 * 60))
    assert figures.turned_away.unrated == 0
    assert figures.turned_away.coverage(figures.tally) == 1
    by_week = await ask(node, midnight - WEEK, midnight + DAY, each="week")
    assert by_week.turned_away == figures.turned_away


async def test_hours_that_were_full_or_unknown_are_no_measure(node: Node) -> None:
    await fill(node)
    for week in (-4, -3, -2, -1, 2, 3, 4):  # full for a minute
        at = PEAK + week * WEEK + 40 * MINUTE
        await node.take([counted(at, 10), counted(at + MINUTE, 4)])
    await walk.walk_all(node.replica)
    figures = await ask(node, PEAK, PEAK + HOUR)
    assert figures.turned_away == TurnedAway(0.0, 0)  # of one other week, in which nobody came
    at = PEAK + WEEK + 40 * MINUTE
    await node.take([counted(at, 10), counted(at + MINUTE, 4)])
    await walk.walk_all(node.replica)
    figures = await ask(node, PEAK, PEAK + HOUR)
    assert figures.turned_away == TurnedAway(0.0, 30 * MINUTE)


async def test_flags_tell_of_no_arrivals(node: Node) -> None:
    await node.describe("p1", description([zone("g", "flag", 10)]))
    figures = await ask(node, PEAK, PEAK + HOUR)
    assert figures.turned_away is None


async def test_lots_of_several_time_zones_are_read_together(node: Node) -> None:
    """The days of one begin and end beside those of another."""
    zones = {"p1": "Asia/Shanghai", "p2": "Europe/Berlin", "p3": "America/New_York"}
    for lot, timezone in zones.items():
        described = description([zone("g", "gates", 10)]) | {"timezone": timezone}
        await node.describe(lot, described)
        for day in range(12):
            event = counted(PEAK - 4 * DAY + day * DAY, day % 10) | {"lot": lot}
            await node.take([event])
    await walk.walk_all(node.replica)
    asked = []
    for lot, timezone in zones.items():
        days = boundaries(PEAK, PEAK + 3 * DAY, zone_of(timezone), "day")
        buckets = Buckets(zone_of(timezone), days[:-1], days[-1], "days")
        asked.append((node.replica.timeline(lot), buckets))
    reports = Reports(node.database)
    together = await reports.list_sums(asked, "lot", "all")
    alone = [(await reports.list_sums([one], "lot", "all"))[0] for one in asked]
    told = [[day[""].tally for day in days] for days in together]
    assert told == [[day[""].tally for day in days] for days in alone]
    assert all(tally.coverage > 0 for days in told for tally in days)
