"""Texts and examples of the OpenAPI document; one lot and what is said of it."""

import json
from typing import Any

Json = dict[str, Any]

_AVAILABILITY: Json = {
    "lot": "east-station-p1", "status": "open", "level": "limited",
    "capacity": 332, "occupied": 309, "free": 21, "unknown": 2, "basis": "mixed",
    "observed_at": "2026-11-23T00:31:07Z",
    "classes": {
        "general": {"capacity": 320, "occupied": 300, "free": 20, "unknown": 0},
        "ev": {"capacity": 12, "occupied": 9, "free": 1, "unknown": 2},
    },
}  # fmt: skip
_DESCRIPTION: Json = {
    "name": {"zh": "东站P1停车场", "en": "East Station P1"},
    "operator": "zd-parking",
    "kind": "underground",
    "location": {"lat": 34.7602, "lon": 113.7708},
    "entrances": [{"id": "n", "for": "cars", "location": {"lat": 34.7606, "lon": 113.7709}}],
    "payment": ["wechat", "alipay", "etc", "card", "cash"],
    "address": {"zh": "郑州东站"},
    "district": "east-station",
    "timezone": "Asia/Shanghai",
    "opening_hours": "24/7",
    "max_height_m": 2.1,
    "tariff": {
        "currency": "CNY", "free_minutes": 30, "steps": [{"up_to_minutes": 60, "price": 500}],
        "then_per_minutes": 60, "then_price": 300, "daily_cap": 4000,
    },
    "zones": [
        {"id": "b1", "name": {"zh": "负一层"}, "class": "general", "capacity": 320,
         "counting": "gates", "stale_after_s": 86400},
        {"id": "ev", "class": "ev", "capacity": 12, "counting": "spaces", "stale_after_s": 86400},
    ],
}  # fmt: skip


def _event(kind: str, seconds: int, **fields: Any) -> Json:
    return {
        "type": kind,
        "lot": "east-station-p1",
        "observed_at": f"2026-11-23T08:31:{seconds:02}+08:00",
        **fields,
    }


_EVENTS: dict[str, Json] = {
    "SpaceEvent": _event("space", 1, space="EV-001", occupied=True, sensor="geomag-17"),
    "PassageEvent": _event("passage", 2, direction="in", zone="b1", id="ramp-n:20261123:417"),
    "CountEvent": _event("count", 3, free=20, zone="b1"),
    "FlagEvent": _event("flag", 4, level="limited", zone="roof"),
    "RecountEvent": _event("recount", 5, occupied=300, reason="morning round", zone="b1"),
    "HeartbeatEvent": _event("heartbeat", 6, space="EV-001", battery_pct=87, rssi_dbm=-71.5),
    "StatusEvent": _event("status", 7, status="closed", reason="flooded ramp"),
    "VoidEvent": _event("void", 8, event="ramp-n:20261123:417", reason="a bicycle"),
}
_KEY: Json = {
    "id": "key_00c0ffee00c0ffee", "role": "operator", "operator": "zd-parking",
    "label": "ramp gateway", "created_at": "2026-11-23T00:31:07Z", "expires_at": None,
    "revoked_at": None,
}  # fmt: skip
_DEVICE: Json = {
    "lot": "east-station-p1", "space": "EV-001", "zone": None, "model": "milesight-em400-mud",
    "distance": {"occupied_below_mm": 1200, "free_above_mm": 1500, "ignore_tilted": False},
    "bit": None,
}  # fmt: skip
_UP: Json = {
    "deduplicationId": "3c1e9f52-5d0a-4b7e-9a51-0c6f6a4d2b11",
    "time": "2026-11-23T00:31:01.250314+00:00",
    "deviceInfo": {"devEui": "24e124fffe00a1b2"},
    "devAddr": "01a2b3c4", "fCnt": 17, "fPort": 85, "data": "AXVcA2cBAQSCRAgFAAA=",
    "rxInfo": [{"gatewayId": "0016c001f1000001", "rssi": -87, "snr": 7.5}],
}  # fmt: skip
_TTS: Json = {
    "end_device_ids": {"device_id": "ev-001", "dev_eui": "24E124FFFE00A1B2",
                       "dev_addr": "260BA1B2"},
    "received_at": "2026-11-23T00:31:01.471002913Z",
    "uplink_message": {
        "session_key_id": "AZOxU2Vzc2lvbktleUlkMQ==", "f_port": 85, "f_cnt": 17,
        "frm_payload": "AXVcA2cBAQSCRAgFAAA=",
        "received_at": "2026-11-23T00:31:01.250314226Z",
        "rx_metadata": [{"gateway_ids": {"gateway_id": "roof-1"}, "rssi": -87, "snr": 7.5}],
    },
}  # fmt: skip
SCHEMA_EXAMPLES: dict[str, list[Json]] = {
    "Availability": [_AVAILABILITY],
    "EventList": [{"events": list(_EVENTS.values())}],
    "KeyRequest": [
        {"role": "operator", "operator": "zd-parking", "label": "ramp gateway", "expires_at": None}
    ],
    "ChirpstackEvent": [_UP],
    "Device": [{"dev_eui": "24e124fffe00a1b2", **_DEVICE}],
    "DeviceDescription": [_DEVICE],
    "Key": [_KEY],
    "LotDescription": [_DESCRIPTION],
    "NewKey": [{**_KEY, "key": "pk_…"}],
    "Problem": [
        {
            "type": "urn:parking:problem:invalid-input",
            "title": "The request is not valid",
            "status": 400,
            "detail": "The body is not valid.",
            "instance": "8f14e45fceea167a",
            "errors": [{"pointer": "/zones/0/capacity", "detail": "Input should be at least 1"}],
        }
    ],
    "Receipt": [
        {
            "accepted": 497, "duplicates": 1, "rejected_total": 1, "ids": [],
            "rejected": [{"index": 3, "id": "ramp-n:20261123:417", "code": "unknown_lot",
                          "detail": "there is no lot east-station-p9"}],
        }
    ],
    "SpaceList": [{"spaces": [{"id": "EV-001", "label": "EV 1"}, {"id": "EV-002"}]}],
    "TtsMessage": [_TTS],
    "Subscribe": [{"subscribe": {"lots": ["east-station-p1"]}}],
    **{name: [event] for name, event in _EVENTS.items()},
}  # fmt: skip
LINES_EXAMPLE = "".join(
    json.dumps(_EVENTS[name], ensure_ascii=False) + "\n" for name in ("SpaceEvent", "PassageEvent")
)
PATH_PARTS = {
    "lot": ("id of the lot", "east-station-p1"),
    "zone": ("id of the zone", "ev"),
    "dev_eui": ("the device's EUI-64, 16 hex digits, small or capital", "24e124fffe00a1b2"),
    "facility": ("the facility's identifier", "east-station-p1"),
    "connector": ("name of the connector", "ramp-counter"),
    "key": ("id of the key, not the key itself", "key_00c0ffee00c0ffee"),
}
HEADERS = {
    "Last-Event-ID": "the cursor to go on from, as browsers send it when they reconnect; "
    "one that is not known gets the full state",
}
TAGS = {
    "pages": "For people; they need nothing but what is described below.",
    "drivers": "Finding a free space: public, cached by validators, readable from any web page.",
    "operators": "Describing lots and pushing what sensors and gates see.",
    "connectors": "Operators' systems that push in formats of their own. Ids are those of our lots "
    "unless the service's file of connectors says what they mean.",
    "planners": "How lots are used over time.",
    "keys": "Who may do what. `admin` may do all.",
    "running": "For those who run the service.",
}
ABOUT = """\
Live, durable parking availability: occupancy events in, true free spaces out.

* Times are RFC 3339. Input must carry an offset; output is UTC.
* Requests are read strictly: no coercion, and a field or parameter that is not known is an error.
* Failures are `application/problem+json` (RFC 9457); every answer bears an `X-Request-Id`.
* Lists come in pages: pass `next` as `cursor` until it is null.
* Unknown is never shown as free and never as 0: capacity = occupied + free + unknown.
* A 503 with `Retry-After` means "not now", and for events "not known to be stored": sending the
  same again loses nothing and counts nothing twice.
"""
DESCRIPTIONS = {
    "GET /v1/availability": "`cursor` is where `/v1/stream` goes on from. With `at`, the moment as "
    "the log now knows it; 410 before what is retained.",
    "GET /v1/nearby": "Nearest by great circle. A lot without a known height limit passes "
    "`height_m`; unknown spaces never satisfy `min_free`.",
    "GET /v1/stream": "First the state of each matching lot, then each change: `event: "
    "availability`, `id:` a cursor, `data:` an Availability on one line; `event: retired` with "
    '`data: {"lot": …}` when a lot is gone. With `Last-Event-ID` or `cursor` only what changed '
    "since. A comment line comes every 15 s. It never ends by itself.",
    "GET /v1/ws": "The same as `/v1/stream` for clients without server-sent events. The client "
    "sends a text message of the shape Subscribe; each one replaces the one before. It is told "
    "StreamMessages: first the state of each matching lot, then each change.",
    "PUT /v1/lots/{lot}": "The lot as described holds from now on, its first description also for "
    "all time before; past numbers stay as they were. An operator describes its own lots. A lot "
    "that was retired is revived.",
    "DELETE /v1/lots/{lot}": "It is no longer listed and takes no events; its history is kept.",
    "PUT /v1/lots/{lot}/zones/{zone}/spaces": "The complete list of a zone counted by `spaces`, at "
    "most its capacity; spaces short of that are unknown.",
    "POST /v1/events": "Answers after the accepted events are committed, 200 whenever the body "
    "could be read as a list of events: what is wrong with one is said in the receipt and costs no "
    "other. A JSON body holds at most 10,000 events and 8 MiB after decompression; "
    "`application/x-ndjson`, one event a line, is of any length and stored as it arrives. Both may "
    "come with `Content-Encoding: gzip`. What shows is a function of the set of events: order, "
    "repetition and batching do not matter.",
    "GET /v1/lots/{lot}/events": "What is voided is listed too, and says by which event.",
    "GET /v1/lots/{lot}/sensors": "Sensors that named themselves, and spaces and zones that have "
    "none.",
    "GET /v1/lots/{lot}/spaces": "Those of zones that have a sensor a space. Unknown is null, by "
    "the same rule as in the lot's numbers.",
    "GET /v1/activity": "A lot that is not among the items sent nothing. Each instance counts what "
    "all of them accepted, from its own start on: `from` tells since when. An operator sees its "
    "own lots.",
    "GET /v1/quality": "Of the running day as it was judged last, a few minutes ago at most while "
    "the service is well; `judged_at` tells. With neither `from` nor `to`, the latest day of each "
    "lot. Recounts are proposals: nothing is changed by them. An operator sees its own lots.",
    "PUT /v1/devices/{dev_eui}": "What the device is and which space it watches; holds for what it "
    "says from then on, within a second on every instance. With a zone instead of a space it gives "
    "only heartbeats. 409 when the lot has no such space or zone.",
    "DELETE /v1/devices/{dev_eui}": "What it said stays; what it says is `unknown_device`.",
    "POST /v1/lorawan/chirpstack": "For the HTTP integration of ChirpStack v4 with the encoding "
    "JSON; it puts the kind of event into the query. `up` gives a `space` event and a heartbeat, "
    "`status` a heartbeat with the battery; other kinds are acknowledged. An uplink told again is "
    "a duplicate. 200 whenever the body is a JSON object: what is wrong is said in the receipt, as "
    "sending the same again would not help.",
    "POST /v1/lorawan/tts": "For webhooks of The Things Stack v3 in JSON. `uplink_message` gives a "
    "`space` event and a heartbeat; other kinds are acknowledged. An uplink told again is a "
    "duplicate. 200 whenever the body is a JSON object: what is wrong is said in the receipt, as "
    "sending the same again would not help.",
    "GET /v1/key": "`id` is `environment` for the admin key of the environment.",
    "POST /v1/keys": "`operator` is for the role operator, and only for it.",
    "DELETE /v1/keys/{key}": "It works nowhere a second later.",
    "GET /readyz": "The database is reached and the state rebuilt.",
}
