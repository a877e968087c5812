"""Dead letters on their way: bounded, in order, and kept while the database is away."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from parking import metrics
from parking.domain.access import Principal
from parking.errors import DatabaseAway
from parking.ingest import rejections
from parking.ingest.rejections import DeadLetters
from parking.store import rejections as stored
from parking.store.rejections import Rejected
from tests.e2e.wire import description, zone
from tests.nodes import Node, started

MINE = Principal("key_1", "operator", "zd-parking")
OTHER = Principal("key_2", "operator", "another")


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        await node.describe("p1", description([zone("g", "gates", 100)]))
        yield node


@pytest.fixture
def letters(node: Node) -> DeadLetters:
    return DeadLetters(node.replica)


async def kept(node: Node) -> list[Rejected]:
    """Give what is stored, oldest first."""
    async with node.replica.database.connection() as connection:
        page = await stored.list_page(
            connection, operator=None, lot=None, before=None, limit=20_000
        )
    return page[::-1]


def put(letters: DeadLetters, count: int, who: Principal, name: str = "e") -> None:
    for number in range(count):
        letters.put(
            source="http", code="invalid", detail="x", principal=who, event=f"{name}{number}"
        )


def dropped() -> float:
    value = metrics.registry.get_sample_value("parking_dead_letters_dropped_total")
    assert value is not None
    return value


async def test_other_parts_can_put_what_gives_no_events(node: Node, letters: DeadLetters) -> None:
    letters.put(source="chirpstack", code="unreadable", detail="port 9", item="AQI=", lot="p1")
    letters.put(source="garage", code="unreadable", detail="no such column")
    await letters.flush()
    [first, second] = await kept(node)
    assert (first.operator, first.lot, first.item) == ("op", "p1", "AQI=")
    assert (second.operator, second.lot, second.item, second.key) == (None, None, None, None)


async def test_one_key_does_not_crowd_out_others(
    node: Node, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MOST_WAITING", 10)
    before = dropped()
    put(letters, 1, OTHER, "other")
    put(letters, 25, MINE)
    await letters.flush()
    assert dropped() - before == 15
    assert {one.event for one in await kept(node)} == {
        "other0", *(f"e{number}" for number in range(15, 25)),
    }  # fmt: skip


async def test_a_whole_body_of_refused_events_is_kept(node: Node, letters: DeadLetters) -> None:
    """All at once, before the database can take any."""
    before = dropped()
    put(letters, 10_000, MINE)
    await letters.flush()
    assert dropped() == before
    assert len(await kept(node)) == 10_000


async def test_what_waits_is_bounded_in_bytes_too(
    node: Node, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MOST_WAITING_BYTES", 30)
    item = b'{"lot":"p1"}'
    for number in range(4):
        named = f"e{number}"
        letters.put(
            source="http", code="invalid", detail="x", item=item, principal=MINE, event=named
        )
    await letters.flush()
    assert [one.item for one in await kept(node)] == [item.decode()] * 2 + [None] * 2
    letters.put(source="http", code="invalid", detail="x", item=item, principal=MINE, event="later")
    await letters.flush()
    assert (await kept(node))[-1].item == item.decode(), "there is room again"


async def test_what_the_database_does_not_take_waits(
    node: Node, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MOST_WAITING", 10)
    monkeypatch.setattr(rejections, "_AT_ONCE", 4)
    put(letters, 8, MINE)
    append = stored.append

    async def away(connection: Any, rejected: Sequence[Rejected]) -> None:
        put(letters, 4, MINE, "late")  # there is room for two of those that came before
        raise DatabaseAway("away")

    monkeypatch.setattr(stored, "append", away)
    before = dropped()
    await letters.flush()
    assert dropped() - before == 2
    monkeypatch.setattr(stored, "append", append)
    await letters.flush()
    names = [*(f"e{number}" for number in range(2, 8)), *(f"late{number}" for number in range(4))]
    assert [one.event for one in await kept(node)] == names


async def test_what_cannot_be_stored_stops_nothing(
    node: Node, letters: DeadLetters, caplog: pytest.LogCaptureFixture
) -> None:
    letters.put(source="http", code="invalid", detail="x", event="half a pair: \ud800")
    before = dropped()
    await letters.flush()
    assert dropped() - before == 1
    assert "lost" in caplog.text
    put(letters, 1, MINE)
    await letters.flush()
    assert [one.event for one in await kept(node)] == ["e0"]
