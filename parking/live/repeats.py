"""Repeats: duplicates by lot and hour, which leave no trace in the log, until they are stored."""

from collections import Counter
from collections.abc import Sequence

from parking.domain.events import Entry
from parking.domain.instants import HOUR
from parking.store import quality
from parking.store.database import Database
from parking.store.log import Outcome


class Repeats:
    """Counts what was sent again; what this instance has not stored yet dies with it."""

    def __init__(self) -> None:
        """Begin with none."""
        self.counts: Counter[tuple[str, int]] = Counter()

    def count(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Count the duplicates among committed entries, by the hour they came in."""
        if "duplicate" in outcomes:
            for entry, outcome in zip(entries, outcomes, strict=True):
                if outcome == "duplicate":
                    self.counts[entry.lot, entry.received_at // HOUR] += 1

    async def store(self, database: Database) -> None:
        """Store what was counted; kept for the next time when the database is away."""
        taken, self.counts = self.counts, Counter()
        if not taken:
            return
        try:
            async with database.connection() as connection:
                await quality.add_duplicates(connection, taken)
        except BaseException:  # a cancellation too: nothing is known to be stored
            self.counts.update(taken)
            raise
