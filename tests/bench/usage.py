"""Usage at a year's size: questions to the service, and the roll-up of a busy hour.

`python -m tests.bench.usage` makes a database of its own, stores a year of hours of 24 lots in it as
the walk does, asks the service, and prints medians. Nothing stays behind.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import msgspec

from parking.domain.calendar import list_buckets, zone_of
from parking.domain.instants import DAY, HOUR, SECOND, moment, rfc3339
from parking.domain.lots import Lot
from parking.domain.usage import EXACT, Hour, Scope, Tally
from parking.live.replica import Replica
from parking.store import checkpoints, embedded, usage
from parking.store.database import Database, open_database
from parking.store.log import LogWriter
from parking.store.lots import Wish
from parking.store.migrate import migrate
from tests.e2e.wire import description, zone
from tests.entries import entry
from tests.service import DIRECT, running_services

ZONE = zone_of("Asia/Shanghai")
FIRST = 1_735_660_800_000_000  # 2025-01-01T00:00:00+08:00
YEAR = 365 * DAY
SPACES = 500


def year_of(lot: int, start: int, end: int) -> Iterable[Hour]:
    """Give plausible hours of a lot of two zones, the half of them with a sensor a space."""
    chance = Random(lot)
    by_space = lot % 2 == 0
    for begin, until in list_buckets(start, end, ZONE, "hour"):
        tallies: dict[Scope, Tally] = {}
        for scope in (("zone", "a"), ("class", "general"), ("lot", "")):
            span = until - begin
            full = chance.random() < 0.02
            stays: dict[int, int] = {}
            if by_space:
                for _ in range(45):
                    bucket = min(max(int(chance.gauss(210, 25)), 100), 280)
                    stays[bucket] = stays.get(bucket, 0) + 1
            occupied = SPACES if full else chance.randrange(SPACES)
            tallies[scope] = Tally(
                SPACES * span, SPACES * span, occupied * span, span, span, full * span, span,
                (occupied >= 450) * span, span, 50, 50, EXACT, occupied / SPACES, stays,
            )  # fmt: skip
        yield Hour(begin, until, tallies, tallies)


async def fill(database: Database, lots: int) -> None:
    """Describe lots, and store a year of hours of each."""
    replica = Replica(database, lambda: FIRST + YEAR + DAY)
    await replica.start()
    for number in range(lots):
        counting = "spaces" if number % 2 == 0 else "gates"
        described = msgspec.convert(description([zone("a", counting, SPACES)]), Lot)
        described = msgspec.structs.replace(described, timezone=ZONE.key, district="east")
        lot = f"lot-{number:03}"

        def decide(lot: str = lot, described: Lot = described) -> Sequence[Wish]:
            return [Wish(lot, described, 0)]

        await replica.change_lots(decide, "k")
        for month in range(0, 365, 31):
            begin = FIRST + month * DAY
            end = min(begin + 31 * DAY, FIRST + YEAR)
            hours = list(year_of(number, begin, end))
            async with database.transaction() as connection:
                await usage.replace(connection, lot, hours, zone=ZONE, start=begin, end=end)
        async with database.transaction() as connection:
            await checkpoints.store(
                connection, lot, {}, through=FIRST + YEAR, timezone=ZONE.key, seq=0
            )
    async with database.connection() as connection:
        await connection.execute("VACUUM ANALYZE usage_day, usage_hours")


def ask(url: str, key: str, query: str, rounds: int) -> tuple[list[float], int]:
    """Ask so many times; gives the seconds that each took, and the bytes of an answer."""
    import urllib.request  # noqa: PLC0415

    times, size = [], 0
    for _ in range(rounds + 1):
        request = urllib.request.Request(  # noqa: S310 - our own service
            f"{url}/v1/usage?{query}", headers={"Authorization": f"Bearer {key}"}
        )
        began = time.perf_counter()
        with DIRECT.open(request, timeout=600) as answer:
            size = 0
            while part := answer.read(1 << 20):
                size += len(part)
        times.append(time.perf_counter() - began)
    return times[1:], size


def stretch(start: int, end: int) -> str:
    return f"from={rfc3339(start)}&to={rfc3339(end)}".replace("+", "%2B")


YEARS = stretch(FIRST, FIRST + YEAR)
QUESTIONS = {
    "a month by day": stretch(FIRST + 31 * DAY, FIRST + 59 * DAY) + "&bucket=day",
    "a year by month": YEARS + "&bucket=month",
    "a year by week, a page": YEARS + "&bucket=week",
    "a year by day, a page": YEARS + "&bucket=day",
    "a year by hour, a page": YEARS + "&bucket=hour",
    "a year by hour of the week, a page": YEARS + "&bucket=hour_of_week",
    "a year by hour of the week, the district": YEARS + "&bucket=hour_of_week&by=district",
    "a year by month, the district": YEARS + "&bucket=month&by=district",
    "a year by month, turned away": YEARS + "&bucket=month&measures=turned_away",
}
