"""Positions: the three Chinese coordinate systems, great-circle distances, boxes.

GCJ-02 is WGS-84 plus an offset of up to 700 m, which Chinese law asks of published maps; BD-09
is GCJ-02 plus an offset of Baidu's of about 900 m. Neither is published by its maker: formulas and
numbers are those known since 2010, which eviltransform, PRCoords, coordtransform and gcoord
share; they agree with the maps to about a metre.

Rule: every change of system is a bijection of the whole plane, so there and back gives the same
point to well below a millimetre, wherever it lies. The formulas alone are not one: they stop at
the edge of a box around China, and throw points just inside it onto points just outside, which
stay put. Here the offsets fade to nothing over the last `RIM_DEG` inside the edge. So positions

* outside the box and on its edge are untouched;
* further inside than `RIM_DEG` are exactly those of the known formulas;
* in the rim (3 km of high mountains, river border, open sea) are shifted by a part of the offset.

A position is `(lat, lon)` in degrees, a shift `(dlat, dlon)` too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Crs = Literal["wgs84", "gcj02", "bd09"]
CRSS: tuple[Crs, ...] = get_args(Crs)

_Point = tuple[float, float]

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 = (2a + b) / 3 of the WGS-84 ellipsoid, metres (IUGG; Moritz 2000, GRS 80)."""

RIM_DEG = 0.03
"""Width of the rim, degrees: three times the greatest offset at the edge, so that fading it leaves
the shift a contraction (factor < 0.4), which makes the map one-to-one and its inverse converge."""

_KRASOVSKY_A_M = 6_378_245.0
"""Semi-major axis of the ellipsoid of Krasovsky 1940 (SK-42), metres: GCJ-02 reckons with it."""
_KRASOVSKY_E2 = 0.006693421622965943
"""Its first eccentricity squared, 2f - f² with f = 1 / 298.3."""

_CENTRE: _Point = (35.0, 105.0)
"""Where GCJ-02's polynomial has its origin."""

_BAIDU_SHIFT: _Point = (0.006, 0.0065)
"""The constant part of BD-09's offset, degrees."""
_BAIDU_RADIUS_DEG = 2e-5
_BAIDU_ANGLE_RAD = 3e-6
"""How far BD-09's twist moves a point away from and around (0, 0), at most."""
_BAIDU_WAVE = math.pi * 3000 / 180
"""Its wave number: 3000 waves in 360 degrees."""

_CONVERGED_DEG = 1e-12
_MAX_STEPS = 60


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of longitudes and latitudes, edges included, degrees.

    With `min_lon > max_lon` it goes eastwards over the antimeridian: 170…-170 is 20° wide.
    """

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    def contains(self, lat: float, lon: float) -> bool:
        """Whether the position lies inside or on the edge; -180 and 180 are one meridian."""
        if not self.min_lat <= lat <= self.max_lat:
            return False
        return self._spans(lon) or (abs(lon) == 180 and self._spans(-lon))

    def _spans(self, lon: float) -> bool:
        if self.min_lon <= self.max_lon:
            return self.min_lon <= lon <= self.max_lon
        return lon >= self.min_lon or lon <= self.max_lon


CHINA = Box(min_lon=73.66, min_lat=3.86, max_lon=135.05, max_lat=53.55)
"""Where GCJ-02 and BD-09 differ from WGS-84: the box used by coordtransform and gcoord."""


def to_wgs84(lat: float, lon: float, crs: Crs) -> tuple[float, float]:
    """Give the WGS-84 position of one in `crs`, degrees."""
    if crs == "bd09":
        lat, lon = _unshifted(lat, lon, _baidu_offset)
    if crs != "wgs84":
        lat, lon = _unshifted(lat, lon, _gcj_offset)
    return lat, lon


def from_wgs84(lat: float, lon: float, crs: Crs) -> tuple[float, float]:
    """Give the position in `crs` of one in WGS-84, degrees."""
    if crs != "wgs84":
        lat, lon = _shifted(lat, lon, _gcj_offset)
    if crs == "bd09":
        lat, lon = _shifted(lat, lon, _baidu_offset)
    return lat, lon


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Give the great-circle distance of two positions in degrees, metres.

    On a sphere of radius `EARTH_RADIUS_M`, by the haversine formula (Sinnott, "Virtues of the
    haversine", Sky and Telescope 68, 1984), which keeps its precision at short distances. Within
    0.6 % of the distance on the ellipsoid.
    """
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    across = math.sin((phi2 - phi1) / 2) ** 2
    along = math.sin(math.radians(lon2 - lon1) / 2) ** 2
    haversine = across + math.cos(phi1) * math.cos(phi2) * along
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, haversine)))


def _shifted(lat: float, lon: float, offset: Callable[[float, float], _Point]) -> _Point:
    """Add the offset at the position, faded in the rim, none outside."""
    dlat, dlon = _shift(lat, lon, offset)
    return lat + dlat, lon + dlon


def _unshifted(lat: float, lon: float, offset: Callable[[float, float], _Point]) -> _Point:
    """Find the position that `_shifted` brings to this one, by fixed-point iteration.

    The shift is a contraction that is nothing on the edge: the box is mapped onto itself, and each
    step cuts the error to less than 0.4 of what it was, to a fiftieth outside the rim.
    """
    at_lat, at_lon = lat, lon
    for _ in range(_MAX_STEPS):
        dlat, dlon = _shift(at_lat, at_lon, offset)
        moved = abs(lat - dlat - at_lat) + abs(lon - dlon - at_lon)
        at_lat, at_lon = lat - dlat, lon - dlon
        if moved < _CONVERGED_DEG:
            break
    return at_lat, at_lon


def _shift(lat: float, lon: float, offset: Callable[[float, float], _Point]) -> _Point:
    depth = min(lat - CHINA.min_lat, CHINA.max_lat - lat, lon - CHINA.min_lon, CHINA.max_lon - lon)
    if not depth > 0:
        return 0.0, 0.0
    dlat, dlon = offset(lat, lon)
    share = min(1.0, depth / RIM_DEG)
    return dlat * share, dlon * share


def _gcj_offset(lat: float, lon: float) -> _Point:
    """Give what GCJ-02 adds to a WGS-84 position: metres by the formulas, made degrees."""
    y, x = lat - _CENTRE[0], lon - _CENTRE[1]
    ripple = _waves(x, (20, 6), (20, 2))
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + ripple
    north_m += _waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + ripple
    east_m += _waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))

    phi = math.radians(lat)
    w = math.sqrt(1 - _KRASOVSKY_E2 * math.sin(phi) ** 2)
    meridian_radius_m = _KRASOVSKY_A_M * (1 - _KRASOVSKY_E2) / w**3
    parallel_radius_m = _KRASOVSKY_A_M / w * math.cos(phi)
    return math.degrees(north_m / meridian_radius_m), math.degrees(east_m / parallel_radius_m)


def _waves(at: float, *waves: tuple[float, float]) -> float:
    """Sum sines given as (amplitude, half-waves a degree), by two thirds."""
    return sum(amplitude * math.sin(rate * math.pi * at) for amplitude, rate in waves) * 2 / 3


def _baidu_offset(lat: float, lon: float) -> _Point:
    """Give what BD-09 adds to a GCJ-02 position: a twist about (0, 0), and a constant."""
    radius = math.hypot(lat, lon) + _BAIDU_RADIUS_DEG * math.sin(lat * _BAIDU_WAVE)
    angle = math.atan2(lat, lon) + _BAIDU_ANGLE_RAD * math.cos(lon * _BAIDU_WAVE)
    return (
        radius * math.sin(angle) + _BAIDU_SHIFT[0] - lat,
        radius * math.cos(angle) + _BAIDU_SHIFT[1] - lon,
    )
