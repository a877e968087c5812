"""Rebuilding: what is read anew from the log beside everything else that goes on."""

import asyncio
from typing import Any

import pytest

from parking.domain.instants import DAY, HOUR, MINUTE
from parking.store import history
from tests.entries import NOW, passage
from tests.live.following import GATES, base, cars, inside, void
from tests.nodes import Node


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
