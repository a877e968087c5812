"""Coordinate systems against published points, and as a proper pair; distances; boxes."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parking.domain import geo
from parking.domain.geo import CHINA, CRSS, RIM_DEG, Box, Crs, distance_m, from_wgs84, to_wgs84

MILLIMETRE = 0.001

EVILTRANSFORM = [
    # WGS-84, GCJ-02; from the tests of googollee/eviltransform on GitHub
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),  # Shanghai
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),  # Shenzhen
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),  # Beijing
]

MAPS = [
    # WGS-84, GCJ-02, BD-09; from test/fixtures/china-cities.json of hujiulong/gcoord on GitHub:
    # what the maps themselves show, with seven digits. They settle Baidu's wave number: the BD-09
    # pairs in eviltransform's tests, made with pi instead, are 10 to 40 m off.
    ((34.7478004, 113.6192856), (34.7466173, 113.6253334), (34.7528605, 113.6317519)),  # Zhengzhou
    ((33.0133556, 114.0164322), (33.0115324, 114.022306), (33.0176697, 114.0287781)),  # Zhumadian
    ((41.8032629, 123.4253306), (41.8057023, 123.4314787), (41.8114013, 123.438095)),  # Shenyang
    ((43.9312805, 116.0414035), (43.9334573, 116.0482308), (43.9397782, 116.0546232)),  # Xilin Gol
    ((21.9828281, 108.6503952), (21.9799392, 108.6541485), (21.9856319, 108.6607283)),  # Qinzhou
    ((31.4784436, 92.0499619), (31.4762063, 92.0512438), (31.4824421, 92.0576832)),  # Nagqu
    ((39.7319946, 98.4937175), (39.7328234, 98.4943595), (39.7388949, 98.5008441)),  # Jiuquan
]

lats = st.one_of(
    st.floats(CHINA.min_lat, CHINA.max_lat),
    st.builds(
        lambda edge, by: edge + by,
        st.sampled_from([CHINA.min_lat, CHINA.max_lat]),
        st.floats(-2 * RIM_DEG, 2 * RIM_DEG),
    ),
)
lons = st.one_of(
    st.floats(CHINA.min_lon, CHINA.max_lon),
    st.builds(
        lambda edge, by: edge + by,
        st.sampled_from([CHINA.min_lon, CHINA.max_lon, 105.0]),  # 105: a kink of the formulas
        st.floats(-2 * RIM_DEG, 2 * RIM_DEG),
    ),
)
shifting = st.sampled_from([crs for crs in CRSS if crs != "wgs84"])


@pytest.mark.parametrize(("wgs", "gcj"), EVILTRANSFORM)
def test_published_pairs_of_eviltransform(
    wgs: tuple[float, float], gcj: tuple[float, float]
) -> None:
    assert distance_m(*from_wgs84(*wgs, "gcj02"), *gcj) < MILLIMETRE
    assert distance_m(*to_wgs84(*gcj, "gcj02"), *wgs) < MILLIMETRE


def test_published_example_of_coordtransform() -> None:
    # From the README of wandergis/coordtransform on GitHub. Its inverses are one step only:
    # good to a metre or so.
    here = (39.915, 116.404)
    assert from_wgs84(*here, "gcj02") == pytest.approx((39.91640428150164, 116.41024449916938))
    assert distance_m(*to_wgs84(*here, "gcj02"), 39.91359571849836, 116.39775550083061) < 0.1
    in_wgs84 = to_wgs84(*here, "gcj02")
    baidu = from_wgs84(*in_wgs84, "bd09")
    assert distance_m(*baidu, 39.92133699351021, 116.41036949371029) < MILLIMETRE
    gcj = from_wgs84(*to_wgs84(*here, "bd09"), "gcj02")
    assert distance_m(*gcj, 39.90865673957631, 116.39762729119315) < 0.1


@pytest.mark.parametrize(("wgs", "gcj", "baidu"), MAPS)
def test_what_the_map_makers_answer(
    wgs: tuple[float, float], gcj: tuple[float, float], baidu: tuple[float, float]
) -> None:
    assert distance_m(*from_wgs84(*wgs, "gcj02"), *gcj) < 1
    assert distance_m(*from_wgs84(*wgs, "bd09"), *baidu) < 1
    assert distance_m(*to_wgs84(*baidu, "bd09"), *wgs) < 1
    # Baidu's own step is known to the digits given.
    from_gcj = from_wgs84(*to_wgs84(*gcj, "gcj02"), "bd09")
    assert distance_m(*from_gcj, *baidu) < 0.02


@given(lats, lons, shifting)
@example(CHINA.max_lat, CHINA.max_lon, "gcj02")
@example(CHINA.min_lat, CHINA.min_lon, "bd09")
@example(35.0, 105.0, "gcj02")
def test_there_and_back_is_the_same_point(lat: float, lon: float, crs: Crs) -> None:
    assert distance_m(*to_wgs84(*from_wgs84(lat, lon, crs), crs), lat, lon) < MILLIMETRE
    assert distance_m(*from_wgs84(*to_wgs84(lat, lon, crs), crs), lat, lon) < MILLIMETRE


@given(st.floats(-90, 90), st.floats(-180, 180), shifting)
@example(35.6812, 139.7671, "gcj02")  # Tokyo
@example(CHINA.max_lat, 120.0, "bd09")  # on the edge
@example(math.nextafter(CHINA.min_lat, 0), 120.0, "bd09")
@example(-33.87, 151.21, "bd09")
def test_outside_the_box_nothing_moves(lat: float, lon: float, crs: Crs) -> None:
    if CHINA.min_lat < lat < CHINA.max_lat and CHINA.min_lon < lon < CHINA.max_lon:
        assert CHINA.contains(*from_wgs84(lat, lon, crs))
        assert CHINA.contains(*to_wgs84(lat, lon, crs))
    else:
        assert from_wgs84(lat, lon, crs) == (lat, lon)
        assert to_wgs84(lat, lon, crs) == (lat, lon)


@given(lats, lons, lats, lons, shifting)
def test_neighbours_stay_neighbours(
    lat: float, lon: float, by_lat: float, by_lon: float, crs: Crs
) -> None:
    # Across edge and rim too: a step of some metres at most doubles, nor falls below a third.
    step_lat, step_lon = (by_lat % 1 - 0.5) * 1e-4, (by_lon % 1 - 0.5) * 1e-4
    near = (lat + step_lat, lon + step_lon)
    step = distance_m(lat, lon, *near)
    moved = distance_m(*from_wgs84(lat, lon, crs), *from_wgs84(*near, crs))
    assert step / 3 - 0.01 < moved < step * 2 + 0.01


@given(lats, lons)
def test_wgs84_is_left_alone(lat: float, lon: float) -> None:
    assert from_wgs84(lat, lon, "wgs84") == to_wgs84(lat, lon, "wgs84") == (lat, lon)


@given(st.floats(-1.0, 1.0), st.floats(0, 1))
def test_the_offset_fades_in_the_rim_only(along: float, depth: float) -> None:
    lon = 105 + 29 * along
    full = geo._gcj_offset(CHINA.max_lat - depth, lon)
    got = from_wgs84(CHINA.max_lat - depth, lon, "gcj02")
    share = min(1.0, depth / RIM_DEG)
    assert got[0] - (CHINA.max_lat - depth) == pytest.approx(full[0] * share, abs=1e-9)
    assert got[1] - lon == pytest.approx(full[1] * share, abs=1e-9)


def test_the_crs_names() -> None:
    assert CRSS == ("wgs84", "gcj02", "bd09")


@pytest.mark.parametrize(
    ("there", "quarters"),
    [
        ((0.0, 90.0), 1),
        ((90.0, 17.0), 1),
        ((0.0, 180.0), 2),
        ((0.0, -180.0), 2),
        ((0.0, 0.0), 0),
    ],
)
def test_distances_known_exactly(there: tuple[float, float], quarters: int) -> None:
    quarter = math.pi / 2 * 6371008.8
    assert distance_m(0.0, 0.0, *there) == pytest.approx(quarters * quarter)


def test_distances_over_the_antimeridian_and_at_hand() -> None:
    assert distance_m(0, 179.9, 0, -179.9) == pytest.approx(0.2 * math.pi / 180 * 6371008.8)
    assert distance_m(34.7602, 113.7708, 34.7603, 113.7708) == pytest.approx(11.12, abs=0.005)
    assert distance_m(10, 20, 10, 20) == 0
    # Nearly opposite points: rounding must not leave the domain of the arcsine.
    assert distance_m(34.7602, 113.7708, -34.7602, 113.7708 - 180) == pytest.approx(20015114.35)


def test_box() -> None:
    box = Box(113.0, 34.0, 114.0, 35.0)
    assert box.contains(34.5, 113.5)
    assert box.contains(34.0, 113.0)
    assert box.contains(35.0, 114.0)
    assert not box.contains(33.999, 113.5)
    assert not box.contains(35.001, 113.5)
    assert not box.contains(34.5, 112.999)
    assert not box.contains(34.5, 114.001)
    assert not box.contains(113.5, 34.5)


def test_box_over_the_antimeridian() -> None:
    box = Box(170.0, -20.0, -170.0, 20.0)
    assert all(box.contains(0.0, lon) for lon in (170.0, 179.0, 180.0, -180.0, -175.0, -170.0))
    assert not any(box.contains(0.0, lon) for lon in (169.9, -169.9, 0.0))
    assert not box.contains(21.0, 180.0)


def test_one_meridian_has_two_names() -> None:
    assert Box(170.0, -20.0, 180.0, 20.0).contains(0.0, -180.0)
    assert Box(-180.0, -20.0, -170.0, 20.0).contains(0.0, 180.0)
    assert not Box(-170.0, -20.0, 170.0, 20.0).contains(0.0, 180.0)
