"""Which lots lie near a point: great circles to all of them at once."""

from collections.abc import Iterator

import numpy as np

from parking.domain.geo import EARTH_RADIUS_M
from parking.live.board import Board
from parking.live.lot import LiveLot


class Nearby:
    """An index over the board's listed lots, made anew when descriptions change."""

    def __init__(self, board: Board) -> None:
        """Follow `board`."""
        self._board = board
        self._made_for = -1
        self._lots: list[LiveLot] = []
        self._lat = self._lon = self._cos = np.empty(0)

    def _follow(self) -> None:
        if self._made_for == self._board.descriptions:
            return
        self._lots = []
        points = []
        for live in self._board.shown():
            if live.timeline.current is not None:
                place = live.timeline.current.lot.location
                self._lots.append(live)
                points.append((place.lat, place.lon))
        radians = np.radians(np.array(points, dtype=np.float64).reshape(-1, 2))
        self._lat, self._lon = radians[:, 0], radians[:, 1]
        self._cos = np.cos(self._lat)
        self._made_for = self._board.descriptions

    def within(self, lat: float, lon: float, radius_m: float) -> Iterator[tuple[float, LiveLot]]:
        """Give (metres, lot) of the lots within a radius, nearest first, then by id. WGS-84."""
        self._follow()
        phi, lam = np.radians(lat), np.radians(lon)
        half = (
            np.sin((self._lat - phi) / 2) ** 2
            + self._cos * np.cos(phi) * np.sin((self._lon - lam) / 2) ** 2
        )
        metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
        inside = np.flatnonzero(metres <= radius_m)
        for index in inside[np.argsort(metres[inside], kind="stable")]:
            yield float(metres[index]), self._lots[index]
