"""Quality by the clock: what is stored is what the whole log says, however and whenever it came."""

import random
from collections.abc import AsyncIterator
from datetime import date

import pytest

from parking.domain.instants import DAY, HOUR, MINUTE, rfc3339
from parking.domain.quality.reports import WINDOW_DAYS
from parking.domain.quality.sheets import Sheet
from parking.errors import DatabaseAway
from parking.jobs import quality as judging
from parking.jobs import walk
from parking.live.repeats import Repeats
from parking.live.verdicts import Verdicts
from parking.store import quality
from parking.store.database import open_database
from parking.store.quality import FIRST_DAY, LAST_DAY, Judged
from tests.entries import NOW, passage
from tests.jobs.test_walk import gated, told, void
from tests.nodes import Node, started
from tests.oracle_events import Json

TODAY = date(2026, 11, 23)


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        yield node


async def judge(node: Node) -> Verdicts:
    """Do what the clock has done."""
    verdicts = Verdicts()
    await walk.walk_all(node.replica)
    await judging.judge_all(node.replica, verdicts)
    return verdicts


async def days(node: Node, *lots: str) -> list[Judged]:
    async with node.database.connection() as connection:
        return await quality.list_page(
            connection, lots or ("p1",), first=FIRST_DAY, last=LAST_DAY, after=None, limit=1000
        )


async def sheets(node: Node, lot: str = "p1") -> list[Sheet]:
    async with node.database.connection() as connection:
        stored = await quality.list_sheets(connection, lot, FIRST_DAY, LAST_DAY)
    return [quality.decode(sheet) for sheet in stored]


async def forget_all(node: Node) -> None:
    async with node.database.connection() as connection:
        await connection.execute("TRUNCATE quality_sheet, quality_day, quality_progress")


def counted(at: int, id_: str = "base", **more: object) -> Json:
    event = {"lot": "p1", "id": id_, "type": "recount", "occupied": 7, "zone": "g"}
    return {**event, "observed_at": rfc3339(at), **more}


async def test_what_is_stored_is_what_the_whole_log_says(node: Node) -> None:
    chance = random.Random(5)
    drawn = [told(number) for number in range(200, 208)]
    for case, events, _ in drawn:
        await node.live_through(case.lot)
        chance.shuffle(events)
    node.now += 10 * MINUTE
    left = [event for _, events, _ in drawn for event in events]
    while left:
        await node.take(left[:110])
        del left[:110]
        await judge(node)
        node.now += 3 * MINUTE
    for case, events, _ in drawn:
        victims = chance.sample(events, len(events) // 5)
        await node.take(
            [{**void(f"v{n}", event["id"]), "lot": case.lot.id} for n, event in enumerate(victims)]
        )
    node.now += HOUR
    await judge(node)
    lots = [case.lot.id for case, _, _ in drawn]
    bit_by_bit = [(day.lot, day.day, day.report) for day in await days(node, *lots)]
    stored = {lot: await sheets(node, lot) for lot in lots}
    await forget_all(node)
    await judge(node)
    assert bit_by_bit == [(day.lot, day.day, day.report) for day in await days(node, *lots)]
    assert stored == {lot: await sheets(node, lot) for lot in lots}
    assert len(bit_by_bit) > 2 * len(lots)


async def test_the_running_day_is_judged_as_of_now(node: Node) -> None:
    await gated(node)
    await node.take([counted(NOW - 3 * HOUR), passage("a", NOW - MINUTE)])
    verdicts = await judge(node)
    (day,) = await days(node)
    assert (day.day, day.judged_at, day.report.through) == (TODAY, NOW, NOW)
    assert day.report.end > NOW
    assert day.report.events == 2
    assert verdicts.reports == {"p1": day.report}
    node.now += DAY
    await node.take([passage("b", NOW + 20 * MINUTE)])
    verdicts = await judge(node)
    first, second = await days(node)
    assert first.report.through == first.report.end
    assert first.report.events == 3
    assert second.report.through == node.now
    assert verdicts.reports == {"p1": second.report}


async def test_what_comes_late_or_is_voided_corrects_its_day(node: Node) -> None:
    await gated(node)
    moments = [NOW - n * HOUR - MINUTE for n in range(50)]
    await node.take([counted(NOW - 60 * HOUR), *(passage(f"n{at}", at) for at in moments)])
    await judge(node)
    before = {day.day: day.report.events for day in await days(node)}
    assert list(before.values()) == [1, 17, 24, 9]
    await node.take([passage("late", NOW - 30 * HOUR)])
    await judge(node)
    after = {day.day: day.report.events for day in await days(node)}
    assert {day: after[day] - before[day] for day in after if after[day] != before[day]} == {
        date(2026, 11, 22): 1
    }
    await node.take([void("v", "late")])
    await judge(node)
    assert {day.day: day.report.events for day in await days(node)} == before


async def test_of_a_long_history_the_last_weeks_are_judged(node: Node) -> None:
    await gated(node)
    await node.take([passage(f"n{n}", NOW - n * DAY) for n in range(60)])
    await judge(node)
    judged = await days(node)
    assert len(judged) == WINDOW_DAYS + 1
    assert judged[0].day.toordinal() == TODAY.toordinal() - WINDOW_DAYS
    await node.take([passage("very-late", NOW - 50 * DAY)])
    await judge(node)
    assert [day.report for day in await days(node)] == [day.report for day in judged]


async def test_old_sheets_are_forgotten_and_reports_stay(node: Node) -> None:
    await gated(node)
    await node.take([passage(f"n{n}", NOW - n * DAY) for n in range(20)])
    await judge(node)
    node.now += 30 * DAY
    await judge(node)
    await judging.thin_out(node.replica)
    assert len(await sheets(node)) == judging.KEPT_DAYS
    assert len(await days(node)) == 20 + WINDOW_DAYS + 1  # nobody looked for longer than that
    node.replica.retained_from = node.now - 10 * DAY
    await judging.thin_out(node.replica)
    assert len(await days(node)) == 11


async def test_long_days_are_read_piece_by_piece(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gated(node)
    await node.take([passage(f"n{n}", NOW - n * 20 * MINUTE) for n in range(1, 200)])
    await judge(node)
    whole = await sheets(node), [day.report for day in await days(node)]
    await forget_all(node)
    monkeypatch.setattr(judging, "_MOST_EVENTS", 7)
    await judge(node)
    assert whole == (await sheets(node), [day.report for day in await days(node)])


async def test_another_time_zone_is_another_calendar(node: Node) -> None:
    await gated(node)
    await node.take([passage(f"n{n}", NOW - n * HOUR) for n in range(60)])
    await judge(node)
    await gated(node, timezone="America/New_York")
    await judge(node)
    moved = [(day.day, day.report) for day in await days(node)]
    await forget_all(node)
    await judge(node)
    assert moved == [(day.day, day.report) for day in await days(node)]
    assert moved[0][1].start % DAY == 5 * HOUR


async def test_a_lot_that_nobody_hears_and_one_that_is_retired(node: Node) -> None:
    for lot in ("p1", "p2"):
        await gated(node, lot)
    await node.describe("p2", None)
    verdicts = await judge(node)
    (day,) = await days(node, "p1", "p2")
    assert (day.lot, day.report.score) == ("p1", 0)
    assert [finding.detail for finding in day.report.findings] == ["never heard"]
    assert set(verdicts.reports) == {"p1"}


async def test_what_is_sent_again_is_counted(node: Node) -> None:
    await gated(node)
    repeats = Repeats()
    events = [passage(f"n{n}", NOW - n * MINUTE) for n in range(1, 31)]
    for _ in range(2):
        repeats.count(node.entries(events), await node.take(events))
    await repeats.store(node.database)
    assert not repeats.counts
    await repeats.store(node.database)
    await judge(node)
    (day,) = await days(node)
    assert (day.report.events, day.report.duplicates) == (30, 30)
    found = [finding for finding in day.report.findings if finding.kind == "duplicates"]
    assert [(one.zone, one.sensor, one.facts) for one in found] == [
        ("g", None, {"duplicates": 30, "share": 0.5})
    ]
    assert [zone.duplicates for zone in day.report.zones] == [30]


async def test_duplicates_are_kept_while_the_database_is_away() -> None:
    repeats = Repeats()
    repeats.counts["p1", NOW // HOUR] = 3
    repeats.senders["p1", NOW // HOUR, "zone:g"] = 3
    async with open_database("postgresql://127.0.0.1:1/none") as database:
        with pytest.raises(DatabaseAway):
            await repeats.store(database)
    assert repeats.counts == {("p1", NOW // HOUR): 3}
    assert repeats.senders == {("p1", NOW // HOUR, "zone:g"): 3}
