"""Network servers' webhooks over HTTP: what shows, what is refused, and what is told twice."""

import asyncio
import base64
import copy
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.ingest.lorawan.samples import SERVERS, load
from tests.web.client import Answer, Client, Json, ago, event, unique, until, zone
from tests.web.test_devices import BOSCH, MUD, new_eui, put

EMPTY = {"accepted": 0, "duplicates": 0, "rejected": [], "rejected_total": 0, "ids": []}
Send = Callable[..., Awaitable[Answer]]


def chirpstack(eui: str, payload: bytes, port: int = 1, seconds_ago: float = 60) -> Json:
    message: Json = copy.deepcopy(load("chirpstack/bosch-occupied")["message"])
    message["deviceInfo"]["devEui"] = eui
    message["deduplicationId"] = f"3c1e9f52-5d0a-4b7e-9a51-{int(new_eui(), 16) % (1 << 48):012x}"
    message |= {"time": ago(seconds_ago), "fPort": port}
    message["data"] = base64.b64encode(payload).decode()
    return message


def tts(eui: str, payload: bytes, port: int = 1, seconds_ago: float = 60) -> Json:
    message: Json = copy.deepcopy(load("tts/bosch-occupied")["message"])
    message["end_device_ids"]["dev_eui"] = eui.upper()
    message["uplink_message"] |= {
        "f_port": port,
        "frm_payload": base64.b64encode(payload).decode(),
        "received_at": ago(seconds_ago),
    }
    return message


MAKE = {"chirpstack": chirpstack, "tts": tts}
PATHS = {"chirpstack": "/v1/lorawan/chirpstack?event=up", "tts": "/v1/lorawan/tts"}


async def post(client: Client, server: str, message: Any, key: str | None = "") -> Any:
    answer = await client.ask("POST", PATHS[server], json=message, key=key)
    assert answer.status == 200, answer
    return answer.json


async def registered(client: Client, lot: str, model: Json = BOSCH) -> str:
    eui = new_eui()
    answer = await put(client, eui, {"lot": lot, "space": "e1", **model})
    assert answer.status == 201, answer
    return eui


async def numbers(client: Client, lot: str) -> Any:
    """Give (occupied, free, unknown) of the zone of spaces."""
    zones = (await client.availability(lot))["zones"]
    found = next(one for one in zones if one["id"] == "ev")
    return found["occupied"], found["free"], found["unknown"]


@pytest.mark.parametrize("server", SERVERS)
async def test_an_uplink_shows(client: Client, lot: str, server: str) -> None:
    eui = await registered(client, lot)
    receipt = await post(client, server, MAKE[server](eui, b"\1", seconds_ago=90))
    assert receipt == {**EMPTY, "accepted": 2}
    assert await numbers(client, lot) == (1, 0, 9)
    await post(client, server, MAKE[server](eui, b"\0\x15", 2))
    assert await numbers(client, lot) == (0, 1, 9)
    sensors = (await client.ask("GET", f"/v1/lots/{lot}/sensors")).json["items"]
    [mine] = [one for one in sensors if one["sensor"] == eui]
    assert (mine["space"], mine["rssi_dbm"], mine["temperature_c"]) == ("e1", -87, 21)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_frame_told_again_counts_once(client: Client, lot: str, server: str) -> None:
    eui = await registered(client, lot)
    message = MAKE[server](eui, b"\1")
    receipts = await asyncio.gather(*(post(client, server, message) for _ in range(5)))
    assert sum(receipt["accepted"] for receipt in receipts) == 2
    assert sum(receipt["duplicates"] for receipt in receipts) == 8
    assert not any(receipt["rejected_total"] for receipt in receipts)
    assert len(await client.log(lot)) == 2


@pytest.mark.parametrize("server", SERVERS)
async def test_frames_come_in_any_order(client: Client, lot: str, server: str) -> None:
    """A replay of yesterday's frames does not undo today's."""
    eui = await registered(client, lot)
    late = MAKE[server](eui, b"\0", seconds_ago=3600)
    await post(client, server, MAKE[server](eui, b"\1", seconds_ago=60))
    await post(client, server, late)
    assert await numbers(client, lot) == (1, 0, 9)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_device_that_was_reset_loses_nothing(client: Client, lot: str, server: str) -> None:
    """Its counter begins at 0 once more; the frames are others, though they look alike."""
    eui = await registered(client, lot)
    for session in range(3):
        for count in range(3):
            occupied = bytes([(session + count) % 2])
            message = MAKE[server](eui, occupied, seconds_ago=600 - 60 * session - count)
            if server == "tts":
                message["uplink_message"]["f_cnt"] = count
            else:
                message["fCnt"] = count
            assert (await post(client, server, message))["accepted"] == 2
    assert len(await client.log(lot)) == 18
    assert await numbers(client, lot) == (0, 1, 9)


async def test_thresholds_with_a_gap_hold_a_space(client: Client, lot: str) -> None:
    eui = await registered(client, lot, MUD)

    async def measure(mm: int, seconds_ago: int) -> None:
        payload = b"\4\x82" + mm.to_bytes(2, "little")
        await post(client, "tts", tts(eui, payload, 85, seconds_ago))

    await measure(1350, 900)
    assert await numbers(client, lot) == (None, None, 10)  # never was beyond a threshold
    for mm, seconds_ago, wanted in (
        (1100, 800, (1, 0, 9)), (1450, 700, (1, 0, 9)), (1501, 600, (0, 1, 9)),
        (1201, 500, (0, 1, 9)), (1199, 400, (1, 0, 9)),
    ):  # fmt: skip
        await measure(mm, seconds_ago)
        assert await numbers(client, lot) == wanted, mm


async def test_settings_hold_from_their_change_on(client: Client, lot: str) -> None:
    eui = await registered(client, lot, MUD)
    payload = b"\4\x82" + (1000).to_bytes(2, "little")
    await post(client, "tts", tts(eui, payload, 85, 600))
    thresholds = {"occupied_below_mm": 500, "free_above_mm": 900}
    await put(client, eui, {"lot": lot, "space": "e2", **MUD, "distance": thresholds})
    await post(client, "tts", tts(eui, payload, 85, 500))
    occupied = {one["space"]: one["occupied"] for one in await client.log(lot, "?type=space")}
    assert occupied == {"e1": True, "e2": False}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "wrong",
    [(b"\1", 9, "port 9"), (b"", 1, "1 or 2 bytes, not 0"), (b"\1" * 4, 3, "17 bytes, not 4")],
)
async def test_a_payload_the_model_does_not_send(
    client: Client, lot: str, server: str, wrong: tuple[bytes, int, str]
) -> None:
    payload, port, reason = wrong
    eui = await registered(client, lot)
    receipt = await post(client, server, MAKE[server](eui, payload, port))
    [rejected] = receipt["rejected"]
    assert (receipt["accepted"], rejected["code"], rejected["index"]) == (0, "invalid", 0)
    assert reason in rejected["detail"]
    assert rejected["id"].split(":")[1] == eui
    assert await client.log(lot) == []
    [letter] = await letters(client, f"lot={lot}")
    assert (letter["source"], letter["code"], letter["event"]) == (
        server,
        "invalid",
        rejected["id"],
    )
    assert reason in letter["detail"]
    assert f'"payload":"{payload.hex()}"' in letter["item"]


async def letters(client: Client, query: str, key: str | None = "") -> list[Json]:
    async def read() -> list[Json]:
        answer = await client.ask("GET", f"/v1/rejections?{query}", key=key)
        items: list[Json] = answer.json["items"]
        return items

    found: list[Json] = await until(read, bool)
    return found


@pytest.mark.parametrize("server", SERVERS)
async def test_an_unknown_device(client: Client, server: str) -> None:
    eui, key = new_eui(), await client.new_key("operator", unique("operator"))
    receipt = await post(client, server, MAKE[server](eui, b"\1"), key)
    [rejected] = receipt["rejected"]
    assert rejected["code"] == "unknown_device"
    assert eui in rejected["detail"]
    [letter] = await letters(client, "", key)
    assert (letter["source"], letter["code"]) == (server, "unknown_device")
    assert "payload" not in letter["item"]  # it may be a device of any kind


@pytest.mark.parametrize("server", SERVERS)
async def test_a_removed_device_is_unknown(client: Client, lot: str, server: str) -> None:
    eui = await registered(client, lot)
    await client.ask("DELETE", f"/v1/devices/{eui}")
    receipt = await post(client, server, MAKE[server](eui, b"\1"))
    assert [one["code"] for one in receipt["rejected"]] == ["unknown_device"]


@pytest.mark.parametrize("server", SERVERS)
async def test_another_operator_s_device(client: Client, server: str) -> None:
    lot = await client.new_lot(zone("ev", "spaces"), operator=unique("operator"))
    await client.put_spaces(lot, "ev", "e1")
    eui = await registered(client, lot)
    key = await client.new_key("operator", unique("operator"))
    receipt = await post(client, server, MAKE[server](eui, b"\1"), key)
    assert [one["code"] for one in receipt["rejected"]] == ["forbidden_lot"]
    assert lot not in str(receipt)
    assert await client.log(lot) == []
    [letter] = await letters(client, "", key)
    assert letter["code"] == "forbidden_lot"
    assert lot not in str(letter)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_place_that_is_gone(client: Client, lot: str, server: str) -> None:
    eui = await registered(client, lot)
    await client.put_spaces(lot, "ev", "e2")
    receipt = await post(client, server, MAKE[server](eui, b"\1"))
    # a frame from before the list was put finds the space; this one is of 60 s ago, the list of now
    assert receipt["accepted"] == 2
    receipt = await post(client, server, MAKE[server](eui, b"\1", seconds_ago=-1))
    assert {one["code"] for one in receipt["rejected"]} == {"unknown_space"}
    await client.ask("DELETE", f"/v1/lots/{lot}")
    receipt = await post(client, server, MAKE[server](eui, b"\1"))
    assert {one["code"] for one in receipt["rejected"]} == {"unknown_lot"}


async def test_what_is_known_of_a_payload_counts(client: Client, lot: str) -> None:
    eui = await registered(client, lot, MUD)
    receipt = await post(client, "tts", tts(eui, b"\4\x82\x20\3\x7f\x01\x02", 85))
    assert receipt["accepted"] == 2
    [rejected] = receipt["rejected"]
    assert (rejected["code"], rejected["index"]) == ("invalid", 2)
    assert "channel 7f 01 is not known" in rejected["detail"]
    assert await numbers(client, lot) == (1, 0, 9)


@pytest.mark.parametrize(
    "kind", ["join", "ack", "txack", "log", "location", "integration", "tomorrow"]
)
async def test_other_events_of_chirpstack_are_acknowledged(client: Client, kind: str) -> None:
    path = f"/v1/lorawan/chirpstack?event={kind}"
    answer = await client.ask("POST", path, json={"deviceInfo": {"devEui": new_eui()}})
    assert (answer.status, answer.json) == (200, EMPTY)
    metrics = (await client.ask("GET", "/metrics", key=None)).body.decode()
    counted = "other" if kind == "tomorrow" else kind
    labels = f'kind="{counted}",outcome="acknowledged",source="chirpstack"'
    assert f"parking_lorawan_messages_total{{{labels}}}" in metrics


async def test_other_messages_of_the_things_stack_are_acknowledged(client: Client) -> None:
    for name in ("join", "downlink-queued", "normalized"):
        assert await post(client, "tts", load(f"tts/{name}")["message"]) == EMPTY


async def test_chirpstack_s_word_on_a_battery(client: Client, lot: str) -> None:
    eui = await registered(client, lot)
    message = copy.deepcopy(load("chirpstack/status")["message"])
    message["deviceInfo"]["devEui"] = eui
    message["time"] = ago(30)
    answer = await client.ask("POST", "/v1/lorawan/chirpstack?event=status", json=message)
    assert answer.json == {**EMPTY, "accepted": 1}
    sensors = (await client.ask("GET", f"/v1/lots/{lot}/sensors")).json["items"]
    assert [one["battery_pct"] for one in sensors if one["sensor"] == eui] == [88.5]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("message", [{}, {"uplink_message": 1}, {"deviceInfo": {"devEui": "x"}}])
async def test_what_no_network_server_posts(client: Client, server: str, message: Json) -> None:
    receipt = await post(client, server, message)
    [rejected] = receipt["rejected"]
    assert (rejected["code"], rejected["id"]) == ("invalid", None)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b'{"a": NaN}', rb'{"\ud800": NaN}', b"1"]
)
async def test_what_is_no_object(client: Client, server: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.ask("POST", PATHS[server], data=body, headers=headers)
    assert (answer.status, answer.pointers) == (400, {""})


@pytest.mark.parametrize("server", SERVERS)
async def test_half_of_a_surrogate_pair_is_json(client: Client, server: str) -> None:
    headers = {"Content-Type": "application/json"}
    body = rb'{"deviceInfo": "\ud800", "uplink_message": "\ud800"}'
    answer = await client.ask("POST", PATHS[server], data=body, headers=headers)
    assert answer.status == 200
    assert [one["code"] for one in answer.json["rejected"]] == ["invalid"]


@pytest.mark.parametrize(
    "query", ["", "?event=", "?event=UP", "?event=up&x=1", "?event=up&event=up"]
)
async def test_the_kind_must_be_told(client: Client, query: str) -> None:
    answer = await client.ask("POST", f"/v1/lorawan/chirpstack{query}", json={})
    assert answer.status == 400


@pytest.mark.parametrize("server", SERVERS)
async def test_a_frame_of_the_future(client: Client, lot: str, server: str) -> None:
    eui = await registered(client, lot)
    receipt = await post(client, server, MAKE[server](eui, b"\1", seconds_ago=-900))
    assert {one["code"] for one in receipt["rejected"]} == {"future"}


@pytest.mark.parametrize("server", SERVERS)
async def test_what_else_a_message_holds_is_forgotten(
    client: Client, lot: str, server: str
) -> None:
    """A codec may have made anything of the payload; none of it is stored, told or logged."""
    eui, word = await registered(client, lot), "B-XY-7788"
    for payload in (b"\1", b"\1\2\3"):
        message = MAKE[server](eui, payload)
        for inside in (message, message.get("uplink_message", {})):
            inside["object"] = inside["decoded_payload"] = {word: word}
        await post(client, server, message)
    refused = await letters(client, f"lot={lot}")
    assert len(refused) == 1
    assert word not in str([refused, await client.log(lot), client.service.said()])


async def test_an_uplink_is_an_event_like_any_other(client: Client, lot: str) -> None:
    """It can be voided by the id that the log shows."""
    eui = await registered(client, lot)
    await post(client, "chirpstack", chirpstack(eui, b"\1"))
    [shown] = await client.log(lot, "?type=space")
    assert (shown["sensor"], shown["space"], shown["zone"]) == (eui, "e1", "ev")
    await client.accept(event(lot, "void", event=shown["id"]))
    assert (await numbers(client, lot))[0] is None
