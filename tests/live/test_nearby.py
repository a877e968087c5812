"""What is near: the same distances as one by one, in order."""

import random

import msgspec
import pytest

from parking.domain.geo import distance_m
from parking.domain.lots import Position
from parking.domain.timeline import Described, Timeline
from parking.live.board import Board
from parking.live.nearby import Nearby
from tests.live.test_board import NOW, a_lot


def lot_at(lot_id: str, lat: float, lon: float) -> Timeline:
    lot = msgspec.structs.replace(a_lot(), location=Position(lat, lon))
    return Timeline(lot_id, [Described(0, lot)])


def test_distances_are_great_circles_nearest_first() -> None:
    chance = random.Random(7)
    places = {
        f"p{n}": (34.76 + chance.uniform(-0.1, 0.1), 113.77 + chance.uniform(-0.1, 0.1))
        for n in range(200)
    }
    board = Board()
    for lot_id, (lat, lon) in places.items():
        board.describe(lot_at(lot_id, lat, lon))
    board.refresh(NOW)
    found = list(Nearby(board).within(34.75, 113.75, 5000))
    wanted = sorted(
        (metres, lot_id)
        for lot_id, (lat, lon) in places.items()
        if (metres := distance_m(34.75, 113.75, lat, lon)) <= 5000
    )
    assert [lot.id for _, lot in found] == [lot_id for _, lot_id in wanted]
    assert [metres for metres, _ in found] == pytest.approx([metres for metres, _ in wanted])


def test_equal_distances_are_in_the_order_of_ids() -> None:
    board = Board()
    for lot_id in ("b", "a", "c"):
        board.describe(lot_at(lot_id, 34.76, 113.77))
    board.refresh(NOW)
    assert [lot.id for _, lot in Nearby(board).within(34.76, 113.77, 0)] == ["a", "b", "c"]


def test_the_index_follows_descriptions() -> None:
    board = Board()
    nearby = Nearby(board)
    assert list(nearby.within(34.76, 113.77, 50_000)) == []
    board.describe(lot_at("a", 34.76, 113.77))
    board.refresh(NOW)
    assert len(list(nearby.within(34.76, 113.77, 10))) == 1
    board.describe(lot_at("a", 35.76, 113.77))
    board.refresh(NOW)
    assert list(nearby.within(34.76, 113.77, 10)) == []
    board.describe(Timeline("a", [Described(0, a_lot()), Described(1, None)]))
    board.refresh(NOW)
    assert list(nearby.within(35.76, 113.77, 10)) == []


def test_across_the_antimeridian_it_is_near() -> None:
    board = Board()
    board.describe(lot_at("a", 0.0, 179.999))
    board.refresh(NOW)
    [(metres, _)] = Nearby(board).within(0.0, -179.999, 1000)
    assert metres == pytest.approx(222.39, abs=0.1)
