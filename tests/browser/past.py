"""Three weeks of a few lots, told to a service of its own, for the planners' page."""

import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tests.browser.scene import MARKUP, Json, call, push
from tests.service import DIRECT, RunningService

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKS = 3
_STALE_S = 7200  # an hour of silence is known, a day is not


def _lot(zh: str, en: str, district: str, *zones: Json, timezone: str = "Asia/Shanghai") -> Json:
    return {
        "name": {"zh": zh, "en": en},
        "kind": "surface",
        "operator": "other-parking" if district == "riverside" else "zd-parking",
        "location": {"lat": 34.76, "lon": 113.77},
        "district": district,
        "timezone": timezone,
        "zones": [{"class": "general", "stale_after_s": _STALE_S, **zone} for zone in zones],
    }


LOTS: dict[str, Json] = {
    # all known, cars counted
    "a-gates": _lot("东站P1停车场", "East Station P1", "east",
                    {"id": "g", "counting": "gates", "capacity": 100}),
    # all known, rises and falls alone: at least
    "b-counts": _lot("东站P2停车楼", "East Station P2", "east",
                     {"id": "c", "counting": "counts", "capacity": 50}),
    # heard of in the last days alone
    "c-gaps": _lot("商鼎路停车场", "Shangding Road", "east",
                   {"id": "c", "counting": "counts", "capacity": 80}),
    # a sensor a space: stays are measured
    "d-spaces": _lot("如意湖停车场", "Ruyi Lake", "lake",
                     {"id": "s", "counting": "spaces", "capacity": 2}),
    # never heard of, and a name full of markup
    "e-markup": _lot(MARKUP, MARKUP, "lake", {"id": "g", "counting": "gates", "capacity": 40}),
    # another calendar
    "f-berlin": _lot("柏林停车场", "Berlin", "riverside",
                     {"id": "c", "counting": "counts", "capacity": 60},
                     timezone="Europe/Berlin"),
}  # fmt: skip


def last_sunday() -> datetime:
    """Give the end of the last whole week in Shanghai."""
    today = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday())


def period(weeks_ago: int = 1) -> tuple[str, str]:
    """Give the first and the last day of a whole week, the last one unless told otherwise."""
    start = last_sunday() - timedelta(weeks=weeks_ago)
    return start.date().isoformat(), (start + timedelta(days=6)).date().isoformat()


def set_up(service: RunningService) -> None:
    """Describe the lots, and tell what happened in the whole weeks before this one."""
    for lot, description in LOTS.items():
        call(service, "PUT", f"/v1/lots/{lot}", description)
    spaces = {"spaces": [{"id": "S-1"}, {"id": "S-2"}]}
    call(service, "PUT", "/v1/lots/d-spaces/zones/s/spaces", spaces)
    end = last_sunday()
    events: list[Json] = []
    for hour in range(WEEKS * 168):
        at = end - timedelta(hours=WEEKS * 168 - hour)
        events += _hour(at, weeks_left=(WEEKS * 168 - hour - 1) // 168, hour=at.hour)
    for first in range(0, len(events), 2000):
        push(service, *events[first : first + 2000])


def _hour(at: datetime, weeks_left: int, hour: int) -> list[Json]:
    busy = 8 <= hour < 20
    told = [
        _event(at, type="recount", lot="a-gates", zone="g", occupied=70 if busy else 10),
        _event(at + timedelta(minutes=30), type="passage", lot="a-gates", zone="g", direction="in"),
        _event(at, type="count", lot="b-counts", zone="c",
               free=(0 if busy else 40) if weeks_left == 0 else (10 if busy else 45)),
        _event(at, type="count", lot="f-berlin", zone="c", free=30 + hour),
        _event(at, type="space", lot="d-spaces", space="S-1", occupied=hour % 2 == 0),
        _event(at, type="space", lot="d-spaces", space="S-2", occupied=busy),
    ]  # fmt: skip
    if at.weekday() >= 5:
        told.append(_event(at, type="count", lot="c-gaps", zone="c", free=20))
    return told


def _event(at: datetime, **fields: Any) -> Json:
    return {**fields, "observed_at": at.astimezone(UTC).isoformat()}


def usage(service: RunningService, first: str, last: str, **query: str) -> list[Json]:
    """Read all rows of days of Shanghai, as the admin."""
    rows: list[Json] = []
    asked = {**_asked(first, last), **query, "limit": "1000"}
    while True:
        page = call(service, "GET", "/v1/usage?" + urlencode(asked))
        rows += page["items"]
        if page["next"] is None:
            return rows
        asked["cursor"] = page["next"]


def usage_file(service: RunningService, first: str, last: str, **query: str) -> bytes:
    """Read a file of rows of days of Shanghai, as the admin."""
    asked = urlencode({**_asked(first, last), **query})
    headers = {"Authorization": f"Bearer {service.admin_key}"}
    request = urllib.request.Request(f"{service.url}/v1/usage?{asked}", headers=headers)  # noqa: S310
    with DIRECT.open(request, timeout=30) as answer:
        body: bytes = answer.read()
    return body


def _asked(first: str, last: str) -> dict[str, str]:
    start = datetime.fromisoformat(first).replace(tzinfo=SHANGHAI)
    end = datetime.fromisoformat(last).replace(tzinfo=SHANGHAI) + timedelta(days=1)
    return {"from": start.isoformat(), "to": end.isoformat()}


def new_key(service: RunningService, role: str, operator: str | None = None) -> str:
    """Make a key."""
    body = {"role": role, "label": role} | ({"operator": operator} if operator else {})
    key: str = call(service, "POST", "/v1/keys", body)["key"]
    return key
