"""The events as JSON schemas: as they are sent, and as the log shows them.

Made from the structs that decode them, so that the document cannot say what the service does not;
what the structs leave to later checks (ids, "exactly one of") is added here.
"""

from typing import Any, get_args

import msgspec

from parking.domain import events

Schema = dict[str, Any]
REF = "#/components/schemas/"
ID: Schema = {
    "type": "string",
    "pattern": "^[A-Za-z0-9._-]{1,64}$",
    "description": "1-64 of A-Z a-z 0-9 . _ -",
}
TIME: Schema = {"type": "string", "format": "date-time"}

_TEXTS = {
    "lot": "the lot it happened in",
    "type": "what kind of event this is",
    "observed_at": "when it happened: RFC 3339 with an offset; microseconds are kept",
    "id": "names this event within its lot, so that sending it again is a duplicate; without it "
    "one is made from the content",
    "sensor": "which sensor or gateway says so",
    "space": "a space that a list of the lot's zones holds",
    "occupied": "cars in the zone",
    "direction": "`in`: into the zone",
    "count": "how many cars; 1 when left out",
    "free": "free spaces of the zone",
    "level": "the level of the zone",
    "reason": "why, in words for people",
    "battery_pct": "percent",
    "rssi_dbm": "signal, dBm",
    "temperature_c": "degrees Celsius",
    "status": "whether the lot is open from then on",
    "event": "the id of an event of this lot that must not count; it may still be to come",
    "zone": "may be left out when exactly one zone of the lot fits the type",
}
_OWN_TEXTS = {
    ("space", "occupied"): "whether a vehicle stands on the space",
    ("heartbeat", "space"): "the space it watches; not together with `zone`",
    ("heartbeat", "zone"): "the zone it watches; not together with `space`",
}
_FITS = {
    "space": "For zones counted by `spaces`.",
    "passage": "For zones counted by `gates`.",
    "count": "For zones counted by `counts` or `gates`.",
    "flag": "For zones counted by `flag`.",
    "recount": "For zones counted by `gates` or `counts`: the level starts anew from here.",
    "heartbeat": "For any zone; names at most one of space and zone.",
    "status": "For the whole lot.",
    "void": "For any event of the lot, at every moment. A void of a void has no effect.",
}
_NUMBERS: dict[str, Schema] = {
    "battery_pct": {"type": "number", "minimum": 0, "maximum": 100},
    "rssi_dbm": {"type": "number", "minimum": -300, "maximum": 100},
    "temperature_c": {"type": "number", "minimum": -273.15, "maximum": 1000},
}
_CONDITIONS: dict[str, Schema] = {
    "count": {"oneOf": [{"required": ["free"]}, {"required": ["occupied"]}]},
    "heartbeat": {"not": {"required": ["space", "zone"]}},
}
_STRUCTS = get_args(events.Event)
_LIST: Schema = {
    "type": "object",
    "description": "Events to store; more than 10,000 of them are too large a body (413).",
    "properties": {
        "events": {
            "type": "array",
            "items": {
                "anyOf": [
                    {"$ref": REF + "Event"},
                    {"description": "Whatever is not an event is refused by itself, in the "
                                    "receipt: one bad event never costs the others."},
                ]
            },
        }
    },
    "required": ["events"],
    "additionalProperties": False,
}  # fmt: skip


def event_schemas() -> dict[str, Schema]:
    """Give a component for each type of event, their union, their list, and those of the log."""
    sent = {struct.__struct_config__.tag: _sent(struct) for struct in _STRUCTS}
    logged = {kind: _logged(schema) for kind, schema in sent.items()}
    return {
        **{_name(kind): schema for kind, schema in sent.items()},
        "Event": _union("An event; `type` says which.", {kind: _name(kind) for kind in sent}),
        "EventList": _LIST,
        **{f"Logged{_name(kind)}": schema for kind, schema in logged.items()},
        "LoggedEvent": _union(
            "An event as it stands in the log.", {kind: f"Logged{_name(kind)}" for kind in sent}
        ),
    }


def _name(kind: str) -> str:
    return f"{kind.capitalize()}Event"


def _union(text: str, names: dict[str, str]) -> Schema:
    mapping = {kind: REF + name for kind, name in names.items()}
    return {
        "description": text,
        "type": "object",
        "oneOf": [{"$ref": ref} for ref in mapping.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }


def _sent(struct: Any) -> Schema:
    kind: str = struct.__struct_config__.tag
    _, found = msgspec.json.schema_components([struct])
    made = found[struct.__name__]
    properties: dict[str, Schema] = made["properties"]
    ordered = ["type", "lot", "observed_at"]
    ordered += [name for name in properties if name not in (*ordered, "id", "sensor")]
    text = " ".join(made["description"].split())
    return {
        "type": "object",
        "description": f"{text} {_FITS[kind]}",
        "properties": {
            name: _field(kind, name, properties[name]) for name in [*ordered, "id", "sensor"]
        },
        "required": [name for name in ordered if name in made["required"]],
        "additionalProperties": False,
        **_CONDITIONS.get(kind, {}),
    }


def _field(kind: str, name: str, made: Schema) -> Schema:
    """Give a field's schema: the struct's, with what is checked later, and a text."""
    text = _OWN_TEXTS.get((kind, name), _TEXTS[name])
    if name == "type":
        return {"type": "string", "const": kind, "description": text}
    if name in ("lot", "space", "zone"):
        return {**ID, "description": text}
    if name in _NUMBERS:
        return {**_NUMBERS[name], "description": text}
    field = dict(made)
    if "enum" in field:
        field["type"] = "string"
    if "pattern" in field:
        field["pattern"] = field["pattern"].replace(r"\Z", "$")
    return {**field, "description": text}


def _logged(sent: Schema) -> Schema:
    """Give the schema of the same event as the log shows it: named, in UTC, with its receipt."""
    properties: dict[str, Schema] = sent["properties"]
    shown = {
        **properties,
        "id": {"type": "string", "description": "its own id, or the one made from its content"},
        "observed_at": {**TIME, "description": "when it happened, UTC"},
        "zone": {**ID, "description": "the zone it was found to speak of; not of the whole lot"},
        "received_at": {**TIME, "description": "when it was accepted, UTC"},
        "key": {
            "type": "string",
            "description": "the id of the key that sent it, or `connector.` and a connector's name",
        },
        "voided_by": {
            "type": ["string", "null"],
            "description": "the id of a void that names it: it does not count",
        },
    }
    return {
        "type": "object",
        "description": sent["description"],
        "properties": shown,
        "required": [*sent["required"], "id", "received_at", "key", "voided_by"],
    }
