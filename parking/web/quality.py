"""Quality over HTTP: how well the sensors of lots work, day by day of the lots' calendars."""

import re
from datetime import date
from typing import Annotated, Any

from aiohttp import web
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from parking.domain.instants import rfc3339
from parking.domain.quality.findings import Finding
from parking.domain.quality.reports import Recount
from parking.errors import Fault, InvalidInput
from parking.live.replica import Replica
from parking.live.turns import Turns
from parking.store import quality
from parking.store.quality import FIRST_DAY, LAST_DAY, Judged, Place
from parking.web.calls import Call
from parking.web.models import Id
from parking.web.pages import end_page, invalid_cursor, read_cursor
from parking.web.params import Ids, PageQuery
from parking.web.replies import reply_value
from parking.web.visible import list_visible

MOST_FINDINGS = 100
"""Of a day in the list; those of each sensor are told by the lot's list of sensors."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value if _DATE.fullmatch(str(value)) else "")
    except ValueError:
        raise PydanticCustomError("date", "not a date like 2026-11-23") from None


Date = Annotated[
    date,
    BeforeValidator(_date, json_schema_input_type=str),
    Field(json_schema_extra={"type": "string", "format": "date"}),
]


class QualityQuery(PageQuery):
    """`GET /v1/quality`."""

    from_: Annotated[
        Date | None,
        Field(alias="from", description="this day and later, of each lot's calendar"),
    ] = None
    to: Annotated[
        Date | None,
        Field(description="this day and earlier; neither of both: the latest day of each lot"),
    ] = None
    lots: Ids | None = None
    district: Id | None = None


class Quality:
    """`/v1/quality`."""

    def __init__(self, replica: Replica) -> None:
        """Know the lots from `replica`, read what was found of them from its database."""
        self._replica = replica
        self._turns = Turns(2, 50)

    async def get(self, call: Call) -> web.StreamResponse:
        """List lots' days by lot and day."""
        query: QualityQuery = call.query
        first, last = query.from_ or FIRST_DAY, query.to or LAST_DAY
        if first > last:
            raise InvalidInput("from must not be after to.", faults=[Fault("?from", "after to")])
        lots = [
            timeline.id
            for timeline in list_visible(self._replica, call, query.lots, query.district)
        ]
        after = None if query.cursor is None else _read_place(query.cursor)
        number = query.limit + 1
        async with self._turns.turn(), self._replica.database.connection() as connection:
            if query.from_ is None and query.to is None:
                days = await quality.list_latest(connection, lots, after=after, limit=number)
            else:
                days = await quality.list_page(
                    connection, lots, first=first, last=last, after=after, limit=number
                )
        following = end_page(days, query.limit, lambda one: (one.lot, one.day))
        return reply_value({"items": [_shown(day) for day in days], "next": following})


def _read_place(cursor: str) -> Place:
    lot, day = read_cursor(cursor, 2)
    if "\0" in lot or not _DATE.fullmatch(day):
        raise invalid_cursor()
    try:
        return lot, date.fromisoformat(day)
    except ValueError:
        raise invalid_cursor() from None


def _shown(judged: Judged) -> dict[str, Any]:
    """Give a day as it is answered."""
    report = judged.report
    came = report.events + report.duplicates
    return {
        "lot": judged.lot,
        "day": judged.day.isoformat(),
        "start": rfc3339(report.start),
        "end": rfc3339(report.end),
        "through": rfc3339(report.through),
        "judged_at": rfc3339(judged.judged_at),
        "over": report.through >= report.end,
        "score": report.score,
        "reasons": report.reasons,
        "events": report.events,
        "duplicates": report.duplicates,
        "duplicate_rate": report.duplicates / came if came else None,
        "zones": report.zones,
        "findings": [shown_finding(finding) for finding in report.findings[:MOST_FINDINGS]],
        "findings_total": report.findings_total,
        "recounts": [_shown_recount(recount) for recount in report.recounts],
    }


def _shown_recount(recount: Recount) -> dict[str, Any]:
    """Give a proposal as it is answered."""
    counted_at = recount.counted_at
    return {
        "zone": recount.zone,
        "kind": recount.kind,
        "reason": recount.reason,
        "estimate": recount.estimate,
        "error": recount.error,
        "counted_at": None if counted_at is None else rfc3339(counted_at),
    }


def shown_finding(finding: Finding) -> dict[str, Any]:
    """Give a finding as it is answered."""
    return {
        "kind": finding.kind,
        "zone": finding.zone,
        "space": finding.space,
        "sensor": finding.sensor,
        "since": None if finding.since is None else rfc3339(finding.since),
        "detail": finding.detail,
        "facts": finding.facts,
    }
