"""The board: what shows when, and what it remembers."""

from itertools import count

import msgspec

from parking.domain.events import Entry, canonical, decode, identity, observed
from parking.domain.instants import HOUR, MINUTE, SECOND, parse, rfc3339
from parking.domain.lots import Lot, Position, Zone
from parking.domain.states import LotState
from parking.domain.timeline import Described, Timeline
from parking.live.board import Board

NOW = parse("2026-11-23T00:00:00Z")
_places = count(1)


def described(lot_id: str = "p", *, hours: str | None = None, capacity: int = 10) -> Timeline:
    return Timeline(lot_id, [Described(0, a_lot(hours, capacity))])


def a_lot(hours: str | None = None, capacity: int = 10) -> Lot:
    return Lot(
        name={"en": "P"},
        operator="op",
        kind="surface",
        location=Position(34.76, 113.77),
        timezone="Asia/Shanghai",
        zones=(Zone("z", "general", capacity, "counts", 3600),),
        opening_hours=hours,
    )


def reading(occupied: int, at: int, lot_id: str = "p") -> Entry:
    sent = {"lot": lot_id, "type": "count", "occupied": occupied, "observed_at": rfc3339(at)}
    event = decode(msgspec.json.encode(sent))
    body = canonical(event, observed(event))
    return Entry(lot_id, at, identity(event, body), "z", event, body, "k", at, next(_places))


def occupied(board: Board, lot_id: str = "p") -> int | None:
    lot = board.find_shown(lot_id)
    assert lot is not None
    assert lot.view is not None
    return lot.view.availability.occupied


def status(board: Board) -> str:
    lot = board.find_shown("p")
    assert lot is not None
    assert lot.view is not None
    return lot.view.availability.status


def test_staleness_comes_by_itself_at_its_very_moment() -> None:
    board = Board()
    board.describe(described())
    board.take([reading(3, NOW)], NOW)
    board.refresh(NOW)
    assert occupied(board) == 3
    assert board.next_wake == NOW + HOUR
    assert not board.refresh(NOW + HOUR - 1)
    assert board.refresh(NOW + HOUR)
    assert occupied(board) is None


def test_a_clock_set_back_undoes_what_only_the_clock_did() -> None:
    board = Board()
    board.describe(described(hours="08:00-20:00"))
    board.take([reading(3, NOW)], NOW)
    board.refresh(NOW)
    assert occupied(board) == 3
    board.refresh(NOW + 13 * HOUR)  # stale by then, and closed
    assert occupied(board) is None
    assert board.refresh(NOW + 1)
    assert occupied(board) == 3
    assert status(board) == "open"
    board.refresh(NOW + 13 * HOUR)
    assert status(board) == "closed"


def test_the_future_waits_until_it_is_there() -> None:
    board = Board()
    board.describe(described())
    board.take([reading(3, NOW), reading(5, NOW + MINUTE)], NOW)
    board.refresh(NOW)
    assert occupied(board) == 3
    assert board.refresh(NOW + MINUTE)
    assert occupied(board) == 5


def test_a_lot_closes_and_opens_by_itself() -> None:
    board = Board()
    board.describe(described(hours="Mo-Su 07:00-23:00"))
    for at, status in [
        ("2026-11-23T14:59:59Z", "open"),
        ("2026-11-23T15:00:00Z", "closed"),
        ("2026-11-23T22:59:59.999999Z", "closed"),
        ("2026-11-23T23:00:00Z", "open"),
    ]:
        board.refresh(parse(at))
        lot = board.find_shown("p")
        assert lot is not None
        assert lot.view is not None
        assert lot.view.availability.status == status


def test_a_busy_lot_does_not_fill_the_heap_of_wakes() -> None:
    board = Board()
    board.describe(described())
    for second in range(1000):
        board.take([reading(second % 7, NOW + second * SECOND)], NOW + second * SECOND)
        board.refresh(NOW + second * SECOND)
    assert len(board._wakes) <= 2


def test_only_what_shows_otherwise_is_a_change() -> None:
    board = Board()
    board.describe(described())
    board.take([entry := reading(3, NOW)], NOW)
    board.refresh(NOW)
    version = board.version
    board.take([reading(4, NOW - HOUR)], NOW)  # older than what is known
    assert not board.refresh(NOW)
    assert board.version == version
    assert entry.seq > 0


def test_a_new_description_shows_at_once_and_reaching_back_is_told() -> None:
    board = Board()
    assert board.describe(described())
    board.take([reading(9, NOW)], NOW)
    board.refresh(NOW)
    changes = [Described(0, a_lot()), Described(NOW + 1, a_lot(capacity=5))]
    assert board.describe(Timeline("p", changes))
    board.refresh(NOW + 1)
    assert occupied(board) == 5  # shown clamped
    assert not board.describe(Timeline("p", [Described(0, a_lot()), Described(NOW, a_lot())]))


def test_a_retired_lot_is_not_shown_and_comes_back_with_its_state() -> None:
    board = Board()
    board.describe(described())
    board.take([reading(3, NOW)], NOW)
    board.refresh(NOW)
    board.describe(Timeline("p", [Described(0, a_lot()), Described(NOW, None)]))
    assert board.refresh(NOW)
    assert board.find_shown("p") is None
    assert list(board.shown()) == []
    again = [Described(0, a_lot()), Described(NOW, None), Described(NOW + 1, a_lot())]
    board.describe(Timeline("p", again))
    board.refresh(NOW + 1)
    assert occupied(board) == 3


def test_a_rebuilt_state_holds_what_comes_again_from_the_log() -> None:
    board = Board()
    board.describe(described())
    first, ahead = reading(3, NOW), reading(5, NOW + MINUTE)
    board.begin_rebuild("p")
    assert board.replace("p", LotState(), [ahead], ahead.seq, NOW)
    board.take([first, ahead], NOW)  # the first is in the rebuilt state, the other waits already
    board.refresh(NOW)
    assert occupied(board) is None
    board.refresh(NOW + MINUTE)
    assert occupied(board) == 5


def test_what_comes_while_a_state_is_rebuilt_is_not_lost() -> None:
    board = Board()
    board.describe(described())
    soon = reading(5, NOW + SECOND)
    board.take([reading(3, NOW), soon], NOW)
    board.begin_rebuild("p")
    board.take([later := reading(7, NOW + MINUTE)], NOW)
    board.refresh(NOW + SECOND)  # folds into the state that goes
    assert board.replace("p", LotState(), [soon], soon.seq, NOW + SECOND)
    board.refresh(NOW + SECOND)
    assert occupied(board) == 5
    board.refresh(NOW + MINUTE)
    assert occupied(board) == 7
    assert later.seq > soon.seq


def test_a_new_description_is_a_change_for_those_who_filter() -> None:
    board = Board()
    board.describe(described())
    board.refresh(NOW)
    version = board.version
    moved = msgspec.structs.replace(a_lot(), district="d")
    board.describe(Timeline("p", [Described(0, a_lot()), Described(NOW, moved)]))
    assert board.refresh(NOW)
    assert board.version > version


def test_cursors_of_other_boards_are_not_known() -> None:
    board, other = Board(), Board()
    assert board.read_cursor(board.cursor()) == board.version
    assert board.read_cursor(other.cursor()) is None
    for text in ("", "-", f"{board.epoch}-", f"{board.epoch}-x", f"{board.epoch}-{10**30}"):
        assert board.read_cursor(text) is None
    assert board.read_cursor(f"{board.epoch}-{board.version + 1}") is None


def test_lots_are_in_the_order_of_their_ids_as_bytes() -> None:
    board = Board()
    for lot_id in ("b", "a", "Z", "a-1", "a.1", "_"):
        board.describe(described(lot_id))
    board.refresh(NOW)
    assert [lot.id for lot in board.shown()] == sorted(["b", "a", "Z", "a-1", "a.1", "_"])


def test_what_is_unsaved_is_told_once() -> None:
    board = Board()
    board.describe(described())
    board.refresh(NOW)
    assert [lot.id for lot in board.unsaved()] == ["p"]
    assert board.unsaved() == []
    board.take([reading(1, NOW)], NOW)
    assert [lot.id for lot in board.unsaved()] == ["p"]


def test_another_log_ends_what_was_begun_with_the_one_before() -> None:
    board = Board()
    board.describe(described("old"))
    board.refresh(NOW)
    unsaved = board.unsaved()
    board.begin_rebuild("old")
    board.clear()
    board.describe(described("new"))
    board.refresh(NOW)
    board.save_again(unsaved)
    assert [lot.id for lot in board.unsaved()] == ["new"]
    board.give_up_rebuild("old")
    assert not board.replace("old", LotState(), [], 1, NOW)
    assert board.find("old") is None
