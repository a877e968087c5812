"""Usage at a year's size: questions to the service, and the roll-up of a busy hour.

`python -m tests.bench.usage` makes a database of its own, stores a year of hours of 24 lots in it,
as the walk does, asks the service, and prints medians. Nothing stays behind.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import msgspec

from parking.domain.calendar import bucket_start, list_buckets, zone_of
from parking.domain.instants import DAY, HOUR, SECOND, rfc3339
from parking.domain.lots import Lot
from parking.domain.usage import EXACT, Hour, Scope, Tally
from parking.jobs.walk import walk
from parking.live.replica import Replica
from parking.store import checkpoints, embedded, usage
from parking.store.database import Database, open_database
from parking.store.log import LogWriter
from parking.store.lots import Wish
from parking.store.migrate import migrate
from tests.e2e.wire import description, zone
from tests.entries import entry
from tests.service import DIRECT, RunningService, running_services

ZONE = zone_of("Asia/Shanghai")
NOW = time.time_ns() // 1000
END = bucket_start(NOW, ZONE, "month")
FIRST = bucket_start(END - 360 * DAY, ZONE, "month")
"""Twelve whole months, [FIRST, END)."""
TODAY = bucket_start(NOW, ZONE, "day")
"""Until then all is stored, so that the service has nothing to work up meanwhile."""
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
    replica = Replica(database, lambda: TODAY)
    await replica.start()
    for number in range(lots):
        counting = "spaces" if number % 2 == 0 else "gates"
        described = msgspec.convert(description([zone("a", counting, SPACES)]), Lot)
        described = msgspec.structs.replace(described, timezone=ZONE.key, district="east")
        lot = f"lot-{number:03}"

        def decide(lot: str = lot, described: Lot = described) -> Sequence[Wish]:
            return [Wish(lot, described, 0)]

        await replica.change_lots(decide, "k")
        for begin, end in list_buckets(FIRST, TODAY, ZONE, "month"):
            end = min(end, TODAY)  # noqa: PLW2901
            hours = list(year_of(number, begin, end))
            async with database.transaction() as connection:
                await usage.replace(connection, lot, hours, zone=ZONE, start=begin, end=end)
        async with database.transaction() as connection:
            await checkpoints.store(connection, lot, {}, through=TODAY, timezone=ZONE.key, seq=0)
    async with database.connection() as connection:
        await connection.execute("VACUUM ANALYZE usage_day, usage_hours")


async def fill_hour(database: Database, events: int) -> int:
    """Commit an hour of passages at one gate; gives the hour's end, us."""
    replica = Replica(database, lambda: TODAY)
    await replica.start()
    described = msgspec.convert(description([zone("g", "gates", SPACES)]), Lot)

    def decide() -> Sequence[Wish]:
        return [Wish("busy", described, 0)]

    await replica.change_lots(decide, "k")
    writer = LogWriter(database.dsn)
    start = TODAY - 5 * HOUR
    for first in range(0, events, 5000):
        passages = (
            {
                "lot": "busy", "id": f"e{number}", "type": "passage", "zone": "g",
                "direction": "out" if number % 2 else "in",
                "observed_at": rfc3339(start + number * HOUR // events),
            }
            for number in range(first, first + 5000)
        )  # fmt: skip
        await writer.commit([entry(passage) for passage in passages], suspects=False)
    await writer.close()
    return start + HOUR


async def roll_up(database: Database, end: int) -> float:
    """Work the hour up from the log; gives the seconds it took."""
    replica = Replica(database, lambda: end + 5 * SECOND + checkpoints.LAG)
    await replica.start()
    async with database.transaction() as connection:
        await checkpoints.forget(connection, "busy")
    timeline = replica.timeline("busy")
    began = time.perf_counter()
    reached = await walk(replica, timeline, end)
    while reached is not None and reached < end:
        reached = await walk(replica, timeline, end)
    return time.perf_counter() - began


def ask(service: RunningService, query: str) -> tuple[float, int]:
    """Ask once; gives the seconds it took, and the bytes of the answer."""
    request = urllib.request.Request(  # noqa: S310 - our own service
        f"{service.url}/v1/usage?{query}",
        headers={"Authorization": f"Bearer {service.admin_key}"},
    )
    began, size = time.perf_counter(), 0
    with DIRECT.open(request, timeout=900) as answer:
        while part := answer.read(1 << 20):
            size += len(part)
    return time.perf_counter() - began, size


def peak_memory(service: RunningService) -> int:
    """Give the greatest resident memory of the service so far, MB."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def stretch(start: int, end: int) -> str:
    return f"from={rfc3339(start)}&to={rfc3339(end)}"


YEARS = stretch(FIRST, END)
QUESTIONS = {
    "a month by day": stretch(FIRST + 40 * DAY, FIRST + 68 * DAY) + "&bucket=day",
    "a year by month": YEARS + "&bucket=month",
    "a year by week, a page": YEARS + "&bucket=week",
    "a year by day, a page": YEARS + "&bucket=day",
    "a year by hour, a page": YEARS + "&bucket=hour",
    "a year by hour of the week, a page": YEARS + "&bucket=hour_of_week",
    "a year by hour of the week, the district": YEARS + "&bucket=hour_of_week&by=district",
    "a year by month, the district": YEARS + "&bucket=month&by=district",
    "a year by month, turned away": YEARS + "&bucket=month&measures=turned_away",
}


def measure(dsn: str, rounds: int, exports: Sequence[str]) -> dict[str, object]:
    """Ask a service on the database everything, in turns; gives what to print."""
    found: dict[str, object] = {}
    with running_services(dsn) as (service,):
        for query in QUESTIONS.values():
            ask(service, query)  # warm
        times: dict[str, list[float]] = {name: [] for name in QUESTIONS}
        for _ in range(rounds):
            for name, query in QUESTIONS.items():
                times[name].append(ask(service, query)[0] * 1000)
        for name, all_took in times.items():
            found[name] = (
                f"{statistics.median(all_took):7.1f} ms  "
                f"({min(all_took):.1f} to {max(all_took):.1f})"
            )
        for kind in exports:
            before = peak_memory(service)
            took, size = ask(service, f"{YEARS}&bucket=hour&format={kind}")
            found[f"all hours as {kind}"] = (
                f"{took:7.1f} s   {size >> 20} MB, memory {before} to {peak_memory(service)} MB"
            )
    return found


async def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.usage", description=__doc__)
    parser.add_argument("--lots", type=int, default=24, help="a year of hours of so many lots")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--exports", default="csv,parquet", help="formats of all the hours")
    given = parser.parse_args()
    exports = [kind for kind in given.exports.split(",") if kind]
    with tempfile.TemporaryDirectory(prefix="parking-bench-") as folder:
        async with embedded.running(Path(folder)) as dsn:
            await migrate(dsn)
            async with open_database(dsn) as database:
                end = await fill_hour(database, 100_000)
                took = statistics.median([await roll_up(database, end) for _ in range(3)])
                print(f"{'an hour of 100,000 events, rolled up':45} {took:7.2f} s")
                print(f"storing a year of hours of {given.lots} lots ...", flush=True)
                await fill(database, given.lots)
            for name, told in (
                await asyncio.to_thread(measure, dsn, given.rounds, exports)
            ).items():
                print(f"{name:45} {told}")


if __name__ == "__main__":
    asyncio.run(main())
