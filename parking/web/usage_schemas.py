"""The rows of usage as JSON schemas, each column with its meaning and formula."""

from typing import Any

from parking.web.event_schemas import ID, TIME

Schema = dict[str, Any]


def _maybe(kind: str, text: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], "description": text, **more}


def _sum(text: str) -> Schema:
    return {"type": "number", "minimum": 0, "description": text}


def _share(text: str) -> Schema:
    return {"type": "number", "minimum": 0, "maximum": 1, "description": text}


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
        "coverage": _share("known_s / capacity_s"),
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
        "full_coverage": _share("share of the time in which it is known whether all was full"),
        "saturation": _maybe(
            "number",
            "share of the opening hours with nine tenths of the spaces or more occupied, of those "
            "of which it is known; null when saturation_coverage is 0",
        ),
        "saturation_coverage": _share("share of the opening hours of which saturation is known"),
        "peak_hour": _maybe(
            "integer",
            "local hour of the day (17: 17:00 to 18:00) with the greatest occupied_s / known_s; "
            "null for buckets of an hour",
        ),
        "peak_hour_coverage": _maybe(
            "number", "coverage of the hour of the day that is known least; null with peak_hour"
        ),
        "low_coverage": {"type": "boolean", "description": "coverage is below min_coverage"},
        "turned_away": _maybe(
            "number",
            "with measures=turned_away: cars to be expected in the full minutes, by the arrival "
            "rate of the same hour of the week in four weeks before and after, of such hours in "
            "which it was known never to be full; null where arrivals are, or nothing is known",
        ),
        "turned_away_coverage": _maybe(
            "number", "share of the time of which turned_away is known; null where arrivals are"
        ),
        "lots": {"type": "integer", "minimum": 0, "description": "with by=district"},
        "lots_covered": {
            "type": "integer",
            "minimum": 0,
            "description": "with by=district: lots whose coverage is min_coverage or more",
        },
        "covered_occupancy_mean": _maybe("number", "occupancy_mean of the lots_covered only"),
        "covered_turnover": _maybe("number", "turnover of the lots_covered only"),
        "covered_dwell_mean_min": _maybe("number", "dwell_mean_min of the lots_covered only"),
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
        "full_coverage",
        "saturation",
        "saturation_coverage",
        "peak_hour",
        "peak_hour_coverage",
        "low_coverage",
    ],
}
