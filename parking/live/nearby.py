"""Which lots lie near a point: those of a strip of latitudes, by straight lines through the earth.

Lots are points on a unit sphere, where poles and the antimeridian are nothing special, in the order
of latitude. A circle touches a strip of them; there the squares of the chords tell what lies within
it, and only the nearest, as many as are taken, are put in order and measured along the ground.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from parking.domain.geo import EARTH_RADIUS_M
from parking.live.board import Board
from parking.live.lot import LiveLot

_FEW = 128
"""How many lots are put in order at first; each further time four times as many."""
_SLACK = 1e-12
"""Of an angle, radians (6 um): more than what is rounded off on the way."""


class Nearby:
    """An index over the board's listed lots, made anew when descriptions change."""

    def __init__(self, board: Board) -> None:
        """Follow `board`."""
        self._board = board
        self._made_for = -1
        self._lots: list[LiveLot] = []  # by latitude, then by id
        self._angles: list[float] = []  # their latitudes, radians
        self._x = self._y = self._z = np.empty(0)

    def _follow(self) -> None:
        if self._made_for == self._board.descriptions:
            return
        placed = []
        for live in self._board.shown():
            if live.timeline.current is not None:
                place = live.timeline.current.lot.location
                placed.append((math.radians(place.lat), math.radians(place.lon), live))
        placed.sort(key=_latitude)  # and those of one latitude stay in the order of ids
        self._lots = [live for _, _, live in placed]
        self._angles = [phi for phi, _, _ in placed]
        points = [_point(phi, lam) for phi, lam, _ in placed]
        self._x, self._y, self._z = np.array(points, dtype=np.float64).reshape(-1, 3).T.copy()
        self._made_for = self._board.descriptions

    def within(self, lat: float, lon: float, radius_m: float) -> Iterator[tuple[float, LiveLot]]:
        """Give (metres, lot) of the lots within a radius, nearest first, then by id. WGS-84.

        They are put in order as they are taken, so that a few of many cost little.
        """
        self._follow()
        lots = self._lots
        squares, places = self._inside(math.radians(lat), math.radians(lon), radius_m)
        few = _FEW
        while len(places) > few:
            near = squares <= np.partition(squares, few)[few]
            for square, place in _in_order(squares[near], places[near]):
                yield _along(square), lots[place]
            squares, places = squares[~near], places[~near]
            few *= 4
        for square, place in _in_order(squares, places):
            yield _along(square), lots[place]

    def _inside(
        self, phi: float, lam: float, radius_m: float
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Give the squares of the chords to all lots within a radius, and the lots' places."""
        arc = min(radius_m / EARTH_RADIUS_M, math.pi)
        first = bisect_left(self._angles, phi - arc - _SLACK)
        last = bisect_right(self._angles, phi + arc + _SLACK)
        x, y, z = _point(phi, lam)
        squares = self._x[first:last] - x
        squares *= squares
        for along, at in ((self._y, y), (self._z, z)):
            side = along[first:last] - at
            side *= side
            squares += side
        (inside,) = (squares <= (2 * math.sin(arc / 2)) ** 2).nonzero()
        return squares[inside], inside + first


def _latitude(placed: tuple[float, float, LiveLot]) -> float:
    return placed[0]


def _point(phi: float, lam: float) -> tuple[float, float, float]:
    """Give the point of the unit sphere at a latitude and longitude, radians."""
    across = math.cos(phi)
    return across * math.cos(lam), across * math.sin(lam), math.sin(phi)


def _in_order(
    squares: NDArray[np.float64], places: NDArray[np.int64]
) -> Iterator[tuple[float, int]]:
    """Give squares and places, nearest first; those at one spot in the order they have."""
    order = squares.argsort(kind="stable")
    return zip(squares[order].tolist(), places[order].tolist(), strict=True)


def _along(square: float) -> float:
    """Give the metres along the ground under the square of a chord."""
    return 2 * EARTH_RADIUS_M * math.asin(min(math.sqrt(square) / 2, 1))
