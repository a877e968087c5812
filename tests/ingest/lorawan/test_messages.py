"""Network servers' documents that are nearly right, wrong and hostile."""

import base64
import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan import chirpstack, tts
from parking.ingest.lorawan.frames import MOST_PAYLOAD, Frame, Health
from tests.fuzz.material import encoded, fuzz, values
from tests.ingest.lorawan.samples import load, names

Json = dict[str, Any]
Reader = Callable[[bytes], Frame | Health | None]
READERS: dict[str, Reader] = {
    "chirpstack up": lambda body: chirpstack.read("up", body),
    "chirpstack status": lambda body: chirpstack.read("status", body),
    "chirpstack other": lambda body: chirpstack.read("other", body),
    "tts": tts.read,
}


def read_or_refuse(read: Reader, body: bytes) -> None:
    """Read; nothing else may be raised of what cannot be read."""
    try:
        found = read(body)
    except NotDecodable:
        return
    assert found is None or len(found.id) <= 62
    if isinstance(found, Frame):
        assert 0 <= found.port <= 255
        assert len(found.payload) <= MOST_PAYLOAD


@pytest.mark.parametrize("reader", READERS)
@fuzz
@given(st.one_of(st.binary(max_size=200), values.map(encoded)))
def test_any_body_is_read_or_refused(reader: str, body: bytes) -> None:
    read_or_refuse(READERS[reader], body)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the places of a document."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


MESSAGES = [load(name)["message"] for name in names()]


@pytest.mark.parametrize("reader", READERS)
@fuzz
@given(st.sampled_from(MESSAGES), st.randoms(), values)
def test_a_document_with_anything_at_any_place(
    reader: str, message: Json, chance: random.Random, value: Any
) -> None:
    changed: Any = copy.deepcopy(message)
    *way, last = chance.choice(places(message)[1:])
    inside = changed
    for key in way:
        inside = inside[key]
    inside[last] = value
    read_or_refuse(READERS[reader], encoded(changed))


def up(**changes: Any) -> bytes:
    message = copy.deepcopy(load("chirpstack/bosch-occupied")["message"])
    return json.dumps({**message, **changes}).encode()


def uplink(**changes: Any) -> bytes:
    message = copy.deepcopy(load("tts/bosch-occupied")["message"])
    message["uplink_message"].update(changes)
    return json.dumps(message).encode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deviceInfo": {"devEui": "0004a30bfffe000"}}, "16 hex digits"),
        ({"deviceInfo": {"devEui": "0004a30bfffe000g"}}, "16 hex digits"),
        ({"deviceInfo": {}}, "missing required field"),
        ({"deviceInfo": None}, "Expected `object`"),
        ({"time": "2026-11-23T00:31:01"}, "the time"),
        ({"time": "0001-01-01T00:00:00+08:00"}, "the time"),
        ({"time": 1795393861}, "Expected `str`"),
        ({"data": "AQ"}, "base64"),
        ({"data": "ü"}, "base64"),
        ({"data": base64.b64encode(bytes(256)).decode()}, "longer"),
        ({"joinServerContext": {"sessionKeyId": "01"}}, "encrypted"),
        ({"fPort": 256}, "fPort"),
        ({"fPort": -1}, "fPort"),
        ({"fCnt": 1 << 32}, "fCnt"),
        ({"fCnt": 10**30}, "fCnt"),
    ],
)
def test_what_is_wrong_with_an_event_of_chirpstack_is_said(changes: Json, reason: str) -> None:
    with pytest.raises(NotDecodable, match=reason):
        chirpstack.read("up", up(**changes))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "no member tells its kind"),
        (b"[]", "no member tells its kind"),
        (b"null", "no member tells its kind"),
        (b'{"uplink_message": {}}', "end_device_ids"),
        (b'{"end_device_ids": {"dev_eui": ""}, "uplink_message": {}}', "16 hex digits"),
        (uplink(received_at="yesterday"), "the time"),
        (uplink(app_s_key={"key": "AAAAAAAAAAAAAAAAAAAAAA=="}), "encrypted"),
        (uplink(frm_payload="%"), "base64"),
        (uplink(f_port=300), "f_port"),
        (uplink(f_cnt=10**30), "f_cnt"),
        (uplink(rx_metadata={}), "Expected `array`"),
    ],
)
def test_what_is_wrong_with_a_message_of_the_things_stack_is_said(body: bytes, reason: str) -> None:
    with pytest.raises(NotDecodable, match=reason):
        tts.read(body)


def test_a_signal_out_of_this_world_is_left_out() -> None:
    found = chirpstack.read("up", up(rxInfo=[{"rssi": 4000}, {"rssi": -400}, {}, {"rssi": -110}]))
    assert isinstance(found, Frame)
    assert found.rssi_dbm == -110


def test_a_simulated_uplink_has_the_time_it_was_made() -> None:
    """The console's simulation tells of no Network Server, and so not of its clock."""
    message = copy.deepcopy(load("tts/bosch-occupied")["message"])
    for name in ("received_at", "session_key_id", "f_cnt"):
        del message["uplink_message"][name]
    found = tts.read(json.dumps({**message, "simulated": True}).encode())
    assert isinstance(found, Frame)
    assert found.at == "2026-11-23T00:31:01.471002Z"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, 88.5),
        ({"batteryLevel": 100}, 100),
        ({"batteryLevel": 0}, None),
        ({"batteryLevel": 101}, None),
        ({"batteryLevelUnavailable": True}, None),
        ({"externalPowerSource": True}, None),
    ],
)
def test_a_battery_is_told_where_there_is_one(changes: Json, wanted: float | None) -> None:
    message = {**load("chirpstack/status")["message"], **changes}
    found = chirpstack.read("status", json.dumps(message).encode())
    assert isinstance(found, Health)
    assert found.battery_pct == wanted
