"""One frame has one id however often it is told; two frames never share one."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from parking.ingest.lorawan import chirpstack, tts
from parking.ingest.lorawan.frames import Frame
from tests.ingest.lorawan.samples import load

LATER = "2026-11-23T00:31:09.5Z"


def from_chirpstack(**changes: Any) -> Frame:
    message = {**load("chirpstack/bosch-occupied")["message"], **changes}
    found = chirpstack.read("up", json.dumps(message).encode())
    assert isinstance(found, Frame)
    return found


def from_tts(dev_addr: str = "260BA1B2", **changes: Any) -> Frame:
    message = copy.deepcopy(load("tts/bosch-occupied")["message"])
    message["end_device_ids"]["dev_addr"] = dev_addr
    message["uplink_message"].update(changes)
    found = tts.read(json.dumps(message).encode())
    assert isinstance(found, Frame)
    return found


def test_a_frame_posted_again_is_the_same_frame() -> None:
    assert from_chirpstack() == from_chirpstack()
    assert from_tts() == from_tts()


def test_a_retry_that_arrives_later_is_the_same_frame() -> None:
    message = copy.deepcopy(load("tts/bosch-occupied")["message"])
    message["received_at"] = "2026-11-23T04:00:00Z"
    message["correlation_ids"] = ["as:up:01KAQ3V8W0000000000000000Z"]
    assert tts.read(json.dumps(message).encode()) == from_tts()


def test_gateways_in_another_order_make_the_same_frame() -> None:
    chirps = load("chirpstack/bosch-heartbeat-three-gateways")["message"]
    turned = {**chirps, "rxInfo": chirps["rxInfo"][::-1]}
    first, second = (
        chirpstack.read("up", json.dumps(message).encode()) for message in (chirps, turned)
    )
    assert first == second
    heard = load("tts/bosch-heartbeat-counter-left-out")["message"]["uplink_message"]["rx_metadata"]
    assert from_tts(rx_metadata=heard) == from_tts(rx_metadata=heard[::-1])


def test_chirpstack_numbers_frames_itself() -> None:
    """A device that counts from 0 again may send what it sent before, all else being equal."""
    other = from_chirpstack(deduplicationId="3c1e9f52-5d0a-4b7e-9a51-0c6f6a4dffff")
    assert other.id != from_chirpstack().id
    assert replace(other, id="") == replace(from_chirpstack(), id="")


@pytest.mark.parametrize("deduplication", ["", "not a uuid", "ü" * 300])
def test_without_its_number_a_frame_of_chirpstack_is_told_by_all_else(deduplication: str) -> None:
    def given(**changes: Any) -> Frame:
        return from_chirpstack(deduplicationId=deduplication, **changes)

    ids = {
        given().id, given(fCnt=0).id, given(devAddr="01ffffff").id, given(time=LATER).id,
    }  # fmt: skip
    assert len(ids) == 4
    assert given().id == given().id


def test_a_device_that_joins_again_counts_anew_in_a_new_session() -> None:
    assert from_tts(f_cnt=0).id != from_tts(f_cnt=0, session_key_id="AZOxU2Vzc2lvbktleUlkMg==").id


def test_a_device_without_joins_counts_anew_in_the_same_session() -> None:
    """Activated by personalisation, its session stays what it was, and so may all but the time."""
    assert from_tts(f_cnt=0).id != from_tts(f_cnt=0, received_at=LATER).id
    assert from_tts(session_key_id="").id != from_tts(session_key_id="", dev_addr="260B0000").id


def test_zero_and_left_out_are_the_same() -> None:
    message = copy.deepcopy(load("tts/bosch-heartbeat-counter-left-out")["message"])
    left_out = tts.read(json.dumps(message).encode())
    message["uplink_message"]["f_cnt"] = 0
    assert tts.read(json.dumps(message).encode()) == left_out


def test_devices_never_share_an_id() -> None:
    message = load("chirpstack/bosch-occupied")["message"]
    info = {**message["deviceInfo"], "devEui": "0004a30bfffe0002"}
    assert from_chirpstack(deviceInfo=info).id != from_chirpstack().id


def test_capital_and_small_letters_name_one_device() -> None:
    message = load("chirpstack/bosch-occupied")["message"]
    info = {**message["deviceInfo"], "devEui": "0004A30BFFFE0001"}
    assert from_chirpstack(deviceInfo=info) == from_chirpstack()
