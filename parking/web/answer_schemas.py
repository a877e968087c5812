"""Answers that are more than one struct: pages, what is put together, keys, sensors, problems.

`answers` gives them by the names that `routes` uses; a new answer is described here.
"""

from typing import get_args

from parking.domain.access import ROLES
from parking.store.audit import Action
from parking.web.event_schemas import ID, REF, TIME, Schema
from parking.web.lorawan_schemas import DEVICE
from parking.web.quality_schemas import DRIFT, FINDING, QUALITY
from parking.web.sensors import State
from parking.web.usage_schemas import USAGE_ROW

_OPEN_NOW: Schema = {
    "type": ["boolean", "null"],
    "description": "whether it is open by its hours; null when they are not known",
}


def _object(text: str, properties: dict[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _list(text: str, items: Schema, *, paged: bool = True) -> Schema:
    more: Schema = {"type": "null", "description": "there is but one page"}
    if paged:
        more = {"type": ["string", "null"], "description": "cursor of the next page, if any"}
    return _object(text, {"items": {"type": "array", "items": items}, "next": more})


def _ref(name: str) -> Schema:
    return {"$ref": REF + name}


def answers(found: dict[str, Schema]) -> dict[str, Schema]:
    """Give the answers that are put together from structs and more."""
    lot, seen = found["Lot"]["properties"], found["Availability"]["properties"]
    named = {"id": ID, "lot": {**ID, "description": "the same, as other objects name it"}}
    short = ("name", "kind", "location", "entrances", "address", "district", "max_height_m")
    near = {name: lot[name] for name in (*short, "opening_hours")}
    zones: Schema = {"type": "array", "items": _ref("ZoneNumbers")}
    return {
        "Lot": _object(
            "A lot's description, its positions in the request's crs.",
            {**named, **lot, "open_now": _OPEN_NOW},
        ),
        "LotList": _list("Lots by their ids.", _ref("Lot")),
        "LotAvailability": _object("A lot at a moment.", {**seen, "zones": zones}),
        "AvailabilityList": _AVAILABILITY_LIST,
        "NearbyLot": _object(
            "A lot in short, how far it is, and its availability.",
            {**named, **near, "open_now": _OPEN_NOW, "distance_m": _DISTANCE,
             "availability": _ref("Availability")},
        ),
        "NearbyList": _list("Nearest first.", _ref("NearbyLot"), paged=False),
        "Spaces": _object(
            "The spaces of a zone, in the list's order.",
            {"lot": ID, "zone": ID, "spaces": {"type": "array", "items": _ref("Space")}},
        ),
        "LoggedEventList": _list("A page of the log, newest first.", _ref("LoggedEvent")),
        "Sensor": _SENSOR,
        "SensorList": _list("The sensors of a lot.", _ref("Sensor")),
        "Device": DEVICE,
        "DeviceList": _list("Devices by their EUIs.", _ref("Device")),
        "RejectedItem": _REJECTED_ITEM,
        "RejectedItemList": _list("What was refused, newest first.", _ref("RejectedItem")),
        "SpaceNumbersList": _list("The spaces of a lot, by zones.", _ref("SpaceNumbers")),
        "Activity": _ACTIVITY,
        "ActivityList": _object(
            "How many events were accepted by all instances, as this one has seen it: of the last "
            "5 minutes, less when it has just started.",
            {
                "from": {**TIME, "description": "since when they are counted, UTC"},
                "to": {**TIME, "description": "the present, UTC"},
                **_list("", _ref("Activity"), paged=False)["properties"],
            },
        ),
        "UsageRow": USAGE_ROW,
        "UsageList": _list("Rows by lot or district, then by bucket.", _ref("UsageRow")),
        "Key": _KEY,
        "OwnKey": _OWN_KEY,
        "KeyList": _list("Keys, oldest first, revoked ones too.", _ref("Key")),
        "NewKey": _object(
            "A new key.",
            {**_KEY["properties"], "key": {"type": "string", "description": "shown this once"}},
        ),
        "Quality": QUALITY,
        "QualityList": _list("Lots' days by lot and day.", _ref("Quality")),
        "Finding": FINDING,
        "Drift": DRIFT,
        "Act": _ACT,
        "ActList": _list("What was done, newest first.", _ref("Act")),
        "Status": _STATUS,
        "StreamMessage": _STREAM_MESSAGE,
        "Problem": _PROBLEM,
    }  # fmt: skip


def _maybe(schema: Schema, text: str) -> Schema:
    return {**schema, "type": [schema["type"], "null"], "description": text}


_TEXT: Schema = {"type": "string"}
_DISTANCE: Schema = {"type": "number", "minimum": 0, "description": "great circle, metres"}
_PROBLEM: Schema = _object(
    "What went wrong, as RFC 9457 has it.",
    {
        "type": {"type": "string", "format": "uri", "description": "which kind of problem"},
        "title": {"type": "string", "description": "the kind in words"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what happened this time"},
        "instance": {"type": "string", "description": "the request's id, as in X-Request-Id"},
        "errors": {
            "type": "array",
            "description": "what is wrong with the input",
            "items": _object(
                "One fault.",
                {
                    "pointer": {
                        "type": "string",
                        "description": "RFC 6901 into the body, or `?name` of a parameter",
                    },
                    "detail": {"type": "string"},
                },
            ),
        },
        "receipt": _ref("Receipt"),
    },
    optional=("errors", "receipt"),
)
_AVAILABILITY_LIST: Schema = _object(
    "Lots at a moment.",
    {
        "cursor": _maybe(_TEXT, "where `/v1/stream` goes on from; null for a past moment"),
        "at": {**TIME, "description": "the past moment that was asked for, UTC"},
        "items": {"type": "array", "items": _ref("Availability")},
    },
    optional=("at",),
)
_SENSOR: Schema = _object(
    "A sensor, or a space or zone that should be heard.",
    {
        "sensor": _maybe(_TEXT, "its id, where it named itself"),
        "zone": _maybe(_TEXT, "the zone it watches"),
        "space": _maybe(_TEXT, "the space it watches"),
        "state": {
            "type": "string",
            "enum": list(get_args(State)),
            "description": "`silent`: not heard, nor its zone's gateway, for the zone's "
            "stale_after_s, or for much longer than is usual; `stuck`: unchanged for much longer "
            "than is usual at these hours",
        },
        "heard_at": _maybe(TIME, "when it was last heard, UTC"),
        "battery_pct": _maybe({"type": "number"}, "percent"),
        "rssi_dbm": _maybe({"type": "number"}, "signal, dBm"),
        "temperature_c": _maybe({"type": "number"}, "degrees Celsius"),
        "findings": {
            "type": "array",
            "items": _ref("Finding"),
            "description": "what was found of it when its lot was last judged",
        },
    },
)
_REJECTED_ITEM: Schema = _object(
    "Something that was sent and refused. The latest 10,000 of an operator are kept.",
    {
        "received_at": TIME,
        "source": {
            **_TEXT,
            "description": "the way it came: `http`, `mqtt`, or the name of a format or connector",
        },
        "key": _maybe(_TEXT, "the id of the key that sent it; `mqtt` for what a broker let in"),
        "operator": _maybe(_TEXT, "whose it is: the key's operator, else the lot's; admins' alone "
                           "where nobody is known"),
        "lot": _maybe(_TEXT, "the lot it was for, as far as that could be read"),
        "event": _maybe(_TEXT, "the event's id, where it has one"),
        "code": {
            **_TEXT,
            "description": "that of a receipt's rejections, or `unreadable` for what gives no "
            "events at all",
        },
        "detail": {**_TEXT, "description": "why, in words for people"},
        "item": _maybe(_TEXT, "what is kept of it, at most 2,000 bytes: of an event its members as "
                       "JSON, with `…` for whatever is unknown or free text; null where nothing "
                       "could be read"),
    },
)  # fmt: skip
_KEY: Schema = _object(
    "A key without its secret.",
    {
        "id": _TEXT,
        "role": {"type": "string", "enum": list(ROLES)},
        "operator": _maybe(_TEXT, "whose lots it may write, of the role operator"),
        "label": _TEXT,
        "created_at": TIME,
        "expires_at": _maybe(TIME, "null: never"),
        "revoked_at": _maybe(TIME, "null: it is valid"),
    },
)
_OWN_KEY: Schema = _object(
    "A key as its bearer may know it.",
    {name: _KEY["properties"][name] for name in ("id", "role", "operator", "label", "expires_at")},
)
_ACTIVITY: Schema = _object(
    "A lot that sent events.",
    {"lot": ID, "events": {"type": "integer", "minimum": 1, "description": "accepted ones"}},
)
_ACT: Schema = _object(
    "Something that was done to a lot, a device or a key.",
    {
        "at": TIME,
        "key": {
            **_TEXT,
            "description": "the id of the key that did it; `environment` for the admin key of the "
            "environment, `command-line` and `import` for who works on the database itself",
        },
        "action": {"type": "string", "enum": list(get_args(Action))},
        "lot": _maybe(_TEXT, "the lot it was done to"),
        "zone": _maybe(_TEXT, "the zone whose spaces or cars were listed or counted"),
        "target": _maybe(
            _TEXT, "the key that was made or revoked, the device, the event that was voided"
        ),
        "event": _maybe(_TEXT, "the id of the recount or void in the lot's log"),
        "request": _maybe(_TEXT, "the request's id; null where there was none, and for events"),
    },
)
_STATUS: Schema = _object(
    "How it is.",
    {
        "status": {"enum": ["alive", "ready"], "type": "string"},
        "mqtt": {
            "enum": ["connected", "away"],
            "type": "string",
            "description": "whether a broker's messages come in, where one is set",
        },
    },
    optional=("mqtt",),
)
_STREAM_MESSAGE: Schema = {
    "description": "What a WebSocket client is told.",
    "oneOf": [
        _object("A lot's state.", {"cursor": _TEXT, "availability": _ref("Availability")}),
        _object("A lot was retired.", {"cursor": _TEXT, "retired": ID}),
        _object("What it sent was not understood.", {"error": _TEXT}),
    ],
}
