"""The fold against the oracle: whatever the order, the repetition, the batches and the way."""

import json
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from parking.domain import availability
from parking.domain.availability import settle
from parking.domain.events import Entry, Void, canonical, decode, identity, observed
from parking.domain.instants import micros
from parking.domain.lots import Lot, Space
from parking.domain.meter import Past
from parking.domain.numbers import Availability, Numbers, View, ZoneNumbers, view
from parking.domain.states import LotState
from parking.domain.timeline import Change, Described, Listed, Timeline
from parking.live.board import Board
from parking.store.checkpoints import encode
from parking.store.states import decoder
from tests import histories, oracle
from tests.folding import rebuild
from tests.histories import NOW, History

Json = dict[str, Any]
EVER = -(1 << 60)

slow = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def timeline_of(lot: histories.Lot) -> Timeline:
    changes: list[tuple[int, int, Change]] = []
    for since, description in lot.timeline:
        at = EVER if since is None else micros(since)
        described = None if description is None else msgspec.convert(description, Lot)
        changes.append((at, 0, Described(at, described)))
    for number, (since, zone, spaces) in enumerate(lot.lists, 1):
        at = EVER + number if since is None else micros(since)  # no two PUTs at one moment
        changes.append((at, 1, Listed(at, zone, tuple(Space(space) for space in spaces))))
    return Timeline(lot.id, [change for _, _, change in sorted(changes, key=lambda c: c[:2])])


def entries_of(events: list[Json]) -> list[Entry]:
    """Distinct events as entries, numbered in the order given."""
    found: dict[str, Entry] = {}
    for event in events:
        decoded = decode(json.dumps(event, ensure_ascii=False).encode())
        at = observed(decoded)
        body = canonical(decoded, at)
        name = identity(decoded, body)
        seq = len(found) + 1
        found.setdefault(name, Entry("p1", at, name, None, decoded, body, "k", 0, seq))
    return [msgspec.structs.replace(entry, lot=oracle.LOT) for entry in found.values()]


def voided_by(entries: list[Entry]) -> set[str]:
    return {entry.event.event for entry in entries if isinstance(entry.event, Void)}


def shown(seen: View | None) -> Json | None:
    """What goes over the wire, without the additions that the oracle does not know."""
    if seen is None:
        return None
    whole: Json = msgspec.to_builtins(seen.availability)
    whole["zones"] = [
        {name: value for name, value in zone.items() if name != "heard_at"}
        for zone in msgspec.to_builtins(seen.zones)
    ]
    return whole


def seen_at(timeline: Timeline, state: LotState, at: int) -> View | None:
    layout = timeline.at(at)
    return None if layout is None else view(timeline.id, layout, state, at, hours_open=None)


def expected(history: History, at: datetime) -> Json | None:
    return oracle.availability(history.lot.timeline, history.lot.lists, history.events, at)


@slow
@given(st.data())
def test_any_moment_is_what_the_oracle_says(data: st.DataObject) -> None:
    history = data.draw(histories.histories())
    at = data.draw(histories.instants(history))
    timeline, entries = timeline_of(history.lot), entries_of(history.events)
    until = [entry for entry in entries if entry.at <= micros(at)]
    state = rebuild(LotState(), until, voided_by(entries), timeline)
    assert shown(seen_at(timeline, state, micros(at))) == expected(history, at)


@slow
@given(st.data())
def test_a_checkpoint_on_the_way_changes_nothing(data: st.DataObject) -> None:
    history = data.draw(histories.histories())
    at, half = data.draw(histories.instants(history)), data.draw(histories.instants(history))
    timeline, entries = timeline_of(history.lot), entries_of(history.events)
    middle = min(micros(half), micros(at))
    voided = voided_by(entries)
    before = rebuild(LotState(), [e for e in entries if e.at < middle], voided, timeline)
    stored = decoder(LotState).decode(encode(Past(before, {})).state)
    rest = [entry for entry in entries if middle <= entry.at <= micros(at)]
    state = rebuild(stored, rest, voided, timeline)
    assert shown(seen_at(timeline, state, micros(at))) == expected(history, at)


def live(timeline: Timeline, entries: list[Entry], cuts: list[int], now: int) -> Board:
    """A board that got the entries in batches, rebuilding from what it got as the replica does."""
    board = Board()
    board.describe(timeline)
    start = 0
    for number, cut in enumerate([*cuts, len(entries)]):
        batch = entries[start:cut]
        start = max(cut, start)
        for lot_id in board.take(batch, now):
            got = [entry for entry in entries[:start] if entry.at <= now]
            state = rebuild(LotState(), got, voided_by(entries[:start]), timeline)
            ahead = [
                entry
                for entry in entries[:start]
                if entry.at > now and not isinstance(entry.event, Void)
            ]
            board.begin_rebuild(lot_id)
            board.replace(lot_id, state, ahead, start, now)
        if number % 2:
            board.refresh(now)
    board.refresh(now)
    return board


@pytest.fixture(params=[availability.MANY, 1], scope="module", autouse=True)
def many(request: pytest.FixtureRequest) -> Iterator[None]:
    """With passages summed up late, and as soon as they may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(availability, "MANY", request.param)
        yield


@slow
@given(st.data())
def test_live_is_what_the_oracle_says_in_any_order_and_batches(data: st.DataObject) -> None:
    history = data.draw(histories.histories())
    timeline, entries = timeline_of(history.lot), entries_of(history.events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(entries)), max_size=5)))
    board = live(timeline, entries, cuts, micros(NOW))
    lot = board.find(oracle.LOT)
    assert lot is not None
    # the future comes by itself: at any later moment the board shows what the oracle says
    later = data.draw(st.lists(st.integers(0, 3 * 86_400 * 1_000_000), max_size=3))
    for at in [micros(NOW), *sorted(micros(NOW) + wait for wait in later)]:
        board.refresh(at)
        moment = histories.NOW + (histories.MICROSECOND * (at - micros(NOW)))
        note(f"at {moment}")
        wanted = expected(history, moment) if timeline.at(at) is not None else None
        assert shown(lot.view) == wanted


@slow
@given(histories.histories(), st.randoms(use_true_random=False))
def test_equal_sets_give_equal_states(history: History, chance: random.Random) -> None:
    timeline, entries = timeline_of(history.lot), entries_of(history.events)
    states = []
    for _ in range(2):
        chance.shuffle(entries)
        renumbered = [
            msgspec.structs.replace(entry, seq=seq) for seq, entry in enumerate(entries, 1)
        ]
        board = live(timeline, renumbered, [len(entries) // 2], micros(NOW))
        lot = board.find(oracle.LOT)
        assert lot is not None
        states.append(encode(Past(_sorted(settle(lot.state)), {})).state)
    assert states[0] == states[1]


def _sorted(state: LotState) -> LotState:
    return LotState(
        dict(sorted(state.zones.items())),
        dict(sorted(state.spaces.items())),
        state.status,
        dict(sorted(state.sensors.items())),
    )


@slow
@given(st.data())
def test_the_numbers_add_up(data: st.DataObject) -> None:
    history = data.draw(histories.histories())
    at = micros(data.draw(histories.instants(history)))
    timeline, entries = timeline_of(history.lot), entries_of(history.events)
    until = [entry for entry in entries if entry.at <= at]
    seen = seen_at(timeline, rebuild(LotState(), until, voided_by(entries), timeline), at)
    if seen is None:
        return
    parts: list[Availability | Numbers | ZoneNumbers] = [
        seen.availability,
        *seen.availability.classes.values(),
        *seen.zones,
    ]
    for part in parts:
        assert part.capacity == (part.occupied or 0) + (part.free or 0) + part.unknown
        assert 0 <= (part.free or 0) <= part.capacity
        assert 0 <= (part.occupied or 0) <= part.capacity
        assert (part.free is None) == (part.unknown == part.capacity) == (part.occupied is None)
