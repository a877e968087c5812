"""Demand that was turned away: the cars to be expected while all was full.

What came while all was full says little of who would have come. So the arrival rate is taken from
the same hour of other weeks, of such hours only as were never full and in which that is known.
"""

import numpy as np
from numpy.typing import NDArray

from parking.domain.usage import TurnedAway
from parking.live.summing import Buckets, Figures, local_hours
from parking.store.packing import Records

WEEKS = 4
"""How many weeks before and after are looked at."""
_WEEK = 168


def add_turned_away(
    sums: list[dict[str, Figures]], name: str, records: Records, around: Records, into: Buckets
) -> None:
    """Tell of the sums of buckets how many cars were turned away.

    `records` of `HOUR` are the bucket's, `around` what is known of the weeks before and after.
    """
    for bucket in sums:
        if name in bucket and bucket[name].tally.flows:
            bucket[name].turned_away = TurnedAway()
    full = records[records["full"] > 0]
    if not len(full):
        return
    cars, us = _rates(around, full, into)
    rated = us > 0
    expected = np.where(rated, full["full"] * (cars / np.where(rated, us, 1)), 0.0)
    unrated = np.where(rated, 0, full["full"])
    keys = into.keys(full["start"]).tolist()
    for key, number, without in zip(keys, expected.tolist(), unrated.tolist(), strict=True):
        turned_away = sums[key][name].turned_away
        if turned_away is not None:
            turned_away.add(TurnedAway(number, without))


def _rates(
    around: Records, full: Records, into: Buckets
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give cars that came, and in how many us, in the same hour of other weeks, of each hour."""
    told = around[
        (around["full"] == 0) & (around["full_known"] == around["span"]) & (around["span"] > 0)
    ]
    hours = local_hours(told["start"], into.zone)
    wanted = local_hours(full["start"], into.zone)
    first = int(wanted.min()) - WEEKS * _WEEK
    width = int(wanted.max()) + WEEKS * _WEEK - first + 1
    near = (hours >= first) & (hours < first + width)
    places = hours[near] - first
    cars = np.bincount(places, told["arrivals"][near], width)
    us = np.bincount(places, told["span"][near], width)
    shifts = [week * _WEEK for week in range(-WEEKS, WEEKS + 1) if week]
    at = (wanted - first)[:, None] + np.array(shifts)
    return cars[at].sum(axis=1), us[at].sum(axis=1)
