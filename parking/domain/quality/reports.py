"""Reports: a lot's day judged, its score with reasons, and what should be counted again."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from parking.domain.instants import DAY
from parking.domain.lots import Counting, Zone
from parking.domain.quality.clocks import judge_clocks
from parking.domain.quality.drift import Drift, estimate
from parking.domain.quality.findings import Finding, Kind, span
from parking.domain.quality.habits import zone_in
from parking.domain.quality.reading import slack
from parking.domain.quality.sheets import Sheet
from parking.domain.quality.spaces import SpaceJudge
from parking.domain.quality.zones import judge_zone
from parking.domain.states import LotState, ZoneState
from parking.domain.timeline import Layout

MOST_FINDINGS = 10_000
WINDOW_DAYS = 28
"""Days before the one that is judged, from which habits are learnt."""
DUPLICATE_SHARE = 0.05
FEWEST_DUPLICATES = 20
"""Of a lot. Of a sender, which sends less, fewer are enough, but it takes a greater share."""
SENDER_SHARE = 0.2
FEWEST_OF_SENDER = 10
RECOUNT_SHARE = 0.02
RECOUNT_AFTER = 90 * DAY

_WEIGHTS: dict[Kind, float] = {
    "silent": 1.0,
    "stuck": 1.0,
    "inverted": 1.0,
    "flapping": 0.8,
    "out_of_range": 0.5,
    "drift": 0.4,
    "clock_offset": 0.3,
    "duplicates": 0.05,
}
"""What a finding takes of the number it concerns: all of it where nothing of it can be believed."""


class Duplicates(Struct, frozen=True):
    """Events that came again in a day: how many, and of them those of each sender, as known."""

    total: int = 0
    senders: Mapping[str, int] = {}


class Reason(Struct, frozen=True):
    """What took points off a lot's score: the kind, how many points, and of how many things."""

    kind: Kind
    points: float
    findings: int


Why = Literal["uncounted", "impossible", "drift", "overdue"]


class Recount(Struct, frozen=True):
    """A proposal to count a zone's cars: why, and what to expect; None: no way to tell.

    `reason` is for people. `counted_at`: when that was last done, us, None for never. Those of an
    earlier version have no `kind`.
    """

    zone: str
    reason: str
    estimate: int | None
    error: int | None
    kind: Why | None = None
    counted_at: int | None = None


class ZoneReport(Struct, frozen=True):
    """A zone's part: findings of it and its spaces, its drift, and its events that came again."""

    zone: str
    counting: Counting
    capacity: int
    trusted: float
    findings: int
    drift: Drift | None
    duplicates: int = 0


class Report(Struct, frozen=True):
    """A lot's day as judged from what was observed before `through`, us."""

    start: int
    end: int
    through: int
    score: int
    reasons: list[Reason]
    events: int
    duplicates: int
    zones: list[ZoneReport]
    findings: list[Finding]
    findings_total: int
    recounts: list[Recount]

    @property
    def silent(self) -> int:
        """How many zones and spaces were not heard at `through`."""
        return sum(finding.is_silence for finding in self.findings)


def judge(
    sheets: Sequence[Sheet], state: LotState, layout: Layout, duplicates: Duplicates
) -> Report:
    """Judge the last of these days, which follow each other, by those before it.

    `state` is the lot's at the last sheet's `through`; `duplicates` came in the day.
    """
    day = sheets[-1]
    findings: list[Finding] = []
    zones: list[ZoneReport] = []
    recounts: list[Recount] = []
    repeaters = _repeaters(day, duplicates)
    senders = judge_clocks(sheets) + repeaters
    for zone in layout.lot.zones:
        drift = estimate(sheets, zone.id) if zone.counting == "gates" else None
        known = state.zones.get(zone.id)
        found = judge_zone(sheets, zone, known, drift)
        found += _spaces(sheets, zone, layout)
        found += [finding for finding in senders if finding.zone == zone.id]
        recount = _recount(day, zone, known, drift, found)
        if recount is not None:
            recounts.append(recount)
        trusted = 1 - _lost(zone, found)
        repeats = sum(
            count
            for name, count in duplicates.senders.items()
            if name in day.sources and day.sources[name].zone == zone.id
        )
        zones.append(
            ZoneReport(
                zone.id,
                zone.counting,
                zone.capacity,
                round(trusted, 4),
                len(found),
                drift,
                repeats,
            )
        )
        findings += found
    findings += _repeats(day, duplicates, repeaters)
    score, reasons = _score(layout.lot.zones, findings)
    return Report(
        day.start,
        day.end,
        day.through,
        score,
        reasons,
        day.events,
        duplicates.total,
        zones,
        findings[:MOST_FINDINGS],
        len(findings),
        recounts,
    )


def _spaces(sheets: Sequence[Sheet], zone: Zone, layout: Layout) -> list[Finding]:
    counted = layout.counted.get(zone.id, ())
    if zone.counting != "spaces" or not counted:
        return []
    judged = SpaceJudge(sheets, zone.id, len(counted), zone.stale_after_s)
    return [finding for space in counted for finding in judged.judge(space)]


def _repeaters(day: Sheet, duplicates: Duplicates) -> list[Finding]:
    """Find the senders that repeat themselves."""
    found = []
    for name, count in sorted(duplicates.senders.items()):
        source = day.sources.get(name)
        if source is None or source.zone is None or count < FEWEST_OF_SENDER:
            continue
        share = count / (sum(source.delays.values()) + count)
        if share >= SENDER_SHARE:
            sensor = None if ":" in name else name
            found.append(_repeated(count, share, source.zone, source.space, sensor))
    return found


def _repeats(day: Sheet, duplicates: Duplicates, repeaters: Sequence[Finding]) -> list[Finding]:
    """Find that a lot's events come again, where no senders are found that do it all."""
    told = sum(int(finding.facts["duplicates"]) for finding in repeaters)
    count = duplicates.total - told
    share = count / (day.events + duplicates.total) if count > 0 else 0.0
    if count < FEWEST_DUPLICATES or share < DUPLICATE_SHARE:
        return []
    return [_repeated(count, share, None, None, None)]


def _repeated(
    count: int, share: float, zone: str | None, space: str | None, sensor: str | None
) -> Finding:
    detail = f"{count} events came again, {share:.0%} of all: does the sender read its answers?"
    facts = {"duplicates": float(count), "share": round(share, 4)}
    return Finding("duplicates", zone, space, sensor, None, detail, facts)


def _weight(zone: Zone, finding: Finding) -> float:
    """Give the share of the zone's capacity that a finding takes."""
    weight = _WEIGHTS[finding.kind]
    if finding.space is not None:
        return weight / zone.capacity
    if finding.kind == "silent" and "unheard_s" in finding.facts and finding.since is None:
        return weight * min(1.0, finding.facts["silent_s"] / 86_400)
    if finding.kind == "drift":
        share = abs(finding.facts["cars_per_day"]) / zone.capacity
        return weight * min(1.0, 10 * share)  # all of it from a tenth of the capacity a day on
    if finding.kind == "out_of_range":
        return weight * min(1.0, 0.2 + finding.facts["share"])
    if finding.kind in ("clock_offset", "duplicates") and zone.counting == "spaces":
        return weight / zone.capacity
    return weight


def _lost(zone: Zone, findings: Sequence[Finding]) -> float:
    """Give the share of the capacity that cannot be believed; a space is lost once only.

    So is what comes again of a zone, however many its senders: no number is wrong by it.
    """
    of_zone = [finding for finding in findings if finding.space is None]
    whole = sum(_weight(zone, finding) for finding in of_zone if finding.kind != "duplicates")
    repeated = [_weight(zone, finding) for finding in of_zone if finding.kind == "duplicates"]
    whole += max(repeated, default=0.0)
    spaces: dict[str, float] = {}
    for finding in findings:
        if finding.space is not None:
            weight = _weight(zone, finding)
            spaces[finding.space] = max(weight, spaces.get(finding.space, 0.0))
    return min(1.0, whole + sum(spaces.values()))


def _score(zones: Sequence[Zone], findings: Sequence[Finding]) -> tuple[int, list[Reason]]:
    """Give 100 for a lot that can be believed, less what cannot; and what took how many points."""
    capacity = sum(zone.capacity for zone in zones)
    taken: dict[Kind, tuple[float, int]] = {}
    lost = 0.0
    for zone in zones:
        own = [finding for finding in findings if finding.zone == zone.id]
        whole = _lost(zone, own)
        lost += whole * zone.capacity / capacity
        alone = sum(_weight(zone, finding) for finding in own)
        for finding in own:  # where one thing has several, they share what is lost
            points = (
                100
                * _weight(zone, finding)
                * (whole / alone if alone else 0)
                * zone.capacity
                / capacity
            )
            _take(taken, finding.kind, points)
    for finding in findings:
        if finding.zone is None:
            lost += _WEIGHTS[finding.kind]
            _take(taken, finding.kind, 100 * _WEIGHTS[finding.kind])
    reasons = [Reason(kind, round(points, 2), number) for kind, (points, number) in taken.items()]
    reasons.sort(key=lambda reason: (-reason.points, reason.kind))
    return max(0, min(100, round(100 * (1 - lost)))), reasons


def _take(taken: dict[Kind, tuple[float, int]], kind: Kind, points: float) -> None:
    before, number = taken.get(kind, (0.0, 0))
    taken[kind] = (before + points, number + 1)


def _recount(
    day: Sheet,
    zone: Zone,
    known: ZoneState | None,
    drift: Drift | None,
    findings: Sequence[Finding],
) -> Recount | None:
    """Propose to count the cars of a gate zone, when the level cannot be right any longer."""
    if zone.counting != "gates":
        return None
    if known is None or known.base is None or known.level is None:
        moved = zone_in(day, zone.id)
        if not any(moved.arrivals) and not any(moved.departures):
            return None
        reason = "cars drive in and out, and nobody has counted them"
        return Recount(zone.id, reason, None, None, "uncounted")
    since = day.through - known.base.at
    drifts = drift is not None and any(finding.kind == "drift" for finding in findings)
    error = round(drift.cars_per_day * since / DAY) if drift is not None and drifts else 0
    guess = max(0, min(zone.capacity, known.level - error))
    allowed = slack(zone.capacity)
    kind: Why
    if not -allowed <= known.level <= zone.capacity + allowed:
        reason = f"the gates have it at {known.level} of {zone.capacity} cars, which cannot be"
        kind, error = "impossible", known.level - guess
    elif abs(error) >= max(3, RECOUNT_SHARE * zone.capacity):
        kind, reason = "drift", f"by its drift the level is {abs(error)} cars off by now"
    elif since >= RECOUNT_AFTER:
        kind, reason = "overdue", f"last counted {span(since)} ago"
    else:
        return None
    return Recount(zone.id, reason, guess, error or None, kind, known.base.at)
