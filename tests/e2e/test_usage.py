"""Usage of random histories over HTTP against the oracle, before and after the walk, and later on.

Each history has a lot of its own, described once, on one service. After it is told, after the walk
has worked its hours up, after late events, voids and recounts, and after the walk has gone over
those too, rows are what the oracle works out from the whole set, and add up.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import oracle_usage
from tests.drawn import draw
from tests.e2e.test_histories import Case, bring, cases, each, tell, walk_all
from tests.e2e.wire import Wire, connected, now
from tests.histories import NOW
from tests.oracle_events import Json, when
from tests.oracle_usage import SUMS
from tests.service import RunningService

LOTS = 12
CHECKED_HOURS = 2
BACK = timedelta(days=3)
TIMEZONES = ("Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin")
BYS: tuple[oracle_usage.By, ...] = ("lot", "zone", "class")
HOURS: tuple[oracle_usage.Hours, ...] = ("all", "open")
RATIOS = (
    "coverage", "occupancy_mean", "occupancy_peak", "turnover", "dwell_mean_min", "full_coverage",
    "saturation", "saturation_coverage",
)  # fmt: skip
KNOWN = ("known", "occupied")
SECOND_US, MINUTE_US = 1_000_000, 60_000_000


@dataclass
class Told:
    """A case, and what the oracle has worked out of it since something came last."""

    case: Case
    known: dict[tuple[datetime, datetime, str, str], dict[str, Json]] = field(default_factory=dict)

    @property
    def lot(self) -> str:
        return self.case.lot.id

    @property
    def description(self) -> Json:
        return self.case.lot.timeline[0][1] or {}

    def wanted(
        self, start: datetime, end: datetime, by: oracle_usage.By, hours: oracle_usage.Hours
    ) -> dict[str, Json]:
        """Give the oracle's rows by their names."""
        key = (start, end, by, hours)
        if key not in self.known:
            lot = self.case.lot
            rows = oracle_usage.usage(
                lot.timeline, lot.lists, self.case.accepted.values(), start, end, by=by,
                is_open=by_day, cuts=cuts(start, end), hours=hours, lot=lot.id,
            )  # fmt: skip
            listed = [rows] if by == "lot" else rows
            self.known[key] = {row.get(by, ""): row for row in listed}
        return self.known[key]


def by_day(description: Json, at: datetime) -> bool | None:
    """Tell whether the lot is open, of those that are so from 08:00 to 20:00."""
    if description.get("opening_hours") is None:
        return None
    return 8 <= at.astimezone(ZoneInfo(description["timezone"])).hour < 20


def cuts(start: datetime, end: datetime) -> list[datetime]:
    """Give the half hours in a bucket: a superset of when lots open and close."""
    at = start.replace(minute=0, second=0, microsecond=0)
    halves = []
    while at < end:
        at += timedelta(minutes=30)
        if start < at < end:
            halves.append(at)
    return halves


async def rows_of(wire: Wire, start: datetime, end: datetime, **query: str) -> list[Json]:
    """Read all rows, page by page."""
    asked = {"from": start.isoformat(), "to": end.isoformat(), **query}
    rows: list[Json] = []
    while True:
        page = await wire.ask("GET", "/v1/usage", params=asked)
        rows += page["items"]
        if page["next"] is None:
            return rows
        asked["cursor"] = page["next"]


def times(row: Json) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])


def sums(row: Json) -> tuple[int, int, int, int]:
    """Give the whole numbers of microseconds that a row tells."""
    spaces = (round(row[name] * SECOND_US) for name in ("capacity_s", "known_s", "occupied_s"))
    capacity, known, occupied = spaces
    return capacity, known, occupied, round(row["full_minutes"] * MINUTE_US)


def assert_row(row: Json, wanted: Json) -> None:
    """Hold a row against the oracle's."""
    assert row["capacity"] == wanted["capacity"]
    assert sums(row) == tuple(wanted[name] for name in (*SUMS[:3], "full_us"))
    for name in ("arrivals", "departures", "arrivals_are"):
        assert row[name] == wanted[name], name
    for name in RATIOS:
        near = wanted[name]
        assert row[name] == (None if near is None else pytest.approx(near, rel=1e-9)), name
    for percent in (50, 85):
        told, bounds = (
            row[f"dwell_p{percent}_min"],
            oracle_usage.quantile_bounds(wanted["stays_us"], percent),
        )
        assert (told is None) == (bounds is None)
        if bounds is not None:  # stays of less than a second are told as one second
            least, greatest = bounds
            assert 0.95 * least <= told * MINUTE_US <= 1.05 * max(greatest, SECOND_US)


async def check(wire: Wire, told: Told) -> None:
    """Hold the hours of a lot against the oracle, and what they add up to."""
    chance = random.Random(told.lot)
    until = now()
    marks = [when(event) for event in told.case.accepted.values()]
    for by in BYS:
        for hours in HOURS:
            query = {"lots": told.lot, "by": by, "hours": hours}
            rows = await rows_of(wire, until - BACK, until, bucket="hour", **query)
            grouped: dict[tuple[datetime, datetime], dict[str, Json]] = defaultdict(dict)
            for row in rows:
                grouped[times(row)][row.get(by, "") if by != "lot" else ""] = row
            buckets = sorted(grouped)
            assert_in_a_line(buckets, until - BACK, until)
            busy = [(s, e) for s, e in buckets[:-1] if any(s <= mark < e for mark in marks)]
            picked = chance.sample(busy, min(len(busy), CHECKED_HOURS))
            for bucket in [*picked, chance.choice(buckets[:-1]), buckets[-1]]:
                wanted = told.wanted(*bucket, by, hours)
                assert grouped[bucket].keys() == wanted.keys()
                for name, row in grouped[bucket].items():
                    try:
                        assert_row(row, wanted[name])
                    except AssertionError as error:
                        error.add_note(f"{told.lot} {by} {name} {hours} {bucket}")
                        raise
            if by == "lot":
                await check_longer(wire, told, hours, rows, until)


async def check_longer(
    wire: Wire, told: Told, hours: oracle_usage.Hours, rows: list[Json], until: datetime
) -> None:
    """Hold that hours add up to days, weeks and months, and zones to the lot."""
    query = {"lots": told.lot, "hours": hours}
    first, last = times(rows[0])[0], times(rows[-1])[1]
    for bucket in ("day", "week", "month"):
        longer = await rows_of(wire, until - BACK, until, bucket=bucket, **query)
        start = times(longer[0])[0]
        fine = await rows_of(wire, start, until, bucket="hour", **query)
        assert_adds_up(longer, fine)
        assert_peak_hours(longer, fine, ZoneInfo(told.description["timezone"]))
        assert times(longer[0])[0] <= first
    zones = await rows_of(wire, until - BACK, last, bucket="day", by="zone", **query)
    whole = await rows_of(wire, until - BACK, last, bucket="day", **query)
    for row in whole[:-1]:
        parts = [sums(part) for part in zones if part["start"] == row["start"]]
        assert tuple(map(sum, zip(*parts, strict=True)))[:3] == sums(row)[:3]
    assert_row(whole[0], told.wanted(*times(whole[0]), "lot", hours)[""])


def assert_in_a_line(
    buckets: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime
) -> None:
    """Hold that buckets cover a stretch without gaps and overlaps."""
    assert buckets[0][0] <= start < buckets[0][1]
    assert buckets[-1][1] >= end
    assert all(one[1] == other[0] for one, other in pairwise(buckets))


def assert_adds_up(longer: Iterable[Json], fine: Iterable[Json]) -> None:
    """Hold that rows of longer buckets are the sums of the hours in them; not the running one."""
    for row in list(longer)[:-1]:
        start, end = times(row)
        inside = [part for part in fine if start <= times(part)[0] < end]
        assert tuple(map(sum, zip(*map(sums, inside), strict=True))) == sums(row)
        for name in ("arrivals", "departures"):
            values = [part[name] for part in inside if part[name] is not None]
            assert row[name] == (sum(values) if values else None)
        peaks = [part["occupancy_peak"] for part in inside if part["occupancy_peak"] is not None]
        assert row["occupancy_peak"] == max(peaks, default=None)


def assert_peak_hours(longer: Iterable[Json], fine: Iterable[Json], zone: ZoneInfo) -> None:
    """Hold that the peak hour is that of the greatest mean over the hours in a bucket."""
    for row in list(longer)[:-1]:
        start, end = times(row)
        by_hour: defaultdict[int, list[Fraction]] = defaultdict(lambda: [Fraction()] * 3)
        for part in fine:
            if start <= times(part)[0] < end:
                hour = times(part)[0].astimezone(zone).hour
                added = (Fraction(micro, SECOND_US) for micro in sums(part)[:3])
                by_hour[hour] = [a + b for a, b in zip(by_hour[hour], added, strict=True)]
        means = {hour: occ / known for hour, (_, known, occ) in by_hour.items() if known}
        if not means:
            assert (row["peak_hour"], row["peak_hour_coverage"]) == (None, 0)
            continue
        assert row["peak_hour"] == min(means, key=lambda hour: (-means[hour], hour))
        shares = [known / capacity for capacity, known, _ in by_hour.values() if capacity]
        assert row["peak_hour_coverage"] == pytest.approx(float(min(shares)))


async def check_districts(wire: Wire, lots: list[Told]) -> None:
    """Hold that a district is what its lots add up to."""
    until = now()
    start = until - BACK
    district_of = {told.lot: told.description["district"] for told in lots}
    districts = await rows_of(wire, start, until, bucket="day", by="district")
    rows = await rows_of(wire, start, until, bucket="day")
    assert {row["district"] for row in districts} == set(district_of.values())
    assert len(districts) == len({(row["district"], row["start"]) for row in districts})
    for whole in districts:
        parts: list[Any] = [
            row
            for row in rows
            if (district_of[row["lot"]], row["start"]) == (whole["district"], whole["start"])
        ]
        assert whole["capacity"] == sum(part["capacity"] for part in parts)
        if {part["end"] for part in parts} != {whole["end"]}:
            continue  # the running one
        assert tuple(map(sum, zip(*map(sums, parts), strict=True))) == sums(whole)
        peaks = [part["occupancy_peak"] for part in parts if part["occupancy_peak"] is not None]
        assert whole["occupancy_peak"] == max(peaks, default=None)
        covered = [part for part in parts if not part["low_coverage"]]
        assert all(part["low_coverage"] == (part["coverage"] < 0.5) for part in [*parts, whole])
        assert (whole["lots"], whole["lots_covered"]) == (len(parts), len(covered))
        known, occupied = (sum(part[f"{name}_s"] for part in covered) for name in KNOWN)
        mean = pytest.approx(occupied / known) if known else None
        assert whole["covered_occupancy_mean"] == mean


async def test_usage_is_what_the_oracle_says(database_url: str, service: RunningService) -> None:
    strategy = cases().filter(lambda case: len(case.told) > 12)
    lots = [Told(draw(strategy, 1000 + number)) for number in range(LOTS)]
    by = timedelta(seconds=(now() - NOW).total_seconds() // 1 - 12 * 60)
    for number, told in enumerate(lots):
        bring(told.case, number, by)
        told.description["timezone"] = TIMEZONES[number % 3]
        told.description["district"] = f"d{number % 6}"
        told.description["opening_hours"] = "Mo-Su 08:00-20:00" if number % 4 == 0 else None
    of = {told.lot: told for told in lots}
    drawn = [told.case for told in lots]
    async with connected(service) as (wire,):

        async def describe(case: Case) -> None:
            await wire.ask("PUT", f"/v1/lots/{case.lot.id}", body=of[case.lot.id].description)
            for _, zone, spaces in case.lot.lists:
                await wire.put_spaces(case.lot.id, zone, spaces)

        async def check_all() -> None:
            await each(drawn, lambda case: check(wire, of[case.lot.id]))
            await check_districts(wire, lots)

        await each(drawn, describe)
        await each(drawn, lambda case: tell(wire, case, case.told))
        await check_all()
        await walk_all(database_url)
        await check_all()
        for told in lots:
            told.known.clear()
        await each(drawn, lambda case: tell(wire, case, case.late))
        await check_all()
        await walk_all(database_url)
        await check_all()
