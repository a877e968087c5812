"""Rows copied straight into the log's tables: as the ceiling of batches, and as a past.

The service must not run on a database that gets a past this way, or it would not know of it.
"""

import time
from collections.abc import Sequence
from statistics import median

import asyncpg
import uvloop

from parking.domain.events import Entry
from parking.store import copying
from parking.store.partitions import make_months, month_of
from sensors_sim.places import list_places
from tests.bench.figures import Reading
from tests.bench.traffic import Traffic

_AT_ONCE = 10_000
_LAST = "SELECT coalesce(max(seq), 0) FROM event"
_NOTHING = "UPDATE log_head SET seq = seq"
_HEAD = "UPDATE log_head SET seq = greatest(seq, $1)"


def copy_rows(dsn: str, seed: int, count: int, batch: int, seconds: float) -> Reading:
    """Copy packed rows, a transaction a batch; gives events a second."""
    entries = [sent.entry() for sent in Traffic(list_places(), seed).take(count)]

    async def run() -> Reading:
        connection = await asyncpg.connect(dsn)
        try:
            last = await connection.fetchval(_LAST)
            packed = [
                _packed(entries[at : at + batch], last + at)
                for at in range(0, len(entries) - batch + 1, batch)
            ]
            began = time.perf_counter()
            done = 0
            for rows in packed:
                await _copy(connection, rows)
                done += batch
                if time.perf_counter() - began > seconds:
                    break
            return {"rate": done / (time.perf_counter() - began)}
        finally:
            await connection.close()

    return uvloop.run(run())


def commit_least(dsn: str, seconds: float) -> Reading:
    """Commit nearly nothing over and over: what durability alone costs here and now."""

    async def run() -> Reading:
        connection = await asyncpg.connect(dsn)
        try:
            times: list[float] = []
            began = time.perf_counter()
            while (left := time.perf_counter() - began) < seconds:
                await connection.execute(_NOTHING)
                times.append(time.perf_counter() - began - left)
            return {"rate": len(times) / left, "p50_ms": median(times) * 1000}
        finally:
            await connection.close()

    return uvloop.run(run())


def copy_past(dsn: str, seed: int, count: int, *, first: int = 1, ending: int, step: int) -> None:
    """Put `count` events into the log from place `first` on, the last of `ending` (us)."""
    traffic = Traffic(list_places(), seed)

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            oldest = ending - count * step
            months = range(month_of(oldest), month_of(ending) + 1)
            await make_months(connection, set(months))
            for at in range(0, count, _AT_ONCE):
                some = min(_AT_ONCE, count - at)
                until = oldest + (at + some) * step
                entries = [sent.entry() for sent in traffic.take(some, ending=until, step=step)]
                await _copy(connection, _packed(entries, first - 1 + at))
            await connection.execute(_HEAD, first - 1 + count)
        finally:
            await connection.close()

    uvloop.run(run())


Packed = tuple[bytes | bytearray, bytes | bytearray]


def _packed(entries: Sequence[Entry], last: int) -> Packed:
    """Pack the rows of entries that come after the place `last`."""
    rows = [copying.Rows.of(entries)]
    return copying.identities_file(rows), copying.events_file(rows, last + 1)


async def _copy(connection: asyncpg.Connection, rows: Packed) -> None:
    tables = (
        ("event_identity", copying.IDENTITY_COLUMNS),
        ("event", copying.EVENT_COLUMNS),
    )
    async with connection.transaction():
        for (table, columns), packed in zip(tables, rows, strict=True):
            await connection.copy_to_table(
                table, source=copying.once(packed), columns=columns, format="binary"
            )
