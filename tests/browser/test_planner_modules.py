"""The pure modules of the planners' page: periods in calendars, sums of rows, addresses."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from parking.domain.calendar import bucket_start, zone_of
from parking.domain.instants import HOUR, parse
from tests.browser.test_modules import Modules, modules_in
from tests.service import RunningService

ZONES = (
    "UTC", "Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin", "America/New_York",
    "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia",
)  # fmt: skip
PERIOD = "planner/period.js"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def modules(browser: Browser, district: RunningService) -> AsyncIterator[Modules]:
    async with modules_in(browser, district, "en") as found:
        yield found


@pytest.mark.parametrize("zone", ZONES)
async def test_days_begin_where_those_of_the_service_do(modules: Modules, zone: str) -> None:
    """Through two years, and where clocks are set at midnight."""
    days = [date(2024, 12, 30) + timedelta(days=number) for number in range(730)]
    days += [date(2018, 11, 4), date(2018, 2, 18), date(2023, 4, 28)]  # set forward at midnight
    dates = [day.isoformat() for day in days]
    found = await modules.run(PERIOD, "v[0].map((d) => m.startOf(d, v[1]))", dates, zone)
    for day, text in zip(dates, found, strict=True):
        noon = parse(f"{day}T12:00:00Z")
        # the day whose noon is nearest: zones lie within 14 hours of UTC
        around = {bucket_start(noon + hours * HOUR, zone_of(zone), "day") for hours in (-14, 0, 14)}
        assert parse(text) in around, (day, text)
        assert text.startswith(day), (day, text)


async def test_periods_have_buckets_and_others_to_compare_with(modules: Modules) -> None:
    week = {"from": "2026-11-16", "to": "2026-11-22"}
    month = {"from": "2026-02-01", "to": "2026-02-28"}
    year = {"from": "2025-01-01", "to": "2025-12-31"}
    odd = {"from": "2026-01-07", "to": "2026-07-09"}
    weeks = {"from": "2026-06-01", "to": "2026-11-22"}
    day = {"from": "2026-11-16", "to": "2026-11-16"}
    for period, bucket, whole, before, year_before in (
        (day, "hour", "day", ("2026-11-15", "2026-11-15"), ("2025-11-17", "2025-11-17")),
        (week, "day", "week", ("2026-11-09", "2026-11-15"), ("2025-11-17", "2025-11-23")),
        (month, "day", "month", ("2026-01-01", "2026-01-31"), ("2025-02-01", "2025-02-28")),
        (year, "month", None, ("2024-01-01", "2024-12-31"), ("2024-01-01", "2024-12-31")),
        (weeks, "week", None, ("2025-12-08", "2026-05-31"), ("2025-06-02", "2025-11-23")),
        (odd, "day", None, ("2025-07-07", "2026-01-06"), ("2025-01-08", "2025-07-10")),
    ):
        assert await modules.run(PERIOD, "m.bucketOf(v[0])", period) == bucket
        assert await modules.run(PERIOD, "m.wholeBucket(v[0])", period) == whole
        for vs, wanted in (("before", before), ("year", year_before)):
            found = await modules.run(PERIOD, "m.comparedWith(v[0])", {**period, "vs": vs})
            assert (found["from"], found["to"]) == wanted, (period, vs)
    own = {**week, "vs": "own", "vsFrom": "2026-01-01", "vsTo": "2025-01-01"}
    assert await modules.run(PERIOD, "m.comparedWith(v[0])", own) is None
    near = await modules.run(PERIOD, "m.presets(v[0])", "2026-03-01")  # a Sunday
    assert near == {
        "days7": {"from": "2026-02-23", "to": "2026-03-01"},
        "days28": {"from": "2026-02-02", "to": "2026-03-01"},
        "lastWeek": {"from": "2026-02-16", "to": "2026-02-22"},
        "thisMonth": {"from": "2026-03-01", "to": "2026-03-31"},
        "lastMonth": {"from": "2026-02-01", "to": "2026-02-28"},
    }


def row(**more: Any) -> dict[str, Any]:
    """Give a day's row of ten spaces that are all known, half of them occupied."""
    return {
        "lot": "a", "zone": "UTC", "start": "2026-11-16T00:00:00Z", "end": "2026-11-17T00:00:00Z",
        "capacity": 10, "capacity_s": 864_000, "known_s": 864_000, "occupied_s": 432_000,
        "coverage": 1, "occupancy_peak": 0.7, "arrivals": 40, "departures": 36,
        "arrivals_are": "exact", "full_minutes": 0, "full_coverage": 1, **more,
    }  # fmt: skip


UNHEARD = {"known_s": 0, "occupied_s": 0, "coverage": 0, "occupancy_peak": None, "arrivals": 0,
           "departures": 0, "full_coverage": 0}  # fmt: skip


async def test_sums_are_of_what_is_known(modules: Modules) -> None:
    async def figures(*rows: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = await modules.run("planner/sums.js", "m.figuresOf(v)", *rows)
        return found

    one = await figures(row())
    assert (one["occupancy"], one["coverage"], one["peak"]) == (0.5, 1, 0.7)
    assert (one["turnover"], one["stay"], one["arrivalsADay"]) == (3.6, 200, 40)
    # a tenth of the other is known, and that is full: no mean of means
    other = row(lot="b", known_s=86_400, occupied_s=86_400, coverage=0.1, occupancy_peak=0.1)
    two = await figures(row(), other)
    assert two["occupancy"] == pytest.approx(518_400 / 950_400)
    assert two["coverage"] == pytest.approx(0.55)
    assert two["peak"] == 0.7
    nothing = await figures(row(**UNHEARD))
    for name in ("occupancy", "peak", "arrivals", "turnover", "stay", "full", "fullADay"):
        assert nothing[name] is None, name
    assert nothing["coverage"] == 0
    assert (await figures())["occupancy"] is None
    flag = row(lot="f", arrivals=None, departures=None, arrivals_are=None)
    mixed = await figures(row(arrivals_are="lower_bound"), flag)
    assert (mixed["arrivals"], mixed["atLeast"], mixed["countedLots"], mixed["lots"]) == (
        40,
        True,
        1,
        2,
    )
    assert mixed["turnover"] == 3.6, "of the lots alone that count"
    half = await figures(row(known_s=432_000, coverage=0.5), flag)
    assert (half["coverage"], half["flowCoverage"]) == (0.75, 0.5)
    assert (await figures(flag))["arrivals"] is None
    # full time weighs by how long there were spaces, not by how many
    large = row(lot="c", capacity=90, capacity_s=90 * 86_400, full_minutes=60, full_coverage=0.5)
    full = await figures(row(full_minutes=30), large)
    assert (full["full"], full["fullCoverage"], full["fullADay"]) == (90, 0.75, 45)


async def test_ranks_are_of_what_is_known_well(modules: Modules) -> None:
    rows = [
        row(lot="half", occupied_s=432_000),
        row(lot="most", occupied_s=800_000),
        row(lot="little", known_s=100, occupied_s=100, coverage=0.001),
        row(lot="none", **UNHEARD),
    ]
    ranks = "m.ranked(v[0], v[1]).map((one) => [one.lot, one.rank])"
    wanted = [["most", 1], ["half", 2], ["little", None], ["none", None]]
    assert await modules.run("planner/sums.js", ranks, rows, "occupancy") == wanted


async def test_addresses_tell_what_was_shown(modules: Modules) -> None:
    module = "planner/address.js"
    shown = {
        "from": "2026-11-01", "to": "2026-11-30", "district": "east", "lots": ["a.b", "c_1"],
        "hours": "open", "vs": "own", "vsFrom": "2026-10-01", "vsTo": "2026-10-31",
        "cells": "difference", "measure": "full", "sort": "coverage",
    }  # fmt: skip
    assert await modules.run(module, "m.readAddress(m.writeAddress(v[0]))", shown) == shown
    usual = await modules.run(module, "m.DEFAULTS")
    assert await modules.run(module, "m.writeAddress(m.DEFAULTS)") == ""
    for wrong in (
        "#from=2026-02-30&to=2026-03-01", "#from=2026-03-02&to=2026-03-01", "#from=2026-03-01",
        "#from=1969-01-01&to=1969-01-02", "#vs=other&cells=x&sort=y&hours=shut", "#lots=<b>,,",
        "#district=a b&key=secret", "#%%%",
    ):  # fmt: skip
        assert await modules.run(module, "m.readAddress(v[0])", wrong) == usual, wrong
