"""What the contract says the usage statistics are, once more, slowly: an oracle for the tests.

Written from section 6 of the wire contract alone, never from the product, which it must not import.
Availability is worked out (by `oracle`) at each instant at which anything can change, and the step
function that gives is summed up in whole microseconds. What came and went is in `oracle_moves`, the
local calendar in `oracle_calendar`.

Where the contract leaves room, this holds:

* What holds "at the end" of a bucket holds just before it: a description put at `end` is the next
  bucket's. A lot retired all the bucket long has 0 spaces, coverage 0, and all else null or 0.
* The peak is of what is known to be occupied over the whole capacity of the scope, flag zones and
  unknown spaces included; it counts the value that holds at `start`.
* Full means that all spaces of the scope are known to be occupied, so never with a flag zone;
  that it is not full is known when a space is known to be free.
* Saturated means that the lot is open and nine tenths of the spaces are known to be occupied; that
  it is not saturated is known when it would not be if all unknown spaces were occupied.
* Arrivals are null where all zones of the scope were flag zones all the while, or none was there;
  and then what `arrivals_are` is null too.
* With `hours="open"` the time, and the arrivals, departures and ends of stays at moments, when the
  lot is not open are left out. Which zones there were, and what they were, is told of all the time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

from tests.oracle import IsOpen, availability
from tests.oracle_calendar import hour_of_week, local_buckets, local_hours
from tests.oracle_events import LOT, Json, Lists, Timeline, when, zones_at
from tests.oracle_moves import MICROSECOND, Move, moves, unvoided

__all__ = ["add", "hour_of_week", "local_buckets", "local_hours", "quantile_bounds", "usage"]

By = Literal["lot", "zone", "class"]
Hours = Literal["all", "open"]

SUMS = (
    "capacity_us", "known_us", "occupied_us", "span_us", "opened_us", "full_us", "full_known_us",
    "saturated_us", "saturated_known_us",
)  # fmt: skip
NINE_TENTHS = Fraction(9, 10)
_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000


def usage(
    timeline: Timeline,
    lists: Lists,
    events: Iterable[Json],
    start: datetime,
    end: datetime,
    *,
    by: By = "lot",
    is_open: IsOpen = lambda _description, _t: None,
    cuts: Iterable[datetime] = (),
    hours: Hours = "all",
    lot: str = LOT,
) -> Any:
    """Give the row of a lot for the bucket [start, end); a list of rows by zone or class.

    Those have a row for each that was there in the bucket, in the order of their names, which are
    under `zone` or `class`. `events` are the accepted ones in any order, repeated or not; `is_open`
    is as for availability; `cuts` are all instants in the bucket at which its answer may change.
    Raises ValueError for an empty bucket.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if start >= end:
        raise ValueError("an empty bucket")
    read = unvoided(events, lot)
    marks = {start, *(cut.astimezone(UTC) for cut in cuts), *_marks(timeline, lists, read)}
    instants = sorted(mark for mark in marks if start <= mark < end)
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    counted = set()

    for since, until in pairwise([*instants, end]):
        state = availability(timeline, lists, read, since, is_open=is_open, lot=lot)
        if state is None:
            continue
        if hours == "all" or state["status"] == "open":
            counted.add(since)
        width = (until - since) // MICROSECOND if since in counted else 0
        open_width = width if state["status"] == "open" else 0
        for name, zones in _scopes(state["zones"], by).items():
            tallies[name].hold(zones, width, open_width)

    for move in moves(timeline, lists, read):
        if move.at in counted:
            zone = zones_at(timeline, move.at)[move.zone]
            for name in _scopes([zone], by):
                tallies[name].move(move)

    if by == "lot":
        return {"start": start, "end": end, **tallies[""].row()}
    return [
        {"start": start, "end": end, by: name, **tallies[name].row()}
        for name in sorted(tallies, key=str.encode)
    ]


def add(rows: Sequence[Json]) -> Json:
    """Add rows up: of one scope over buckets, of several scopes over the same ones, or both.

    The capacity is that of the latest bucket which has any, all its scopes together. A column that
    names the scope stays when it is the same in all the rows.
    """
    latest = max((row["end"] for row in rows if row["capacity"]), default=None)
    names = {name: {row.get(name) for row in rows} for name in ("zone", "class")}
    peaks = [row["occupancy_peak"] for row in rows if row["occupancy_peak"] is not None]
    kinds = {row["arrivals_are"] for row in rows} - {None}
    moves = [row for row in rows if row["arrivals"] is not None]
    return {
        "start": min(row["start"] for row in rows),
        "end": max(row["end"] for row in rows),
        **{name: had.pop() for name, had in names.items() if len(had) == 1 and None not in had},
        "capacity": sum(row["capacity"] for row in rows if row["end"] == latest),
        **_with_ratios(
            {
                **{column: sum(row[column] for row in rows) for column in SUMS},
                "occupancy_peak": max(peaks, default=None),
                "arrivals": sum(row["arrivals"] for row in moves) if moves else None,
                "departures": sum(row["departures"] for row in moves) if moves else None,
                "arrivals_are": min(kinds, key=["lower_bound", "exact"].index, default=None),
                "stays_us": sorted(stay for row in rows for stay in row["stays_us"]),
            }
        ),
    }


def quantile_bounds(stays_us: Sequence[int], percent: int) -> tuple[int, int] | None:
    """Give the least and the greatest that the usual definitions have for a percentile ≥ 50.

    They differ by which of its neighbours in the sorted `stays_us` they take, or how they mix them.
    None where there are no stays.
    """
    if not stays_us:
        return None
    number = len(stays_us)
    least = max(number * percent // 100, 1)
    greatest = min(-(-(number + 1) * percent // 100), number)
    return stays_us[least - 1], stays_us[greatest - 1]


class _Tally:
    """What adds up for one scope in one bucket."""

    def __init__(self) -> None:
        self.capacity = 0
        self.sums = dict.fromkeys(SUMS, 0)
        self.peaks: list[float] = []
        self.countings: set[str] = set()
        self.arrivals = 0
        self.departures = 0
        self.stays_us: list[int] = []

    def hold(self, zones: list[Json], width_us: int, open_us: int) -> None:
        """Take it that the scope's zones are like this for so long, and so long of it open.

        Both are 0 where that does not count.
        """
        capacity = sum(zone["capacity"] for zone in zones)
        known = capacity - sum(zone["unknown"] for zone in zones)
        occupied = sum(zone["occupied"] or 0 for zone in zones)
        self.capacity = capacity
        self.countings |= {zone["counting"] for zone in zones}
        self.sums["capacity_us"] += capacity * width_us
        self.sums["known_us"] += known * width_us
        self.sums["occupied_us"] += occupied * width_us
        free = known - occupied
        self.sums["span_us"] += width_us
        self.sums["opened_us"] += open_us
        if occupied == capacity:
            self.sums["full_us"] += width_us
        if occupied == capacity or free > 0:
            self.sums["full_known_us"] += width_us
        if Fraction(occupied, capacity) >= NINE_TENTHS:
            self.sums["saturated_us"] += open_us
        if (
            Fraction(occupied, capacity) >= NINE_TENTHS
            or Fraction(capacity - free, capacity) < NINE_TENTHS
        ):
            self.sums["saturated_known_us"] += open_us
        if known and width_us:
            self.peaks.append(occupied / capacity)

    def move(self, move: Move) -> None:
        """Take it that cars came or went."""
        self.arrivals += move.arrivals
        self.departures += move.departures
        if move.stay_us is not None:
            self.stays_us.append(move.stay_us)

    def row(self) -> Json:
        """Give the columns but for those that name the row."""
        is_told = bool(self.countings - {"flag"})
        kind = "lower_bound" if "counts" in self.countings else "exact"
        return {
            "capacity": self.capacity,
            **_with_ratios(
                {
                    **self.sums,
                    "occupancy_peak": max(self.peaks, default=None),
                    "arrivals": self.arrivals if is_told else None,
                    "departures": self.departures if is_told else None,
                    "arrivals_are": kind if is_told else None,
                    "stays_us": sorted(self.stays_us),
                }
            ),
        }


def _with_ratios(sums: Json) -> Json:
    """Fill in the columns that follow from the others."""
    capacity, known, occupied = (sums[name] for name in SUMS[:3])
    span, opened, decided = (sums[name] for name in ("span_us", "opened_us", "saturated_known_us"))
    departures = sums["departures"]
    has_turnover = departures is not None and capacity > 0
    return {
        **sums,
        "coverage": known / capacity if capacity else 0.0,
        "occupancy_mean": occupied / known if known else None,
        "turnover": departures * _DAY_US / capacity if has_turnover else None,
        "dwell_mean_min": occupied / (_MINUTE_US * departures) if departures else None,
        "full_coverage": sums["full_known_us"] / span if span else 0.0,
        "saturation": sums["saturated_us"] / decided if decided else None,
        "saturation_coverage": decided / opened if opened else 0.0,
    }


def _marks(timeline: Timeline, lists: Lists, events: list[Json]) -> Iterator[datetime]:
    """Give all instants at which the state may change, and some at which it does not."""
    patience = {
        timedelta(seconds=zone["stale_after_s"])
        for _, description in timeline
        if description is not None
        for zone in description["zones"]
    }
    for moment in {when(event).astimezone(UTC) for event in events}:
        yield moment
        yield from (moment + silence for silence in patience)
    for since in [*(put[0] for put in timeline), *(put[0] for put in lists)]:
        if since is not None:
            yield since.astimezone(UTC)


def _scopes(zones: list[Json], by: By) -> dict[str, list[Json]]:
    """Give the zones that belong together, by what they have in common."""
    field = {"lot": None, "zone": "id", "class": "class"}[by]
    scopes: dict[str, list[Json]] = {}
    for zone in zones:
        scopes.setdefault(zone[field] if field else "", []).append(zone)
    return scopes
