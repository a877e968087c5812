"""The oracle's availability against numbers worked out by hand."""

from datetime import datetime, timedelta

import pytest

from tests.by_hand import STALE, T, ago, described, event, lot, zone
from tests.oracle import Json, Lists, Timeline, availability, identity


def ask(timeline: Timeline, *events: Json, lists: Lists = (), at: datetime = T) -> Json:
    answer = availability(timeline, lists, events, at)
    assert answer is not None
    return answer


def numbers(answer: Json) -> tuple[int, int | None, int | None, int]:
    return answer["capacity"], answer["occupied"], answer["free"], answer["unknown"]


GATES = lot(zone("g", "gates", 10))
COUNTS = lot(zone("c", "counts", 10))
FLAG = lot(zone("f", "flag", 10))
SPACES = lot(zone("s", "spaces", 3))
LIST: Lists = [(None, "s", ["a", "b", "c"])]


def test_the_example_of_the_contract() -> None:
    bays = [f"E{n}" for n in range(12)]
    timeline = lot(zone("b1", "gates", 320), zone("ev", "spaces", 12, "ev"))
    events = [event("recount", 500, zone="b1", occupied=300)]
    events += [event("space", 10 + n, space=bay, occupied=n < 9) for n, bay in enumerate(bays[:10])]
    answer = ask(timeline, *events, lists=[(None, "ev", bays)])
    zones = answer.pop("zones")
    assert answer == {
        "lot": "p1",
        "status": "open",
        "level": "limited",
        "capacity": 332,
        "occupied": 309,
        "free": 21,
        "unknown": 2,
        "basis": "mixed",
        "observed_at": "2026-11-23T00:22:47Z",
        "classes": {
            "general": {"capacity": 320, "occupied": 300, "free": 20, "unknown": 0},
            "ev": {"capacity": 12, "occupied": 9, "free": 1, "unknown": 2},
        },
    }
    assert zones[1] == {
        "id": "ev",
        "class": "ev",
        "counting": "spaces",
        "capacity": 12,
        "occupied": 9,
        "free": 1,
        "unknown": 2,
        "observed_at": "2026-11-23T00:30:57Z",
    }


def test_nothing_heard_is_all_unknown_and_null() -> None:
    answer = ask(lot(zone("g", "gates", 10), zone("s", "spaces", 3, "ev")))
    assert numbers(answer) == (13, None, None, 13)
    assert answer["classes"]["ev"] == {"capacity": 3, "occupied": None, "free": None, "unknown": 3}
    assert (answer["level"], answer["observed_at"]) == ("unknown", None)
    assert answer["zones"][0]["observed_at"] is None


def test_a_class_is_null_where_only_the_other_is_known() -> None:
    timeline = lot(zone("c", "counts", 10), zone("s", "spaces", 3, "ev"))
    answer = ask(timeline, event("count", occupied=4), lists=LIST)
    assert numbers(answer) == (13, 4, 6, 3)
    assert answer["classes"]["general"]["free"] == 6
    assert answer["classes"]["ev"]["free"] is None


@pytest.mark.parametrize(
    ("events", "occupied"),
    [
        ([event("recount", 60, occupied=4)], 4),
        ([event("count", 60, free=4)], 6),
        ([event("recount", 60, occupied=25)], 10),  # shown clamped
        ([event("recount", 60, occupied=4), event("passage", 30, direction="in")], 5),
        ([event("recount", 60, occupied=4), event("passage", 30, direction="out", count=7)], 0),
        ([event("recount", 60, occupied=4), event("passage", 60, direction="in")], 4),  # not later
        ([event("recount", 60, occupied=4), event("passage", 61, direction="in")], 4),
        ([event("passage", 30, direction="in")], None),  # no base
        (  # kept unclamped: 12 + 3 - 6 = 9, though shown as 10 in between
            [
                event("recount", 60, occupied=12),
                event("passage", 50, direction="in", count=3),
                event("passage", 40, direction="out", count=6),
            ],
            9,
        ),
        (  # the drift: 4 - 7 = -3, then 5 in give 2
            [
                event("recount", 60, occupied=4),
                event("passage", 50, direction="out", count=7),
                event("passage", 40, direction="in", count=5),
            ],
            2,
        ),
        ([event("recount", 60, occupied=4), event("count", 50, free=9)], 1),
        ([event("count", 50, free=13), event("passage", 40, direction="in", count=4)], 1),
        ([event("recount", 60, occupied=4, id="a"), event("count", 60, free=1, id="a1")], 9),
        ([event("recount", 60, occupied=4, id="a"), event("count", 60, free=1, id="A")], 4),
    ],
)
def test_gates(events: list[Json], occupied: int | None) -> None:
    free, unknown = (None, 10) if occupied is None else (10 - occupied, 0)
    assert numbers(ask(GATES, *events)) == (10, occupied, free, unknown)
    assert numbers(ask(GATES, *reversed(events), *events)) == (10, occupied, free, unknown)


@pytest.mark.parametrize(
    ("events", "occupied"),
    [
        ([event("count", 60, free=3)], 7),
        ([event("count", 60, free=30)], 0),
        ([event("count", 60, occupied=30)], 10),
        ([event("count", 60, free=3), event("recount", 50, occupied=1)], 1),
        ([event("count", 60, free=3), event("recount", 700, occupied=1)], 7),
        ([event("count", 60, free=3, id="b"), event("count", 60, free=5, id="aaa")], 7),
        ([event("heartbeat", 60)], None),
    ],
)
def test_counts(events: list[Json], occupied: int | None) -> None:
    assert ask(COUNTS, *events)["occupied"] == occupied


def test_free_is_read_with_the_capacity_of_its_own_moment() -> None:
    timeline = [*COUNTS, (ago(30), described(zone("c", "counts", 4)))]
    counted = event("count", 60, free=3)
    assert numbers(ask(timeline, counted, at=ago(31))) == (10, 7, 3, 0)
    assert numbers(ask(timeline, counted, at=ago(30))) == (4, 4, 0, 0)
    assert numbers(ask(timeline, event("count", 30, free=3))) == (4, 1, 3, 0)


def test_stale_from_the_very_microsecond() -> None:
    counted = event("count", STALE, free=3)
    just_before = T - timedelta(microseconds=1)
    assert ask(COUNTS, counted, at=just_before)["free"] == 3
    answer = ask(COUNTS, counted)
    assert (answer["free"], answer["observed_at"], answer["level"]) == (None, None, "unknown")
    beaten = ask(COUNTS, counted, event("heartbeat", 1, zone="c"))
    assert (beaten["free"], beaten["observed_at"]) == (3, "2026-11-23T00:31:06Z")


def test_what_is_yet_to_come_does_not_count() -> None:
    assert ask(COUNTS, event("count", 5, free=3), event("count", -1, free=9))["free"] == 3
    assert ask(COUNTS, event("count", 5, free=3), event("count", 0, free=9))["free"] == 9


def test_spaces_one_by_one() -> None:
    events = [
        event("space", 60, space="a", occupied=True),
        event("space", 50, space="a", occupied=False, id="a"),
        event("space", 50, space="a", occupied=True, id="B"),  # "B" < "a"
        event("space", 40, space="b", occupied=True),
        event("heartbeat", 1, space="c"),  # heard, but never told of a car
    ]
    answer = ask(SPACES, *events, lists=LIST)
    assert numbers(answer) == (3, 1, 1, 1)
    assert answer["observed_at"] == "2026-11-23T00:31:06Z"
    assert answer["level"] == "available"


def test_a_space_goes_silent_alone_and_its_zone_wakes_it() -> None:
    events = [
        event("space", STALE, space="a", occupied=True),
        event("space", STALE - 1, space="b", occupied=True),
    ]
    assert numbers(ask(SPACES, *events, lists=LIST)) == (3, 1, 0, 2)
    assert numbers(ask(SPACES, *events, event("heartbeat", 9, space="a"), lists=LIST))[1] == 2
    assert numbers(ask(SPACES, *events, event("heartbeat", 9), lists=LIST)) == (3, 2, 0, 1)


def test_spaces_short_of_and_beyond_the_capacity() -> None:
    events = [event("space", 9, space=name, occupied=True) for name in "abc"]
    assert numbers(ask(SPACES, *events[:2], lists=[(None, "s", ["a", "b"])])) == (3, 2, 0, 1)
    timeline = [*SPACES, (ago(5), described(zone("s", "spaces", 2)))]
    assert numbers(ask(timeline, *events, lists=LIST)) == (2, 2, 0, 0)
    assert ask(timeline, *events, lists=LIST)["level"] == "full"
    assert numbers(ask(timeline, events[2], lists=LIST)) == (2, None, None, 2)


def test_a_space_moves_to_the_list_put_later_and_keeps_its_history() -> None:
    timeline = lot(zone("s", "spaces", 2), zone("u", "spaces", 2, "ev"))
    lists: Lists = [(None, "s", ["a", "b"]), (ago(5), "u", ["x"]), (ago(3), "u", ["a"])]
    events = [event("space", 9, space=name, occupied=True) for name in "ab"]
    before = ask(timeline, *events, lists=lists, at=ago(4))["classes"]
    after = ask(timeline, *events, lists=lists)["classes"]
    assert (before["general"]["occupied"], before["ev"]["occupied"]) == (2, None)
    assert (after["general"]["occupied"], after["ev"]["occupied"]) == (1, 1)


@pytest.mark.parametrize(
    ("occupied", "capacity", "level"),
    [
        (10, 10, "full"),
        (9, 10, "available"),  # 1 is not less than max(1, 1.0)
        (18, 20, "available"),
        (27, 30, "available"),
        (19, 20, "limited"),
        (28, 30, "limited"),
        (28, 31, "limited"),  # 3 < 3.1
        (4, 5, "available"),
        (0, 1, "available"),
        (1, 1, "full"),
    ],
)
def test_levels(occupied: int, capacity: int, level: str) -> None:
    timeline = lot(zone("c", "counts", capacity))
    assert ask(timeline, event("count", occupied=occupied))["level"] == level


def test_nothing_free_but_something_unknown_is_limited() -> None:
    timeline = lot(zone("c", "counts", 1), zone("g", "gates", 1))
    assert ask(timeline, event("count", zone="c", occupied=1))["level"] == "limited"


def test_flags() -> None:
    answer = ask(FLAG, event("flag", 60, level="limited"))
    assert numbers(answer) == (10, None, None, 10)
    assert (answer["level"], answer["basis"]) == ("limited", "flag")
    assert answer["observed_at"] == answer["zones"][0]["observed_at"] == "2026-11-23T00:30:07Z"
    assert answer["zones"][0]["level"] == "limited"
    stale = ask(FLAG, event("flag", STALE, level="limited"))
    assert (stale["level"], stale["zones"][0]["level"]) == ("unknown", "unknown")
    tie = [event("flag", 1, level="full", id="x"), event("flag", 1, level="available", id="x0")]
    assert ask(FLAG, *tie)["level"] == "available"


def test_the_worst_flag_speaks_only_where_no_number_does() -> None:
    timeline = lot(zone("f", "flag", 10), zone("h", "flag", 10), zone("c", "counts", 10))
    flags = [event("flag", level="available", zone="f"), event("flag", level="full", zone="h")]
    assert ask(timeline, *flags)["level"] == "full"
    answer = ask(timeline, *flags, event("count", 9, free=5))
    assert (numbers(answer), answer["level"]) == ((30, 5, 5, 20), "available")
    assert (answer["basis"], answer["observed_at"]) == ("mixed", "2026-11-23T00:30:58Z")


def test_voids() -> None:
    first, second = event("count", 60, free=3, id="m"), event("count", 50, free=8)
    from_afar = event("void", -86400, event=identity(second))
    assert ask(COUNTS, first, second)["free"] == 8
    assert ask(COUNTS, first, second, from_afar)["free"] == 3
    assert ask(COUNTS, first, event("void", event="m"), event("void", event="n"))["free"] is None
    # of a void, of itself, of the void of a void: no effect
    voided = event("void", event="m", id="v")
    assert ask(COUNTS, first, voided, event("void", event="v", id="w"))["free"] is None
    assert ask(COUNTS, first, event("void", event="v", id="v"))["free"] == 3


def test_a_voided_heartbeat_is_not_heard() -> None:
    events = [event("count", STALE, free=3), event("heartbeat", 5, id="h")]
    assert ask(COUNTS, *events)["free"] == 3
    assert ask(COUNTS, *events, event("void", event="h"))["free"] is None


def test_status() -> None:
    counted = event("count", free=3)
    closed = [
        event("status", 9, status="open", id="z"),
        event("status", 9, status="closed", id="b"),
    ]
    assert ask(COUNTS, counted, *closed)["status"] == "open"
    answer = ask(COUNTS, counted, *closed, event("status", 8, status="closed"))
    assert (answer["status"], answer["level"], answer["free"]) == ("closed", "closed", 3)
    for is_open, status in ((True, "open"), (False, "closed"), (None, "open")):
        shut = availability(COUNTS, [], [counted], T, is_open=lambda *_, o=is_open: o)
        assert shut is not None
        assert shut["status"] == status


def test_retired_and_revived() -> None:
    timeline = [*COUNTS, (ago(60), None), (ago(30), COUNTS[0][1])]
    counted = event("count", 100, free=3)
    assert availability(timeline, [], [counted], ago(45)) is None
    assert ask(timeline, counted, at=ago(30))["free"] == 3


def test_another_counting_takes_over_what_was_counted() -> None:
    timeline = [*COUNTS, (ago(30), described(zone("c", "gates", 10)))]
    events = [event("count", 60, free=3), event("passage", 20, direction="in")]
    assert numbers(ask(timeline, *events)) == (10, 8, 2, 0)
