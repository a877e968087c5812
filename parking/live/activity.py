"""Activity: how many events came lately, by lot.

Counted as the log is followed, so every instance counts what all of them accepted, each event once.
An instance begins anew when it starts: `read` tells since when it counts.
"""

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from parking.domain.events import Entry
from parking.domain.instants import MINUTE

MINUTES = 5
"""How far back it reaches, the running minute included."""
_lot = attrgetter("lot")


class Activity:
    """Accepted events by lot and minute of their acceptance, of the last minutes alone."""

    def __init__(self) -> None:
        """Count nothing before `begin`."""
        self._since: int | None = None
        self._minutes: dict[int, Counter[str]] = {}

    def begin(self, now: int) -> None:
        """Count from now (us) on; what was counted before is another log's, or has a gap."""
        self._since = now
        self._minutes.clear()

    def count(self, entries: Sequence[Entry]) -> None:
        """Take entries that follow each other in the log; all count by the moment of the last."""
        if not entries or self._since is None or entries[-1].received_at < self._since:
            return
        minute = entries[-1].received_at // MINUTE
        counted = self._minutes.get(minute)
        if counted is None:
            newest = max((minute, *self._minutes))
            self._minutes = {
                one: lots for one, lots in self._minutes.items() if one > newest - MINUTES
            }
            counted = self._minutes[minute] = Counter()
        counted.update(map(_lot, entries))

    def read(self, now: int) -> tuple[int, dict[str, int]]:
        """Give since when (us) it counts, and how many events came since then, by lot."""
        first = now // MINUTE - MINUTES + 1
        since = now if self._since is None else min(now, max(self._since, first * MINUTE))
        found: Counter[str] = Counter()
        for minute, lots in self._minutes.items():
            if minute >= first:
                found.update(lots)
        return since, dict(found)
