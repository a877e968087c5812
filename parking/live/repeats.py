"""Repeats: duplicates by lot, hour and sender until they are stored; the log knows none of them."""

from collections import Counter
from collections.abc import Container, Sequence

from parking.domain.events import Entry
from parking.domain.instants import HOUR
from parking.domain.quality.reading import sender_of
from parking.store import quality
from parking.store.database import Database
from parking.store.log import Outcome

_REMEMBERED = 100_000
_MOST_SENDERS = 20_000
"""Told apart from one time that they are stored to the next; others count for their lot alone."""


class Repeats:
    """Counts what was sent again; what this instance has not stored yet dies with it."""

    def __init__(self) -> None:
        """Begin with none."""
        self.counts: Counter[tuple[str, int]] = Counter()
        self.senders: Counter[tuple[str, int, str]] = Counter()
        self.asked: Container[str] = frozenset()
        """Keys by which events come again because we ask again: nobody repeats anything."""
        self.told_to_all: Container[str] = frozenset()
        """Keys by which each instance is told everything: what is new to this one is no repetition,
        though another instance had it first."""
        self._recent: set[int] = set()
        self._before: set[int] = set()

    def count(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Count the duplicates among committed entries, by the hour they came in."""
        if "duplicate" not in outcomes and not self.told_to_all:
            return
        for entry, outcome in zip(entries, outcomes, strict=True):
            new = entry.key in self.told_to_all and self._is_new(entry)
            if outcome == "duplicate" and not new and entry.key not in self.asked:
                hour = entry.received_at // HOUR
                self.counts[entry.lot, hour] += 1
                sender = entry.lot, hour, sender_of(entry.event, entry.zone)
                if sender in self.senders or len(self.senders) < _MOST_SENDERS:
                    self.senders[sender] += 1

    def _is_new(self, entry: Entry) -> bool:
        """Whether this instance is told it for the first time, as far as it remembers."""
        mark = hash((entry.lot, entry.id))
        if mark in self._recent or mark in self._before:
            return False
        self._recent.add(mark)
        if len(self._recent) > _REMEMBERED:
            self._before, self._recent = self._recent, set()
        return True

    async def store(self, database: Database) -> None:
        """Store what was counted; kept for the next time when the database is away."""
        if not self.counts:
            return
        taken, self.counts = self.counts, Counter()
        senders, self.senders = self.senders, Counter()
        try:
            async with database.transaction() as connection:
                await quality.add_duplicates(connection, taken, senders)
        except BaseException:  # a cancellation too: nothing is known to be stored
            self.counts.update(taken)
            self.senders.update(senders)
            raise
