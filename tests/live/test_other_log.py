"""Another log: the database was put back under a running replica, which starts anew from it."""

import pytest

from parking.domain.instants import DAY
from tests.entries import NOW
from tests.live.following import GATES, base, cars, inside
from tests.nodes import Node


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
