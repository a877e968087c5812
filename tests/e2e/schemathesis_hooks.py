"""What schemathesis has to be told of the service; its configuration names this module."""

import json
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response, SerializationContext

# What no schema can say: the present, our own cursors, IANA's zones, the grammar of opening hours,
# ids that differ, steps and thresholds that rise. A fault in anything else means that the schema is
# wrong.
MEANINGS = {
    "?at": {"not a past moment"},
    "?bbox": {"longitudes in ±180, latitudes in ±90, south first"},
    "?from": {"not before to", "before 1970", "after to"},
    "?to": {"more than 200000 hours after from"},
    "?cursor": {"not a cursor of this list"},
    "/expires_at": {"not in the future"},
    "/timezone": {"Value error, not an IANA time zone"},
    "/tariff": {"Value error, steps must rise in up_to_minutes"},
    "/distance": {"Value error, free_above_mm must not be less than occupied_below_mm"},
    "/spaces": {"more than the zone's capacity of 12"},
    "": {
        "identifier: it is not that of the path",
        *(
            f"{name}: {why}"
            for name in ("enter_time", "leave_time", "timestamp")
            for why in (
                "it is not a time in a string",
                "it is not a time as rfc3339 has it",
                "it is not a number",
                "it is a number that is no time",
                "it is not there",
            )
        ),
        "Value error, zones must have different ids",
        "Value error, entrances must have different ids",
        "Value error, spaces must have different ids",
    },
}
OPENING_HOURS = "/opening_hours"
NOT_AN_INTEGER = "Input should be a valid integer"


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context: SerializationContext, value: Any) -> bytes:
    """Send a list as its lines, anything else as one line."""
    lines = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@schemathesis.check
def meaning_alone_is_refused(_context: CheckContext, response: Response, case: "Case[Any]") -> None:
    """Let data that its schema allows be refused only for what a schema cannot say."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code not in (400, 413, 415):
        return
    problem = response.json()
    for fault in problem.get("errors", [{"pointer": None, "detail": problem["detail"]}]):
        if fault["pointer"] == OPENING_HOURS:
            continue
        if fault["detail"] == NOT_AN_INTEGER and is_whole_float(case.body, fault["pointer"]):
            continue  # an integer for JSON schema, a coercion for the contract
        allowed = MEANINGS.get(fault["pointer"], set())
        assert fault["detail"] in allowed, f"valid data was refused: {problem}"


def is_whole_float(body: Any, pointer: str) -> bool:
    for part in pointer.split("/")[1:]:
        body = body[int(part) if isinstance(body, list) else part]
    return isinstance(body, float) and body.is_integer()
