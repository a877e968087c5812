"""The oracle's judgement of events by hand, and what holds for all histories drawn."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.by_hand import T, ago, described, event, lot, zone
from tests.histories import NOW, OPERATOR, History, histories, instants
from tests.oracle import Json, Lists, Timeline, accept, accepted, availability, identity, verdicts
from tests.oracle_events import content, when

DAY = timedelta(days=1)
MIXED = lot(
    zone("c", "counts", 5),
    zone("d", "counts", 5),
    zone("g", "gates", 5),
    zone("s", "spaces", 2),
)
BAYS: Lists = [(None, "s", ["a", "b"])]


def test_identity_is_the_id_or_made_from_the_content() -> None:
    assert identity({"id": "x:1", "observed_at": ""}) == "x:1"
    here = event("recount", 0.5, occupied=4, reason="清")
    there = {**here, "observed_at": "2026-11-23T08:31:06.5+08:00"}
    # By sha256sum from the line {"lot":"p1","observed_at":"2026-11-23T00:31:06.500000Z",
    # "occupied":4,"reason":"清","type":"recount"} (without the break)
    assert (
        identity(here)
        == identity(there)
        == ("sha256:1cecfb04bb469a7d765a72b3b925c693d35c9c162b02cca6914416eb98eebdb2")
    )
    assert identity({**here, "zone": "c"}) != identity(here)
    assert identity({**here, "sensor": "s"}) != identity(here)


@pytest.mark.parametrize(
    ("sent", "verdict"),
    [
        (event("count", zone="c", free=0), "accepted"),
        (event("count", free=0), "unknown_zone"),  # c, d or g
        (event("count", zone="x", free=0), "unknown_zone"),
        (event("count", zone="s", free=0), "wrong_counting"),
        (event("passage", direction="in"), "accepted"),
        (event("passage", direction="in", zone="c"), "wrong_counting"),
        (event("flag", level="full"), "wrong_counting"),
        (event("recount", zone="g", occupied=9), "accepted"),
        (event("recount", occupied=9), "unknown_zone"),
        (event("space", space="a", occupied=True), "accepted"),
        (event("space", space="z", occupied=True), "unknown_space"),
        (event("heartbeat", space="z"), "unknown_space"),
        (event("heartbeat", space="b", battery_pct=71, rssi_dbm=-90), "accepted"),
        (event("heartbeat", zone="s"), "accepted"),
        (event("heartbeat"), "unknown_zone"),
        (event("status", status="closed"), "accepted"),
        (event("void", event="never-sent"), "accepted"),
        (event("void", event="sha256:" + 64 * "0"), "accepted"),
        (event("status", status="closed", lot="p2"), "unknown_lot"),
        (event("status", -300, status="open"), "accepted"),
        (event("status", -300.000001, status="open"), "future"),
        (event("status", 7 * 86400, status="open"), "accepted"),
        (event("status", 7 * 86400 + 0.000001, status="open"), "too_old"),
    ],
)
def test_verdicts(sent: Json, verdict: str) -> None:
    assert accept(sent, MIXED, BAYS, now=T, retention=7 * DAY) == verdict


@pytest.mark.parametrize(
    "sent",
    [
        {},
        event("parade"),
        event("count", zone="c"),
        event("count", zone="c", free=1, occupied=4),
        event("count", zone="c", free=-1),
        event("count", zone="c", free=True),
        event("count", zone="c", free=1.0),
        event("count", zone="c/1", free=1),
        event("count", zone="c" * 65, free=1),
        event("count", zone="c", free=1, colour="red"),
        event("passage", direction="in", count=0),
        event("passage", direction="in", count=1001),
        event("passage", direction="up"),
        event("space", space="a", occupied=1),
        event("space", space="a", zone="s", occupied=True),
        event("heartbeat", space="a", zone="s"),
        event("flag", level="FULL"),
        event("status", status="shut"),
        event("void"),
        event("void", event="a b"),
        event("status", status="open", id=""),
        event("status", status="open") | {"observed_at": "2026-11-23T00:31:07"},
        event("status", status="open") | {"observed_at": 1795393867},
        event("status", status="open") | {"observed_at": "2026-13-23T00:31:07Z"},
    ],
)
def test_invalid(sent: dict[str, Any]) -> None:
    assert list(verdicts(sent, MIXED, BAYS, now=T)) == ["invalid"]


def test_duplicates_and_conflicts() -> None:
    first = event("count", 5, zone="c", free=3, id="m")
    respelt = {**first, "observed_at": "2026-11-23T08:31:02.000+08:00"}
    other = {**first, "free": 4}
    anonymous = event("count", 5, zone="d", free=3)
    named = {**anonymous, "id": identity(anonymous)}
    seen = {identity(sent): content(sent) for sent in (first, anonymous)}
    for sent, verdict in (
        (first, "duplicate"),
        (respelt, "duplicate"),
        (other, "conflict"),
        (anonymous, "duplicate"),
        (named, "duplicate"),
        ({**anonymous, "free": 4}, "accepted"),
        ({**first, "id": "m1"}, "accepted"),
    ):
        assert accept(sent, MIXED, BAYS, now=T, seen=seen) == verdict
    batch = [first, respelt, other, anonymous, named]
    assert accepted(batch, MIXED, BAYS, now=T) == [first, anonymous]


def test_an_operator_has_its_own_lots_only() -> None:
    sent = event("passage", direction="in")
    assert accept(sent, MIXED, BAYS, now=T, operator="op") == "accepted"
    assert accept(sent, MIXED, BAYS, now=T, operator="other") == "forbidden_lot"


def test_an_event_is_judged_by_the_description_of_its_own_moment() -> None:
    timeline: Timeline = [
        (ago(90), described(zone("c", "counts", 5))),
        (ago(60), described(zone("c", "gates", 5), zone("f", "flag", 5))),
    ]
    for sent, verdict in (
        (event("passage", 60, direction="in"), "accepted"),
        (event("passage", 61, direction="in"), "wrong_counting"),
        (event("count", 900, free=1), "accepted"),  # the first one holds before its PUT too
        (event("heartbeat", 61), "accepted"),
        (event("heartbeat", 60), "unknown_zone"),
        (event("flag", 61, zone="f", level="full"), "unknown_zone"),
    ):
        assert accept(sent, timeline, [], now=T) == verdict


def test_a_retired_lot_is_unknown_altogether() -> None:
    counts = described(zone("c", "counts", 10))
    timeline: Timeline = [(None, counts), (ago(60), None), (ago(30), counts)]
    before, meanwhile = event("count", 100, free=3), event("count", 50, free=3)
    assert accept(before, timeline, [], now=T) == "accepted"
    assert accept(before, timeline, [], now=ago(45)) == "unknown_lot"
    assert accept(meanwhile, timeline, [], now=T) == "unknown_lot"
    assert accept(before, [], [], now=T) == "unknown_lot"


@given(st.data())
def test_capacity_adds_up(data: st.DataObject) -> None:
    history = data.draw(histories())
    t = data.draw(instants(history))
    answer = availability(history.lot.timeline, history.lot.lists, history.events, t)
    if answer is None:
        return
    for part in [answer, *answer["classes"].values(), *answer["zones"]]:
        is_blank = part["unknown"] == part["capacity"]
        assert (part["free"] is None) == (part["occupied"] is None) == is_blank
        known = 0 if is_blank else part["occupied"] + part["free"]
        assert part["capacity"] == known + part["unknown"]
        assert min(part["unknown"], part["free"] or 0, part["occupied"] or 0) >= 0
    assert answer["capacity"] == sum(part["capacity"] for part in answer["zones"])
    assert (answer["observed_at"] is None) == all(z["observed_at"] is None for z in answer["zones"])


@given(st.data())
def test_order_and_repetition_do_not_matter(data: st.DataObject) -> None:
    history = data.draw(histories())
    t = data.draw(instants(history))
    shuffled = data.draw(st.permutations(history.events + history.events[:3]))
    timeline, lists = history.lot.timeline, history.lot.lists
    once = availability(timeline, lists, history.events, t)
    assert availability(timeline, lists, shuffled, t) == once
    came_to_be = [sent for sent in history.events if when(sent) <= t or sent["type"] == "void"]
    assert availability(timeline, lists, came_to_be, t) == once


@given(histories(ordered=True))
def test_ordered_histories_are_accepted_whole(history: History) -> None:
    order = [(when(sent), identity(sent).encode()) for sent in history.events]
    assert order == sorted(order)
    taken = accepted(history.events, history.lot.timeline, history.lot.lists, now=NOW)
    assert {identity(sent) for sent in taken} == {name.decode() for _, name in order}


@given(histories(misfits=True))
def test_misfits_are_judged_by_a_code(history: History) -> None:
    timeline, lists = history.lot.timeline, history.lot.lists
    for sent in history.events:
        codes = set(verdicts(sent, timeline, lists, now=NOW, operator=OPERATOR))
        known = {"future", "unknown_lot", "unknown_zone", "unknown_space", "wrong_counting"}
        assert codes <= known
