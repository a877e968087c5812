"""4pyun (PP停车) and its like: a post for each car that enters or leaves, and remaining spaces.

`message.part` is `enter`, `leave` or `space`. A car gives a `passage`, named by its serial;
remaining spaces, of the car park or by area, give a `count` each. Nothing else of a post is looked
at: the number plate, names, pictures and payments end here. A serial goes into its event's id as a
digest, in which also enter and leave differ, so that no stay can be put together from the log.
"""

import hmac
from collections.abc import Iterator, Mapping
from hashlib import md5, sha256
from typing import Any

import msgspec

from parking.ingest.decoded import Decoded, NotDecodable
from parking.ingest.formats.forms import fields_as_sent, fields_of
from parking.ingest.formats.gathering import PLAIN, Gathering, Reading
from parking.ingest.formats.message import Message
from parking.ingest.formats.places import Site
from parking.ingest.formats.scalars import (
    RFC3339,
    UNIX_MS,
    TimeForm,
    Unreadable,
    read,
    text,
    whole,
)

POSTS = ("enter", "leave", "space")
_PARKS = ("park_uuid", "merchant")
"""A car park has one of these."""
_TIMES = {"enter": "enter_time", "leave": "leave_time", "space": "timestamp"}
_DIRECTIONS = {"enter": "in", "leave": "out"}
_TOTALS = ("total_parking_space", "total_space")
_REMAINING = ("remain_parking_space", "remain_space")
_SHORTEST_PLATE = 5


def decode(message: Message, reading: Reading = PLAIN) -> Decoded:
    """Give the events of a post; NotDecodable when it does not tell where, when and which car."""
    if message.part not in POSTS:
        raise NotDecodable("it is none of enter, leave, space")
    fields = fields_of(message, reading.encoding)
    gathering = Gathering(reading.only)
    try:
        _read(fields, message, reading, gathering)
    except Unreadable as unreadable:
        raise NotDecodable(str(unreadable)) from None
    return gathering.result()


def _read(
    fields: Mapping[str, Any], message: Message, reading: Reading, gathering: Gathering
) -> None:
    known = next((name for name in _PARKS if fields.get(name) not in (None, "")), _PARKS[0])
    park = read(fields, known, text)
    site = reading.places.find(park)
    if site is None:  # of no interest here: a gateway that got an error would never get past it
        gathering.unread(f"/{known}", "no lot is named for it")
        return
    _refuse_plate(fields, site.lot)
    named = {"lot": site.lot, "observed_at": _moment(fields, message, reading)}
    if message.part in _DIRECTIONS:
        direction = _DIRECTIONS[message.part]
        identity = _identity(park, direction, fields)
        gathering.event(
            "passage", {**named, "zone": site.zone, "direction": direction, "id": identity}
        )
    _spaces(fields, site, named, gathering)


def is_signed(message: Message, secret: str, encoding: str | None = None) -> bool:
    """Whether a post bears the signature that 4pyun asks for, made with the secret.

    MD5 of all other fields by name and `&app_secret=`; that is weak, but what such gateways have.
    """
    try:
        fields = fields_as_sent(message, encoding)
    except NotDecodable:
        return False
    given = fields.pop("sign", None)
    if not isinstance(given, str):
        return False
    plain = "&".join(f"{name}={_signed(fields[name])}" for name in sorted(fields))
    made = md5(
        f"{plain}&app_secret={secret}".encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()
    return hmac.compare_digest(made.encode(), given.lower().encode("utf-8", "replace"))


def _signed(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _moment(fields: Mapping[str, Any], message: Message, reading: Reading) -> str:
    """Give when it was: milliseconds since 1970, or a time in words."""
    name = _TIMES[message.part]

    def read_time(value: Any) -> str:
        if isinstance(value, int) or (isinstance(value, str) and value.strip().isdigit()):
            return TimeForm(UNIX_MS).read(value, message.now)
        return TimeForm(RFC3339, reading.zone).read(value, message.now)

    return read(fields, name, read_time)


def _identity(park: str, direction: str, fields: Mapping[str, Any]) -> str:
    """Give the id of a passage; a plate within the serial does not go into it."""
    serial = read(fields, "parking_serial", text)
    plate = fields.get("plate")
    if isinstance(plate, str) and plate.strip():
        serial = serial.replace(plate.strip(), "")
    told = msgspec.json.encode([park, direction, serial])
    return f"{direction}:{sha256(told).hexdigest()[:40]}"


def _spaces(
    fields: Mapping[str, Any], site: Site, named: Mapping[str, Any], gathering: Gathering
) -> None:
    """Give the counts of remaining spaces: by area where areas are named, else of the whole."""
    areas = list(_areas(fields, site, gathering))
    for zone, free in areas:
        gathering.event("count", {**named, "zone": zone, "free": free})
    remaining = _number(fields, _REMAINING, "", gathering)
    total = _number(fields, _TOTALS, "", gathering)
    if not areas and remaining is not None and (total is None or total > 0):
        gathering.event("count", {**named, "zone": site.zone, "free": remaining})


def _areas(
    fields: Mapping[str, Any], site: Site, gathering: Gathering
) -> Iterator[tuple[str, int]]:
    areas = fields.get("area_space")
    if isinstance(areas, str):  # a form has its lists as JSON in a field
        try:
            areas = msgspec.json.decode(areas)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            gathering.unread("/area_space", "it is not JSON")
            return
    for index, area in enumerate(areas if isinstance(areas, list) else ()):
        place = f"/area_space/{index}"
        name = area.get("area_name") if isinstance(area, dict) else None
        zone = site.zones.get(name) if isinstance(name, str) else None
        if zone is None:
            gathering.unread(place, "area_name: no zone is named for it")
            continue
        free = _number(area, _REMAINING, place, gathering)
        if free is not None:
            yield zone, free


def _number(
    fields: Mapping[str, Any], names: tuple[str, ...], place: str, gathering: Gathering
) -> int | None:
    """Read the first of these fields that is there; None when there is none, or it is no number."""
    for name in names:
        if fields.get(name) not in (None, ""):
            try:
                return whole(fields[name])
            except Unreadable as unreadable:
                gathering.unread(f"{place}/{name}", str(unreadable))
                return None
    return None


def _refuse_plate(fields: Mapping[str, Any], lot: str) -> None:
    """Refuse a post that has its plate where the car park's id belongs."""
    plate = fields.get("plate")
    if isinstance(plate, str) and len(plate.strip()) >= _SHORTEST_PLATE and plate.strip() in lot:
        raise Unreadable("park_uuid: it holds the plate")
