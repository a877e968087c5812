"""The replica shows what the log says, however it came by it and whatever failed on the way."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
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
from tests.nodes import Node, shown, started
from tests.oracle_events import Json

HISTORIES = 15
GATES = description([zone("g", "gates", 1000)])


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        yield node


@pytest.fixture
async def other(node: Node, database_url: str) -> AsyncIterator[Node]:
    """Start a second instance on the same database."""
    async with started(database_url) as other:
        yield other


def cars(count: int, prefix: str = "e") -> list[Json]:
    return [passage(f"{prefix}{n}", NOW - n * SECOND) for n in range(count)]


def base(id_: str, at: int, occupied: int = 0) -> Json:
    event = passage(id_, at)
    del event["direction"]
    return event | {"type": "recount", "occupied": occupied}


def void(id_: str, target: str) -> Json:
    return {"lot": "p1", "id": id_, "type": "void", "event": target, "observed_at": oracle.shown(T)}


def inside(node: Node) -> int | None:
    view = node.view("p1")
    assert view is not None
    return view.availability.occupied


def fail_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[str]:
    """Have a function find the database away the next time; gives its calls, as they come."""
    function: Callable[..., Awaitable[Any]] = getattr(owner, name)
    calls: list[str] = []

    async def failing(*given: Any, **named: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise DatabaseAway("cut off")
        return await function(*given, **named)

    monkeypatch.setattr(owner, name, failing)
    return calls


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


async def test_a_rebuilt_lot_does_not_take_again_what_it_read_ahead(
    node: Node, other: Node
) -> None:
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - HOUR), *cars(3)])
    await other.replica.sync()
    entries = other.entries([void("v", "e1")])
    committed = await other.writer.commit(entries, suspects=False)
    await node.take([*cars(4, "f"), passage("ahead", NOW + MINUTE)])
    await other.replica.committed(committed.before, committed.after, entries)
    await other.replica.rebuilding.wait({"p1"})
    assert inside(other) == 6  # the rebuild has read what comes after the void, too
    await other.replica.sync()
    assert inside(other) == inside(node) == 6
    for one in (node, other):
        one.now += MINUTE
        assert inside(one) == 7
    await other.replica.save()
    await other.restart()
    assert inside(other) == 7


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


async def put_back(node: Node, seq: int) -> None:
    """Make the log as it was at a place."""
    async with node.database.transaction() as connection:
        await connection.execute("DELETE FROM event_identity")
        await connection.execute("DELETE FROM event WHERE seq > $1", seq)
        await connection.execute("UPDATE log_head SET seq = $1", seq)


async def test_what_is_known_of_another_log_is_not_stored(node: Node) -> None:
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - DAY), *cars(3)])
    await node.replica.save()
    await node.take(cars(2, "lost"))
    await put_back(node, 4)
    await node.replica.save()
    await node.restart()
    assert inside(node) == 3


@pytest.mark.parametrize("more", [0, 9])
async def test_a_snapshot_of_another_log_is_not_used(node: Node, more: int) -> None:
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - DAY), *cars(3)])
    await node.take(cars(2, "lost"))
    await node.replica.save()
    await put_back(node, 4)
    await node.restart()
    assert inside(node) == 3
    if more:
        await node.take(cars(more, "later"))
    await node.replica.save()  # is stored, although it comes to less
    await node.restart()
    assert inside(node) == 3 + more


async def put_aside(node: Node, seq: int, other: Node) -> None:
    """Have the log go on otherwise than it did from a place on, before anyone looks at it."""
    await put_back(node, seq)
    await other.restart()
    await other.take(cars(9, "instead"))


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_log_that_went_on_otherwise_is_noticed(
    node: Node, other: Node, restarted: bool
) -> None:
    """It is as long as what was read; even by one that has read nothing since its start."""
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - DAY), *cars(3)])
    await node.take(cars(2, "lost"))
    if restarted:
        await node.replica.save()
        await node.restart()
    await put_aside(node, 4, other)
    await node.replica.save()
    assert not node.replica.ready
    await node.replica.start()  # as `run` does then
    assert inside(node) == inside(other) == 12
    await node.replica.save()
    await node.restart()
    assert inside(node) == 12


async def test_a_gap_where_an_entry_was_is_another_log(node: Node, other: Node) -> None:
    await node.describe("p1", GATES)
    await node.take([base("base", NOW - DAY), *cars(3)])
    await node.take(cars(1, "lost"))
    await put_back(node, 4)
    await other.restart()
    await other.take(cars(9, "instead"))
    async with node.database.connection() as connection:
        await connection.execute("DELETE FROM event WHERE seq = 5")  # as repeated ones leave them
    await node.replica.save()
    assert not node.replica.ready


async def test_rebuilding_ends_with_the_log_that_it_is_of(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.describe("p1", GATES)
    await node.describe("p2", GATES)
    await node.take([base("base", NOW - DAY), *cars(3)])
    read_state, reading, go_on = history.read_state, asyncio.Event(), asyncio.Event()

    async def slow(*given: Any) -> Any:
        reading.set()
        await go_on.wait()
        return await read_state(*given)

    monkeypatch.setattr(history, "read_state", slow)
    events = [void("v1", "e1"), void("v2", "e2") | {"lot": "p2"}]
    entries = node.entries(events)
    committed = await node.writer.commit(entries, suspects=False)
    await node.replica.committed(committed.before, committed.after, entries)
    await reading.wait()
    async with node.database.transaction() as connection:  # another log, without any lot
        for table in ("event", "event_identity", "void", "lot_change"):
            await connection.execute(f"DELETE FROM {table}")
        await connection.execute("UPDATE log_head SET seq = 0")
    starting = asyncio.create_task(node.replica.start())
    async with asyncio.timeout(30):
        while node.replica.board.find("p1") is not None:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        go_on.set()
        await starting
    assert node.replica.ready
    assert not list(node.replica.board.all_lots())
    builder = node.replica.rebuilding._soon
    assert builder is not None
    await builder  # has ended, and not by a failure


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
