"""The simulator's own truth beside what the service says.

A lot agrees when every number is known and equal; a lot that only has signs agrees when its
level is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class LotTruth:
    """What is true of a lot: its free spaces in all and by class, or only a sign's level."""

    lot: str
    capacity: int
    free: int | None
    level: str | None
    classes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One line of the table: the truth, what the service says, and whether they agree."""

    lot: str
    truth: str
    service: str
    ok: bool


def compare(truth: LotTruth, said: Mapping[str, Any] | None) -> Agreement:
    """Compare a lot's truth with its availability object (None: the service has none)."""
    if said is None:
        return Agreement(truth.lot, _own(truth), "-", ok=False)
    if truth.free is None:
        shown = str(said.get("level"))
        return Agreement(truth.lot, _own(truth), shown, ok=shown == truth.level)
    classes = {name: numbers.get("free") for name, numbers in said.get("classes", {}).items()}
    ok = (
        said.get("free") == truth.free
        and said.get("capacity") == truth.capacity
        and said.get("unknown") == 0
        and classes == dict(truth.classes)
    )
    return Agreement(truth.lot, _own(truth), _said(said), ok=ok)


def compare_all(truths: Iterable[LotTruth], items: Iterable[Mapping[str, Any]]) -> list[Agreement]:
    """Compare every truth with the availability object of its lot."""
    said = {item.get("lot"): item for item in items}
    return [compare(truth, said.get(truth.lot)) for truth in truths]


def table(rows: Sequence[Agreement]) -> list[str]:
    """Return the table as lines: lot, truth, service, ok."""
    width = max([3, *(len(row.lot) for row in rows)])
    lines = [f"{'lot':<{width}}  {'truth free':>12}  {'service free':>16}  ok"]
    lines += [
        f"{row.lot:<{width}}  {row.truth:>12}  {row.service:>16}  {'yes' if row.ok else 'NO'}"
        for row in rows
    ]
    return lines


def _own(truth: LotTruth) -> str:
    return str(truth.level if truth.free is None else truth.free)


def _said(said: Mapping[str, Any]) -> str:
    if said.get("free") is None:
        return "unknown"
    unknown = said.get("unknown") or 0
    return f"{said['free']}" + (f" (+{unknown} unknown)" if unknown else "")
