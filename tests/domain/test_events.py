"""Events: what is one, and its identity."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from parking.domain import events
from parking.domain.events import canonical, decode, decode_many, digest, identity, is_id, observed
from parking.domain.instants import parse
from parking.ingest.lists import read_events

BASE = {"lot": "p1", "observed_at": "2026-11-23T08:31:07+08:00"}


def event(**fields: Any) -> bytes:
    return json.dumps({**BASE, **fields}, ensure_ascii=False).encode()


def identity_of(raw: bytes) -> str:
    decoded = decode(raw)
    return identity(decoded, canonical(decoded, observed(decoded)))


GOOD: list[dict[str, Any]] = [
    {"type": "space", "space": "B1", "occupied": True},
    {"type": "passage", "direction": "in"},
    {"type": "passage", "direction": "out", "count": 1000, "zone": "b1", "sensor": "loop-1"},
    {"type": "count", "free": 0},
    {"type": "count", "occupied": 12, "zone": "z"},
    {"type": "flag", "level": "limited"},
    {"type": "recount", "occupied": 5, "reason": "夜间清点 ‘a’ \u2028 \n"},
    {"type": "heartbeat", "space": "B1", "battery_pct": 71, "rssi_dbm": -80.5},
    {"type": "heartbeat", "zone": "b1", "temperature_c": 21.0},
    {"type": "heartbeat"},
    {"type": "status", "status": "closed"},
    {"type": "void", "event": "sha256:" + "0f" * 32, "reason": "x"},
]

BAD: list[dict[str, Any]] = [
    {"type": "nothing"},
    {"type": "space", "space": "B1", "occupied": 1},
    {"type": "space", "space": "B1", "occupied": "true"},
    {"type": "space", "space": "B1"},
    {"type": "space", "space": "B1", "occupied": True, "unknown": 1},
    {"type": "passage", "direction": "up"},
    {"type": "passage", "direction": "in", "count": 0},
    {"type": "passage", "direction": "in", "count": 1001},
    {"type": "passage", "direction": "in", "count": 1.0},
    {"type": "count"},
    {"type": "count", "free": 1, "occupied": 1},
    {"type": "count", "free": -1},
    {"type": "count", "free": None},
    {"type": "count", "free": 10**30},
    {"type": "recount", "occupied": 5, "reason": "nul \x00"},
    {"type": "heartbeat", "space": "B1", "zone": "b1"},
    {"type": "heartbeat", "zone": "b1", "battery_pct": 101},
    {"type": "status", "status": "ajar"},
    {"type": "void"},
    {"type": "void", "event": "sha256:xyz" + "0" * 61},
    {"type": "flag", "level": "full", "id": "with blank"},
    {"type": "flag", "level": "full", "id": "newline\n"},
    {"type": "flag", "level": "full", "id": "a" * 65},
    {"type": "flag", "level": "full", "id": None},
    {"type": "flag", "level": "full", "sensor": "a:b"},
    {"type": "flag", "level": "full", "observed_at": "2026-11-23T08:31:07"},
    {"type": "flag", "level": "full", "observed_at": 1_795_000_000},
    {"type": "flag", "level": "full", "observed_at": "yesterday"},
]


@pytest.mark.parametrize("fields", GOOD)
def test_identity_without_an_id_is_the_digest_of_the_canonical_json(fields: dict[str, Any]) -> None:
    sent = {**BASE, **fields, "observed_at": "2026-11-23T00:31:07.000000Z"}
    text = json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert identity_of(event(**fields)) == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("fields", BAD)
def test_what_is_not_an_event_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(event(**fields))
    among = [event(**GOOD[0]), event(**fields), event(**GOOD[1])]
    assert decode_many(among) is None
    assert read_events(b'{"events":[' + b",".join(among) + b"]}") is None


def test_many_are_read_as_each_alone() -> None:
    raws = [event(**fields) for fields in GOOD]
    alone = [decode(raw) for raw in raws]
    assert decode_many(raws) == alone
    assert decode_many([b" \t" + raw + b"\r\n" for raw in raws]) == alone
    assert read_events(b'{"events":[' + b",".join(raws) + b"]}") == alone


_BEFORE, _COMMA, _AFTER = event(**GOOD[1]).partition(b", ")
_ONE = event(**GOOD[0])
_OPEN = event(type="status", status="open", reason="")[:-2]


@pytest.mark.parametrize(
    "raws",
    [
        [_BEFORE, _AFTER],
        [_BEFORE, _AFTER + b"," + _ONE],  # as many as there are events in it
        [_ONE + b"," + _BEFORE, _AFTER],
        [_ONE + b",\nnull,\n" + _BEFORE, _AFTER],
        [_ONE + b"," + _ONE, b""],
        [_ONE + b",\nnull,\n" + _ONE, b" "],
        [_ONE + b",\nnull,\n" + _ONE],
        [_ONE, b"null"],
        [b"null", b"null"],
        [_ONE + b"]", b"[" + _ONE],
        [_ONE + b"," + _ONE, b"null"],
        [_OPEN, b'"},null,' + _ONE],  # as part of a text
    ],
)
def test_none_reaches_into_another(raws: list[bytes]) -> None:
    assert decode_many(raws) is None


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T00:31:07Z",
        "2026-11-23T00:31:07.000Z",
        "2026-11-23T00:31:07+00:00",
        "2026-11-23T08:31:07.000000+08:00",
        "2026-11-22T18:31:07-06:00",
    ],
)
def test_the_same_moment_written_otherwise_is_the_same_event(written: str) -> None:
    fields = {"type": "flag", "level": "full"}
    assert identity_of(event(**fields, observed_at=written)) == identity_of(event(**fields))


def test_an_id_of_its_own_is_its_identity() -> None:
    assert identity_of(event(type="flag", level="full", id="a:1")) == "a:1"


def test_microseconds_stay() -> None:
    decoded = decode(event(type="flag", level="full", observed_at="2026-11-23T00:31:07.000001Z"))
    assert observed(decoded) == parse("2026-11-23T00:31:07.000001Z")
    assert b'"observed_at":"2026-11-23T00:31:07.000001Z"' in canonical(decoded, observed(decoded))


def test_a_field_that_looks_like_a_time_is_left_alone() -> None:
    reason = '"observed_at":"2026-11-23T00:31:07'
    body = canonical(
        decoded := decode(event(type="recount", occupied=1, reason=reason)), observed(decoded)
    )
    sent = json.loads(body)
    assert sent["reason"] == reason
    assert sent["observed_at"] == "2026-11-23T00:31:07.000000Z"


def test_a_stored_body_reads_back_as_the_same_event() -> None:
    for fields in GOOD:
        decoded = decode(event(**fields))
        body = canonical(decoded, observed(decoded))
        again = decode(body)
        assert canonical(again, observed(again)) == body


def test_years_that_utc_does_not_have_are_told() -> None:
    decoded = decode(event(type="flag", level="full", observed_at="0001-01-01T00:00:00+08:00"))
    with pytest.raises(OverflowError):
        canonical(decoded, observed(decoded))


def test_digests_are_128_bits_and_differ() -> None:
    assert len(digest(b"a")) == 16
    assert digest(b"a") != digest(b"A")


def test_parse_takes_rfc_3339_alone() -> None:
    assert parse("1970-01-01T00:00:00.000001Z") == 1
    late = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
    assert parse("2026-11-23t08:00:00+08:00") == late * 1_000_000
    for text in ("", "2026-11-23", "2026-11-23T00:00Z", "20261123T000000Z", "2026-W48-1T00:00:00Z"):
        with pytest.raises(ValueError, match=r"."):
            parse(text)


def test_what_is_too_long_for_an_id_is_not_kept_in_memory() -> None:
    assert is_id("a" * 64)
    before = events._matches.cache_info().currsize
    assert not any(is_id("a" * 65 + str(number)) for number in range(100))
    assert events._matches.cache_info().currsize == before
