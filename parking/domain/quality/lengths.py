"""Lengths of time counted by buckets that are a tenth wide, negative ones too."""

import math
from collections.abc import Sequence

from parking.domain.instants import SECOND

_STEP = math.log(1.1)


def bucket(length: int) -> int:
    """Give the bucket of a length in us, negative ones too; 0 holds all under a second."""
    if abs(length) < SECOND:
        return 0
    place = 1 + int(math.log(abs(length) / SECOND) / _STEP)
    return place if length > 0 else -place


def middle(place: int) -> float:
    """Give the middle of a bucket, seconds."""
    if place == 0:
        return 0.0
    length = math.exp((abs(place) - 0.5) * _STEP)
    return length if place > 0 else -length


def quantile(counts: Sequence[tuple[int, int]], share: float) -> float:
    """Give what a share of (bucket, count), in order, does not pass, seconds."""
    rank = share * sum(count for _, count in counts)
    for place, count in counts:
        rank -= count
        if rank <= 0:
            return middle(place)
    return middle(counts[-1][0])
