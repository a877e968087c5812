"""What LoRaWAN network servers post, as JSON schemas: the members that are read, among others.

These documents are not ours: they are left open, and what is no such document is still a message,
which the receipt refuses.
"""

from typing import Any, get_args

from parking.domain.devices import MEASURING, Model
from parking.web.event_schemas import ID, REF, TIME, Schema

EUI: Schema = {
    "type": "string",
    "pattern": "^[0-9A-Fa-f]{16}$",
    "description": "a device's EUI-64, 16 hex digits; answered in small ones",
}
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_HEARD: Schema = {
    "type": "array",
    "description": "the gateways that heard it",
    "items": {
        "type": "object",
        "properties": {"rssi": {**_NUMBER, "description": "dBm"}},
        "additionalProperties": True,
    },
}
_ANYTHING: Schema = {
    "type": "object",
    "description": "Whatever else is posted is refused in the receipt, or acknowledged where it "
    "says nothing of spaces.",
    "additionalProperties": True,
}


def _open(text: str, properties: dict[str, Schema], required: tuple[str, ...]) -> Schema:
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        "required": list(required),
        "additionalProperties": True,
    }


def lorawan_schemas() -> dict[str, Schema]:
    """Give the components that network servers' documents need."""
    return {
        "ChirpstackUp": _CHIRPSTACK_UP,
        "ChirpstackEvent": _either("An event of ChirpStack v4, in JSON.", "ChirpstackUp"),
        "TtsUplink": _TTS_UPLINK,
        "TtsMessage": _either("A message of The Things Stack v3, in JSON.", "TtsUplink"),
    }


def _either(text: str, name: str) -> Schema:
    return {"description": text, "anyOf": [{"$ref": REF + name}, _ANYTHING]}


_CHIRPSTACK_UP: Schema = _open(
    "An uplink as ChirpStack tells it; what is 0, false or empty is left out.",
    {
        "deduplicationId": {**_TEXT, "description": "makes the events' ids"},
        "time": {**TIME, "description": "becomes `observed_at`"},
        "deviceInfo": _open("The device.", {"devEui": EUI}, ("devEui",)),
        "fPort": {"type": "integer", "minimum": 0, "maximum": 255},
        "data": {**_TEXT, "contentEncoding": "base64", "description": "the payload"},
        "rxInfo": _HEARD,
    },
    ("time", "deviceInfo"),
)
_TTS_UPLINK: Schema = _open(
    "An uplink as The Things Stack tells it; what is 0, false or empty is left out.",
    {
        "end_device_ids": _open("The device.", {"dev_eui": EUI, "dev_addr": _TEXT}, ("dev_eui",)),
        "received_at": TIME,
        "uplink_message": _open(
            "The uplink. Its session, counter and time make the events' ids.",
            {
                "session_key_id": _TEXT,
                "f_port": {"type": "integer", "minimum": 0, "maximum": 255},
                "f_cnt": {"type": "integer", "minimum": 0},
                "frm_payload": {**_TEXT, "contentEncoding": "base64", "description": "the payload"},
                "received_at": {**TIME, "description": "becomes `observed_at`"},
                "rx_metadata": _HEARD,
            },
            (),
        ),
    },
    ("end_device_ids", "uplink_message"),
)


def _null(*names: str) -> dict[str, Schema]:
    return {name: {"type": "null"} for name in names}


def _settings(models: list[str], given: tuple[str, ...], absent: tuple[str, ...]) -> Schema:
    return {
        "properties": {
            "model": {"enum": models},
            **{name: {"type": "object"} for name in given},
            **_null(*absent),
        },
        "required": list(given),
    }


def _placed(one: str, other: str, settings: Schema) -> Schema:
    properties: dict[str, Any] = {one: {"type": "string"}, **_null(other)}
    return {
        "properties": {**settings["properties"], **properties},
        "required": [one, *settings["required"]],
    }


DEVICE_CONDITION: Schema = {
    "anyOf": [
        _placed(one, other, settings)
        for one, other in (("space", "zone"), ("zone", "space"))
        for settings in (
            _settings(sorted(MEASURING), ("distance",), ("bit",)),
            _settings(["bosch-tps110"], (), ("distance", "bit")),
            _settings(["generic-bit"], (), ("distance",)),
        )
    ]
}
"""What `DeviceDescription` asks beyond its fields."""


def _maybe(name: str, text: str) -> Schema:
    return {"anyOf": [{"$ref": REF + name}, {"type": "null"}], "description": text}


DEVICE: Schema = {
    "type": "object",
    "description": "A device of a LoRaWAN network, each member there.",
    "properties": {
        "dev_eui": {**EUI, "pattern": "^[0-9a-f]{16}$"},
        "lot": ID,
        "space": {**ID, "type": ["string", "null"], "description": "the space it watches"},
        "zone": {**ID, "type": ["string", "null"], "description": "or else the zone it is of"},
        "model": {"type": "string", "enum": list(get_args(Model))},
        "distance": _maybe("DeviceDistance", "of models that measure a distance"),
        "bit": _maybe("DeviceBit", "of the generic model"),
    },
    "required": ["dev_eui", "lot", "space", "zone", "model", "distance", "bit"],
}
