"""The study: precision and recall for each kind of fault, and false alarms among the healthy.

A case is a week of one sensor (a space's, a zone's gateway, gate or system). It is found when any
of the week's seven reports, as they were made when the days ended, has a finding that fits.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parking.domain.quality.drift import Drift
from parking.domain.quality.findings import Finding
from parking.domain.quality.reports import WINDOW_DAYS
from sensors_sim.moments import DAY
from tests.quality.weeks import Judged, Subject, Weeks

SIGNS: dict[str, tuple[str, ...]] = {
    "mute": ("silent", "stuck", "drift", "out_of_range"),
    "frozen": ("stuck", "drift", "out_of_range"),
    "inverted": ("inverted",),
    "flapping": ("flapping",),
    "clock-offset": ("clock_offset",),
    "misread": ("out_of_range", "flapping"),
    "lost-exits": ("drift", "out_of_range"),
    "duplicates": ("duplicates",),
}
"""The findings that are true of a broken sensor; the first is the one it is meant for."""
NOISE: tuple[dict[str, float], ...] = (
    {},
    {"disorder": 0.2, "delay": 0.05},
    {"outage": 0.02},
    {"duplicates": 0.02, "delay": 0.02},
)
"""What healthy sensors go through: nothing, radio, gateways that upload after gaps, retries."""
RATE = 0.25
RATES = {"misread": 0.75, "duplicates": 0.3}
"""How many break: enough to count them, and few enough for the rest to show what is usual."""


@dataclass
class Score:
    """Of one kind of fault: broken sensor-weeks, those found, findings in all and wrong ones."""

    broken: int = 0
    found: int = 0
    told: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.broken if self.broken else 1.0

    @property
    def precision(self) -> float:
        return 1 - self.wrong / self.told if self.told else 1.0


@dataclass
class Study:
    """Sums over all weeks that were judged."""

    scores: dict[str, Score] = field(default_factory=lambda: {name: Score() for name in SIGNS})
    healthy: int = 0
    alarms: list[tuple[Subject, Finding]] = field(default_factory=list)

    @property
    def alarms_per_100(self) -> float:
        return 100 * len(self.alarms) / self.healthy

    def add(self, name: str | None, judged: Judged) -> None:
        """Count a week in which some were broken by `name`, or nobody was."""
        found = findings_by_subject(judged)
        for subject in judged.subjects:
            kinds = found.get(subject, {})
            broken = judged.broken.get(subject)
            if broken is None:
                self.healthy += 1
                if kinds:
                    self.alarms.append((subject, next(iter(kinds.values()))))
            elif name is not None:
                self.scores[name].broken += 1
                self.scores[name].found += bool(kinds.keys() & set(SIGNS[broken]))
            if name is not None:
                true = set(SIGNS[broken]) if broken is not None else set()
                self.scores[name].told += len(kinds)
                self.scores[name].wrong += len(kinds.keys() - true)

    def add_repeated(self, judged: Judged) -> None:
        """Count a week in which all lots' senders repeated themselves; a case is a lot."""
        score = self.scores["duplicates"]
        for reports in judged.reports.values():
            kinds = {finding.kind for report in reports for finding in report.findings}
            score.broken += 1
            score.found += "duplicates" in kinds
            score.told += len(kinds)
            score.wrong += len(kinds - {"duplicates"})

    def lines(self) -> Iterable[str]:
        """Write the table."""
        yield "| fault | sensor-weeks broken | found | recall | findings | wrong | precision |"
        yield "|---|---|---|---|---|---|---|"
        for name, score in self.scores.items():
            if not score.broken:  # drift has a table of its own
                continue
            yield (
                f"| {name} | {score.broken:,} | {score.found:,} | {score.recall:.1%} "
                f"| {score.told:,} | {score.wrong:,} | {score.precision:.1%} |"
            )
        yield ""
        yield (
            f"false alarms: {len(self.alarms)} in {self.healthy:,} healthy sensor-weeks, "
            f"{self.alarms_per_100:.2f} per 100"
        )
        for kind, number in Counter(finding.kind for _, finding in self.alarms).items():
            yield f"- {kind}: {number}"


def findings_by_subject(judged: Judged) -> dict[Subject, dict[str, Finding]]:
    """Give the first finding of each kind of the week, by what it is of; not those of lots."""
    found: dict[Subject, dict[str, Finding]] = {}
    for lot, reports in judged.reports.items():
        for report in reports:
            for finding in report.findings:
                if finding.zone is not None:
                    subject = (lot, finding.zone, finding.space)
                    found.setdefault(subject, {}).setdefault(finding.kind, finding)
    return found


def run(
    lots: Sequence[str],
    seeds: Iterable[str],
    study: Study | None = None,
    noise: Sequence[dict[str, float]] = NOISE,
) -> Study:
    """Judge weeks with each kind of breakdown, and healthy ones with each kind of noise."""
    study = study or Study()
    for seed in seeds:
        weeks = Weeks(lots, seed)
        for rates in noise:
            study.add(None, weeks.judge(rates))
        for name in SIGNS:
            if name == "duplicates":
                study.add_repeated(weeks.judge({name: RATES[name]}))
            elif name != "lost-exits":  # that takes weeks to show: see `drifts`
                study.add(name, weeks.judge({name: RATES.get(name, RATE)}))
    return study


@dataclass(frozen=True, slots=True)
class DriftCase:
    """A gate zone that lost departures for weeks: how many a day in truth, and what was told."""

    zone: tuple[str, str]
    truth: float
    drift: Drift | None
    told: bool
    capacity: int

    @property
    def holds(self) -> bool:
        """Whether the range holds the truth."""
        return self.drift is not None and self.drift.low <= self.truth <= self.drift.high


def drifts(
    lots: Sequence[str], seed: str, fault: str | None, *, recounted: bool
) -> list[DriftCase]:
    """Have all gates lose departures (or none) for five weeks; judge the last day."""
    rates = {} if fault is None else {fault: 1.0}
    weeks = Weeks(lots, seed, rates, recounted=recounted)
    judged = weeks.judge(rates)
    cases = []
    for lot, reports in judged.reports.items():
        for zone in reports[-1].zones:
            if zone.counting == "gates":
                told = {(f.zone, f.kind) for f in reports[-1].findings}
                last = reports[-1].start // DAY
                days = range(last - WINDOW_DAYS + 1, last + 1)
                truth = sum(judged.lost[lot, zone.zone, day] for day in days) / WINDOW_DAYS
                name = (lot, zone.zone)
                drifting = (zone.zone, "drift") in told
                cases.append(DriftCase(name, truth, zone.drift, drifting, zone.capacity))
    return cases


def drift_lines(title: str, cases: Sequence[DriftCase]) -> Iterable[str]:
    """Write how well drift was told."""
    known = [case for case in cases if case.drift is not None]
    errors = sorted(abs(case.drift.cars_per_day - case.truth) for case in known if case.drift)
    widths = sorted(case.drift.half for case in known if case.drift)
    yield (
        f"| {title} | {len(cases)} | {sum(case.truth for case in cases) / len(cases):.1f} "
        f"| {sum(case.told for case in cases)} | {sum(case.holds for case in cases)} "
        f"| {errors[len(errors) // 2]:.2f} | {widths[len(widths) // 2]:.2f} |"
    )
