"""Findings: what is wrong with something, since when, and in which numbers it shows."""

from typing import Literal

from msgspec import Struct

Kind = Literal[
    "silent",
    "stuck",
    "flapping",
    "inverted",
    "out_of_range",
    "clock_offset",
    "duplicates",
    "drift",
]


class Finding(Struct, frozen=True):
    """One finding of a lot's day, of a zone, a space or a sensor; of the lot if it names none.

    `since`: us, as far as it is known. `detail` is for people, `facts` are the numbers behind it.
    """

    kind: Kind
    zone: str | None
    space: str | None
    sensor: str | None
    since: int | None
    detail: str
    facts: dict[str, float] = {}

    @property
    def is_silence(self) -> bool:
        """Whether it is of something that is not heard: not of what was silent for a while."""
        return self.kind == "silent" and (self.since is not None or "unheard_s" not in self.facts)


def span(us: float) -> str:
    """Write a length for people: `40 min`, `7.5 h`, `12 days`."""
    minutes = us / 60_000_000
    if minutes < 90:
        return f"{minutes:.0f} min"
    if minutes < 48 * 60:
        return f"{minutes / 60:.1f} h"
    return f"{minutes / 1440:.1f} days"
