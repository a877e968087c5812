"""The replica shows what the log says, however it came by it and whatever failed on the way."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from parking.domain.instants import DAY, HOUR, MINUTE, SECOND
from parking.errors import DatabaseAway
from parking.store import history, snapshots
from tests import histories, oracle
from tests.by_hand import T
from tests.drawn import draw
from tests.e2e.wire import description, zone
from tests.entries import NOW, passage
from tests.histories import History
from tests.live.following import GATES, base, cars, fail_once, inside, void
from tests.nodes import Node, shown
from tests.oracle_events import Json

HISTORIES = 15


async def test_what_others_commit_is_taken_up(node: Node, other: Node) -> None:
    await node.describe("p1", GATES)
    await other.replica.sync()
    await node.take([base("base", NOW - HOUR), *cars(5)])
    await other.replica.sync()
    assert inside(other) == inside(node) == 5
    # its own commit, while there is something of others before it that it has not seen
    await node.take(cars(3, "f"))
    await other.take(cars(2, "g"))
    assert inside(other) == 10
    await node.replica.sync()
    assert inside(node) == 10


async def test_what_was_read_from_the_log_is_not_taken_twice(node: Node) -> None:
    await node.describe("p1", GATES)
    entries = node.entries([base("base", NOW - HOUR), *cars(5)])
    committed = await node.writer.commit(entries, suspects=False)
    await node.replica.sync()  # before the commit was told of
    assert inside(node) == 5
    await node.replica.committed(committed.before, committed.after, entries)
    await node.replica.rebuilding.wait({"p1"})
    await node.replica.sync()
    assert inside(node) == 5


async def test_a_restart_reads_on_from_the_snapshot(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - HOUR), *cars(5), passage("ahead", NOW + MINUTE)])
    await node.replica.save()
    await node.take([*cars(2, "f"), passage("ahead2", NOW + 2 * MINUTE), void("v", "e1")])
    read: list[tuple[int, int]] = []
    list_tail = history.list_tail

    async def noted(connection: Any, after: int, until: int) -> Any:
        read.append((after, until))
        return await list_tail(connection, after, until)

    monkeypatch.setattr(history, "list_tail", noted)
    await node.restart()
    assert read == [(7, 11)]
    assert inside(node) == 6
    node.now += MINUTE
    assert inside(node) == 7
    node.now += MINUTE
    assert inside(node) == 8
    await node.replica.save()
    read.clear()
    await node.restart()
    assert read == []
    assert inside(node) == 8


async def test_an_older_snapshot_does_not_replace_a_newer_one(node: Node, other: Node) -> None:
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - HOUR), *cars(5)])
    await other.replica.sync()
    await node.take(cars(3, "f"))
    await node.replica.save()
    await other.replica.save()  # it has seen less
    await node.restart()
    assert inside(node) == 8
    await other.replica.sync()
    await other.replica.save()
    await other.restart()
    assert inside(other) == 8


async def test_a_snapshot_that_failed_is_saved_again(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - HOUR), *cars(5)])
    calls = fail_once(monkeypatch, snapshots, "save")
    with pytest.raises(DatabaseAway):
        await node.replica.save()
    await node.replica.save()
    assert len(calls) == 2
    await node.restart()
    assert inside(node) == 5


@pytest.mark.parametrize("broken", ["list_tail", "read_state"])
async def test_a_start_that_failed_half_way_is_done_again(
    node: Node, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """As when the database goes away while the service starts."""
    node.now = NOW - DAY
    zones = [zone("g", "gates", 1000), zone("s", "spaces", 3)]
    for lot in ("p0", "p1"):
        await node.describe(lot, description(zones))
    for hours in (20, 10, 1):
        node.now = NOW - hours * HOUR
        await node.put_spaces("p1", "s", [f"s{hours}"])
    node.now = NOW
    told = [base("base", NOW - 2 * HOUR), *cars(50)]
    await node.take([{**event, "lot": lot} for lot in ("p0", "p1") for event in told])
    await node.take([void("v", "e1")])
    calls = fail_once(monkeypatch, history, broken)
    again = node._new_replica()
    with pytest.raises(DatabaseAway):
        await again.start()
    assert not again.ready
    await again.start()
    assert len(calls) > 1
    whole, node.replica = node.replica, again
    for lot, occupied in (("p0", 50), ("p1", 49)):
        view = node.view(lot)
        assert view is not None
        assert view.availability.occupied == occupied
        stretches = whole.timeline(lot).between(NOW - 2 * DAY, NOW)
        assert again.timeline(lot).between(NOW - 2 * DAY, NOW) == stretches


@pytest.mark.parametrize("broken", ["list_tail", "read_state"])
async def test_what_could_not_be_read_is_read_later(
    node: Node, other: Node, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    await node.describe("p1", GATES)
    await other.replica.sync()
    await node.take([base("base", NOW - HOUR), *cars(5)])
    fail_once(monkeypatch, history, broken)
    await other.take([void("v", "e1"), *cars(1, "f")])  # committed it is, whatever follows
    await other.replica.sync()
    assert inside(other) == 5


async def test_a_late_description_is_read_back_to_its_moment(node: Node, other: Node) -> None:
    """The clocks of two instances differ: one describes in the past of the other's events."""
    await node.describe("p1", description([zone("g", "gates", 10), zone("c", "counts", 5)]))
    await other.replica.sync()
    count = {"lot": "p1", "type": "count", "zone": "c", "free": 2, "id": "c"}
    await other.take([{**count, "observed_at": oracle.shown(T + timedelta(seconds=40))}])
    node.now = NOW + 30 * SECOND
    await node.describe("p1", description([zone("c", "counts", 9)]))
    await other.replica.sync()
    node.now = other.now = NOW + MINUTE
    assert (
        shown(other.view("p1"))
        == shown(node.view("p1"))
        == shown(await node.view_at("p1", NOW + MINUTE))
    )
    assert inside(other) == 7
    await other.restart()
    assert inside(other) == 7


def told(number: int) -> History:
    """Draw a history on a lot of its own."""
    drawn = draw(histories.histories(max_events=60, duplicates=False), number)
    events = [{**event, "lot": f"lot-{number}"} for event in drawn.events if "id" in event]
    return History(histories.Lot(drawn.lot.timeline, drawn.lot.lists, f"lot-{number}"), events)


async def test_random_histories_through_restarts_and_two_instances(node: Node, other: Node) -> None:
    chance = random.Random(3)
    drawn = [told(number) for number in range(HISTORIES)]
    events = [event for case in drawn for event in case.events]
    chance.shuffle(events)
    for case in drawn:
        await node.live_through(case.lot)
    await other.replica.sync()
    taken: list[Json] = []
    while events:
        batch, events = events[:15], events[15:]
        taken += batch
        await chance.choice([node, other]).take(batch)
        for one in (node, other):
            for step in (one.replica.sync, one.replica.save, one.restart):
                if chance.random() < 0.2:
                    await step()
        if chance.random() < 0.3:
            node.now = other.now = node.now + chance.randrange(20) * SECOND
            await node.replica.sync()
            await other.replica.sync()
            at = T + timedelta(microseconds=node.now - NOW)
            for case in drawn:
                lot = case.lot
                wanted = oracle.availability(lot.timeline, lot.lists, taken, at, lot=lot.id)
                assert shown(node.view(lot.id)) == wanted
                assert shown(other.view(lot.id)) == wanted
    for wait in (2 * MINUTE, 5 * MINUTE, 3 * DAY):  # what was ahead happens, and all grows stale
        node.now = other.now = node.now + wait
        at = T + timedelta(microseconds=node.now - NOW)
        for case in drawn:
            lot = case.lot
            wanted = oracle.availability(lot.timeline, lot.lists, taken, at, lot=lot.id)
            await other.replica.sync()
            await node.replica.sync()
            assert shown(node.view(lot.id)) == shown(other.view(lot.id)) == wanted


async def test_what_another_instance_just_described_is_not_skipped(node: Node, other: Node) -> None:
    await node.describe("p1", GATES)
    await other.replica.sync()
    await node.describe("p2", GATES)
    event = base("b", NOW - HOUR, 4) | {"lot": "p2"}
    await node.take([event])
    await other.take(cars(1))  # takes up the log so far, and with it what describes p2
    view = other.view("p2")
    assert view is not None
    assert view.availability.occupied == 4


# -- a database that was put back ------------------------------------------------------------------


async def test_what_is_being_shown_is_not_read_again(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large commit of one's own is shown piece by piece; the poll meanwhile finds no news."""
    await node.describe("p1", description([zone("g", "gates", 100_000)]))
    await node.take([base("base", NOW - 2 * HOUR)])
    read: list[tuple[int, int]] = []
    tail = history.list_tail

    async def reading(connection: Any, after: int, until: int) -> Any:
        read.append((after, until))
        return await tail(connection, after, until)

    monkeypatch.setattr(history, "list_tail", reading)
    entries = node.entries(cars(2500))
    committed = await node.writer.commit(entries, suspects=False)
    showing = asyncio.create_task(
        node.replica.committed(committed.before, committed.after, entries)
    )
    await asyncio.sleep(0)
    assert committed.before < node.replica._position < committed.after
    await node.replica._keep_up(after_outage=False)
    assert showing.done()
    assert read == []
    assert inside(node) == 2500
    await node.replica.save()
    await node.restart()
    assert inside(node) == 2500


async def test_shown_by_half_it_goes_on_from_there(node: Node) -> None:
    """Whoever is stopped between two pieces knows how far it came."""
    await node.describe("p1", description([zone("g", "gates", 100_000)]))
    await node.take([base("base", NOW - 2 * HOUR)])
    entries = node.entries(cars(1800))
    committed = await node.writer.commit(entries, suspects=False)
    showing = asyncio.create_task(
        node.replica.committed(committed.before, committed.after, entries)
    )
    await asyncio.sleep(0)
    showing.cancel()
    await asyncio.wait([showing])
    assert committed.before < node.replica._position < committed.after
    await node.replica.sync()
    assert node.replica._position == committed.after
    assert inside(node) == 1800


async def test_what_was_read_by_half_is_whole_when_it_is_told(node: Node) -> None:
    """A reader of the log that is stopped within a commit leaves no gap to who made it."""
    await node.describe("p1", description([zone("g", "gates", 100_000)]))
    await node.take([base("base", NOW - 2 * HOUR)])
    entries = node.entries(cars(1800))
    committed = await node.writer.commit(entries, suspects=False)
    reading = asyncio.create_task(node.replica.sync())
    while not committed.before < node.replica._position < committed.after:
        assert not reading.done()
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    assert committed.before < node.replica._position < committed.after
    await node.replica.committed(committed.before, committed.after, entries)
    assert node.replica._position == committed.after
    assert inside(node) == 1800
