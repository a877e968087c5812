"""The walk: checkpoints are what the whole log says, whatever came late, and however it went."""

import random
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

import pytest

from parking import metrics
from parking.domain.availability import settle
from parking.domain.events import Entry, Void
from parking.domain.instants import DAY, HOUR, MINUTE, micros
from parking.domain.meter import Past
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.jobs import walk
from parking.store import checkpoints, history
from parking.store.packing import DAY as DAY_RECORD
from parking.store.packing import unpack
from tests import histories, oracle
from tests.by_hand import T
from tests.drawn import draw
from tests.e2e.wire import description, zone
from tests.entries import NOW, passage
from tests.folding import rebuild
from tests.histories import History
from tests.nodes import Node, shown, started
from tests.oracle_events import Json, when

HISTORIES = 25


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        yield node


async def made(node: Node, lot: str) -> dict[int, LotState]:
    """Read a lot's checkpoints by their moments."""
    async with node.database.connection() as connection:
        rows = await connection.fetch("SELECT at FROM checkpoint WHERE lot = $1", lot)
        found = {}
        for at in sorted(micros(row["at"]) for row in rows):
            nearest = await checkpoints.find_nearest(connection, lot, at)
            assert nearest is not None
            assert nearest[0] == at
            found[at] = nearest[1].state
        return found


async def progress(node: Node, lot: str) -> int | None:
    async with node.database.connection() as connection:
        reached = await checkpoints.find_progress(connection, lot)
        return None if reached is None else reached[0]


async def whole_log(node: Node) -> list[Entry]:
    async with node.database.connection() as connection:
        head = await history.get_head(connection)
        return await history.list_tail(connection, 0, head.seq)


def from_all(entries: Iterable[Entry], timeline: Timeline, before: int) -> LotState:
    """Fold all that a lot's log holds before a moment."""
    mine = [entry for entry in entries if entry.lot == timeline.id]
    voided = {entry.event.event for entry in mine if isinstance(entry.event, Void)}
    return rebuild(LotState(), [entry for entry in mine if entry.at < before], voided, timeline)


def form(state: LotState) -> bytes:
    """Give what equal states have in common."""
    state = settle(state)
    ordered = LotState(
        dict(sorted(state.zones.items())),
        dict(sorted(state.spaces.items())),
        state.status,
        dict(sorted(state.sensors.items())),
    )
    return checkpoints.encode(Past(ordered, {})).state


async def check(node: Node) -> int:
    """Hold that each checkpoint is what the whole log says; gives their number."""
    entries = await whole_log(node)
    number = 0
    for live in node.replica.board.all_lots():
        for at, state in (await made(node, live.id)).items():
            assert form(state) == form(from_all(entries, live.timeline, at)), (live.id, at)
            number += 1
        assert await progress(node, live.id) == walk.last_whole_hour(live.timeline, node.now)
    return number


async def check_usage(node: Node, least: int = HISTORIES) -> None:
    """Hold that the usage stored bit by bit is what one walk over the whole log stores."""
    bit_by_bit = await usage(node)
    async with node.database.connection() as connection:
        await connection.execute("TRUNCATE checkpoint, lot_progress, usage_day, usage_hours")
    await walk.walk_all(node.replica)
    assert bit_by_bit == await usage(node)
    assert len(bit_by_bit) > least


async def usage(node: Node) -> list[tuple[object, ...]]:
    """Read the stored days in which anything was known or moved, and their hours."""
    async with node.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT d.*, h.figures AS hours_figures, h.stays AS hours_stays FROM usage_day d"
            " FULL JOIN usage_hours h USING (lot, scope, hours, day, name)"
            " ORDER BY lot, scope, hours, day, name"
        )
    assert all(None not in tuple(row) for row in rows)  # each day has its hours, and the other way
    return [tuple(row) for row in rows if unpack(row["figures"], DAY_RECORD)["known"][0]]


def told(number: int) -> tuple[History, list[Json], list[timedelta]]:
    """Draw a history on a lot of its own, cut in two, and moments before its end."""
    drawn = draw(histories.histories(max_events=60, duplicates=False), number)
    chance = random.Random(number)
    marks = [T - timedelta(hours=chance.uniform(0, 120)) for _ in range(6)]
    marks += [draw(histories.instants(drawn), number * 10 + n) for n in range(3)]
    events = [{**event, "lot": f"lot-{number}"} for event in drawn.events if "id" in event]
    lot = histories.Lot(drawn.lot.timeline, drawn.lot.lists, f"lot-{number}")
    return History(lot, events), events, [mark - T for mark in marks if mark <= T]


async def test_random_histories(node: Node) -> None:
    chance = random.Random(7)
    drawn = [told(number) for number in range(HISTORIES)]
    rest: list[Json] = []
    for number, (case, events, _) in enumerate(drawn):
        await node.live_through(case.lot)
        chance.shuffle(events)
        await node.take(events[: len(events) * 2 // 3])
        rest += events[len(events) * 2 // 3 :]
        if number % 5 == 0:
            await walk.walk_all(node.replica)
    node.now += 10 * MINUTE  # all that was ahead is past now
    await walk.walk_all(node.replica)
    assert await check(node) > HISTORIES
    chance.shuffle(rest)
    while rest:
        await node.take(rest[:20])
        del rest[:20]
        await walk.walk_all(node.replica)
    assert await walk.walk_all(node.replica) == 0
    assert await check(node) > HISTORIES
    await check_usage(node)
    for case, _, agos in drawn:
        for ago in agos:
            wanted = oracle.availability(
                case.lot.timeline, case.lot.lists, case.events, T + ago, lot=case.lot.id
            )
            assert shown(await node.view_at(case.lot.id, micros(T + ago))) == wanted


async def gated(node: Node, lot: str = "p1", **more: object) -> None:
    await node.describe(lot, {**description([zone("g", "gates")]), **more})


def hourly(days: float, prefix: str = "e") -> list[Json]:
    """Give a car ten minutes after each full hour."""
    hours = range(1, int(days * 24))
    start = NOW // HOUR * HOUR + 10 * MINUTE
    return [passage(f"{prefix}{n}", start - n * HOUR) for n in hours]


async def test_what_comes_late_takes_back_what_it_touches(node: Node) -> None:
    await gated(node)
    await gated(node, "p2")
    await node.take(hourly(2) + [{**event, "lot": "p2"} for event in hourly(2)])
    await walk.walk_all(node.replica)
    before, other = await made(node, "p1"), await made(node, "p2")
    due = NOW // HOUR * HOUR
    assert await progress(node, "p1") == due
    assert max(before) == due
    assert len(before) > 40

    # what is not late, or voids nothing that is there, touches nothing
    await node.take([passage("new", due), passage("ahead", NOW + MINUTE)])
    await node.take([void("v1", "never"), void("v2", "new")])
    assert await progress(node, "p1") == due
    assert set(await made(node, "p1")) == set(before)

    late = due - 5 * HOUR
    await node.take([passage("late", late)])
    assert await progress(node, "p1") == late
    assert set(await made(node, "p1")) == {at for at in before if at <= late}
    await walk.walk_all(node.replica)
    await check(node)
    assert set(await made(node, "p1")) == set(before)

    await node.take([void("v3", "e20")])
    target = next(entry for entry in await whole_log(node) if entry.id == "e20")
    assert await progress(node, "p1") == target.at
    assert set(await made(node, "p1")) == {at for at in before if at <= target.at}
    await walk.walk_all(node.replica)
    await check(node)

    # a void whose target comes later: the late target takes back, and is not counted
    await node.take([passage("never", late + 1)])
    assert await progress(node, "p1") == late + 1
    await walk.walk_all(node.replica)
    await check(node)
    assert {at: form(state) for at, state in (await made(node, "p2")).items()} == {
        at: form(state) for at, state in other.items()
    }


def void(id_: str, target: str) -> Json:
    return {"lot": "p1", "id": id_, "type": "void", "event": target, "observed_at": oracle.shown(T)}


async def test_what_was_overtaken_is_not_stored(node: Node) -> None:
    await gated(node)
    await node.take(hourly(1))
    due = NOW // HOUR * HOUR
    async with node.database.connection() as connection:
        seq = (await history.get_head(connection)).seq
    for late in (passage("late", due - HOUR), void("v", "e3")):
        await node.take([late])
        with pytest.raises(checkpoints.Overtaken):
            async with node.database.transaction() as connection:
                await checkpoints.store(connection, "p1", {}, through=due, timezone="UTC", seq=seq)
    assert await progress(node, "p1") is None
    async with node.database.transaction() as connection:
        seq = (await history.get_head(connection)).seq
        await node.take([passage("not-late", due)])
        await checkpoints.store(connection, "p1", {}, through=due, timezone="UTC", seq=seq)
    assert await progress(node, "p1") == due


async def test_of_old_days_the_last_checkpoint_stays(node: Node) -> None:
    await gated(node)
    node.now = NOW - 10 * DAY
    for _ in range(11):  # day by day, as it goes in life
        events = [event for event in hourly(20) if micros_of(event) <= node.now]
        await node.take(events)
        await walk.walk_all(node.replica)
        node.now += DAY
    node.now = NOW
    await walk.walk_all(node.replica)
    await check(node)
    kept = sorted(await made(node, "p1"))
    fine = [at for at in kept if at > NOW - 3 * DAY]
    assert len(fine) >= 71
    coarse = [at for at in kept if at <= NOW - 3 * DAY]
    assert 15 <= len(coarse) <= 18
    days = {at // DAY for at in coarse}
    assert len(days) == len(coarse)
    for ago in range(0, 20 * 24, 7):
        at = NOW - ago * HOUR
        async with node.database.transaction("repeatable_read") as connection:
            state = await history.read_state(connection, node.replica.timeline("p1"), at)
        assert form(state) == form(
            from_all(await whole_log(node), node.replica.timeline("p1"), at + 1)
        )


def micros_of(event: Json) -> int:
    return micros(when(event))


@pytest.mark.parametrize("days", [0.1, 5])
@pytest.mark.parametrize("timezone", ["Asia/Shanghai", "Asia/Kolkata"])
async def test_more_than_is_worked_up_at_once(
    node: Node, monkeypatch: pytest.MonkeyPatch, days: float, timezone: str
) -> None:
    monkeypatch.setattr(walk, "_MOST_EVENTS", 10)
    await gated(node, timezone=timezone)
    start = NOW - int(days * DAY)
    await node.take([passage(f"e{n}", start + n * MINUTE) for n in range(150)])
    await walk.walk_all(node.replica)
    assert await check(node) > 0
    assert await walk.walk_all(node.replica) == 0


async def test_lots_without_events_and_retired_ones_are_worked_up_too(node: Node) -> None:
    for lot in ("empty", "retired"):
        await gated(node, lot)
    await node.describe("retired", None)
    assert await walk.walk_all(node.replica) == 2
    assert await walk.walk_all(node.replica) == 0
    node.now += HOUR
    assert await walk.walk_all(node.replica) == 2
    assert await check(node) == 0


async def test_every_instance_tells_how_many_lots_wait(node: Node) -> None:
    """Also one that does not walk, as nobody might."""

    async def behind() -> float | None:
        await walk.measure_behind(node.replica)
        return metrics.registry.get_sample_value("parking_checkpoint_lots_behind")

    for lot in ("a", "b"):
        await gated(node, lot)
    assert await behind() == 2
    await walk.walk_all(node.replica)
    assert await behind() == 0
    node.now += HOUR
    assert await behind() == 2
