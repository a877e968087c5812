"""What operators' systems push, as far as it is looked at; all else in it is ignored.

These formats are others': what cannot be read in one part of a message is told in the answer and
costs no other part, so their schemas ask for little.
"""

from parking.ingest.formats.fourpyun import POSTS
from parking.ingest.formats.parkapi import FREE, PARTS
from parking.ingest.formats.spdp import INFORMATION, STATUS
from parking.web.event_schemas import Schema

_NAME: Schema = {
    "type": ["string", "integer"],
    "pattern": r"^[!-~]{1,64}$",
    "minimum": -999_999_999_999_999,
    "maximum": 999_999_999_999_999,
}
_MILLISECONDS: Schema = {
    "description": "milliseconds since 1970, UTC; also a time with an offset, or one without where "
    "the connector names its zone",
}
_SITE: Schema = {
    "type": "object",
    "description": "A parking site; one without a uid, a time and a number gives no event.",
    "properties": {
        "uid": {"description": "the lot's id, or one that the connector knows"},
        "realtime_data_updated_at": {
            "description": "when it was measured, with an offset; without one only where the "
            "connector names the zone",
        },
        "realtime_opening_status": {"description": "OPEN, CLOSED or UNKNOWN"},
        FREE: {"description": "free spaces: a whole number, also in a string"},
        **{
            f"{FREE}_{part}": {"description": "the same of a part that the connector gives a zone"}
            for part in PARTS
        },
    },
}
_ELSE: Schema = {"description": "Whatever is no site is told as unread, and costs no other."}
_SITES: Schema = {
    "type": "object",
    "description": "Realtime data of parking sites, as ParkAPI v3 is pushed it.",
    "properties": {"items": {"type": "array", "items": {"anyOf": [_SITE, _ELSE]}}},
    "required": ["items"],
}
_TABLE: Schema = {
    "type": "string",
    "pattern": "^uid;realtime_data_updated_at;realtime_free_capacity\r?\n",
    "description": "The same as CSV: the first line names the columns, in any order; separated by "
    ", ; tab or |, with or without a byte order mark.",
}
_FACILITY: Schema = {
    "type": "object",
    "description": "A facility's dynamic data, as SPDP v2 has it.",
    "properties": {
        INFORMATION: {
            "type": "object",
            "properties": {
                "identifier": {**_NAME, "description": "that of the path"},
                STATUS: {
                    "type": "object",
                    "properties": {
                        "lastUpdated": {"description": "seconds since 1970, UTC"},
                        "open": {"description": "true or false"},
                        "full": {"description": "true or false"},
                        "vacantSpaces": {"description": "a whole number"},
                    },
                },
            },
            "required": ["identifier", STATUS],
        }
    },
    "required": [INFORMATION],
}
_AREAS: Schema = {
    "description": "remaining spaces by area, `{area_name, remain_space}` each, for areas that the "
    "connector gives zones; in a form as JSON in a field",
}
_TEXTS = {
    "enter": "A car has entered. Its plate and whatever else is told of it is not looked at.",
    "leave": "A car has left. Its plate and whatever else is told of it is not looked at.",
    "space": "So many spaces remain.",
}
_TIMES = {"enter": "enter_time", "leave": "leave_time", "space": "timestamp"}


def _post(post: str) -> Schema:
    time = _TIMES[post]
    serial: dict[str, Schema] = {}
    if post != "space":
        text = "the gateway's own number of this stay; sent again it is a duplicate"
        serial = {"parking_serial": {**_NAME, "description": text}}
    return {
        "type": "object",
        "description": _TEXTS[post],
        "properties": {
            "park_uuid": {**_NAME, "description": "the lot's id, or one the connector knows"},
            **serial,
            time: _MILLISECONDS,
            "total_parking_space": {"description": "0: the next is not known"},
            "remain_parking_space": {"description": "free spaces"},
            "area_space": _AREAS,
        },
        "required": ["park_uuid", *serial, time],
    }


CONNECT_SCHEMAS: dict[str, Schema] = {
    "ParkApiSites": _SITES,
    "ParkApiTable": _TABLE,
    "SpdpFacility": _FACILITY,
    **{f"Fourpyun{post.capitalize()}": _post(post) for post in POSTS},
    "OwnMessage": {"description": "Whatever the connector's mapping reads, JSON or CSV."},
}
CONNECT_EXAMPLES: dict[str, list[object]] = {
    "ParkApiSites": [
        {
            "items": [
                {
                    "uid": "east-station-p1",
                    "realtime_data_updated_at": "2026-11-23T08:31:03+08:00",
                    "realtime_opening_status": "OPEN",
                    "realtime_free_capacity": 20,
                }
            ]
        }
    ],
    "ParkApiTable": [
        f"uid;realtime_data_updated_at;{FREE}\neast-station-p1;2026-11-23T08:31:03+08:00;20\n"
    ],
    "SpdpFacility": [
        {
            INFORMATION: {
                "identifier": "east-station-p1",
                STATUS: {"lastUpdated": 1795393863, "open": True, "full": False,
                         "vacantSpaces": 20},
            }
        }
    ],
    "FourpyunEnter": [
        {"park_uuid": "east-station-p1", "parking_serial": "20261123-417",
         "enter_time": "1795393863000", "remain_parking_space": "20"}
    ],
    "FourpyunLeave": [
        {"park_uuid": "east-station-p1", "parking_serial": "20261123-417",
         "leave_time": "1795397463000", "remain_parking_space": "21"}
    ],
    "FourpyunSpace": [
        {"park_uuid": "east-station-p1", "timestamp": "1795397463000", "total_parking_space": "320",
         "remain_parking_space": "21"}
    ],
}  # fmt: skip
