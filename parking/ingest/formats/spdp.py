"""SPDP v2, the Dutch standard for dynamic parking data: one facility's present state.

`{"parkingFacilityDynamicInformation": {"identifier": …, "facilityActualStatus": {"lastUpdated": …,
"open": …, "full": …, "vacantSpaces": …}}}`, put under the facility's UUID. It gives a `count` of
vacant spaces, where it tells none a `flag` by `full`, and a `status` by `open`. `lastUpdated` are
seconds since 1970.
"""

from collections.abc import Mapping
from typing import Any

from parking.ingest.decoded import Decoded, NotDecodable
from parking.ingest.formats.gathering import PLAIN, Gathering, Reading
from parking.ingest.formats.message import Message, json_of
from parking.ingest.formats.scalars import UNIX, TimeForm, Unreadable, read, text, truth, whole

INFORMATION = "parkingFacilityDynamicInformation"
STATUS = "facilityActualStatus"
_PLACE = f"/{INFORMATION}/{STATUS}"


def decode(message: Message, reading: Reading = PLAIN) -> Decoded:
    """Give the events of a state; `message.part` is the identifier in the path, if there is one."""
    data = json_of(message, reading.encoding)
    information = data.get(INFORMATION) if isinstance(data, dict) else None
    status = information.get(STATUS) if isinstance(information, dict) else None
    if not isinstance(information, dict) or not isinstance(status, dict):
        raise NotDecodable(f'it is not {{"{INFORMATION}": {{"{STATUS}": {{...}}}}}}')
    try:
        identifier = read(information, "identifier", text)
    except Unreadable as unreadable:
        raise NotDecodable(str(unreadable)) from None
    if message.part and message.part.lower() != identifier.lower():
        raise NotDecodable("identifier: it is not that of the path")
    gathering = Gathering(reading.only)
    try:
        _state(identifier, status, reading, message.now, gathering)
    except Unreadable as unreadable:
        gathering.unread(_PLACE, str(unreadable))
    return gathering.result()


def _state(
    identifier: str, status: Mapping[str, Any], reading: Reading, now: int, gathering: Gathering
) -> None:
    site = reading.places.find(identifier)
    if site is None:
        raise Unreadable("identifier: no lot is named for it")
    at = read(status, "lastUpdated", lambda value: TimeForm(UNIX).read(value, now))
    named = {"lot": site.lot, "observed_at": at}
    if status.get("vacantSpaces") is not None:
        free = _tried(status, "vacantSpaces", whole, gathering)
        if free is not None:
            gathering.event("count", {**named, "zone": site.zone, "free": free})
    elif status.get("full") is not None:
        full = _tried(status, "full", truth, gathering)
        if full is not None:
            level = "full" if full else "available"
            gathering.event("flag", {**named, "zone": site.zone, "level": level})
    elif status.get("open") is None:
        gathering.unread(_PLACE, "it has none of vacantSpaces, full and open")
    if status.get("open") is not None:
        is_open = _tried(status, "open", truth, gathering)
        if is_open is not None:
            gathering.event("status", {**named, "status": "open" if is_open else "closed"})


def _tried(status: Mapping[str, Any], name: str, as_: Any, gathering: Gathering) -> Any:
    """Read a field, or note that it cannot be read and give None."""
    try:
        return read(status, name, as_)
    except Unreadable as unreadable:
        gathering.unread(_PLACE, str(unreadable))
        return None
