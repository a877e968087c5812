"""JSON down to its events: whatever it is, events come out as they went in, or a clear no."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.ingest.lists import NotEvents, read_any, read_object

ONE = {"lot": "p1", "type": "status"}
HALF = r'{"reason":"\ud800"}'


def plain(raws: Any) -> list[Any]:
    return [json.loads(bytes(raw)) for raw in raws]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (json.dumps(ONE), [ONE]),
        (json.dumps([ONE, 1, None]), [ONE, 1, None]),
        (json.dumps({"events": [ONE, ONE]}), [ONE, ONE]),
        (" \n[]", []),
        ('{"events": []}', []),
        ("{}", [{}]),
        ('{"events": 5}', [{"events": 5}]),
        ('{"events": [], "more": 1}', [{"events": [], "more": 1}]),
        (HALF, [json.loads(HALF)]),
        (f"[1, {HALF}]", [1, json.loads(HALF)]),
        (f'{{"events": [{HALF}]}}', [json.loads(HALF)]),
    ],
)
def test_one_event_a_list_or_an_object(text: str, events: list[Any]) -> None:
    assert plain(read_any(text.encode())) == events


@pytest.mark.parametrize("text", ["1", '"p1"', "null", "true"])
def test_other_json_holds_no_events(text: str) -> None:
    with pytest.raises(NotEvents, match="neither an event nor a list") as caught:
        read_any(text.encode())
    assert caught.value.is_json


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1,]", "{},{}", "[1],[2]", "\xff", "[" * 100_000, '"\\ud8',
        '{"a":NaN, "b":"\\ud800"}',
    ],
)  # fmt: skip
def test_what_is_not_json_is_told(text: str) -> None:
    with pytest.raises(NotEvents, match="not JSON") as caught:
        read_any(text.encode("latin-1"))
    assert not caught.value.is_json
    with pytest.raises(NotEvents):
        read_object(text.encode("latin-1"))


@pytest.mark.parametrize("text", ["[]", "{}", '{"events": {}}', '{"events": [], "x": 1}'])
def test_an_object_of_events_is_just_that(text: str) -> None:
    with pytest.raises(NotEvents) as caught:
        read_object(text.encode())
    assert caught.value.is_json


@given(
    st.binary()
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(msgspec.json.encode)
)
def test_anything_is_read_or_refused(body: bytes) -> None:
    try:
        raws = read_any(body)
    except NotEvents:
        return
    assert isinstance(plain(raws), list)
