"""The rows of usage as JSON schemas, each column with its meaning and formula."""

from typing import Any

from parking.web.event_schemas import ID, TIME

Schema = dict[str, Any]


def _maybe(kind: str, text: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], "description": text, **more}


def _sum(text: str) -> Schema:
    return {"type": "number", "minimum": 0, "description": text}


USAGE_ROW: Schema = {
    "type": "object",
    "description": "Usage of a lot, zone, class or district in a bucket [start, end).",
    "properties": {
        "lot": {**ID, "description": "not with by=district"},
        "zone": {**ID, "description": "with by=zone"},
        "class": {"type": "string", "description": "with by=class"},
        "district": _maybe("string", "with by=district; null: lots of none"),
        "hour_of_week": {
            "type": "integer",
            "minimum": 0,
            "maximum": 167,
            "description": "with bucket=hour_of_week: 0 is Monday 00:00 to 01:00, local time",
        },
        "start": TIME,
        "end": TIME,
        "capacity": {"type": "integer", "minimum": 0, "description": "spaces, at the end"},
        "capacity_s": _sum("space-seconds in all"),
        "known_s": _sum("space-seconds that are known"),
        "occupied_s": _sum("space-seconds that were occupied"),
        "coverage": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "known_s / capacity_s",
        },
        "occupancy_mean": _maybe("number", "occupied_s / known_s; null when coverage is 0"),
        "occupancy_peak": _maybe(
            "number",
            "greatest occupied / capacity of the joint step function; for a district the greatest "
            "of its lots'; null when coverage is 0",
        ),
        "arrivals": _maybe("integer", "cars that came; null where only flags are known"),
        "departures": _maybe("integer", "cars that left; null where only flags are known"),
        "arrivals_are": _maybe(
            "string",
            "lower_bound where a zone is counted by readings of a number, else exact",
            enum=["exact", "lower_bound", None],
        ),
        "turnover": _maybe("number", "departures per space and day"),
        "dwell_mean_min": _maybe(
            "number", "occupied space-minutes / departures (Little's law); null without departures"
        ),
        "dwell_p50_min": _maybe(
            "number", "half of the stays that ended were no longer; minutes, within 5 %"
        ),
        "dwell_p85_min": _maybe(
            "number", "85 % of the stays that ended were no longer; minutes, within 5 %"
        ),
        "full_minutes": _sum("minutes with no free space and nothing unknown"),
    },
    "required": [
        "start",
        "end",
        "capacity",
        "capacity_s",
        "known_s",
        "occupied_s",
        "coverage",
        "occupancy_mean",
        "occupancy_peak",
        "arrivals",
        "departures",
        "arrivals_are",
        "turnover",
        "dwell_mean_min",
        "dwell_p50_min",
        "dwell_p85_min",
        "full_minutes",
    ],
}
