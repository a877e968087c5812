"""Simulated devices: what they send is what the service's own decoders read."""

from __future__ import annotations

import msgspec
import pytest

from parking.domain.devices import Device
from parking.ingest.lorawan import chirpstack as service_chirpstack
from parking.ingest.lorawan import tts as service_tts
from parking.ingest.lorawan.frames import Frame
from parking.ingest.lorawan.translation import translate
from sensors_sim.formats import chirpstack, tts
from sensors_sim.formats.lorawan import MODELS, description, dev_eui, model, uplink
from sensors_sim.moments import rfc3339
from sensors_sim.wire import Event
from tests.sensors_sim.conftest import NOW_US

SPACES = [f"EV-{number:03}" for number in range(1, 41)]
VITAL = {"battery_pct": 71, "rssi_dbm": -97, "temperature_c": -3.5}


def events(space: str, number: int) -> list[Event]:
    at_us = NOW_US + number * 1_000_003
    seen = {"space": space, "occupied": number % 2 == 0, "sensor": f"s-{space}"}
    alive = {"space": space, "sensor": f"s-{space}", **VITAL}
    return [
        Event("p1", f"run:ev:s{number}", "space", at_us, seen),
        Event("p1", f"run:ev:w{number}", "heartbeat", at_us, alive),
    ]


ALL = [event for number, space in enumerate(SPACES) for event in events(space, number)]


def read(way: str, event: Event) -> Frame:
    """Read an event's request as the service does."""
    frame = uplink(event)
    assert frame is not None
    if way == "chirpstack":
        found = service_chirpstack.read("up", chirpstack.request(frame).body)
    else:
        found = service_tts.read(tts.request(frame).body)
    assert isinstance(found, Frame)
    return found


def test_all_models_are_there() -> None:
    assert {model("p1", space) for space in SPACES} == set(MODELS)


@pytest.mark.parametrize("way", ["chirpstack", "tts"])
def test_the_service_reads_what_was_meant(way: str) -> None:
    for event in ALL:
        space = event.body["space"]
        device = msgspec.convert(description("p1", space), Device)
        frame, sent = read(way, event), uplink(event)
        assert sent is not None
        made = translate(frame, device).events
        assert len(made) == sent.tells
        assert made[0]["type"] == event.type
        for one in made:
            assert (one["lot"], one["space"], one["sensor"]) == ("p1", space, dev_eui("p1", space))
            assert one["observed_at"] == rfc3339(event.at_us)
        if event.type == "space":
            assert made[0]["occupied"] == event.body["occupied"]
        else:
            told = {name: made[0][name] for name in VITAL if name in made[0]}
            assert told["rssi_dbm"] == -97
            assert len(told) > 1
            for name, value in told.items():
                assert value == pytest.approx(VITAL[name], abs=0.5)


@pytest.mark.parametrize("way", ["chirpstack", "tts"])
def test_an_event_is_one_frame_and_others_are_others(way: str) -> None:
    ids = {read(way, event).id for event in ALL}
    assert len(ids) == len(ALL)
    assert {read(way, event).id for event in ALL} == ids


def test_what_no_device_of_a_space_tells_is_no_uplink() -> None:
    gate = Event("p1", "e", "passage", NOW_US, {"direction": "in", "zone": "b1"})
    sign = Event("p1", "e", "heartbeat", NOW_US, {"zone": "b1", "sensor": "b1-gateway"})
    assert uplink(gate) is None
    assert uplink(sign) is None
