"""Events as MQTT messages: cut by lots and sizes; URLs that tell no password."""

from __future__ import annotations

import json

import pytest

from sensors_sim.client import UnreachableError
from sensors_sim.formats.mqtt import AsMqtt, messages, read_url
from sensors_sim.wire import Event
from tests.sensors_sim.conftest import NOW_US, World
from tests.service import free_port

EVENTS = [
    Event(lot, f"{lot}-{n}", "passage", NOW_US, {"direction": "in", "zone": "b1"})
    for n in range(7)
    for lot in ("p1", "p2")
]


def test_a_message_is_of_one_lot_and_bounded() -> None:
    made = list(messages(EVENTS, 3, 10_000))
    assert [(message.lot, message.events) for message in made] == [
        ("p1", 3), ("p1", 3), ("p1", 1), ("p2", 3), ("p2", 3), ("p2", 1),
    ]  # fmt: skip
    told = [json.loads(message.payload)["events"] for message in made]
    assert [event["id"] for batch in told for event in batch] == [
        f"{lot}-{n}" for lot in ("p1", "p2") for n in range(7)
    ]
    for message in messages(EVENTS, 1000, 300):
        assert len(message.payload) <= 300


def test_urls() -> None:
    found = read_url("mqtts://me:p%40ss@broker")
    assert (found.host, found.port, found.user, found.password) == ("broker", 8883, "me", "p@ss")
    assert found.tls is not None
    assert "p@ss" not in repr(found)
    assert read_url("mqtt://127.0.0.1").port == 1883
    for wrong in ("http://x", "mqtt://", "broker:p@ss"):
        with pytest.raises(ValueError, match="mqtt-url") as caught:
            read_url(wrong)
        assert "p@ss" not in str(caught.value)


async def test_without_a_broker_the_run_ends(world: World) -> None:
    way = AsMqtt(read_url(f"mqtt://127.0.0.1:{free_port()}"))
    with pytest.raises(UnreachableError, match="no broker at"):
        await way.prepare(world.service(), [])
    await way.close()
