"""What is kept of what was refused: its form, and nothing of people."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.domain.refused import MOST_BYTES, clean_detail, clean_event, clean_text

PLATE = "豫A·F1234"
SECRET = "pk_" + "x" * 43


def kept(item: object) -> object:
    text, _ = clean_event(json.dumps(item).encode())
    return None if text is None else json.loads(text)


def test_what_events_have_is_kept() -> None:
    event = {
        "id": "gate-1:77",
        "lot": "p1",
        "type": "passage",
        "observed_at": "2026-11-23T08:31:06.000001+08:00",
        "count": 0,
        "direction": "up",
        "battery_pct": 87.5,
        "occupied": None,
    }
    assert clean_event(json.dumps(event).encode())[1] == "p1"
    assert kept(event) == event


@pytest.mark.parametrize(
    ("item", "left"),
    [
        ({"plate": PLATE, "lot": "p1"}, {"plate": "…", "lot": "p1"}),
        ({"plate": "B12345"}, {"plate": "…"}),
        ({PLATE: 1}, {"…": "…"}),
        ({"id": PLATE, "space": f"{PLATE} A1"}, {"id": "…", "space": "…"}),
        ({"count": 10**15}, {"count": "…"}),
        ({"reason": "the car of Mr Li"}, {"reason": "…"}),
        ({"zone": {"owner": "Li"}, "sensor": ["Li"]}, {"zone": "…", "sensor": "…"}),
        ({"id": SECRET, SECRET: 1}, {"id": "…", "…": "…"}),
        ([PLATE], None),
        (PLATE, None),
    ],
)  # fmt: skip
def test_what_may_tell_of_people_is_left_out(item: object, left: object) -> None:
    assert kept(item) == left


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 8000, b"{}" + b" " * 8191])
def test_what_cannot_be_read_is_not_kept(raw: bytes) -> None:
    assert clean_event(raw) == (None, None)


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.floats()))
def test_it_is_bounded_plain_json(item: dict[str, object]) -> None:
    text, _ = clean_event(json.dumps(item).encode())
    if text is not None:
        assert len(text.encode()) <= MOST_BYTES
        assert text.replace("…", "").isascii()
        json.loads(text)


def test_details_are_short_and_plain() -> None:
    told = clean_detail(f"Object contains unknown field `{PLATE}` {SECRET}\n" + "x" * 1000)
    assert told.startswith("Object contains unknown field … pk_… x")
    assert len(told) == 300


def test_texts_are_cut_to_whole_characters() -> None:
    assert clean_text("车" * 1000) == "车" * 666
    assert clean_text(f"a\0b {SECRET}") == "a…b pk_…"
