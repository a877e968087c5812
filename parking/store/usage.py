"""Usage rows: written by the walk for the hours it has worked up, read for planners."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import asyncpg
import msgspec

from parking.domain.instants import micros, moment
from parking.domain.usage import Hour, Scope, Tally

Hours = Literal["all", "open"]

_COLUMNS = (
    "lot", "start", "end", "scope", "name", "hours", "capacity_us", "known_us", "occupied_us",
    "full_us", "saturated_us", "arrivals", "departures", "flows", "peak", "stays",
)  # fmt: skip
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_DELETE = "DELETE FROM usage_hour WHERE lot = $1 AND start >= $2 AND start < $3"
_READ = """
SELECT lot, start, "end", scope, name, hours, capacity_us, known_us, occupied_us, full_us,
       saturated_us, arrivals, departures, flows, peak, stays
FROM usage_hour
WHERE lot = $1 AND scope = $2 AND hours = ANY($3) AND start >= $4 AND start < $5
ORDER BY start, name, hours
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, int]).decode


@dataclass(frozen=True, slots=True)
class Row:
    """One stored tally of a lot's hour [start, end), us."""

    start: int
    end: int
    scope: Scope
    hours: Hours
    tally: Tally


async def replace(
    connection: asyncpg.Connection, lot: str, start: int, end: int, hours: Sequence[Hour]
) -> None:
    """Store a lot's hours in place of what stood in [start, end) (us), in a transaction."""
    await connection.execute(_ALONE, lot)
    await connection.execute(_DELETE, lot, moment(start), moment(end))
    await connection.copy_records_to_table(
        "usage_hour", records=_records(lot, hours), columns=_COLUMNS
    )


def _records(lot: str, hours: Iterable[Hour]) -> Iterator[tuple[object, ...]]:
    for hour in hours:
        for scope, tally in hour.tallies.items():
            yield _record(lot, hour, scope, "all", tally)
            opened = hour.opened[scope]
            if opened != tally:
                yield _record(lot, hour, scope, "open", opened)


def _record(lot: str, hour: Hour, scope: Scope, hours: Hours, tally: Tally) -> tuple[object, ...]:
    return (
        lot,
        moment(hour.start),
        moment(hour.end),
        *scope,
        hours,
        tally.capacity,
        tally.known,
        tally.occupied,
        tally.full,
        tally.saturated,
        tally.arrivals,
        tally.departures,
        tally.flows,
        tally.peak,
        _encode(tally.stays) if tally.stays else None,
    )


async def list_rows(
    connection: asyncpg.Connection, lot: str, scope: str, *, hours: Hours, start: int, end: int
) -> list[Row]:
    """List a lot's stored rows of the hours that begin in [start, end) (us), by start and name.

    With `hours` open, an hour that was open throughout gives its only row.
    """
    wanted = ["all"] if hours == "all" else ["all", "open"]
    rows = await connection.fetch(_READ, lot, scope, wanted, moment(start), moment(end))
    found: dict[tuple[int, str], Row] = {}
    for row in rows:  # an `open` row comes after the `all` row of its hour, and takes its place
        read = _read(row)
        found[read.start, read.scope[1]] = read
    return list(found.values())


def _read(row: asyncpg.Record) -> Row:
    tally = Tally(
        row["capacity_us"],
        row["known_us"],
        row["occupied_us"],
        row["full_us"],
        row["saturated_us"],
        row["arrivals"],
        row["departures"],
        row["flows"],
        row["peak"],
        {} if row["stays"] is None else _decode(row["stays"]),
    )
    scope = (row["scope"], row["name"])
    return Row(micros(row["start"]), micros(row["end"]), scope, row["hours"], tally)
