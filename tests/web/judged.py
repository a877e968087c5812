"""Reports of lots' days, put into a service's database as the job puts them."""

from datetime import UTC, date, datetime, timedelta

import asyncpg

from parking.domain.instants import HOUR, SECOND, micros
from parking.domain.quality.drift import Drift
from parking.domain.quality.findings import Finding
from parking.domain.quality.reports import Reason, Recount, Report, ZoneReport
from parking.store import quality


def report(day: date, *findings: Finding, through: int | None = None) -> Report:
    """Give a report of a day of UTC+8, of a gate zone `b1` and a zone of spaces `ev`."""
    start = micros(datetime(day.year, day.month, day.day, tzinfo=UTC)) - 8 * HOUR
    end = start + 24 * HOUR
    drift = Drift(3.25, 1.5, 5.0, 2, 21)
    return Report(
        start,
        end,
        through or end,
        87,
        [Reason("stuck", 10.5, 1), Reason("drift", 2.0, 1)],
        990,
        10,
        [
            ZoneReport("b1", "gates", 320, 0.98, 1, drift),
            ZoneReport("ev", "spaces", 12, 0.9, 1, None),
        ],
        list(findings),
        len(findings),
        [Recount("b1", "by its drift the level is 12 cars off by now", 140, 12, "drift", start)],
    )


def stuck(zone: str, space: str | None, since: int | None = None) -> Finding:
    facts = {"expected_changes": 14.0, "occupied": 0.0, "unchanged_s": 90_000.0}
    return Finding("stuck", zone, space, None, since, "free for 25.0 h", facts)


async def put(dsn: str, lot: str, *reports: Report) -> None:
    """Store reports, each judged a second after what it is of."""
    connection = await asyncpg.connect(dsn)
    try:
        for one in reports:
            day = (datetime.fromtimestamp(one.start / 1e6, UTC) + timedelta(hours=8)).date()
            await quality.store_report(connection, lot, day, one.through + SECOND, one)
    finally:
        await connection.close()
