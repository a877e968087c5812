"""The group commit: what waits goes in together, and each hears exactly what became of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from parking.domain.events import Entry
from parking.errors import DatabaseAway, Overloaded
from parking.ingest import commits
from parking.ingest.commits import GroupCommit
from parking.store import history
from parking.store.copying import Rows
from parking.store.log import Committed, LogWriter, Outcome
from tests.e2e.wire import description, until, zone
from tests.entries import NOW, entry, passage
from tests.nodes import Node, started


class Door:
    """Stands before a writer: commits wait at it while it is shut, or fail if it is told so."""

    def __init__(self, writer: LogWriter) -> None:
        self._commit: Callable[..., Awaitable[Committed]] = writer.commit
        self.sizes: list[int] = []
        self.suspected: list[bool] = []
        self.failures: list[Exception] = []
        self._open = asyncio.Event()
        self._open.set()
        self._waiting = asyncio.Event()

    async def commit(self, entries: Sequence[Entry], *, suspects: bool, **more: Any) -> Committed:
        self.sizes.append(len(entries))
        self.suspected.append(suspects)
        self._waiting.set()
        await self._open.wait()
        if self.failures:
            raise self.failures.pop()
        return await self._commit(entries, suspects=suspects, **more)

    async def shut(self) -> None:
        self._open.clear()
        self._waiting.clear()

    async def knocked(self) -> None:
        """Wait until a commit stands before it."""
        await asyncio.wait_for(self._waiting.wait(), 10)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        await node.describe("p1", description([zone("g", "gates", 100_000)]))
        yield node


@pytest.fixture
async def door(node: Node, monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door(node.writer)
    monkeypatch.setattr(node.writer, "commit", door.commit)
    return door


@pytest.fixture
async def group(node: Node, door: Door) -> AsyncIterator[GroupCommit]:
    """Run a group commit."""
    group = GroupCommit(node.writer, node.replica)
    running = asyncio.create_task(group.run())
    yield group
    group.close()
    door.open()
    await asyncio.wait_for(running, 10)


def cars(count: int, prefix: str = "e") -> list[Entry]:
    return [entry(passage(f"{prefix}{n}", NOW - n)) for n in range(count)]


def version(number: int) -> list[Entry]:
    """Give one of several events that bear one id."""
    return [entry(passage("e0", count=number))]


async def stored(node: Node) -> list[tuple[str, bytes]]:
    async with node.database.connection() as connection:
        head = await history.get_head(connection)
        return [(e.id, e.body) for e in await history.list_tail(connection, 0, head.seq)]


async def waiting_behind(
    group: GroupCommit, door: Door, *batches: Sequence[Entry]
) -> list[asyncio.Task[list[Outcome]]]:
    """Submit a batch, shut the door before it, and submit others; gives what they wait for."""
    await door.shut()
    first = asyncio.create_task(group.submit(cars(1, "first")))
    await door.knocked()
    others = [asyncio.create_task(group.submit(batch)) for batch in batches]
    await asyncio.sleep(0)
    return [first, *others]


async def test_alone_it_goes_at_once(group: GroupCommit, node: Node) -> None:
    assert await group.submit([]) == []
    assert await group.submit(cars(3)) == ["accepted"] * 3
    assert await group.submit(cars(4)) == ["duplicate"] * 3 + ["accepted"]
    assert len(await stored(node)) == 4
    assert node.replica._position == 7


async def test_whatever_waits_goes_together(group: GroupCommit, door: Door, node: Node) -> None:
    batches = [cars(n + 1, f"b{n}.") for n in range(20)]
    waiting = await waiting_behind(group, door, *batches)
    door.open()
    outcomes = await asyncio.gather(*waiting)
    assert [len(each) for each in outcomes] == [1, *range(1, 21)]
    assert {outcome for each in outcomes for outcome in each} == {"accepted"}
    assert door.sizes == [1, sum(range(1, 21))]
    assert len(await stored(node)) == 211


async def test_but_not_more_than_one_transaction_should_hold(
    group: GroupCommit, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_MOST_AT_ONCE", 100)
    batches = [cars(40, "a"), cars(60, "b"), cars(250, "c"), cars(1, "d")]
    waiting = await waiting_behind(group, door, *batches)
    door.open()
    await asyncio.gather(*waiting)
    assert door.sizes == [1, 100, 250, 1]


async def test_of_much_that_waits_half_goes_while_the_rest_is_made_ready(
    group: GroupCommit, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_FEW", 20)
    waiting = await waiting_behind(group, door, *(cars(10, name) for name in "abcdefgh"))
    door.open()
    await asyncio.gather(*waiting)
    # What is being stored or shown counts as waiting until it is answered.
    assert door.sizes[:2] == [1, 40]
    assert sum(door.sizes) == 81


async def test_rows_made_before_and_rows_made_late_go_together(
    group: GroupCommit, door: Door, node: Node
) -> None:
    """Large requests come with their rows, those of small ones are made when they are stored."""
    batches = [cars(150, "a"), cars(2, "b"), cars(1, "e"), cars(299, "c"), cars(1, "d")]
    waiting = await waiting_behind(group, door)
    for batch in batches:
        pieces = [batch[at : at + 100] for at in range(0, len(batch), 100)]
        rows = [Rows.of(piece) for piece in pieces] if len(batch) > 100 else []
        waiting.append(asyncio.create_task(group.submit(batch, rows)))
    await asyncio.sleep(0)
    door.open()
    assert {told for each in await asyncio.gather(*waiting) for told in each} == {"accepted"}
    assert door.sizes == [1, 453]
    sent = [one for each in (cars(1, "first"), *batches) for one in each]
    async with node.database.connection() as connection:
        found = await history.list_tail(connection, 0, 454)
    assert [each.seq for each in found] == list(range(1, 455))
    for was, now in zip(sent, found, strict=True):
        was.seq = now.seq
        assert now == was
    # The identities are stored too, those of both kinds of rows.
    assert await group.submit([*cars(150, "a"), *cars(2, "b")]) == ["duplicate"] * 152


async def test_repetition_within_a_group(group: GroupCommit, door: Door, node: Node) -> None:
    waiting = await waiting_behind(group, door, cars(3), cars(2) + cars(2, "f"), cars(4))
    door.open()
    outcomes = await asyncio.gather(*waiting)
    assert outcomes[1:] == [
        ["accepted"] * 3,
        ["duplicate", "duplicate", "accepted", "accepted"],
        ["duplicate", "duplicate", "duplicate", "accepted"],
    ]
    assert len(await stored(node)) == 1 + 3 + 2 + 1
    thrice = cars(1, "g") + cars(1, "g") + cars(1, "g")
    assert await group.submit(thrice) == ["accepted", "duplicate", "duplicate"]


async def test_contradiction_within_a_group(group: GroupCommit, door: Door, node: Node) -> None:
    waiting = await waiting_behind(group, door, *map(version, (1, 2, 1, 3, 2)))
    door.open()
    outcomes = [outcome for (outcome,) in await asyncio.gather(*waiting)]
    assert outcomes[1:] == ["accepted", "conflict", "duplicate", "conflict", "conflict"]
    assert ("e0", version(1)[0].body) in await stored(node)


@pytest.mark.parametrize("known", [1, 2, 3])
async def test_contradiction_within_a_group_of_what_is_stored(
    group: GroupCommit, door: Door, node: Node, known: int
) -> None:
    """Each is held against what is stored, whichever of them comes first in the group."""
    assert await group.submit(version(known)) == ["accepted"]
    for order in ((1, 2, 3), (3, 2, 1), (2, 2, 1, 3, 1, 3)):
        waiting = await waiting_behind(group, door, *map(version, order))
        door.open()
        outcomes = [outcome for (outcome,) in await asyncio.gather(*waiting)]
        wanted = ["duplicate" if count == known else "conflict" for count in order]
        assert outcomes[1:] == wanted
        together = [version(count)[0] for count in order]
        assert await group.submit(together) == wanted
    assert len(await stored(node)) == 2


async def test_after_repetitions_more_of_them_are_suspected(group: GroupCommit, door: Door) -> None:
    await group.submit(cars(3))
    assert await group.submit(cars(4)) == ["duplicate"] * 3 + ["accepted"]
    assert await group.submit(cars(5)) == ["duplicate"] * 4 + ["accepted"]
    assert await group.submit(cars(2, "f")) == ["accepted"] * 2
    assert await group.submit(cars(2, "g")) == ["accepted"] * 2
    assert door.suspected == [False, False, True, True, False]


async def test_more_than_may_wait_is_refused(
    group: GroupCommit, door: Door, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "MOST_WAITING", 50)
    waiting = await waiting_behind(group, door, cars(40, "a"))
    with pytest.raises(Overloaded) as caught:
        await group.submit(cars(10, "b"))
    assert int(caught.value.headers["Retry-After"]) > 0
    waiting.append(asyncio.create_task(group.submit(cars(9, "c"))))
    door.open()
    await asyncio.gather(*waiting)
    assert await group.submit(cars(50, "d")) == ["accepted"] * 50  # there is room again
    assert len(await stored(node)) == 1 + 40 + 9 + 50


async def test_a_failing_commit_fails_all_who_wait_for_it_and_no_others(
    group: GroupCommit, door: Door, node: Node
) -> None:
    for failure in (DatabaseAway("away"), RuntimeError("a fault of ours")):
        waiting = await waiting_behind(group, door, cars(2, "a"), cars(3, "b"))
        door.failures.append(failure)
        door.open()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(outcomes[0], DatabaseAway)
        assert outcomes[1:] in (
            [["accepted"] * 2, ["accepted"] * 3],
            [["duplicate"] * 2, ["duplicate"] * 3],
        )
    waiting = await waiting_behind(group, door, cars(2, "c"), cars(3, "d"))
    door.failures += [DatabaseAway("away"), DatabaseAway("away")]
    door.open()
    assert all(
        isinstance(outcome, DatabaseAway)
        for outcome in await asyncio.gather(*waiting, return_exceptions=True)
    )
    # sent again, they are stored: nothing was lost and nothing is remembered wrongly
    assert await group.submit(cars(2, "c")) == ["accepted"] * 2
    assert await group.submit(cars(3, "d")) == ["accepted"] * 3
    assert len(await stored(node)) == 10


async def test_who_no_longer_waits_is_stored_all_the_same(
    group: GroupCommit, door: Door, node: Node
) -> None:
    first, gone, other = await waiting_behind(group, door, cars(2, "a"), cars(3, "b"))
    gone.cancel()
    door.open()
    assert await first == ["accepted"]
    assert await other == ["accepted"] * 3
    assert len(await stored(node)) == 6
    assert await group.submit(cars(2, "a")) == ["duplicate"] * 2


async def test_closing_lets_those_in_who_wait(node: Node, door: Door) -> None:
    group = GroupCommit(node.writer, node.replica)
    running = asyncio.create_task(group.run())
    waiting = await waiting_behind(group, door, cars(2, "a"), cars(3, "b"))
    group.close()
    with pytest.raises(Overloaded):
        await group.submit(cars(1, "late"))
    assert not running.done()
    door.open()
    assert [len(outcomes) for outcomes in await asyncio.gather(*waiting)] == [1, 2, 3]
    await asyncio.wait_for(running, 10)
    assert len(await stored(node)) == 6


async def test_cut_off_it_leaves_nobody_without_an_answer(node: Node, door: Door) -> None:
    group = GroupCommit(node.writer, node.replica)
    running = asyncio.create_task(group.run())
    first, *others = await waiting_behind(group, door, cars(2, "a"), cars(3, "b"))
    running.cancel()
    await asyncio.wait([running, first, *others], timeout=10)
    assert isinstance(first.exception(), DatabaseAway)  # it may be stored
    assert {type(other.exception()) for other in others} == {Overloaded}  # these are not


async def number(node: Node, wanted: int) -> bool:
    return len(await stored(node)) == wanted


async def test_cut_off_while_it_shows_it_leaves_nobody_without_an_answer(node: Node) -> None:
    group = GroupCommit(node.writer, node.replica)
    running = asyncio.create_task(group.run())
    async with node.replica._order:  # nothing can be shown
        waiting = [asyncio.create_task(group.submit(cars(1, "a")))]
        await until(lambda: number(node, 1))
        waiting.append(asyncio.create_task(group.submit(cars(1, "b"))))
        await until(lambda: number(node, 2))
        running.cancel()
        await asyncio.wait([running, *waiting], timeout=10)
    assert [type(each.exception()) for each in waiting] == [DatabaseAway] * 2


async def test_a_fault_of_ours_fails_one_batch_alone(
    group: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(group.repeats, "count", fail)
        with pytest.raises(DatabaseAway):
            await group.submit(cars(1, "a"))
    assert await group.submit(cars(1, "a")) == ["duplicate"]
    assert group._depth == 0


async def test_idle_it_closes_at_once(node: Node) -> None:
    group = GroupCommit(node.writer, node.replica)
    running = asyncio.create_task(group.run())
    await asyncio.sleep(0)
    group.close()
    await asyncio.wait_for(running, 10)


async def test_what_was_accepted_is_shown_when_it_is_answered(
    group: GroupCommit, node: Node
) -> None:
    recount = passage("base", NOW - 100)
    del recount["direction"]
    await group.submit([entry(recount | {"type": "recount", "occupied": 5})])
    for number in range(1, 20):
        await group.submit(cars(1, f"{number}."))
        view = node.view("p1")
        assert view is not None
        assert view.availability.occupied == 5 + number
