"""Receipts: what became of the events that somebody sent, one by one where they were not taken."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Code = Literal[
    "invalid",
    "unknown_lot",
    "unknown_zone",
    "unknown_space",
    "wrong_counting",
    "forbidden_lot",
    "future",
    "too_old",
    "conflict",
    "unknown_device",
]


class Rejection(Struct):
    """Why one event was not taken."""

    index: int
    id: str | None
    code: Code
    detail: str


class Named(Struct):
    """The id made for an event that came without one."""

    index: int
    id: str


class Receipt(Struct):
    """What became of a list of events; `ids` are those made for events without one."""

    accepted: int
    duplicates: int
    rejected: list[Rejection]
    rejected_total: int
    ids: list[Named]


def add(receipts: Sequence[Receipt], most: int) -> Receipt:
    """Give one receipt for several; it lists at most `most` rejections and made ids."""
    total = Receipt(0, 0, [], 0, [])
    for receipt in receipts:
        total.accepted += receipt.accepted
        total.duplicates += receipt.duplicates
        total.rejected_total += receipt.rejected_total
        total.rejected += receipt.rejected[: most - len(total.rejected)]
        total.ids += receipt.ids[: most - len(total.ids)]
    return total
