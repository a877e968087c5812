"""What was measured, against what, and whether it reaches what it should: numbers and their table.

A ratio is taken within each round, whose sides ran right after each other, and only then is the
median taken: what else the machine did meanwhile slows both sides of a round alike.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Reading = Mapping[str, float]
"""What one round of one side gave, by name; `rate` is what sides are compared by."""
Rounds = Mapping[str, Sequence[Reading]]
"""By side what each round gave."""


@dataclass(frozen=True, slots=True)
class Samples:
    """One value a round, in the order of the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The least."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The greatest."""
        return max(self.values)

    def over(self, other: "Samples") -> "Samples":
        """Divide round by round."""
        pairs = zip(self.values, other.values, strict=True)
        return Samples(tuple(own / its for own, its in pairs))


@dataclass(frozen=True, slots=True)
class Reach:
    """What the score, a ratio or a value, should be: at least or at most `limit`."""

    how: Literal["at least", "at most"]
    limit: float

    def met(self, score: float) -> bool:
        """Whether a score reaches it."""
        return score >= self.limit if self.how == "at least" else score <= self.limit

    def __str__(self) -> str:
        """Give it as the table shows it."""
        return f"{'>=' if self.how == 'at least' else '<='} {number(self.limit)}"


def at_least(limit: float) -> Reach:
    """Reach it by being as great or greater."""
    return Reach("at least", limit)


def at_most(limit: float) -> Reach:
    """Reach it by being as small or smaller."""
    return Reach("at most", limit)


@dataclass(frozen=True, slots=True)
class Finding:
    """A path as measured, alone or against something; `reach` None: there is nothing to reach."""

    row: str
    unit: str
    measured: Samples
    against: str = ""
    ceiling: Samples | None = None
    reach: Reach | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> Samples:
        """The ratio to what it is measured against, else what was measured."""
        return self.measured if self.ceiling is None else self.measured.over(self.ceiling)

    @property
    def verdict(self) -> str:
        """Whether it reaches what it should."""
        if self.reach is None:
            return ""
        return "yes" if self.reach.met(self.score.median) else "NO"

    def as_json(self) -> dict[str, Any]:
        """Give all of it, every round too."""
        return {
            "row": self.row,
            "unit": self.unit,
            "measured": _spread(self.measured),
            "against": self.against or None,
            "ceiling": None if self.ceiling is None else _spread(self.ceiling),
            "score": _spread(self.score),
            "reach": None if self.reach is None else str(self.reach),
            "reached": None if self.reach is None else self.verdict == "yes",
            "notes": dict(self.notes),
        }


def _spread(samples: Samples) -> dict[str, Any]:
    low, high = samples.low, samples.high
    return {"median": samples.median, "low": low, "high": high, "rounds": samples.values}


def interleave(
    sides: Mapping[str, Callable[[], Reading]], rounds: int, *, warm_up: bool = True
) -> Rounds:
    """Measure each side once a round, in turns as to who goes first; one round before is dropped.

    That one warms up what is measured and what measures.
    """
    names = list(sides)
    found: dict[str, list[Reading]] = {name: [] for name in names}
    for turn in range(-warm_up, rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            reading = sides[name]()
            if turn >= 0:
                found[name].append(reading)
    return found


def samples(readings: Iterable[Reading], name: str = "rate") -> Samples:
    """Give one figure of each round."""
    return Samples(tuple(reading[name] for reading in readings))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Give the value that `share` of the values, which are in order, do not exceed."""
    place = max(0, min(len(ordered) - 1, -(-len(ordered) * share // 1) - 1))
    return ordered[int(place)]


def number(value: float) -> str:
    """Give three digits that matter, thousands apart."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _shown(found: Samples | None) -> str:
    if found is None:
        return ""
    if len(found.values) == 1:
        return number(found.median)
    return f"{number(found.median)} ({number(found.low)}-{number(found.high)})"


_HEAD = ("row", "unit", "measured", "against", "its", "ratio", "reach", "met")


def table(findings: Sequence[Finding]) -> str:
    """Give the findings as text in columns: medians, and in brackets the least and greatest."""
    lines = [_HEAD]
    for finding in findings:
        ratio = finding.score if finding.ceiling is not None else None
        reach = "" if finding.reach is None else str(finding.reach)
        cells = (finding.row, finding.unit, _shown(finding.measured), finding.against)
        lines.append((*cells, _shown(finding.ceiling), _shown(ratio), reach, finding.verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [lines[0], rule, *lines[1:]]
    )
