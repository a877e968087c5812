"""The registry in memory is the registry in the database, whoever changed it and when."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from parking.domain.devices import Device
from parking.errors import Forbidden
from parking.live.devices import Devices
from parking.store.devices import StoredDevice, Wish, list_devices
from tests.e2e.wire import description, zone
from tests.nodes import Node, started

LOT = description([zone("g", "gates", 10)])
EUIS = [f"0004a30b{number:08x}" for number in range(20)]


def device(zone_: str = "g", lot: str = "p1") -> Device:
    return Device(lot, "bosch-tps110", zone=zone_)


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        await node.describe("p1", LOT)
        yield node


@pytest.fixture
async def other(node: Node, database_url: str) -> AsyncIterator[Node]:
    """Start a second instance on the same database."""
    async with started(database_url) as other:
        yield other


def wish(node: Node, eui: str, wanted: Device | None) -> Wish:
    replica = node.replica
    after = replica.devices.last_change(eui)
    return Wish(eui, "p1", wanted, after, {"p1": replica.last_change("p1")})


async def change(node: Node, eui: str, wanted: Device | None) -> None:
    await node.replica.change_device(lambda: wish(node, eui, wanted), "k")


def known(node: Node) -> dict[str, Device]:
    return dict(node.replica.devices.after(""))


def test_what_was_taken_before_changes_nothing() -> None:
    devices = Devices()
    devices.take([StoredDevice("b", 4, device("x")), StoredDevice("a", 5, device())])
    devices.take([StoredDevice("b", 3, None), StoredDevice("b", 4, device("y"))])
    assert list(devices.after("")) == [("a", device()), ("b", device("x"))]
    assert list(devices.after("a")) == [("b", device("x"))]
    devices.take([StoredDevice("b", 6, None)])
    assert devices.find("b") is None
    assert devices.last_change("b") == 6
    assert list(devices.after("a")) == []


async def test_instances_follow_each_other(node: Node, other: Node) -> None:
    chance = random.Random(7)
    wanted: dict[str, Device] = {}
    for _ in range(60):
        eui, by = chance.choice(EUIS), chance.choice((node, other))
        made = None if chance.random() < 0.3 else device(f"z{chance.randrange(9)}")
        await change(by, eui, made)
        wanted.pop(eui, None)
        if made is not None:
            wanted[eui] = made
        assert known(by) == dict(sorted(wanted.items()))
    await other.replica.sync()
    await node.restart()
    assert known(node) == known(other) == dict(sorted(wanted.items()))


async def test_no_change_is_made_in_view_of_what_holds_no_longer(node: Node, other: Node) -> None:
    """Who is to decide sees what holds: it decides again when others were faster."""
    await change(other, EUIS[0], device("first"))
    seen: list[Device | None] = []

    def decide() -> Wish:
        seen.append(node.replica.devices.find(EUIS[0]))
        return wish(node, EUIS[0], device("second"))

    await node.replica.change_device(decide, "k")
    assert seen == [None, device("first")]
    await other.describe("p1", {**LOT, "operator": "another"})
    owners: list[str | None] = []

    def decide_by_owner() -> Wish:
        owners.append(node.replica.owner("p1"))
        return wish(node, EUIS[0], device("third"))

    await node.replica.change_device(decide_by_owner, "k")
    assert owners == [LOT["operator"], "another"]


async def test_many_change_one_device_at_once(node: Node, other: Node) -> None:
    async def put(by: Node, number: int) -> None:
        await change(by, EUIS[0], device(f"z{number}"))

    await asyncio.gather(*(put((node, other)[number % 2], number) for number in range(20)))
    await node.replica.sync()
    await other.replica.sync()
    assert known(node) == known(other)
    async with node.database.connection() as connection:
        stored: Sequence[StoredDevice] = await list_devices(connection)
    assert [(one.dev_eui, one.device) for one in stored] == list(known(node).items())


async def test_a_start_forgets_what_is_not_in_the_database(node: Node) -> None:
    """A database that was put back knows less, and its numbers begin again."""
    await change(node, EUIS[0], device())
    await change(node, EUIS[1], device())
    async with node.database.transaction() as connection:
        await connection.execute("DELETE FROM device WHERE dev_eui = $1", EUIS[0])
        await connection.execute("UPDATE device SET change = 1")
    await node.replica.start()
    assert known(node) == {EUIS[1]: device()}
    assert node.replica.devices.last_change(EUIS[1]) == 1


async def test_nothing_is_changed_when_nothing_is_wished(node: Node) -> None:
    async with node.database.connection() as connection:
        before = await connection.fetchval("SELECT changes FROM log_head")
        await node.replica.change_device(lambda: None, "k")
        assert await connection.fetchval("SELECT changes FROM log_head") == before


async def test_a_refusal_stores_nothing(node: Node) -> None:
    def refuse() -> Wish:
        raise Forbidden("not this one")

    with pytest.raises(Forbidden):
        await node.replica.change_device(refuse, "k")
    assert known(node) == {}
