"""Quality: sheets and reports of lots' days, and how far they are worked up.

The log is the truth; whatever stands here can be made of it again, for as long as it is retained.
Sheets are right up to `quality_progress.through`: an event that comes for a moment before that
takes it back in its own transaction (`checkpoints.take_back`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg
import msgspec

from parking.domain.instants import HOUR, micros, moment
from parking.domain.quality.reports import Duplicates, Report
from parking.domain.quality.sheets import Sheet
from parking.store import checkpoints

_PROGRESS = "SELECT through, timezone FROM quality_progress WHERE lot = $1"
_SHEETS = "SELECT sheet FROM quality_sheet WHERE lot = $1 AND day >= $2 AND day <= $3 ORDER BY day"
_FIRST = "SELECT min(observed_at) FROM event WHERE lot = $1 AND observed_at >= $2"
_ADVANCE = """
INSERT INTO quality_progress (lot, through, timezone) VALUES ($1, $2, $3)
ON CONFLICT (lot) DO UPDATE SET through = EXCLUDED.through, timezone = EXCLUDED.timezone
"""
_STORE_SHEET = """
INSERT INTO quality_sheet (lot, day, sheet) VALUES ($1, $2, $3)
ON CONFLICT (lot, day) DO UPDATE SET sheet = EXCLUDED.sheet
"""
_STORE_REPORT = """
INSERT INTO quality_day (lot, day, judged_at, report) VALUES ($1, $2, $3, $4)
ON CONFLICT (lot, day) DO UPDATE SET judged_at = EXCLUDED.judged_at, report = EXCLUDED.report
"""
_DUPLICATES = """
INSERT INTO quality_duplicates (lot, hour, duplicates)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[])
ON CONFLICT (lot, hour) DO UPDATE
SET duplicates = quality_duplicates.duplicates + EXCLUDED.duplicates
"""
_SENDERS = """
INSERT INTO quality_sender (lot, hour, sender, duplicates)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::bigint[])
ON CONFLICT (lot, hour, sender) DO UPDATE
SET duplicates = quality_sender.duplicates + EXCLUDED.duplicates
"""
_LIST_SENDERS = """
SELECT sender, sum(duplicates)::bigint FROM quality_sender
WHERE lot = $1 AND hour >= $2 AND hour < $3 GROUP BY sender
"""
_COUNT_DUPLICATES = """
SELECT coalesce(sum(duplicates), 0) FROM quality_duplicates
WHERE lot = $1 AND hour >= $2 AND hour < $3
"""
_PAGE = """
SELECT lot, day, judged_at, report FROM quality_day
WHERE lot = ANY($1) AND day >= $2 AND day <= $3 AND (lot, day) > ($4, $5)
ORDER BY lot, day LIMIT $6
"""
_LATEST_PAGE = """
SELECT q.lot, q.day, q.judged_at, q.report FROM unnest($1::text[]) AS wanted (lot)
CROSS JOIN LATERAL (
    SELECT * FROM quality_day d WHERE d.lot = wanted.lot ORDER BY day DESC LIMIT 1
) AS q
WHERE (q.lot, q.day) > ($2, $3) ORDER BY q.lot LIMIT $4
"""
FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
Place = tuple[str, date]
"""Where a day stands in the list: its lot, and the date."""

_encode_sheet = msgspec.msgpack.Encoder().encode
_decode_sheet = msgspec.msgpack.Decoder(Sheet).decode
_encode_report = msgspec.json.Encoder().encode
_decode_report = msgspec.json.Decoder(Report).decode


@dataclass(frozen=True, slots=True)
class Judged:
    """A lot's day as it was last judged, at `judged_at`, us."""

    lot: str
    day: date
    judged_at: int
    report: Report


async def find_progress(connection: asyncpg.Connection, lot: str) -> int | None:
    """Give up to when (us) a lot's sheets hold all events."""
    row = await connection.fetchrow(_PROGRESS, lot)
    return None if row is None else micros(row["through"])


async def has_other_calendar(connection: asyncpg.Connection, lot: str, timezone: str) -> bool:
    """Whether a lot was worked up by the days of another time zone."""
    row = await connection.fetchrow(_PROGRESS, lot)
    return row is not None and row["timezone"] != timezone


async def find_first(connection: asyncpg.Connection, lot: str, since: int) -> int | None:
    """Give the moment (us) of a lot's first event from `since` (us) on."""
    found = await connection.fetchval(_FIRST, lot, moment(since))
    return None if found is None else micros(found)


async def list_sheets(
    connection: asyncpg.Connection, lot: str, first: date, last: date
) -> list[bytes]:
    """List a lot's sheets from one day to another, both included, encoded."""
    return [row["sheet"] for row in await connection.fetch(_SHEETS, lot, first, last)]


def encode(sheet: Sheet) -> bytes:
    """Freeze a sheet that goes on changing."""
    return _encode_sheet(sheet)


def decode(stored: bytes) -> Sheet:
    """Give a sheet that was stored."""
    return _decode_sheet(stored)


async def advance(
    connection: asyncpg.Connection,
    lot: str,
    day: date,
    sheet: bytes,
    *,
    through: int,
    timezone: str,
    seq: int,
) -> None:
    """Store a sheet that holds all events before `through`, read from the log up to place `seq`.

    In a transaction; checkpoints.Overtaken ends it.
    """
    await checkpoints.hold(connection, lot, through, seq)
    await connection.execute(_STORE_SHEET, lot, day, sheet)
    await connection.execute(_ADVANCE, lot, moment(through), timezone)


async def store_report(
    connection: asyncpg.Connection, lot: str, day: date, judged_at: int, report: Report
) -> None:
    """Store what was found of a day."""
    text = _encode_report(report).decode()
    await connection.execute(_STORE_REPORT, lot, day, moment(judged_at), text)


async def forget(connection: asyncpg.Connection, lot: str, since: date) -> None:
    """Forget what was worked up of a lot, and its reports from a day on, in a transaction."""
    await connection.execute("DELETE FROM quality_progress WHERE lot = $1", lot)
    await connection.execute("DELETE FROM quality_sheet WHERE lot = $1", lot)
    await connection.execute("DELETE FROM quality_day WHERE lot = $1 AND day >= $2", lot, since)


async def thin_out(connection: asyncpg.Connection, before: date, retained: date) -> None:
    """Delete sheets and counts of duplicates of days before one, and reports before another."""
    await connection.execute("DELETE FROM quality_day WHERE day < $1", retained)
    await connection.execute("DELETE FROM quality_sheet WHERE day < $1", before)
    await connection.execute("DELETE FROM quality_duplicates WHERE hour < $1::date", before)
    await connection.execute("DELETE FROM quality_sender WHERE hour < $1::date", before)


async def add_duplicates(
    connection: asyncpg.Connection,
    counts: Mapping[tuple[str, int], int],
    senders: Mapping[tuple[str, int, str], int],
) -> None:
    """Add to the duplicates of lots, and of their senders, by hours since the epoch.

    In a transaction; the hours are those that they came in.
    """
    ordered = sorted(counts.items())  # as other instances do: else two may wait for each other
    lots = [lot for (lot, _), _ in ordered]
    hours = [moment(hour * HOUR) for (_, hour), _ in ordered]
    await connection.execute(_DUPLICATES, lots, hours, [count for _, count in ordered])
    rows = [
        (lot, moment(hour * HOUR), name, count)
        for (lot, hour, name), count in sorted(senders.items())
    ]
    if rows:
        await connection.execute(_SENDERS, *(list(column) for column in zip(*rows, strict=True)))


async def count_duplicates(
    connection: asyncpg.Connection, lot: str, start: int, end: int
) -> Duplicates:
    """Count a lot's duplicates that came in [start, end), us, by whole hours."""
    stretch = lot, moment(start), moment(end)
    total = int(await connection.fetchval(_COUNT_DUPLICATES, *stretch))
    senders = dict(await connection.fetch(_LIST_SENDERS, *stretch)) if total else {}
    return Duplicates(total, senders)


async def list_page(
    connection: asyncpg.Connection,
    lots: Sequence[str],
    *,
    first: date,
    last: date,
    after: Place | None,
    limit: int,
) -> list[Judged]:
    """List the judged days of lots from one day to another by lot and day, after a place."""
    lot, day = after or ("", FIRST_DAY)
    rows = await connection.fetch(_PAGE, lots, first, last, lot, day, limit)
    return [_read(row) for row in rows]


async def list_latest(
    connection: asyncpg.Connection, lots: Sequence[str], *, after: Place | None, limit: int
) -> list[Judged]:
    """List the latest judged day of each of these lots by lot, after a place."""
    lot, day = after or ("", FIRST_DAY)
    rows = await connection.fetch(_LATEST_PAGE, lots, lot, day, limit)
    return [_read(row) for row in rows]


def _read(row: asyncpg.Record) -> Judged:
    report = _decode_report(row["report"])
    return Judged(row["lot"], row["day"], micros(row["judged_at"]), report)
