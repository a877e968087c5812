"""What counts as sent again, and what only comes again by how things are set up."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from parking.app import Service
from parking.config import Settings
from parking.domain.events import Entry
from parking.ingest.connectors.loading import load
from parking.live.repeats import Repeats
from parking.store.database import open_database
from parking.store.log import Outcome
from tests.entries import entry, passage
from tests.service import CHECKOUT


def some(key: str = "k", *, number: int = 3) -> list[Entry]:
    return [replace(entry(passage(f"e{n}")), key=key) for n in range(number)]


def counted(repeats: Repeats, entries: Sequence[Entry], outcome: Outcome) -> int:
    """Give how many more it counts."""
    before = repeats.counts.total()
    repeats.count(entries, [outcome] * len(entries))
    return repeats.counts.total() - before


def test_duplicates_count() -> None:
    repeats = Repeats()
    assert counted(repeats, some(), "accepted") == 0
    assert counted(repeats, some(), "conflict") == 0
    assert counted(repeats, some(), "duplicate") == 3


def test_they_count_for_whom_they_are_of() -> None:
    repeats = Repeats()
    of_a_space = {"type": "space", "lot": "p1", "space": "s1", "occupied": True}
    named = passage("a", sensor="north")
    nameless = {**of_a_space, "observed_at": named["observed_at"]}
    repeats.count([entry(one) for one in (named, passage("b"), nameless)], ["duplicate"] * 3)
    senders = {name: count for (_, _, name), count in repeats.senders.items()}
    assert senders == {"north": 1, "zone:g": 1, "space:s1": 1}


def test_what_was_asked_for_again_is_nobody_s_repetition() -> None:
    repeats = Repeats()
    repeats.asked = frozenset(("connector.feed",))
    assert counted(repeats, some("connector.feed"), "duplicate") == 0
    assert counted(repeats, some("connector.push"), "duplicate") == 3


def test_what_every_instance_is_told_counts_once_when_it_is_sent_again() -> None:
    first, second = Repeats(), Repeats()
    for one in (first, second):
        one.told_to_all = frozenset(("mqtt",))
    assert counted(first, some("mqtt"), "accepted") == 0
    assert counted(second, some("mqtt"), "duplicate") == 0, "the first had it"
    assert counted(first, some("mqtt"), "duplicate") == 3
    assert counted(second, some("mqtt"), "duplicate") == 0, "the first counts it"
    assert counted(second, some("mqtt", number=4)[3:], "accepted") == 0
    assert counted(second, some("mqtt", number=4), "duplicate") == 1
    assert counted(second, some("k"), "duplicate") == 3


def test_memory_of_what_was_told_is_bounded() -> None:
    repeats = Repeats()
    repeats.told_to_all = frozenset(("mqtt",))
    made = some("mqtt", number=1)[0]
    for number in range(0, 250_000, 1_000):
        repeats.count(
            [replace(made, id=f"e{n}") for n in range(number, number + 1_000)], ["accepted"] * 1_000
        )
    assert len(repeats._recent) + len(repeats._before) <= 200_002
    assert counted(repeats, [replace(made, id="e249999")], "duplicate") == 1
    assert counted(repeats, [replace(made, id="e0")], "duplicate") == 0, "long forgotten"


@pytest.mark.parametrize("group", [None, "all"])
async def test_the_service_knows_how_it_is_set_up(database_url: str, group: str | None) -> None:
    settings = Settings.model_validate(
        {"database_url": database_url, "mqtt_url": "mqtt://127.0.0.1:1", "mqtt_group": group}
    )
    connectors = load(CHECKOUT / "deploy" / "connectors.example.toml", secrets=False)
    async with open_database(database_url) as database:
        service = Service(settings, database_url, database, connectors)
        repeats = service._commits.repeats
        await service.aclose()
    assert ("mqtt" in repeats.told_to_all) == (group is None)
    assert repeats.asked == {"connector.open-data", "connector.old-sign"}
