"""What is answered of quality as JSON schemas, each field with its meaning."""

from typing import Any, get_args

from parking.domain.lots import Counting
from parking.domain.quality.findings import Kind
from parking.domain.quality.reports import Why
from parking.web.event_schemas import ID, REF, TIME

Schema = dict[str, Any]


def _maybe(schema: Schema, text: str) -> Schema:
    return {**schema, "type": [schema["type"], "null"], "description": text}


def _object(text: str, properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        "required": list(properties),
    }


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_KIND: Schema = {
    "type": "string",
    "enum": list(get_args(Kind)),
    "description": "what is wrong; docs/quality.md tells how each is found",
}

FINDING: Schema = _object(
    "What is wrong with a zone, a space or a sensor; with the lot if none is named.",
    {
        "kind": _KIND,
        "zone": _maybe(_TEXT, "the zone"),
        "space": _maybe(_TEXT, "the space"),
        "sensor": _maybe(_TEXT, "the sensor, where it named itself and it is about what it sends"),
        "since": _maybe(TIME, "since when, as far as it is known, UTC"),
        "detail": {**_TEXT, "description": "in words for people"},
        "facts": {
            "type": "object",
            "description": "the numbers behind it, by name, as docs/quality.md tells; lengths in "
            "seconds end in `_s`",
            "additionalProperties": _NUMBER,
        },
    },
)
DRIFT: Schema = _object(
    "By how many cars a day the level of a gate zone goes wrong; positive: it shows too many.",
    {
        "cars_per_day": {**_NUMBER, "description": "the best estimate"},
        "low": {**_NUMBER, "description": "lower end of the range that holds in 19 of 20 cases"},
        "high": {**_NUMBER, "description": "its upper end"},
        "recounts": {**_COUNT, "description": "from how many recounts it was told"},
        "nights": {**_COUNT, "description": "from how many quiet nights it was told"},
    },
)
_ZONE: Schema = _object(
    "A zone on that day.",
    {
        "zone": ID,
        "counting": {"type": "string", "enum": list(get_args(Counting))},
        "capacity": _COUNT,
        "trusted": {
            **_NUMBER,
            "minimum": 0,
            "maximum": 1,
            "description": "the share of its capacity whose number can be believed",
        },
        "findings": {**_COUNT, "description": "of the zone, its spaces and its sensors"},
        "drift": {
            "anyOf": [{"$ref": REF + "Drift"}, {"type": "null"}],
            "description": "of gate zones; null: there is not enough to tell it",
        },
        "duplicates": {**_COUNT, "description": "events of the zone that came again on that day"},
    },
)
_REASON: Schema = _object(
    "What took points off the score.",
    {
        "kind": _KIND,
        "points": {**_NUMBER, "minimum": 0, "description": "of 100, for all of this kind"},
        "findings": _COUNT,
    },
)
_RECOUNT: Schema = _object(
    "A proposal to count the cars of a gate zone; nothing is changed by it.",
    {
        "zone": ID,
        "kind": {
            "type": ["string", "null"],
            "enum": [*get_args(Why), None],
            "description": "why; null: judged by an earlier version",
        },
        "reason": {**_TEXT, "description": "why, in words for people"},
        "estimate": _maybe({"type": "integer"}, "cars to expect; null: no way to tell"),
        "error": _maybe({"type": "integer"}, "cars that the level shows too many, as estimated"),
        "counted_at": _maybe(TIME, "when somebody last counted, UTC; null: never, or as `kind`"),
    },
)
QUALITY: Schema = _object(
    "How well the sensors of a lot worked on a day of its calendar.",
    {
        "lot": ID,
        "day": {"type": "string", "format": "date", "description": "of the lot's calendar"},
        "start": TIME,
        "end": TIME,
        "through": {**TIME, "description": "events observed before that are judged, UTC"},
        "judged_at": {**TIME, "description": "when that was last done, UTC"},
        "over": {"type": "boolean", "description": "whether all of the day is judged"},
        "score": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "description": "the share of the lot's capacity whose number can be believed",
        },
        "reasons": {
            "type": "array",
            "items": _REASON,
            "description": "what took points off, most first; none for what is not worth a point",
        },
        "events": {**_COUNT, "description": "accepted ones observed on that day"},
        "duplicates": {**_COUNT, "description": "events that came again on that day"},
        "duplicate_rate": _maybe(_NUMBER, "duplicates / (events + duplicates)"),
        "zones": {"type": "array", "items": _ZONE},
        "findings": {
            "type": "array",
            "items": {"$ref": REF + "Finding"},
            "description": "the first 100",
        },
        "findings_total": _COUNT,
        "recounts": {"type": "array", "items": _RECOUNT},
    },
)
