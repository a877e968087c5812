"""Tallies as arrays: how usage is stored, and how it is summed fast.

A tally of an hour is a record of `HOUR`, that of a day one of `DAY`. Counts of stays are records of
`STAY`. Arrays are kept in little-endian order, in memory as in the database.
"""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from parking.domain.calendar import local
from parking.domain.usage import Tally, total

Records = NDArray[np.void]
Places = NDArray[np.intp]

_TIMES = ("span", "opened", "full", "full_known", "saturated", "saturated_known")
ADDED = ("capacity", "known", "occupied", *_TIMES, "arrivals", "departures")
"""The columns that add up, in the order of a tally's."""

HOUR = np.dtype(
    [("start", "<i8"), ("end", "<i8")]
    # an hour has fewer microseconds than 2 ** 32
    + [(name, "<u4" if name in _TIMES else "<i8") for name in ADDED]
    + [("flows", "<u4"), ("peak", "<f8")]
)
"""A tally of an hour or less, [start, end) in us; a peak that is not known is NaN."""

DAY = np.dtype(
    [("start", "<i8"), ("end", "<i8")]
    + [(name, "<i8") for name in ADDED]
    + [("flows", "<u4"), ("peak", "<f8"), ("clock", "<i8", (24, 3))]
)
"""The sum of a day's hours, which need not be all of them; `clock`: `CLOCK` by the local hour."""

CLOCK = ("capacity", "known", "occupied")
"""What is summed by the hour of the day, in this order."""

STAY = np.dtype([("hour", "u1"), ("bucket", "<u2"), ("count", "<u4")])
"""So many stays of a bucket of lengths, that ended in the hour of this number in its day."""

_LARGEST = int(np.iinfo(np.int64).max)


def hour_record(start: int, end: int, tally: Tally) -> tuple[Any, ...]:
    """Give a tally of [start, end), us, an hour or less, as a record of `HOUR`."""
    added = [getattr(tally, name) for name in ADDED]
    return (start, end, *added, tally.flows, np.nan if tally.peak is None else tally.peak)


def pack_day(records: Records, stays: Records, zone: ZoneInfo) -> tuple[bytes, bytes]:
    """Give the sum of a day's hours, and its stays, as they are stored."""
    hours_of_day = [local(start, zone).hour for start in records["start"].tolist()]
    clock = np.zeros((24, 3), np.int64)
    for column, name in enumerate(CLOCK):
        np.add.at(clock[:, column], hours_of_day, records[name])
    sum_ = total(list_sums(records, np.zeros(1, np.intp)))
    fields = hour_record(int(records["start"][0]), int(records["end"][-1]), sum_)
    counts = np.bincount(stays["bucket"], stays["count"]).astype(np.int64)
    buckets = np.flatnonzero(counts)
    merged = np.zeros(len(buckets), STAY)
    merged["bucket"], merged["count"] = buckets, counts[buckets]
    return np.array([(*fields, clock)], DAY).tobytes(), merged.tobytes()


def stay_records(tallies: Iterable[Tally], first: int = 0) -> list[tuple[int, int, int]]:
    """Give the counts of stays of the hours of a day from the `first` on, as records of `STAY`."""
    return [
        (hour, bucket, count)
        for hour, tally in enumerate(tallies, first)
        for bucket, count in sorted(tally.stays.items())
    ]


def unpack(data: bytes, kind: np.dtype[np.void]) -> Records:
    """Give the records that were stored."""
    return np.frombuffer(data, kind)


def list_sums(records: Records, firsts: Places) -> list[Tally]:
    """Sum records of `HOUR` or `DAY` into groups that begin at `firsts`; without stays."""
    if not len(firsts):
        return []
    columns = [_sum(records[name], firsts) for name in ADDED]
    columns.append(np.bitwise_or.reduceat(records["flows"], firsts).tolist())
    peaks = np.fmax.reduceat(records["peak"], firsts).tolist()
    columns.append([None if peak != peak else peak for peak in peaks])  # noqa: PLR0124 - NaN
    return [Tally(*fields) for fields in zip(*columns, strict=True)]


def _sum(column: NDArray[Any], firsts: Places) -> list[Any]:
    """Sum a column into groups, exactly: what 63 bits may not hold is summed as Python does."""
    fits = len(column) * int(column.max()) <= _LARGEST
    wide = column.astype(np.int64 if fits else object)
    sums: list[Any] = np.add.reduceat(wide, firsts).tolist()
    return sums
