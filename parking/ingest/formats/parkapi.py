"""ParkAPI v3: realtime data of parking sites, pushed as JSON or CSV.

JSON is `{"items": [{"uid": …, "realtime_data_updated_at": …, "realtime_free_capacity": …}]}`; CSV
has the same names as columns. A site gives a `count` of its free spaces, one of each part of it
(`realtime_free_capacity_disabled` and the like) for which a zone is named, and a `status` where
`realtime_opening_status` is OPEN or CLOSED. What describes a site is not looked at.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from parking.ingest.decoded import Decoded, NotDecodable
from parking.ingest.formats.gathering import PLAIN, Gathering, Reading
from parking.ingest.formats.message import Message, json_of, text_of
from parking.ingest.formats.places import Site
from parking.ingest.formats.scalars import TimeForm, Unreadable, read, text, whole
from parking.ingest.formats.tables import rows

PARTS = ("disabled", "woman", "family", "charging", "carsharing", "truck", "bus")
"""The parts of a site that ParkAPI counts apart."""
FREE = "realtime_free_capacity"
_TIME = "realtime_data_updated_at"
_STATUS = "realtime_opening_status"
_STATUSES = {"OPEN": "open", "CLOSED": "closed"}
_SILENT = ("UNKNOWN", None)


def decode(message: Message, reading: Reading = PLAIN) -> Decoded:
    """Give the events of a push; `message.part` is `json` or `csv`."""
    gathering = Gathering(reading.only)
    items = _table(message, reading) if message.part == "csv" else _items(message, reading)
    for place, item in items:
        try:
            _site(item, place, reading, message.now, gathering)
        except Unreadable as unreadable:
            gathering.unread(place, str(unreadable))
    return gathering.result()


def _items(message: Message, reading: Reading) -> Iterator[tuple[str, Mapping[str, Any]]]:
    data = json_of(message, reading.encoding)
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise NotDecodable('it is not {"items": [...]}')
    for index, item in enumerate(items):
        yield f"/items/{index}", item if isinstance(item, dict) else {}


def _table(message: Message, reading: Reading) -> Iterator[tuple[str, Mapping[str, Any]]]:
    table = rows(
        text_of(message, reading.encoding),
        delimiter=reading.delimiter,
        columns=reading.columns,
        needed=("uid", _TIME),
    )
    for line, row in table:
        yield f"line {line}", row


def _site(
    item: Mapping[str, Any], place: str, reading: Reading, now: int, gathering: Gathering
) -> None:
    """Give the events of one site; Unreadable when it gives none at all."""
    uid = read(item, "uid", text)
    site = reading.places.find(uid)
    if site is None:
        raise Unreadable("uid: no lot is named for it")
    at = read(item, _TIME, lambda value: TimeForm(zone=reading.zone).read(value, now))
    named = {"lot": site.lot, "observed_at": at}
    counted = _count(item, place, site, named, gathering)
    status = item.get(_STATUS)
    if isinstance(status, str) and status in _STATUSES:
        gathering.event("status", {**named, "status": _STATUSES[status]})
    elif status not in _SILENT:
        gathering.unread(place, f"{_STATUS}: it is none of OPEN, CLOSED, UNKNOWN")
    elif not counted:
        raise Unreadable(f"it has no {FREE}")


def _count(
    item: Mapping[str, Any], place: str, site: Site, named: Mapping[str, Any], gathering: Gathering
) -> bool:
    """Give the counts of a site; returns whether it tells any, readable or not."""
    told = False
    for part in (None, *PARTS):
        name = FREE if part is None else f"{FREE}_{part}"
        if item.get(name) is None:
            continue
        told = True
        zone = site.zone if part is None else site.zones.get(part)
        if part is not None and zone is None:
            gathering.unread(place, f"{name}: no zone is named for it")
            continue
        try:
            gathering.event("count", {**named, "zone": zone, "free": read(item, name, whole)})
        except Unreadable as unreadable:
            gathering.unread(place, str(unreadable))
    return told
