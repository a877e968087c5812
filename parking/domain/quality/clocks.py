"""Clocks: whether a sender's moments are systematically off the service's.

A delay can only come late: what is received before it was observed tells of a clock that is ahead.
A clock that is behind makes every delay longer by the same; delays that differ much are those of
the way, as after an outage or when history is imported.
"""

from collections.abc import Sequence

from parking.domain.quality.findings import Finding, span
from parking.domain.quality.lengths import middle, quantile
from parking.domain.quality.sheets import Sheet

ENOUGH = 8
"""Events without which nothing is said; as many days back are taken as these need, 7 at most."""
AHEAD_S = 5.0
AHEAD_SHARE = 0.3
BEHIND_S = 60.0
SPREAD = 1.5
PACED = 0.8
"""A clock is behind only if its events come as they happen: not when history is imported."""


def judge_clocks(sheets: Sequence[Sheet]) -> list[Finding]:
    """Judge the clocks of all who sent in the last of these days."""
    found = []
    for name in sorted(sheets[-1].sources):
        finding = _judge(name, sheets)
        if finding is not None:
            found.append(finding)
    return found


def _judge(name: str, sheets: Sequence[Sheet]) -> Finding | None:
    source = sheets[-1].sources[name]
    counts: dict[int, int] = {}
    number = steps = paced = 0
    for sheet in sheets[:-8:-1]:
        if name in sheet.sources:
            there = sheet.sources[name]
            steps, paced = steps + there.steps, paced + there.paced
            for place, count in there.delays.items():
                counts[place] = counts.get(place, 0) + count
                number += count
        if number >= ENOUGH:
            break
    if number < ENOUGH:
        return None
    ordered = sorted(counts.items())
    offset = _offset(ordered, number)
    if offset is None or (offset > 0 and paced < max(PACED * steps, ENOUGH / 2)):
        return None
    way = "behind" if offset > 0 else "ahead"
    by = span(abs(offset) * 1e6) if abs(offset) >= 90 else f"{abs(offset):.0f} s"
    detail = f"its clock is some {by} {way}"
    sensor = None if ":" in name else name
    facts = {"offset_s": round(offset, 1), "events": number}
    return Finding("clock_offset", source.zone, source.space, sensor, None, detail, facts)


def _offset(ordered: Sequence[tuple[int, int]], number: int) -> float | None:
    """Give by how many seconds a clock is behind (negative: ahead); None when it is right."""
    early = [(place, count) for place, count in ordered if middle(place) < -AHEAD_S]
    if sum(count for _, count in early) >= max(AHEAD_SHARE * number, ENOUGH / 2):
        return quantile(early, 0.5)
    low, high = quantile(ordered, 0.1), quantile(ordered, 0.9)
    if low >= BEHIND_S and high <= SPREAD * low + 30:
        return quantile(ordered, 0.5)
    return None
