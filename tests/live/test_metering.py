"""Hours that are not stored: those in which nothing was known, at once for years."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.domain.calendar import list_buckets, zone_of
from parking.domain.instants import DAY, HOUR
from parking.domain.lots import Lot
from parking.domain.states import LotState
from parking.domain.timeline import Described, Timeline
from parking.live.metering import meter_silence
from tests.domain.test_calendar import instants, zones
from tests.e2e.wire import description, zone


def timeline_of(capacities: dict[int, int], **lot: object) -> Timeline:
    """Give a lot that has one zone, of these capacities from these moments on, us."""
    return Timeline(
        "p1",
        [
            Described(at, msgspec.convert(description([zone("a", "gates", spaces)]) | lot, Lot))
            for at, spaces in capacities.items()
        ],
    )


@settings(deadline=None, max_examples=60)
@given(instants, st.integers(1, 900), st.integers(0, 900), zones)
async def test_silence_falls_into_local_hours(
    start: int, hours: int, changed: int, name: str
) -> None:
    end, change = start + hours * HOUR, start + changed * HOUR // 2
    runs = await meter_silence(
        timeline_of({start - DAY: 10, change: 20}), zone_of(name), LotState(), start, end
    )
    found = [span for run in runs for span in pairwise(run.bounds)]
    wanted = list_buckets(start, end, zone_of(name), "hour")
    assert found == [(max(begin, start), min(until, end)) for begin, until in wanted]
    capacity = sum(
        tally.capacity * (len(run.bounds) - 1)
        for run in runs
        for (kind, _), tally in run.tallies.items()
        if kind == "lot"
    )
    first = max(min(change, end) - start, 0)
    assert capacity == 10 * first + 20 * (end - start - first)


@pytest.mark.parametrize("years", [1, 20])
async def test_years_of_silence_are_few_runs(years: int) -> None:
    start = 1_800_000_000_000_000 // DAY * DAY
    end = start + years * 365 * DAY
    (run,) = await meter_silence(timeline_of({0: 5}), zone_of("UTC"), LotState(), start, end)
    assert run.bounds == list(range(start, end + 1, HOUR))
