"""Components of the OpenAPI document: what requests may hold, and what answers are.

Requests come from the pydantic models, closed as they are. Answers come from the msgspec structs
that are encoded, as they truly are: every field is there unless said otherwise. They are left open,
as a later version may add to them. A new answer is named in `routes` and described here.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from parking.domain import devices, lots, numbers
from parking.ingest import delivery, receipts
from parking.web import connect
from parking.web.answer_schemas import answers
from parking.web.connect_schemas import CONNECT_EXAMPLES, CONNECT_SCHEMAS
from parking.web.event_schemas import REF, Schema, event_schemas
from parking.web.examples import SCHEMA_EXAMPLES
from parking.web.lorawan_schemas import DEVICE_CONDITION, lorawan_schemas
from parking.web.streams import Subscribe

_STRUCTS = (
    lots.Position, lots.Entrance, lots.TariffStep, lots.Tariff, lots.Zone, lots.Lot, lots.Space,
    numbers.Numbers, numbers.ZoneNumbers, numbers.SpaceNumbers, numbers.Availability,
    receipts.Rejection, receipts.Named, receipts.Receipt, devices.Distance, devices.Bit,
    delivery.UnreadPart, delivery.Delivered, connect.FourpyunAnswer,
)  # fmt: skip
_RENAMED = {
    **{name: f"Lot{name}" for name in ("Position", "Entrance", "TariffStep", "Tariff", "Zone")},
    "Distance": "DeviceDistance",
    "Bit": "DeviceBit",
}
"""Structs of answers whose names the models of requests bear, or that say too little."""
_CONDITIONS: dict[str, Schema] = {
    "DeviceDescription": DEVICE_CONDITION,
    "KeyRequest": {
        "anyOf": [
            {
                "properties": {"role": {"const": "operator"}, "operator": {"type": "string"}},
                "required": ["operator"],
            },
            {
                "properties": {
                    "role": {"enum": ["admin", "planner"]},
                    "operator": {"type": "null"},
                }
            },
        ]
    },
    "Tariff": {
        "anyOf": [
            {
                "properties": {
                    "then_per_minutes": {"type": "integer"},
                    "then_price": {"type": "integer"},
                },
                "required": ["then_per_minutes", "then_price"],
            },
            {
                "properties": {
                    "then_per_minutes": {"type": "null"},
                    "then_price": {"type": "null"},
                }
            },
        ]
    },
}
"""What the models' validators ask beyond their fields, as far as a schema can say it."""
_TEXTS: dict[tuple[str, str], str] = {
    ("Availability", "status"): "`closed` when closed by an event or by the opening hours",
    ("Availability", "level"): "`limited`: less than a tenth of what is known is free",
    ("Availability", "free"): "null when nothing is known; never a guess",
    ("Availability", "occupied"): "null when nothing is known",
    ("Availability", "unknown"): "capacity = occupied + free + unknown, always",
    ("Availability", "basis"): "how its zones are counted",
    ("Availability", "observed_at"): "the age of the least fresh part of the numbers, UTC",
    ("Availability", "classes"): "the same by class of space",
    ("ZoneNumbers", "observed_at"): "when it was last heard, UTC; null when it is not known",
    ("ZoneNumbers", "heard_at"): "when it was last heard, UTC; null when it never was",
    ("ZoneNumbers", "level"): "of zones counted by flag alone",
    ("SpaceNumbers", "space"): "the space's id",
    ("SpaceNumbers", "zone"): "the zone that lists it",
    ("SpaceNumbers", "occupied"): "whether a vehicle stands there; null when it is not known",
    ("SpaceNumbers", "heard_at"): "when it or its zone's gateway was last heard, UTC",
    ("SpaceNumbers", "counted"): "whether the zone's numbers count it: not beyond the capacity",
    ("Receipt", "accepted"): "committed to the database now",
    ("Receipt", "duplicates"): "committed before",
    ("Receipt", "rejected"): "the first 1,000 of them; the others are not touched by these",
    ("Receipt", "rejected_total"): "all of them",
    ("Receipt", "ids"): "ids made for accepted events without one, of the first 1,000 of a stream",
    ("Delivered", "accepted"): "events committed to the database now",
    ("Delivered", "duplicates"): "committed before",
    ("Delivered", "rejected"): "the first 100 of the events that were made and refused",
    ("Delivered", "rejected_total"): "all of them",
    ("Delivered", "ids"): "ids made for accepted events without one, the first 100",
    ("Delivered", "unread"): "the first 100 parts of the message that gave no event",
    ("Delivered", "unread_total"): "all of them",
    ("UnreadPart", "place"): "a JSON pointer, or the line of a table",
    ("FourpyunAnswer", "code"): "`200`: it need not be sent again",
    ("FourpyunAnswer", "hint"): "what was not taken, and why",
    ("FourpyunAnswer", "seqno"): "the request's id",
    ("Rejection", "index"): "its place in the list, or its line, from 0",
    ("Rejection", "id"): "its id, where it has one",
    ("Rejection", "detail"): "why, in words for people",
    ("Named", "index"): "its place in the list, or its line, from 0",
}


def components(bodies: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    """Give all components by name; `bodies` are the models that routes take."""
    found = {
        **_requests(bodies),
        **event_schemas(),
        **lorawan_schemas(),
        **_structs(),
        **{name: dict(schema) for name, schema in CONNECT_SCHEMAS.items()},
    }
    found |= answers(found)
    for name, examples in {**SCHEMA_EXAMPLES, **CONNECT_EXAMPLES}.items():
        if name in found:
            found[name]["examples"] = examples
    return dict(sorted(found.items()))


def tidy(schema: Any) -> Any:
    """Give a schema without generated titles, its patterns and names as JSON schema has them."""
    if isinstance(schema, list):
        return [tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: tidy(value) for name, value in schema.items() if not _generated(name, value)}
    if isinstance(made.get("pattern"), str):
        made["pattern"] = made["pattern"].replace(r"\Z", "$")
    if isinstance(made.get("description"), str):
        made["description"] = " ".join(made["description"].split())
    if "enum" in made and "type" not in made:
        made["type"] = "string"
    if "patternProperties" in made:  # the only ones: nothing else may be there
        ((pattern, value),) = made.pop("patternProperties").items()
        made["propertyNames"] = {**made.get("propertyNames", {}), "pattern": pattern}
        made["additionalProperties"] = value
    return made


def _generated(name: str, value: Any) -> bool:
    return name == "title" and isinstance(value, str)


def _requests(bodies: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    models: list[type[BaseModel]] = list(dict.fromkeys([*bodies, Subscribe]))
    _, made = models_json_schema(
        [(model, "validation") for model in models], ref_template=REF + "{model}"
    )
    found: dict[str, Schema] = tidy(made["$defs"])
    for name, condition in _CONDITIONS.items():
        if name in found:
            found[name] |= condition
    return found


def _structs() -> dict[str, Schema]:
    """Give the schemas of the structs as they are encoded."""
    _, made = msgspec.json.schema_components(_STRUCTS, ref_template=REF + "{name}")
    omitting = {s.__name__ for s in _STRUCTS if s.__struct_config__.omit_defaults}
    found: dict[str, Schema] = {}
    for name, schema in made.items():
        properties = {
            field: _field(name, field, value) for field, value in schema["properties"].items()
        }
        required = schema["required"]
        if name not in omitting:
            required = [f for f in properties if f in required or "default" in properties[f]]
        for value in properties.values():
            value.pop("default", None)
        found[_RENAMED.get(name, name)] = _renamed(
            {
                "type": "object",
                "description": schema["description"],
                "properties": properties,
                "required": required,
            }
        )
    return {name: tidy(schema) for name, schema in found.items()}


def _field(struct: str, name: str, made: Schema) -> Schema:
    schema = dict(made)
    if name.endswith("_at"):
        schema = {"type": ["string", "null"], "format": "date-time"}
    if {"type": "null"} in schema.get("anyOf", ()) and len(schema["anyOf"]) == 2:
        kind = next(option for option in schema["anyOf"] if option != {"type": "null"})
        if set(kind) == {"type"}:
            del schema["anyOf"]
            schema["type"] = [kind["type"], "null"]
    text = _TEXTS.get((struct, name))
    return schema if text is None else {**schema, "description": text}


def _renamed(value: Any) -> Any:
    """Give a schema with its references to renamed structs put right."""
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: _renamed(item) for name, item in value.items()}
    if isinstance(made.get("$ref"), str):
        name = made["$ref"].removeprefix(REF)
        made["$ref"] = REF + _RENAMED.get(name, name)
    return made
