"""Queries, cursors, descriptions, keys, subscriptions: read, or refused with what is wrong."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from parking.domain import hours
from parking.domain.access import Key, Keyring
from parking.domain.geo import CRSS
from parking.errors import InvalidInput
from parking.live.board import Board
from parking.web import models
from parking.web.audit import _read_place
from parking.web.calls import pointer
from parking.web.gate import Gate, without_keys
from parking.web.pages import make_cursor, read_cursor
from parking.web.params import Query, read_query
from parking.web.quality import QualityQuery
from parking.web.streams import Subscribe
from tests.entries import NOW
from tests.fuzz.material import Json, changed, encoded, fuzz, texts, torn, values
from tests.security.test_access import all_routes
from tests.web.client import described, zone

SHAPES = sorted({route.query for route in all_routes()}, key=lambda shape: shape.__name__)
RIGHT = {
    "bbox": "113,34,114,35", "district": "east", "class": "ev", "operator": "zd", "limit": "10",
    "cursor": "abc", "at": "2026-11-23T00:00:00Z", "lots": "p1,p2", "lat": "34.7", "lon": "113.7",
    "radius_m": "500", "min_free": "1", "height_m": "2.1", "from": "2026-11-22T00:00:00Z",
    "to": "2026-11-23T00:00:00Z", "type": "void", "bucket": "hour", "by": "zone", "hours": "open",
    "format": "csv", "crs": "bd09", "lot": "p1", "key": "key_1", "action": "void",
    "event": "up",
}  # fmt: skip
DAYS = {"from": "2026-11-22", "to": "2026-11-23"}


def names(shape: type[Query]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()]


def refusal(read: Callable[[], object]) -> InvalidInput | None:
    """Read, and give how that was refused, if it was: by naming parameters."""
    try:
        read()
    except InvalidInput as error:
        found = error
    else:
        return None
    assert found.faults
    assert all(fault.pointer.startswith("?") for fault in found.faults)
    return found


@fuzz
@given(st.data())
def test_queries(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(SHAPES))
    pairs = []
    for name in [*names(shape), "x"]:
        for _ in range(data.draw(st.sampled_from([0, 1, 1, 1, 2]))):
            value = data.draw(st.one_of(st.just(RIGHT.get(name, "x")), texts))
            pairs.append((name, value))
    text = urlencode(pairs, errors="surrogatepass")
    if data.draw(st.booleans()):
        text = data.draw(torn(st.just(text.encode()))).decode("ascii", "replace")
    refused = refusal(lambda: read_query(text, shape))
    assert refused is None or msgspec.json.encode([fault.detail for fault in refused.faults])


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_right_queries_are_read(shape: type[Query]) -> None:
    right = RIGHT | (DAYS if shape is QualityQuery else {})
    text = "&".join(f"{name}={quote(right[name])}" for name in names(shape) if name in right)
    assert isinstance(read_query(text, shape), shape)


@fuzz
@given(st.lists(texts.filter(lambda text: "\n" not in text and "\ud800" not in text), max_size=3))
def test_cursors_come_back(parts: list[str]) -> None:
    usable = [part.encode("utf-8", "ignore").decode() for part in parts] or [""]
    assert read_cursor(make_cursor(*usable), len(usable)) == usable


@fuzz
@given(
    st.one_of(texts, st.builds(make_cursor, *[st.from_regex(r"-?\d{0,20}", fullmatch=True)] * 3))
)
def test_cursors_of_whatever(cursor: str) -> None:
    for read in (lambda: read_cursor(cursor, 1), lambda: _read_place(cursor)):
        refused = refusal(read)
        assert refused is None or refused.faults[0].pointer == "?cursor"
    board = Board()
    assert board.read_cursor(cursor) is None
    number = board.read_cursor(f"{board.epoch}-{cursor}")
    assert number is None or number <= board.version


LOT = described(
    zone("b1", "gates"),
    zone("ev", "spaces"),
    entrances=[{"id": "n", "for": "cars", "location": {"lat": 34.7, "lon": 113.7}}],
    tariff={"currency": "CNY", "steps": [{"up_to_minutes": 60, "price": 500}]},
    opening_hours="Mo-Fr 08:00-20:00; PH off",
    address={"zh": "x"},
    max_height_m=2.1,
)
RULES = (
    "Mo-Fr 08:00-20:00",
    "24/7",
    "PH off",
    "sunrise-sunset",
    "Jan 01-Feb 29",
    "week 1-53/2",
    "||",
)
BODIES: dict[type[BaseModel], Json] = {
    models.LotDescription: LOT,
    models.SpaceList: {"spaces": [{"id": "a", "label": "A"}, {"id": "b"}]},
    models.KeyRequest: {"role": "operator", "operator": "zd", "expires_at": "2100-01-01T00:00:00Z"},
    Subscribe: {"subscribe": {"lots": ["p1"], "district": "e", "class": "ev", "cursor": "a-1"}},
}


@fuzz
@given(st.data())
def test_bodies(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(sorted(BODIES, key=lambda shape: shape.__name__)))
    right = st.builds(encoded, changed(st.just(BODIES[shape])))
    body = data.draw(st.one_of(right, torn(right), st.builds(encoded, values)))
    try:
        made = shape.model_validate_json(body)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            assert not item["loc"] or pointer(item["loc"]).startswith("/")
        return
    if isinstance(made, models.LotDescription):
        for crs in CRSS:
            lot = made.to_lot(crs)
            assert (
                msgspec.json.decode(msgspec.json.encode(lot), type=type(lot), strict=False) == lot
            )
            assert hours.is_open(lot, NOW) in (True, False, None)


@fuzz
@given(st.lists(st.one_of(st.sampled_from(RULES), texts), max_size=4).map("; ".join))
def test_opening_hours(rule: str) -> None:
    body = encoded({**LOT, "opening_hours": rule})
    try:
        lot = models.LotDescription.model_validate_json(body).to_lot("wgs84")
    except ValidationError:
        return
    assert hours.is_open(lot, NOW) in (True, False, None)


@fuzz
@given(st.one_of(texts, st.text(max_size=300)), texts)
def test_authorizations(scheme: str, secret: str) -> None:
    ring = Keyring([Key("key_1", "admin", None, "", 0, None, None, b"\0" * 32)], "a" * 40)
    gate = Gate(cast("Any", SimpleNamespace(keyring=ring, clock=lambda: NOW)), cast("Any", None))
    for header in (scheme, f"Bearer {secret}", f"{scheme} {secret}"):
        request = SimpleNamespace(headers={"Authorization": header})
        assert gate.find_principal(cast("Any", request)) is None
    assert len(without_keys(scheme)) <= len(scheme)
