"""Lots in GeoJSON (RFC 7946): a FeatureCollection of Points, longitude before latitude.

A feature's `id`, or else the `id` among its properties, is the lot's; the properties are the
description without its location. What else a map editor adds is passed over.
"""

from collections.abc import Callable

from parking.web.calls import pointer
from parking.web.lotfiles.described import Checker, Draft
from parking.web.lotfiles.from_json import ANSWERED
from parking.web.lotfiles.nodes import Loc, Node, leaf
from parking.web.lotfiles.source import Source

_ORDER = {"lon": 0, "lat": 1}  # in coordinates; a third number is the altitude
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")  # how names of it end


def is_geojson(root: Node) -> bool:
    """Whether the file says of itself that it is one."""
    type_ = root.child("type")
    return type_ is not None and type_.value in {"FeatureCollection", "Feature"}


def read(source: Source, root: Node, checker: Checker) -> None:
    """Take every feature."""
    type_, features = root.child("type"), root.child("features")
    if type_ is None or type_.value != "FeatureCollection":
        source.fault((type_ or root).at, "/type", "a FeatureCollection is expected")
    crs = root.find(("crs", "properties", "name"))
    if crs is not None and not str(crs.value).endswith(_WGS84):
        message = f"GeoJSON is in WGS-84, not {str(crs.value)[:80]!r}"
        source.fault(crs.at, "/crs/properties/name", message)
    if features is None or not isinstance(features.value, list):
        source.fault((features or root).at, "/features", "a list of features is expected")
        return
    for index, feature in enumerate(features.items):
        _read_feature(source, feature, ("features", index), checker)


def _read_feature(source: Source, feature: Node, under: Loc, checker: Checker) -> None:
    if not isinstance(feature.value, dict):
        source.fault(feature.at, pointer(under), "a Feature is expected")
        return
    type_, properties = feature.child("type"), feature.child("properties")
    if type_ is None or type_.value != "Feature":
        source.fault((type_ or feature).at, pointer((*under, "type")), "a Feature is expected")
    location = _read_point(source, feature, under)
    if properties is None or not isinstance(properties.value, dict):
        at, where = (properties or feature).at, pointer((*under, "properties"))
        source.fault(at, where, "a lot's description is expected, an object")
        return
    if "location" in properties.members:
        where = pointer((*under, "properties", "location"))
        message = "a feature's location is its geometry"
        source.fault(properties.key_at(("location",)), where, message)
    id_ = _find_id(source, feature, properties, under)
    rest = properties.without((*ANSWERED, "location"))
    members = {**rest.members, "location": location}
    value = {**rest.value, "location": location.value}
    node = Node(properties.at, value, members, (), properties.keys)
    at = feature.at if id_ is None else id_.at
    checker.take(Draft(None if id_ is None else id_.value, at, node, _naming(under)))


def _find_id(source: Source, feature: Node, properties: Node, under: Loc) -> Node | None:
    outer, inner = feature.child("id"), properties.child("id")
    if outer is not None and inner is not None and outer.value != inner.value:
        message = f"differs from the feature's id, see {source.named(outer.at)}"
        source.fault(inner.at, pointer((*under, "properties", "id")), message)
    return inner if outer is None else outer


def _read_point(source: Source, feature: Node, under: Loc) -> Node:
    """Give the location of a feature; some location, and a fault, where it has none."""
    geometry = feature.child("geometry") or feature
    type_, numbers = geometry.child("type"), geometry.child("coordinates")
    where = pointer((*under, "geometry"))
    if geometry is feature or type_ is None or type_.value != "Point":
        found = type_ if type_ is not None and geometry is not feature else geometry
        source.fault(found.at, where, "a lot stands at a Point")
    elif numbers is None or len(numbers.items) not in {2, 3}:
        message = "two numbers are expected: longitude, latitude"
        source.fault((numbers or geometry).at, f"{where}/coordinates", message)
    else:
        members = {name: numbers.items[index] for name, index in _ORDER.items()}
        value = {name: node.value for name, node in members.items()}
        return Node(numbers.at, value, members)
    return leaf(feature.at, {"lat": 0.0, "lon": 0.0})


def _naming(under: Loc) -> Callable[[Loc], str]:
    def where(loc: Loc) -> str:
        if loc[:1] == ("location",):
            inner = [_ORDER.get(str(part), part) for part in loc[1:]]
            return pointer((*under, "geometry", "coordinates", *inner))
        return pointer((*under, *(() if loc == ("id",) else ("properties",)), *loc))

    return where
