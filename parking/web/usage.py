"""Usage for planners: rows by bucket of the lots' local calendar, as JSON, CSV or Parquet."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from aiohttp import web

from parking.domain.instants import HOUR
from parking.domain.timeline import Timeline
from parking.errors import Fault, InvalidInput, NotAcceptable
from parking.live.replica import Replica
from parking.live.reports import Reports
from parking.web.calls import Call
from parking.web.pages import invalid_cursor, make_cursor, read_cursor
from parking.web.params import UsageQuery
from parking.web.replies import reply_value
from parking.web.usage_files import CsvWriter, ParquetWriter, has_parquet, send
from parking.web.usage_lines import Line, Place, Question, list_lines
from parking.web.usage_rows import Row, list_columns, read_rows
from parking.web.visible import list_visible

MOST_HOURS = 200_000
"""Twenty-two years, whatever the bucket: longer reports are put together of several."""
_AT_ONCE = 2_000
"""How many buckets are read at once for a file."""
_ROWS_AT_ONCE = 100

_MOMENT = re.compile(r"-?[0-9]{1,18}")
_TOO_EARLY = Fault("?from", "before 1970")


class Usage:
    """`/v1/usage`."""

    def __init__(self, replica: Replica, reports: Reports) -> None:
        """Know the lots from `replica`, read their usage by `reports`."""
        self._replica = replica
        self._reports = reports

    async def get(self, call: Call) -> web.StreamResponse:
        """Give usage rows: a page of JSON, or all of them as a file."""
        query: UsageQuery = call.query
        self._check(query)
        timelines = list_visible(self._replica, call, query.lots, query.district)
        if query.format == "json":
            return await self._page(query, self._question(query, timelines, query.limit + 1))
        question = self._question(query, timelines, _AT_ONCE)
        kind = CsvWriter if query.format == "csv" else ParquetWriter
        rows = self._rows(question)
        return await send(call.request, f"usage.{query.format}", kind(list_columns(question)), rows)

    def _check(self, query: UsageQuery) -> None:
        if query.from_ >= query.to:
            raise InvalidInput("from must be before to.", faults=[Fault("?from", "not before to")])
        if query.from_ < 0:
            raise InvalidInput("Nothing is told of the time before 1970.", faults=[_TOO_EARLY])
        if min(query.to, self._replica.clock()) - query.from_ > MOST_HOURS * HOUR:
            fault = Fault("?to", f"more than {MOST_HOURS} hours after from")
            raise InvalidInput("A parameter is not valid.", faults=[fault])
        if query.format == "parquet" and not has_parquet():
            raise NotAcceptable(
                "Parquet needs the service's extra `parquet`, which is not installed; json and csv "
                "are to be had."
            )

    def _question(self, query: UsageQuery, timelines: list[Timeline], at_once: int) -> Question:
        return Question(
            timelines,
            query.from_,
            query.to,
            self._replica.clock(),  # once, for the running bucket to end alike for all lots
            query.bucket,
            query.by,
            query.hours,
            "turned_away" in (query.measures or ()),
            query.min_coverage,
            at_once,
        )

    async def _page(self, query: UsageQuery, question: Question) -> web.StreamResponse:
        after = None
        if query.cursor is not None:  # all pages are of the moment of the first
            after, now = _read_cursor(query.cursor)
            question = replace(question, now=min(now, question.now))
        lines: list[Line] = []
        following = None
        async for line in list_lines(self._reports, question, after):
            if after is not None and line.place <= after:
                continue
            if len(lines) == query.limit:
                group, start, end, name = lines[-1].place
                following = make_cursor(group, str(start), str(end), name, str(question.now))
                break
            lines.append(line)
        return reply_value({"items": read_rows(question, lines), "next": following})

    async def _rows(self, question: Question) -> AsyncIterator[Row]:
        lines: list[Line] = []
        async for line in list_lines(self._reports, question, None):
            lines.append(line)
            if len(lines) == _ROWS_AT_ONCE:
                for row in read_rows(question, lines):
                    yield row
                lines.clear()
        for row in read_rows(question, lines):
            yield row


def _read_cursor(cursor: str) -> tuple[Place, int]:
    group, start, end, name, now = read_cursor(cursor, 5)
    if not all(_MOMENT.fullmatch(text) for text in (start, end, now)):
        raise invalid_cursor()
    return (group, int(start), int(end), name), int(now)
