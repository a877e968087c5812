"""Spaces: silent, stuck, flapping or inverted, each held against its own habit and its zone's."""

import math
from collections.abc import Mapping, Sequence

from parking.domain.instants import HOUR, SECOND
from parking.domain.quality.findings import Finding, span
from parking.domain.quality.habits import (
    FEWEST_DAYS,
    Rates,
    Stays,
    Warp,
    find_stays,
    warp,
    whole_days,
    zone_in,
)
from parking.domain.quality.sheets import Hearing, Sheet, SpaceSheet, Tilt, ZoneSheet

FREE_MOVES = 12.0
"""A free space is stuck when so many cars should have taken it: chance makes that 6 in 10^6."""
OCCUPIED_MOVES = 8.0
OCCUPIED_DEPTH = 4.0
"""An occupied one when so many should have left, and no stay is as long: 4 standard deviations."""
ALONE = 2.0
"""By how much more that is where there are no others to compare with."""
OTHERS = 4
FLAPS = 10
TILT_DAYS = 3
TILTED = -0.4
SWAY = 0.05
"""An inverted space goes against the rest of its zone on so many days, with so negative a
correlation. Days on which the zone's own hours hardly differ (standard deviation) do not tell."""
GAPS = 4
"""Silent is who is not heard for so many times the usual longest gap."""
_ENOUGH_MOVES = 30


def usual_gap(gaps: Sequence[int]) -> int | None:
    """Give the middle one of the days' longest gaps; None when there are too few days."""
    known = sorted(gap for gap in gaps if gap)
    return known[len(known) // 2] if len(known) >= FEWEST_DAYS else None


def is_quiet(hearing: Hearing, gaps: Sequence[int], stale: int, at: int) -> bool:
    """Whether it is unheard for longer than is usual and allowed."""
    usual = usual_gap(gaps)
    if usual is None or hearing.at is None:
        return False
    return at - hearing.at >= max(stale, GAPS * usual, HOUR)


class SpaceJudge:
    """Judges the spaces of one zone at the end of a window of sheets, the last one the day's."""

    def __init__(self, sheets: Sequence[Sheet], zone: str, number: int, stale_s: int) -> None:
        """Learn the zone's habits; `number` of its spaces count."""
        self._sheets = sheets
        self._day = sheets[-1]
        self._zone = zone
        self._stale = stale_s * SECOND
        days = whole_days(sheets, self._day.end)
        self._number = number
        self._stays = find_stays(sheets, zone)
        self._taken = Rates(days, zone, _arrivals, _free)
        self._left = Rates(days, zone, _departures, _occupied)
        self._enough = len(days) >= FEWEST_DAYS and self._taken.moved >= _ENOUGH_MOVES
        busy = [self._activity(sheet) for sheet in sheets]
        self._warps: Mapping[int, Warp] = {
            0: warp(sheets, lambda s, n: self._expected(self._taken, s, n), busy),
            1: warp(sheets, lambda s, n: self._expected(self._left, s, n), busy),
        }

    @staticmethod
    def _expected(rates: Rates, sheet: Sheet, place: int) -> float:
        length = sheet.bounds[place + 1] - sheet.bounds[place]
        return rates.at(sheet.weekend, sheet.clock[place]) * length

    def _activity(self, sheet: Sheet) -> float:
        """Give how much the zone moved on a day, of what was to be expected; at most 1."""
        if self._number <= OTHERS:
            return 1.0
        part = zone_in(sheet, self._zone)
        expected = sum(
            self._taken.at(sheet.weekend, hour) * part.free[hour]
            + self._left.at(sheet.weekend, hour) * part.occupied[hour]
            for hour in range(24)
        )
        moved = sum(part.arrivals) + sum(part.departures)
        return min(1.0, moved / expected) if expected > 0 else 1.0

    def judge(self, name: str) -> list[Finding]:
        """Judge a space."""
        space = self._day.spaces.get(name)
        if space is None:
            return []
        found = [self._silent(name, space), self._flapping(name, space)]
        if not any(found):  # what is not heard cannot move, and what flaps does
            found.append(self._stuck(name, space))
        found.append(self._inverted(name))
        return [finding for finding in found if finding is not None]

    def _silent(self, name: str, space: SpaceSheet) -> Finding | None:
        gaps = [
            other.hearing.gap
            for sheet in self._sheets[:-1]
            if (other := sheet.spaces.get(name)) is not None
        ]
        heard, now = space.hearing.at, self._day.through
        if heard is None or not is_quiet(space.hearing, gaps, self._stale, now):
            return None
        usual = usual_gap(gaps) or 0
        detail = f"not heard for {span(now - heard)}, never longer than {span(usual)} as a rule"
        facts = {"unheard_s": (now - heard) / 1e6, "usual_s": usual / 1e6}
        return Finding("silent", self._zone, name, None, heard, detail, facts)

    def _flapping(self, name: str, space: SpaceSheet) -> Finding | None:
        if space.flaps < FLAPS:
            return None
        detail = f"changed {space.changes} times, {space.flaps} times back and forth within 2 min"
        facts = {"changes": float(space.changes), "flaps": float(space.flaps)}
        return Finding("flapping", self._zone, name, None, self._day.start, detail, facts)

    def _stuck(self, name: str, space: SpaceSheet) -> Finding | None:
        now = self._day.through
        if space.value < 0 or not self._enough or now - space.since < HOUR:
            return None
        expected = self._warps[space.value].between(space.since, now) * self._own(name, space.since)
        least = OCCUPIED_MOVES if space.value else FREE_MOVES
        if expected < least * (1 if self._number > OTHERS else ALONE):
            return None
        if space.value and not _is_too_long(self._stays, now - space.since):
            return None
        told = "occupied" if space.value else "free"
        detail = (
            f"{told} for {span(now - space.since)}, in which {expected:.0f} changes were to be "
            "expected of it"
        )
        facts = {
            "expected_changes": round(expected, 1),
            "occupied": float(space.value),
            "unchanged_s": (now - space.since) / 1e6,
        }
        return Finding("stuck", self._zone, name, None, space.since, detail, facts)

    def _own(self, name: str, since: int) -> float:
        """Give how much a space is used, of what its zone's spaces are, on whole days until then.

        A space that never moved may be one that nobody wants: it is given the benefit of the doubt.
        """
        days = whole_days(self._sheets, since)
        if len(days) < FEWEST_DAYS:
            return 0.5
        own = sum(sheet.spaces[name].arrivals for sheet in days if name in sheet.spaces)
        pooled = sum(sum(zone_in(sheet, self._zone).arrivals) for sheet in days)
        return min(1.5, max(0.25, (own + 3) / (pooled / max(self._number, 1) + 3)))

    def _inverted(self, name: str) -> Finding | None:
        days = [
            (sheet.start, space.tilt)
            for sheet in self._sheets[-8:]
            if (space := sheet.spaces.get(name)) is not None and space.tilt is not None
        ]
        days = [(at, tilt) for at, tilt in days if tilt.n >= 12 and tilt.spreads[1] >= SWAY**2]
        days = days[-TILT_DAYS:]
        if len(days) < TILT_DAYS or any(tilt.spreads[2] >= 0 for _, tilt in days):
            return None
        total = Tilt()
        for _, tilt in days:
            total.add(tilt)
        own, rest, joint = total.spreads
        correlation = joint / math.sqrt(max(own * rest, 1e-9))
        if correlation > TILTED:
            return None
        detail = (
            "occupied when the rest of its zone is free and free when that is occupied, on the "
            f"last {len(days)} days on which the zone changed (correlation {correlation:.2f})"
        )
        facts = {"correlation": round(correlation, 3), "days": float(len(days))}
        return Finding("inverted", self._zone, name, None, days[0][0], detail, facts)


def _is_too_long(stays: Stays | None, length: int) -> bool:
    return stays is not None and stays.depth(length) > OCCUPIED_DEPTH


def _arrivals(zone: ZoneSheet) -> Sequence[float]:
    return zone.arrivals


def _departures(zone: ZoneSheet) -> Sequence[float]:
    return zone.departures


def _free(zone: ZoneSheet) -> Sequence[float]:
    return zone.free


def _occupied(zone: ZoneSheet) -> Sequence[float]:
    return zone.occupied
