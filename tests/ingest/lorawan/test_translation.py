"""What payloads say, and that thresholds with a gap are hysteresis whatever the order."""

import itertools
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.domain.devices import MEASURING, Bit, Device, Distance, Model
from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan.frames import Frame
from parking.ingest.lorawan.translation import MODELS, Event, translate

EUI = "24e124fffe000002"
NARROW = Distance(1200, 1500)


def frame(payload: bytes, port: int = 85, number: int = 0, rssi: float | None = None) -> Frame:
    at = f"2026-11-23T00:{number // 60:02}:{number % 60:02}Z"
    return Frame(EUI, f"cs:{EUI}:{number}", at, port, payload, rssi)


def device(model: Model, distance: Distance = NARROW) -> Device:
    return Device("p1", model, space="e1", distance=distance if model in MEASURING else None)


def measured(mm: int, model: Model = "milesight-em400-mud", tilted: bool = False) -> bytes:
    em310 = model == "milesight-em310-udl"
    channel, position = (3, 4) if em310 else (4, 5)
    return bytes([channel, 0x82]) + mm.to_bytes(2, "little") + bytes([position, 0, tilted])


def occupied(payload: bytes, port: int, of: Device) -> bool | None:
    events = translate(frame(payload, port), of).events
    found = [event["occupied"] for event in events if event["type"] == "space"]
    return found[0] if found else None


@pytest.mark.parametrize("model", sorted(MEASURING))
@pytest.mark.parametrize(
    ("mm", "wanted"),
    [(1, True), (1199, True), (1200, None), (1350, None), (1500, None), (1501, False),
     (32767, False), (0, None), (0xFFFD, None), (0xFFFF, None)],
)  # fmt: skip
def test_a_distance_is_read_by_the_thresholds(model: Model, mm: int, wanted: bool | None) -> None:
    assert occupied(measured(mm, model), 85, device(model)) is wanted


def test_a_tilted_sensor_tells_a_distance_unless_told_not_to() -> None:
    payload = measured(500, tilted=True)
    assert occupied(payload, 85, device("milesight-em400-mud")) is True
    strict = device("milesight-em400-mud", Distance(1200, 1500, ignore_tilted=True))
    assert occupied(payload, 85, strict) is None
    assert occupied(measured(500), 85, strict) is True


def after(readings: Sequence[int], of: Device) -> list[Event]:
    return [
        event
        for number, mm in enumerate(readings)
        for event in translate(frame(measured(mm), number=number), of).events
    ]


def folded(events: Sequence[Event]) -> bool | None:
    """Give what the latest `space` event says, as the board does."""
    found = [event for event in events if event["type"] == "space"]
    latest = max(found, key=lambda event: (event["observed_at"], event["id"]), default=None)
    return None if latest is None else latest["occupied"]


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30), st.randoms())
def test_a_gap_between_thresholds_is_hysteresis_in_any_order(
    readings: list[int],
    shuffle: "st.randoms.Random",  # type: ignore[name-defined]
) -> None:
    """A sensor with a memory, fed in order, against frames that know nothing of each other."""
    memory: bool | None = None
    for mm in readings:
        if mm < NARROW.occupied_below_mm:
            memory = True
        elif mm > NARROW.free_above_mm:
            memory = False
    events = after(readings, device("milesight-em400-mud"))
    shuffle.shuffle(events)
    assert folded(events) == memory


def test_every_frame_says_that_the_device_lives() -> None:
    """Between the thresholds too: else a space with a car half out of it would go stale."""
    for mm in (500, 1350, 3000):
        events = translate(frame(measured(mm)), device("milesight-em400-mud")).events
        assert events
        assert all(event["space"] == "e1" and event["sensor"] == EUI for event in events)


def test_a_signal_or_battery_comes_as_a_heartbeat_beside_the_space() -> None:
    alone = translate(frame(b"\x01", 1), device("bosch-tps110")).events
    assert [event["type"] for event in alone] == ["space"]
    both = translate(frame(b"\x01", 1, rssi=-90), device("bosch-tps110")).events
    assert [event["type"] for event in both] == ["space", "heartbeat"]
    assert len({event["id"] for event in both}) == 2


def test_reserved_bits_of_the_bosch_say_nothing() -> None:
    assert occupied(b"\xff", 1, device("bosch-tps110")) is True
    assert occupied(b"\xfe", 1, device("bosch-tps110")) is False


@pytest.mark.parametrize(
    ("payload", "port", "model"),
    [
        (b"", 1, "bosch-tps110"), (b"\1\2\3", 1, "bosch-tps110"), (b"\1", 8, "bosch-tps110"),
        (b"\1", 0, "bosch-tps110"), (b"\1" * 16, 3, "bosch-tps110"), (b"\1\2", 7, "bosch-tps110"),
        (b"", 85, "milesight-em400-mud"), (b"\1", 85, "milesight-em310-udl"),
        (b"\1\x75", 85, "milesight-em310-udl"), (b"\3\x67\1", 85, "milesight-em400-tld"),
        (b"", 1, "generic-bit"), (b"\0\0\0", 1, "generic-bit"),
    ],
)  # fmt: skip
def test_what_a_model_does_not_send_is_not_decodable(
    payload: bytes, port: int, model: Model
) -> None:
    with pytest.raises(NotDecodable):
        translate(frame(payload, port), device(model))


def test_every_part_of_a_payload_is_cut_off() -> None:
    whole = bytes.fromhex("01755c 0367ef ff 048220 03 050000".replace(" ", ""))
    ends = {3, 7, 11, 14}
    for length in range(1, len(whole) + 1):
        message, of = frame(whole[:length]), device("milesight-em400-mud")
        if length in ends:
            assert translate(message, of).events
        else:
            with pytest.raises(NotDecodable, match="cut off"):
                translate(message, of)


def test_a_generic_battery_counts_to_what_it_is_told() -> None:
    of = Device("p1", "generic-bit", space="e1", bit=Bit(battery_full=254))
    told = [translate(frame(bytes([1, level])), of).events[-1] for level in (0, 127, 254, 255)]
    assert [event.get("battery_pct") for event in told] == [0.0, 50.0, 100.0, None]
    assert [event["type"] for event in told] == ["heartbeat"] * 3 + ["space"]


devices = st.builds(
    lambda model, distance, bit, in_zone: Device(
        "p1",
        model,
        space=None if in_zone else "e1",
        zone="b1" if in_zone else None,
        distance=distance if model in MEASURING else None,
        bit=bit if model == "generic-bit" else None,
    ),
    st.sampled_from(sorted(MODELS)),
    st.builds(Distance, st.integers(1, 2000), st.integers(2000, 32767), st.booleans()),
    st.one_of(st.none(), st.builds(Bit, st.sampled_from([0, 1]), st.integers(1, 255))),
    st.booleans(),
)
CHANNELS = (0x01, 0x03, 0x04, 0x05, 0x06, 0x83, 0x84, 0xFE, 0xFF)
TYPES = (0x00, 0x01, 0x03, 0x16, 0x67, 0x75, 0x82, 0x88)
channels = [bytes(pair) for pair in itertools.product(CHANNELS, TYPES)]
payloads = st.one_of(
    st.binary(max_size=255),
    st.lists(
        st.one_of(st.sampled_from(channels), st.binary(max_size=3)), max_size=12
    ).map(b"".join),
)  # fmt: skip


@given(payloads, st.integers(0, 255), devices)
def test_any_bytes_are_events_or_not_decodable(payload: bytes, port: int, of: Device) -> None:
    from parking.domain.events import decode

    try:
        decoded = translate(frame(payload, port, rssi=-80), of)
    except NotDecodable:
        return
    assert decoded.events
    for event in decoded.events:
        decode(msgspec.json.encode(event))
        assert (event["lot"], event["sensor"]) == ("p1", EUI)
