"""Series usage: a lot's hours, packed by days of its local calendar, and the days' sums.

A day that has rows has all its hours from its start on, up to where the lot is worked up at least;
what stands there beyond that is out of date. A day in which nothing was known may have no rows.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np
from numpy.typing import NDArray

from parking.domain.calendar import bucket_start
from parking.domain.instants import DAY as DAY_US
from parking.domain.instants import moment
from parking.domain.usage import Hour, Scope, Tally
from parking.store import packing
from parking.store.packing import DAY, HOUR, STAY, Records

Hours = Literal["all", "open"]
Table = Literal["usage_day", "usage_hours"]

_COLUMNS = ("lot", "day", "scope", "name", "hours", "figures", "stays")
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_OF_DAY = "SELECT scope, name, hours, figures, stays FROM usage_hours WHERE lot = $1 AND day = $2"
_HOURS = """
SELECT scope, name, hours, day, figures, stays FROM usage_hours
WHERE lot = $1 AND day >= $2 AND day < $3 ORDER BY scope, name, day, hours
"""
_OF_LOT = """
SELECT scope, name, hours, day, figures, stays FROM usage_hours WHERE lot = $1 ORDER BY day, hours
"""
_READ = {
    table: f"""
SELECT lot, name, day, hours, figures, stays FROM {table}
WHERE lot = ANY($1) AND scope = $2 AND hours = ANY($3) AND day >= $4 AND day < $5
ORDER BY lot, name, day, hours
"""
    for table in ("usage_day", "usage_hours")
}


@dataclass(slots=True)
class Part:
    """What is stored of one scope, hours and day: records of `HOUR` and of `STAY`."""

    figures: Records
    stays: Records

    def before(self, at: int) -> "Part":
        """Give the hours until `at`, us."""
        number = int(np.searchsorted(self.figures["end"], at, "right"))
        return Part(self.figures[:number], self.stays[self.stays["hour"] < number])

    def then(self, hours: Sequence[tuple[int, int, Tally]]) -> "Part":
        """Give it with hours (start, end, tally) that follow."""
        stays = packing.stay_records((tally for _, _, tally in hours), len(self.figures))
        records = [packing.hour_record(*hour) for hour in hours]
        return Part(
            np.concatenate([self.figures, np.array(records, HOUR)]),
            np.concatenate([self.stays, np.array(stays, STAY)]),
        )


class HourKey(NamedTuple):
    """Which hour of a lot, by its start in us; of which scope; all of it or while it was open."""

    start: int
    scope: Scope
    hours: Hours


_NOTHING = Part(np.empty(0, HOUR), np.empty(0, STAY))


async def replace(
    connection: asyncpg.Connection,
    lot: str,
    hours: Sequence[Hour],
    *,
    zone: ZoneInfo,
    start: int,
    end: int,
) -> None:
    """Store a lot's hours in place of what stood in [start, end) (us), in a transaction.

    Where the first day begins before `start`, what stands of it until then is kept.
    """
    await connection.execute(_ALONE, lot)
    first = bucket_start(start, zone, "day")
    kept: dict[tuple[Scope, Hours], Part] = {}
    if first < start:
        for row in await connection.fetch(_OF_DAY, lot, moment(first)):
            kept[(row["scope"], row["name"]), row["hours"]] = _part(row).before(start)
    by_day: defaultdict[int, list[Hour]] = defaultdict(list)
    by_day[first] = []
    for hour in hours:
        by_day[bucket_start(hour.start, zone, "day")].append(hour)
    parts = [
        (day, scope, hours_, part)
        for day, of_day in by_day.items()
        for scope, hours_, part in _parts(kept if day == first else {}, of_day)
        if len(part.figures)
    ]
    for table in _READ:
        await connection.execute(
            f"DELETE FROM {table} WHERE lot = $1 AND day >= $2 AND day < $3",
            lot,
            moment(first),
            moment(end),
        )
    await _store(connection, lot, zone, parts)


async def change_calendar(connection: asyncpg.Connection, lot: str, zone: ZoneInfo) -> None:
    """Sort what is stored of a lot by the days of another time zone, in a transaction.

    An hour that reaches over a midnight of the new zone goes to the day that it begins in.
    """
    await connection.execute(_ALONE, lot)
    rows: defaultdict[tuple[Scope, Hours], list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(_OF_LOT, lot):
        rows[(row["scope"], row["name"]), row["hours"]].append(row)
    parts = []
    for (scope, hours), of_scope in rows.items():
        if hours == "open":  # the days that stand for both are in the other one alone
            told = {row["day"]: row for row in rows[scope, "all"]}
            told |= {row["day"]: row for row in of_scope}
            of_scope = [told[day] for day in sorted(told)]  # noqa: PLW2901
        series = _join(of_scope, HOUR)
        starts = series.figures["start"].tolist()
        days = np.array([bucket_start(start, zone, "day") for start in starts])
        for day in np.unique(days).tolist():
            part = series[days == day]
            stays = part.stays.copy()
            stays["hour"] = part.of
            parts.append((day, scope, hours, Part(part.figures, stays)))
    for table in _READ:
        await connection.execute(f"DELETE FROM {table} WHERE lot = $1", lot)
    await _store(connection, lot, zone, parts)


async def _store(
    connection: asyncpg.Connection,
    lot: str,
    zone: ZoneInfo,
    parts: Sequence[tuple[int, Scope, Hours, Part]],
) -> None:
    await connection.copy_records_to_table(
        "usage_hours",
        records=(
            (lot, moment(day), *scope, hours, part.figures.tobytes(), part.stays.tobytes())
            for day, scope, hours, part in parts
        ),
        columns=_COLUMNS,
    )
    await connection.copy_records_to_table(
        "usage_day",
        records=(
            (lot, moment(day), *scope, hours, *packing.pack_day(part.figures, part.stays, zone))
            for day, scope, hours, part in parts
        ),
        columns=_COLUMNS,
    )


def _parts(
    kept: dict[tuple[Scope, Hours], Part], hours: Sequence[Hour]
) -> Iterator[tuple[Scope, Hours, Part]]:
    """Give what there is to store of a day: 'open' only where it differs from 'all'."""
    scopes = {scope for scope, _ in kept} | {scope for hour in hours for scope in hour.tallies}
    for scope in scopes:
        was = kept.get((scope, "all"), _NOTHING)
        there = [hour for hour in hours if scope in hour.tallies]
        of_all = was.then([(hour.start, hour.end, hour.tallies[scope]) for hour in there])
        was = kept.get((scope, "open"), was)
        of_open = was.then([(hour.start, hour.end, hour.opened[scope]) for hour in there])
        yield scope, "all", of_all
        if not _same(of_all, of_open):
            yield scope, "open", of_open


def _same(one: Part, other: Part) -> bool:
    return (
        one.figures.tobytes() == other.figures.tobytes()
        and one.stays.tobytes() == other.stays.tobytes()
    )


def _part(row: asyncpg.Record) -> Part:
    return Part(packing.unpack(row["figures"], HOUR), packing.unpack(row["stays"], STAY))


@dataclass(frozen=True, slots=True)
class Series:
    """Records of `HOUR` or `DAY` in order; the counts of stays, and which record each is of."""

    figures: Records
    stays: Records
    of: NDArray[np.intp]

    def __getitem__(self, wanted: NDArray[np.bool_]) -> "Series":
        """Give the records that are wanted, with their stays."""
        if wanted.all():
            return self
        kept = wanted[self.of]
        of = (np.cumsum(wanted) - 1)[self.of[kept]]
        return Series(self.figures[wanted], self.stays[kept], of)


async def list_series(
    connection: asyncpg.Connection,
    table: Table,
    lots: Sequence[str],
    scope: str,
    *,
    hours: Hours,
    start: int,
    end: int,
) -> dict[str, dict[str, Series]]:
    """List what is stored of lots, by lot and name, of the days that begin in [start, end), us."""
    wanted = ["all"] if hours == "all" else ["all", "open"]
    rows = await connection.fetch(_READ[table], lots, scope, wanted, moment(start), moment(end))
    parts: defaultdict[str, dict[str, dict[object, asyncpg.Record]]] = defaultdict(dict)
    for row in rows:  # an `open` row comes after the `all` row of its day, and takes its place
        parts[row["lot"]].setdefault(row["name"], {})[row["day"]] = row
    kind = DAY if table == "usage_day" else HOUR
    return {
        lot: {name: _join(list(days.values()), kind) for name, days in names.items()}
        for lot, names in parts.items()
    }


async def list_hours(
    connection: asyncpg.Connection, lot: str, start: int, end: int
) -> dict[HourKey, Tally]:
    """List a lot's stored hours in [start, end), us; those while it was open beside them all."""
    found: dict[HourKey, Tally] = {}
    rows = await connection.fetch(_HOURS, lot, moment(start - 2 * DAY_US), moment(end))
    for row in rows:  # what was so while it was open comes after what was so all the time
        scope = (row["scope"], row["name"])
        for record, tally in _tallies(_part(row)):
            if start <= record["start"] and record["end"] <= end:
                if row["hours"] == "all":
                    found[HourKey(int(record["start"]), scope, "all")] = tally
                found[HourKey(int(record["start"]), scope, "open")] = tally
    return found


def _tallies(part: Part) -> Iterator[tuple[Any, Tally]]:
    """Give records with their tallies, the counts of stays among them."""
    tallies = packing.list_sums(part.figures, np.arange(len(part.figures)))
    for tally in tallies:
        tally.stays = {}
    for hour, bucket, count in part.stays.tolist():
        tallies[hour].stays[bucket] = count
    return zip(part.figures, tallies, strict=True)


def _join(rows: Sequence[asyncpg.Record], kind: np.dtype[np.void]) -> Series:
    """Put days together."""
    figures = [row["figures"] for row in rows]
    stays = [row["stays"] for row in rows]
    lengths = np.array([len(data) for data in figures]) // kind.itemsize
    numbers = np.array([len(data) for data in stays]) // STAY.itemsize
    joined = packing.unpack(b"".join(stays), STAY)
    of = np.repeat(np.cumsum(lengths) - lengths, numbers) + joined["hour"]
    return Series(packing.unpack(b"".join(figures), kind), joined, of)
