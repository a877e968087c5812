"""Zones counted by gates, by a system's readings or by a flag: silent, stuck, jumping, impossible.

A gate is stuck when one direction counts nothing while the other goes on; a system, when its
reading stands still for longer than chance allows at these hours.
"""

import math
from collections.abc import Sequence
from typing import Literal

from parking.domain.instants import HOUR, SECOND
from parking.domain.lots import Zone
from parking.domain.quality.drift import Drift
from parking.domain.quality.findings import Finding, span
from parking.domain.quality.habits import FEWEST_DAYS, Moves, Rates, warp, whole_days, zone_in
from parking.domain.quality.reading import slack, swing
from parking.domain.quality.sheets import Sheet, ZoneSheet
from parking.domain.quality.spaces import GAPS, is_quiet, usual_gap
from parking.domain.states import ZoneState

STANDSTILL = 14.0
"""Standing readings are stuck when chance makes that less often than e to the minus this."""
AT_A_BOUND = 3.0
"""How much more it takes at 0 or at the capacity, where a number rests by itself."""
PASSAGES = 20.0
OTHER_WAY = 10
"""A gate is stuck when so many passages were to be expected one way, and so many came the other."""
REVERSALS = 6
BEYOND_SHARE = 0.01
Way = Literal["in", "out"]
LEAST_DRIFT = 1.0
LEAST_DRIFT_SHARE = 0.005
"""Drift counts from one car a day and from 1/200 of the capacity a day on."""


def judge_zone(
    sheets: Sequence[Sheet], zone: Zone, state: ZoneState | None, drift: Drift | None
) -> list[Finding]:
    """Judge a zone by its sheets, the last one the day's; its spaces are judged elsewhere."""
    found = [_silent(sheets, zone)]
    if zone.counting in ("counts", "gates"):
        found.append(_beyond(sheets[-1], zone, state))
    if zone.counting == "counts":
        found += [_stuck(sheets, zone), _jumping(sheets[-1], zone)]
    elif zone.counting == "gates":
        found += [_stuck_gate(sheets, zone, "in"), _stuck_gate(sheets, zone, "out")]
        found.append(_drifting(zone, drift))
    return [finding for finding in found if finding is not None]


def _silent(sheets: Sequence[Sheet], zone: Zone) -> Finding | None:
    day, stale = sheets[-1], zone.stale_after_s * SECOND
    hearing = zone_in(day, zone.id).hearing
    if hearing.at is None:
        return Finding("silent", zone.id, None, None, None, "never heard", {"silent_s": 0.0})
    silence = day.silence(hearing, stale)
    now = day.through - hearing.at
    facts = {"silent_s": silence / 1e6, "unheard_s": now / 1e6}
    gaps = [zone_in(sheet, zone.id).hearing.gap for sheet in sheets[:-1]]
    if now >= stale:
        detail = f"not heard for {span(now)}"
        return Finding("silent", zone.id, None, None, hearing.at, detail, facts)
    if silence:
        detail = f"was silent for {span(silence)} of the day"
        return Finding("silent", zone.id, None, None, None, detail, facts)
    if is_quiet(hearing, gaps, 0, day.through):
        detail = f"not heard for {span(now)}, more than {GAPS} times the usual longest gap"
        facts["usual_s"] = (usual_gap(gaps) or 0) / 1e6
        return Finding("silent", zone.id, None, None, hearing.at, detail, facts)
    return None


def _beyond(day: Sheet, zone: Zone, state: ZoneState | None) -> Finding | None:
    part = zone_in(day, zone.id)
    level = None if state is None else state.level
    if level is not None and zone.counting == "gates" and not part.seen:
        over, under = level - zone.capacity, -level
        if max(over, under) > slack(zone.capacity):
            return _beyond_finding(zone, max(over, 0), max(under, 0), 1.0)
    if not part.seen or part.above + part.below < max(1, BEYOND_SHARE * part.seen):
        return None
    share = (part.above + part.below) / part.seen
    return _beyond_finding(zone, part.worst_above, part.worst_below, share)


def _beyond_finding(zone: Zone, over: int, under: int, share: float) -> Finding:
    told = []
    if over:
        told.append(f"up to {over} cars above the capacity of {zone.capacity}")
    if under:
        told.append(f"down to {under} cars below zero")
    facts = {"above": float(over), "below": float(under), "share": round(share, 4)}
    detail = " and ".join(told)
    return Finding("out_of_range", zone.id, None, None, None, detail, facts)


def _stuck(sheets: Sequence[Sheet], zone: Zone) -> Finding | None:
    part, now = zone_in(sheets[-1], zone.id), sheets[-1].through
    days = whole_days(sheets, part.since)
    if part.value is None or len(days) < FEWEST_DAYS or now - part.since < HOUR // 2:
        return None
    rates = Rates(days, zone.id, lambda z: z.moved, lambda z: z.readings)

    def surprise(sheet: Sheet, place: int) -> float:
        if not rates.knows(sheet.weekend):  # nothing else tells here that firms rest at weekends
            return 0.0
        hour = sheet.clock[place]
        readings = zone_in(sheet, zone.id).readings[hour]
        return -readings * math.log(1 - min(rates.at(sheet.weekend, hour), 0.99))

    stood = warp(sheets, surprise, [1.0] * len(sheets)).between(part.since, now)
    resting = part.value <= 0 or part.value >= zone.capacity
    if stood < STANDSTILL * (AT_A_BOUND if resting else 1):
        return None
    detail = f"reports {part.value} for {span(now - part.since)}, at hours in which that changes"
    facts = {
        "reading": float(part.value),
        "surprise": round(stood, 1),
        "unchanged_s": (now - part.since) / 1e6,
    }
    return Finding("stuck", zone.id, None, None, part.since, detail, facts)


def _stuck_gate(sheets: Sequence[Sheet], zone: Zone, way: Way) -> Finding | None:
    now, part = sheets[-1].through, zone_in(sheets[-1], zone.id)
    last = part.last_in if way == "in" else part.last_out
    since = sheets[0].start if last is None else last
    days = whole_days(sheets, since)
    if len(days) < FEWEST_DAYS or now - since < HOUR:
        return None
    own, other = (_came, _went) if way == "in" else (_went, _came)
    rates = Rates(days, zone.id, own, _each_hour)
    others = Rates(days, zone.id, other, _each_hour)
    busy = [_activity(sheet, zone.id, others, other) for sheet in sheets]
    expected = warp(sheets, lambda s, n: rates.at(s.weekend, s.clock[n]), busy).between(since, now)
    passed = _passed(sheets, zone.id, other, since)
    if expected < PASSAGES or passed < OTHER_WAY:
        return None
    against = "out" if way == "in" else "in"
    detail = (
        f"no car {way} for {span(now - since)}, in which {expected:.0f} were to be expected; "
        f"{passed} went {against}"
    )
    facts = {
        "expected_changes": round(expected, 1),
        way: 0.0,
        against: float(passed),
        "other_way": float(passed),
        "unchanged_s": (now - since) / 1e6,
    }
    return Finding("stuck", zone.id, None, None, since, detail, facts)


def _activity(sheet: Sheet, zone: str, rates: Rates, moves: Moves) -> float:
    """Give how much went the other way on a day, of what was to be expected; at most 1."""
    hours = sheet.place(sheet.through - 1) + 1
    expected = sum(rates.at(sheet.weekend, hour) for hour in sheet.clock[:hours])
    return min(1.0, sum(moves(zone_in(sheet, zone))) / expected) if expected > 0 else 1.0


def _passed(sheets: Sequence[Sheet], zone: str, moves: Moves, since: int) -> int:
    """Count what went in the hours after the one of a moment."""
    number = 0.0
    for sheet in sheets:
        if sheet.start > since:
            number += sum(moves(zone_in(sheet, zone)))
        elif sheet.end > since:
            told = moves(zone_in(sheet, zone))
            number += sum(told[hour] for hour in set(sheet.clock[sheet.place(since) + 1 :]))
    return int(number)


def _came(zone: ZoneSheet) -> Sequence[float]:
    return zone.arrivals


def _went(zone: ZoneSheet) -> Sequence[float]:
    return zone.departures


def _each_hour(_: ZoneSheet) -> Sequence[float]:
    return _ONES


_ONES = (1.0,) * 24


def _jumping(day: Sheet, zone: Zone) -> Finding | None:
    part = zone_in(day, zone.id)
    if part.flaps < REVERSALS:
        return None
    least = swing(zone.capacity)
    detail = f"jumped {part.flaps} times by {least} cars or more and back"
    facts = {"flaps": float(part.flaps), "swing": float(least)}
    return Finding("flapping", zone.id, None, None, day.start, detail, facts)


def _drifting(zone: Zone, drift: Drift | None) -> Finding | None:
    if drift is None or drift.low <= 0 <= drift.high:
        return None
    rate = drift.cars_per_day
    if abs(rate) < max(LEAST_DRIFT, LEAST_DRIFT_SHARE * zone.capacity):
        return None
    way = "more" if rate > 0 else "fewer"
    missed = "departures" if rate > 0 else "arrivals"
    detail = (
        f"shows {abs(rate):.1f} cars {way} every day than there are "
        f"(between {min(abs(drift.low), abs(drift.high)):.1f} and "
        f"{max(abs(drift.low), abs(drift.high)):.1f}): {missed} are missed"
    )
    facts = {
        "cars_per_day": round(rate, 2),
        "low": round(drift.low, 2),
        "high": round(drift.high, 2),
    }
    return Finding("drift", zone.id, None, None, None, detail, facts)
