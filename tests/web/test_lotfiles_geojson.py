"""GeoJSON files of lots: points, longitude first, and where exactly each thing is wrong."""

from typing import Any

import pytest

from parking.web.lotfiles import read_lots
from parking.web.models import LotDescription
from tests.web.lotfiles_samples import FEATURE, LOT, encoded, feature, lined, spaces

PROPERTIES = FEATURE["properties"]


def collection(*features: Any, **facts: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", **facts, "features": list(features)}


def told(data: bytes) -> list[tuple[int, int, str]]:
    found = read_lots(data, "lots.geojson")
    return [(fault.line, fault.column, fault.where) for fault in found.faults]


@pytest.mark.parametrize("name", ["lots.geojson", "lots.json", "lots.GeoJSON", "lots"])
@pytest.mark.parametrize(
    "one",
    [
        FEATURE,
        feature(bbox=[113.77, 34.76, 113.77, 34.76]),
        feature(geometry={"type": "Point", "coordinates": [113.77, 34.76]}),
        feature(properties={"id": "p1", "lot": "p1", **PROPERTIES, "open_now": None}),
        {
            "type": "Feature",
            "geometry": FEATURE["geometry"],
            "properties": {"id": "p1", **PROPERTIES},
        },
    ],
)
def test_a_feature_is_a_lot(one: dict[str, Any], name: str) -> None:
    found = read_lots(encoded(collection(one, name="lots")), name)
    assert found.faults == []
    assert found.descriptions == {"p1": LotDescription.model_validate(LOT)}


def test_spaces_stand_among_the_properties() -> None:
    one = feature(properties={**PROPERTIES, "spaces": {"a": spaces("1", "2")}})
    found = read_lots(encoded(collection(one)), "lots.geojson")
    assert [space.id for space in found.spaces["p1", "a"].spaces] == ["1", "2"]


def test_the_coordinates_are_in_the_given_system() -> None:
    found = read_lots(encoded(collection(FEATURE)), "lots.geojson", "gcj02")
    assert found.crs == "gcj02"
    assert found.descriptions["p1"].location.lat == 34.76


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326"])
def test_a_system_that_is_named_must_be_wgs84(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert told(encoded(collection(FEATURE, crs=crs))) == []
    crs["properties"] = {"name": "urn:ogc:def:crs:EPSG::4490"}
    assert told(lined(collection(FEATURE, crs=crs))) == [(6, 15, "/crs/properties/name")]


LINES = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
POLYGON = {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [1, 2]]]}
WRONG: list[tuple[dict[str, Any], list[tuple[int, int, str]]]] = [
    ({"geometry": LINES}, [(8, 17, "/geometry")]),
    ({"geometry": POLYGON}, [(8, 17, "/geometry")]),
    ({"geometry": None}, [(7, 19, "/geometry")]),
    ({"geometry": {"type": "Point", "coordinates": [1]}}, [(9, 24, "/geometry/coordinates")]),
    (
        {"geometry": {"type": "Point", "coordinates": [34.76, 113.77]}},
        [(11, 11, "/geometry/coordinates/1")],
    ),
    (
        {"geometry": {"type": "Point", "coordinates": ["113.77", 34.76]}},
        [(10, 11, "/geometry/coordinates/0")],
    ),
    ({"type": "Lot"}, [(5, 15, "/type")]),
    ({"id": 7}, [(6, 13, "/id")]),
    ({"id": "p 1"}, [(6, 13, "/id")]),
    ({"properties": None}, [(15, 21, "/properties")]),
    ({"properties": {**PROPERTIES, "kind": "garage"}}, [(20, 17, "/properties/kind")]),
    ({"properties": {"location": {}, **PROPERTIES}}, [(16, 9, "/properties/location")]),
    ({"properties": {"id": "p2", **PROPERTIES}}, [(16, 15, "/properties/id")]),
    (
        {"geometry": {}, "properties": {"name": {"zh": "东站"}, "zones": [1], "x": 1}},
        [
            (7, 19, "/geometry"),
            (8, 21, "/properties/kind"),
            (8, 21, "/properties/operator"),
            (8, 21, "/properties/timezone"),
            (13, 11, "/properties/zones/0"),
            (15, 9, "/properties/x"),
        ],
    ),
]


@pytest.mark.parametrize(("facts", "expected"), WRONG)
def test_where_a_feature_is_wrong(
    facts: dict[str, Any], expected: list[tuple[int, int, str]]
) -> None:
    data = lined(collection(feature(**facts)))
    assert told(data) == [(line, column, f"/features/0{where}") for line, column, where in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", [(1, 1, "/features"), (1, 1, "/type")]),
        ('{"type": "Feature"}', [(1, 1, "/features"), (1, 10, "/type")]),
        ('{"type": "FeatureCollection", "features": {}}', [(1, 43, "/features")]),
        ('{"type": "FeatureCollection", "features": []}', [(1, 1, "")]),
        ('{"type": "FeatureCollection",\n "features": [1]}', [(2, 15, "/features/0")]),
        ('{"type": "FeatureCollection",\n "features": [1, }', [(2, 18, "")]),
    ],
)
def test_where_it_holds_no_features(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert told(text.encode()) == expected


def test_a_lot_that_is_there_twice() -> None:
    data = b'{"type": "FeatureCollection", "features": [\n%s,\n%s]}' % ((encoded(FEATURE),) * 2)
    (fault,) = read_lots(data, "lots.geojson").faults
    assert str(fault) == '3:27: lot "p1" is described twice, see line 2, column 27'
