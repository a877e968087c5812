"""What the service says it did with the events sent to it, added up.

Every event sent is accepted, a duplicate or rejected: a receipt that does not add up is itself
a finding.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Rejection:
    """One rejected event: its place in the batch, its code, and why."""

    index: int
    id: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one batch; `rejected` may be cut short of `rejected_total`."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    rejected_total: int


def read_receipt(answer: Any) -> Receipt:
    """Return the receipt in a decoded answer; a ValueError when it is none."""
    try:
        rejected = tuple(
            Rejection(
                int(item["index"]),
                str(item.get("id") or ""),
                str(item["code"]),
                str(item.get("detail") or ""),
            )
            for item in answer["rejected"]
        )
        total = int(answer.get("rejected_total", len(rejected)))
        return Receipt(int(answer["accepted"]), int(answer["duplicates"]), rejected, total)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the answer to events is no receipt") from error


@dataclass(slots=True)
class Tally:
    """Running totals over all receipts of a run; of constant size."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    unaccounted: int = 0
    requests: int = 0
    retries: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    examples: list[Rejection] = field(default_factory=list)

    def add(self, sent: int, receipt: Receipt) -> None:
        """Add the receipt for a batch of `sent` events."""
        self.sent += sent
        self.requests += 1
        self.accepted += receipt.accepted
        self.duplicates += receipt.duplicates
        self.unaccounted += abs(
            sent - receipt.accepted - receipt.duplicates - receipt.rejected_total
        )
        self.rejected.update(item.code for item in receipt.rejected)
        unlisted = receipt.rejected_total - len(receipt.rejected)
        if unlisted > 0:
            self.rejected["unlisted"] += unlisted
        room = _EXAMPLES - len(self.examples)
        self.examples.extend(receipt.rejected[: max(0, room)])

    @property
    def rejected_total(self) -> int:
        """Return how many events were rejected, of any code."""
        return sum(self.rejected.values())

    def facts(self) -> dict[str, Any]:
        """Return the totals as plain data for a summary file."""
        return {
            "sent": self.sent,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": dict(sorted(self.rejected.items())),
            "rejected_total": self.rejected_total,
            "unaccounted": self.unaccounted,
            "requests": self.requests,
            "retries": self.retries,
        }

    def lines(self) -> list[str]:
        """Return the totals for people."""
        codes = ", ".join(f"{code} {n:,}" for code, n in sorted(self.rejected.items()))
        lines = [
            f"sent        {self.sent:>12,}   requests {self.requests:,}, retries {self.retries:,}",
            f"accepted    {self.accepted:>12,}",
            f"duplicates  {self.duplicates:>12,}",
            f"rejected    {self.rejected_total:>12,}" + (f"   {codes}" if codes else ""),
        ]
        if self.unaccounted:
            lines.append(f"unaccounted {self.unaccounted:>12,}   receipts that do not add up")
        lines += [f"  e.g. {item.id}: {item.code}: {item.detail}" for item in self.examples]
        return lines
