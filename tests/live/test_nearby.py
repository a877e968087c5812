"""What is near: the same distances as one by one, in order."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.domain.geo import distance_m
from parking.domain.lots import Position
from parking.domain.timeline import Described, Timeline
from parking.live.board import Board
from parking.live.nearby import Nearby
from tests.live.test_board import NOW, a_lot


def lot_at(lot_id: str, lat: float, lon: float) -> Timeline:
    lot = msgspec.structs.replace(a_lot(), location=Position(lat, lon))
    return Timeline(lot_id, [Described(0, lot)])


def board_of(places: dict[str, tuple[float, float]]) -> Board:
    board = Board()
    for lot_id, (lat, lon) in places.items():
        board.describe(lot_at(lot_id, lat, lon))
    board.refresh(NOW)
    return board


def test_distances_are_great_circles_nearest_first() -> None:
    chance = random.Random(7)
    places = {
        f"p{n}": (34.76 + chance.uniform(-0.1, 0.1), 113.77 + chance.uniform(-0.1, 0.1))
        for n in range(1500)
    }
    places |= {f"q{n}": places["p7"] for n in range(300)}
    found = list(Nearby(board_of(places)).within(34.75, 113.75, 9000))
    assert len(found) > 1000
    wanted = sorted(
        (metres, lot_id)
        for lot_id, (lat, lon) in places.items()
        if (metres := distance_m(34.75, 113.75, lat, lon)) <= 9000
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


@pytest.mark.parametrize("centre", [(34.76, 113.77), (-89.99, 0.0), (0.0, -180.0), (60.0, 179.99)])
@pytest.mark.parametrize("step", [(0.02, 0.0), (-0.02, 0.0), (0.0, 0.02), (0.0, -0.02)])
def test_the_radius_ends_where_it_should(
    centre: tuple[float, float], step: tuple[float, float]
) -> None:
    place = moved(centre, step)
    nearby, metres = Nearby(board_of({"a": place})), distance_m(*centre, *place)
    assert len(list(nearby.within(*centre, metres + 0.001))) == 1
    assert list(nearby.within(*centre, metres - 0.001)) == []


# -- anywhere on earth -----------------------------------------------------------------------------

_LATS = st.sampled_from([-90.0, -89.999, -0.001, 0.0, 34.76, 89.999, 90.0]) | st.floats(-90, 90)
_LONS = st.sampled_from([-180.0, -179.999, 0.0, 113.77, 179.999, 180.0]) | st.floats(-180, 180)
_POSITIONS = st.tuples(_LATS, _LONS)
_STEPS = st.tuples(*[st.sampled_from([-0.5, -0.01, -1e-5, 0.0, 0.01, 0.3])] * 2)
_RADII = st.sampled_from([0.0, 1.0, 2000.0, 50_000.0]) | st.floats(0, 1e7)
_EXACT_M = 1e-6


@settings(deadline=None, max_examples=120)
@given(
    centre=_POSITIONS,
    steps=st.lists(_STEPS, max_size=12),
    others=st.lists(_POSITIONS, max_size=12),
    radius_m=_RADII,
)
def test_it_finds_what_measuring_all_finds(
    centre: tuple[float, float],
    steps: list[tuple[float, float]],
    others: list[tuple[float, float]],
    radius_m: float,
) -> None:
    positions = [moved(centre, step) for step in steps] + others
    places = {f"p{n:02}": position for n, position in enumerate(positions)}
    found = [(metres, lot.id) for metres, lot in Nearby(board_of(places)).within(*centre, radius_m)]
    all_m = {lot_id: distance_m(*centre, *position) for lot_id, position in places.items()}
    for metres, lot_id in found:
        assert metres == pytest.approx(all_m[lot_id], abs=_EXACT_M)
        assert metres <= radius_m + _EXACT_M
    assert [metres for metres, _ in found] == sorted(metres for metres, _ in found)
    assert len({lot_id for _, lot_id in found}) == len(found)
    surely = {lot_id for lot_id, metres in all_m.items() if metres < radius_m - _EXACT_M}
    assert surely <= {lot_id for _, lot_id in found}
    at_one_spot = [lot_id for _, lot_id in found if places[lot_id] == centre]
    assert at_one_spot == sorted(lot_id for lot_id in places if places[lot_id] == centre)


def moved(position: tuple[float, float], step: tuple[float, float]) -> tuple[float, float]:
    """Give a position some degrees away, over the antimeridian too, but not over a pole."""
    lat, lon = position[0] + step[0], position[1] + step[1]
    lon += 360 if lon < -180 else -360 if lon > 180 else 0
    return max(-90.0, min(90.0, lat)), lon
