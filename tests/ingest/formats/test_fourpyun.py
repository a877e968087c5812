"""4pyun's posts: what is counted, what is left out, and who has signed."""

import json
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

import pytest

from parking.ingest.decoded import Decoded, NotDecodable, Unread
from parking.ingest.formats.fourpyun import decode, is_signed
from parking.ingest.formats.gathering import Reading
from parking.ingest.formats.message import Message
from parking.ingest.formats.places import Places, Site
from tests.ingest.formats.samples import NOW

PLATE = "测A·T0000"
CAR = {
    "park_uuid": "p1", "parking_serial": "417", "plate": PLATE, "enter_time": "1795393863000",
}  # fmt: skip
LEAVES = {**CAR, "leave_time": "1795397463000"}


def post(fields: Any, part: str = "enter", reading: Reading | None = None) -> Decoded:
    message = Message(json.dumps(fields).encode(), NOW, "application/json", part)
    return decode(message) if reading is None else decode(message, reading)


def passage(decoded: Decoded) -> str:
    [event] = [event for event in decoded.events if event["type"] == "passage"]
    identity: str = event["id"]
    return identity


def test_the_identity_is_of_the_serial_alone() -> None:
    first = passage(post(CAR))
    assert first == passage(post({**CAR, "plate": "测B00000", "enter_gate": "n"}))
    assert first == passage(post({**CAR, "enter_time": "1795393863001"})), "a conflict, not two"
    others = [
        passage(post({**CAR, "parking_serial": "418"})),
        passage(post({**CAR, "park_uuid": "p2"})),
        passage(post(LEAVES, "leave")),
    ]
    assert len({first, *others}) == 4


def test_a_car_park_has_one_of_two_names() -> None:
    fields = {**CAR, "merchant": CAR["park_uuid"]}
    del fields["park_uuid"]
    assert passage(post(fields)) == passage(post(CAR))
    assert post({**fields, "park_uuid": "p2"}).events[0]["lot"] == "p2"


def test_a_stay_cannot_be_put_together() -> None:
    came, left = passage(post(CAR)), passage(post(LEAVES, "leave"))
    assert came.partition(":")[2] != left.partition(":")[2]
    assert "417" not in came.removeprefix("in:")[:3]


@pytest.mark.parametrize("serial", [f"{PLATE}-20261123", f"20261123{PLATE}", PLATE])
def test_a_plate_in_the_serial_does_not_go_into_the_identity(serial: str) -> None:
    if serial == PLATE:
        assert passage(post({**CAR, "parking_serial": serial})) == passage(
            post({**CAR, "parking_serial": "测B00000", "plate": "测B00000"})
        )
        return
    bare = serial.replace(PLATE, "")
    assert passage(post({**CAR, "parking_serial": serial})) == passage(
        post({**CAR, "parking_serial": bare})
    )


@pytest.mark.parametrize(
    "fields",
    [
        {**CAR, "park_uuid": PLATE},
        {**CAR, "park_uuid": f"x{PLATE}"},
        {**CAR, "plate": "T0000T", "park_uuid": "T0000T"},
    ],
)
def test_a_plate_in_the_wrong_place_is_refused_unrepeated(fields: Any) -> None:
    with pytest.raises(NotDecodable) as caught:
        post(fields)
    assert fields["plate"] not in str(caught.value)


def test_nothing_private_is_in_the_events() -> None:
    private = {
        "plate": PLATE, "idcard_name": "某人", "idcard_no": "9527123", "enter_security": "值班员",
        "enter_image": "https://example.org/a.jpg", "payment_list": '[{"operator": "某人"}]',
    }  # fmt: skip
    told = str(post({**CAR, **private, "remain_parking_space": "3"}))
    for value in private.values():
        assert value not in told


def test_remaining_spaces() -> None:
    def free(**fields: Any) -> list[int]:
        events = post({**CAR, **fields}).events
        return [event["free"] for event in events if event["type"] == "count"]

    assert free(remain_parking_space="21") == [21]
    assert free(remain_space=0, total_space=9) == [0]
    assert free(remain_parking_space="21", total_parking_space="0") == []
    assert free(remain_parking_space="") == []
    assert free(remain_parking_space="many") == []


def test_areas_by_zones_and_what_is_wanted() -> None:
    areas = [{"area_name": "A", "remain_space": 1}, {"area_name": "B", "remain_space": "?"}, 7]
    places = Places({"p1": Site("lot", "b1", {"A": "a", "B": "b"})})
    fields = {**CAR, "area_space": json.dumps(areas), "remain_space": 9}
    decoded = post(fields, reading=Reading(places))
    assert [event.get("zone") for event in decoded.events] == ["b1", "a"]
    assert [part.place for part in decoded.unread] == [
        "/area_space/1/remain_space",
        "/area_space/2",
    ]
    only = post(fields, reading=Reading(places, only=frozenset({"count"})))
    assert [event["type"] for event in only.events] == ["count"]


def test_a_car_park_of_which_nothing_is_known_is_not_read_and_not_repeated() -> None:
    for places in (Places({"p1": Site("lot")}), Places(is_lot=lambda lot: lot == "p1")):
        for park in ("p2", PLATE):
            decoded = post({**CAR, "plate": "", "park_uuid": park}, reading=Reading(places))
            assert not decoded.events
            assert decoded.unread == [Unread("/park_uuid", "no lot is named for it")]
        assert post({**CAR, "park_uuid": "p1"}, reading=Reading(places)).events


@pytest.mark.parametrize(
    ("fields", "part", "why"),
    [
        ({}, "enter", "park_uuid: it is not there"),
        ({**CAR, "park_uuid": None}, "enter", "park_uuid"),
        ({**CAR, "parking_serial": " "}, "enter", "parking_serial: it is empty"),
        (CAR, "leave", "leave_time: it is not there"),
        ({**CAR, "enter_time": "2026-11-23 08:31:03"}, "enter", "no timezone is named"),
        ({**CAR, "enter_time": PLATE}, "enter", "enter_time: it is not a time"),
        ([CAR], "enter", "neither a form nor JSON"),
        (CAR, "pass", "none of enter, leave, space"),
    ],
)
def test_what_is_no_post(fields: Any, part: str, why: str) -> None:
    with pytest.raises(NotDecodable, match=why) as caught:
        post(fields, part)
    assert PLATE not in str(caught.value)


def signed(fields: dict[str, str], secret: str) -> dict[str, str]:
    plain = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    made = md5(f"{plain}&app_secret={secret}".encode(), usedforsecurity=False).hexdigest()
    return {**fields, "sign": made.upper()}


def test_signatures() -> None:
    good = signed(CAR, "s" * 20)
    form = "application/x-www-form-urlencoded"

    def fits(fields: dict[str, str], secret: str = "s" * 20) -> bool:
        ways = [
            Message(json.dumps(fields).encode(), NOW, "application/json", "enter"),
            Message(urlencode(fields).encode(), NOW, form, "enter"),
        ]
        [told] = {is_signed(message, secret) for message in ways}
        return told

    assert fits(good)
    assert not fits(good, "t" * 20)
    assert not fits({**good, "parking_serial": "418"})
    assert not fits({**good, "more": "x"})
    assert not fits({**good, "sign": ""})
    assert not fits(CAR)
    assert not is_signed(Message(b"\xff", NOW, form, "enter"), "s" * 20)


def test_a_form_that_is_encoded_once_more() -> None:
    fields = {**CAR, "encoding": "URL", "park_uuid": "%70%31"}
    body = urlencode(fields).encode()
    message = Message(body, NOW, "application/x-www-form-urlencoded", "enter")
    assert {event["lot"] for event in decode(message).events} == {"p1"}
