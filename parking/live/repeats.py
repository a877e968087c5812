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
        """Keys by which each instance is told everything: whoever stored an event counts what comes
        again of it, and nobody else."""
        self._recent: set[int] = set()
        self._before: set[int] = set()

    def count(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Count the duplicates among committed entries, by the hour they came in."""
        if "duplicate" not in outcomes and not self.told_to_all:
            return
        for entry, outcome in zip(entries, outcomes, strict=True):
            told_to_all = entry.key in self.told_to_all
            if told_to_all and outcome == "accepted":
                self._remember(entry)
            mine = not told_to_all or self._has(entry)
            if outcome == "duplicate" and mine and entry.key not in self.asked:
                hour = entry.received_at // HOUR
                self.counts[entry.lot, hour] += 1
                sender = entry.lot, hour, sender_of(entry.event, entry.zone)
                if sender in self.senders or len(self.senders) < _MOST_SENDERS:
                    self.senders[sender] += 1

    def _remember(self, entry: Entry) -> None:
        self._recent.add(hash((entry.lot, entry.id)))
        if len(self._recent) > _REMEMBERED:
            self._before, self._recent = self._recent, set()

    def _has(self, entry: Entry) -> bool:
        """Whether this instance stored it, as far as it remembers."""
        mark = hash((entry.lot, entry.id))
        return mark in self._recent or mark in self._before

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
