"""Entries know where they were placed: by the description they were judged by, and no other."""

import json
from typing import Any, cast

import msgspec
import pytest

from parking.domain.access import Principal
from parking.domain.events import Entry, Placed, decode
from parking.domain.instants import MINUTE, rfc3339
from parking.domain.lots import Lot
from parking.domain.timeline import Described, Timeline
from parking.ingest.intake import Intake
from parking.ingest.rejections import DeadLetters
from parking.live.board import Board
from parking.live.lot import LiveLot
from parking.live.replica import Replica
from parking.store import snapshots
from tests.entries import NOW
from tests.web.client import described, zone

OWNER = Principal("key_1", "operator", "zd-parking")


def lot_of(*zones: dict[str, Any]) -> Lot:
    return msgspec.convert({**described(*zones), "operator": "zd-parking"}, Lot)


OLD = Described(NOW - 60 * MINUTE, lot_of(zone("b1", "gates")))
NEW = Described(NOW - 10 * MINUTE, lot_of(zone("b2", "gates")))


@pytest.fixture
def intake() -> Intake:
    replica = Replica(cast("Any", None), lambda: NOW)
    replica.board.describe(Timeline("p1", [OLD]))
    return Intake(replica, cast("Any", None), DeadLetters(replica), None)


def passages(*moments: int) -> list[bytes]:
    event = {"lot": "p1", "type": "passage", "direction": "in"}
    return [json.dumps({**event, "observed_at": rfc3339(at)}).encode() for at in moments]


def judged(intake: Intake, *moments: int) -> list[Entry]:
    entries = intake.judge(passages(*moments), OWNER).entries
    assert all(type(entry) is Placed for entry in entries)
    for seq, entry in enumerate(entries, 1):
        entry.seq = seq
    return entries


def lot_on(board: Board) -> LiveLot:
    live = board.find("p1")
    assert live is not None
    return live


def cars_in(board: Board) -> dict[str, int]:
    return {name: state.moved for name, state in lot_on(board).state.zones.items()}


def test_what_was_judged_before_a_change_is_placed_anew(intake: Intake) -> None:
    board = intake._replica.board
    entries = judged(intake, NOW - 20 * MINUTE, NOW - 5 * MINUTE, NOW - MINUTE)
    assert [entry.zone for entry in entries] == ["b1"] * 3
    board.describe(Timeline("p1", [OLD, NEW]))
    board.take(entries, NOW)
    assert cars_in(board) == {"b1": 1, "b2": 2}


def test_and_what_is_still_to_come_by_the_description_of_its_time(intake: Intake) -> None:
    board = intake._replica.board
    entries = judged(intake, NOW - MINUTE, NOW + MINUTE)
    board.take(entries, NOW)
    assert cars_in(board) == {"b1": 1}
    waiting = [entry for _, _, entry in lot_on(board).pending]
    assert [type(entry) for entry in waiting] == [Entry]
    assert snapshots.encode({"p1": snapshots.LotSnapshot(lot_on(board).state, waiting, 0)})
    board.describe(Timeline("p1", [OLD, Described(NOW, NEW.lot)]))
    board.refresh(NOW + 2 * MINUTE)
    assert cars_in(board) == {"b1": 1, "b2": 1}


@pytest.mark.parametrize("wrong", [0, 99, 100, 150, 249])
async def test_one_that_is_refused_costs_no_other_its_place(intake: Intake, wrong: int) -> None:
    """In lists of several pieces, read one by one or all at once."""
    raws = passages(*(NOW - number for number in range(250)))
    raws[wrong] = raws[wrong].replace(b'"p1"', b'"p2"')
    events = [decode(raw) for raw in raws]
    for chunk in (
        intake.judge(raws, OWNER),
        await intake.judge_many(raws, OWNER),
        await intake.judge_read(events, lambda: raws, OWNER),
    ):
        places = [place for place in range(250) if place != wrong]
        assert chunk.indexes == places
        assert [entry.at for entry in chunk.entries] == [NOW - place for place in places]
        assert [(each.index, each.code) for each in chunk.rejections] == [(wrong, "unknown_lot")]
