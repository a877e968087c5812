"""Instances without the web: a replica and a writer of the log, on a clock that the test moves."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from parking.domain import numbers
from parking.domain.events import Entry
from parking.domain.instants import DAY, micros
from parking.domain.lots import Lot, Space
from parking.live.replica import Replica
from parking.store import history
from parking.store.database import Database, open_database
from parking.store.log import LogWriter, Outcome
from parking.store.lots import Wish
from tests import histories
from tests.entries import NOW, entry
from tests.oracle_events import Json


class Node:
    """One instance; `now` is its present, us."""

    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.database = database
        self.writer = LogWriter(database.dsn)
        self.replica = self._new_replica()

    def _new_replica(self) -> Replica:
        return Replica(self.database, lambda: self.now)

    async def restart(self) -> None:
        """Forget all and start again."""
        self.replica = self._new_replica()
        await self.replica.start()

    async def describe(self, lot: str, description: Json | None) -> None:
        """Put or retire a lot."""
        described = None if description is None else msgspec.convert(description, Lot)
        await self._change(lot, described)

    async def put_spaces(self, lot: str, zone: str, spaces: Iterable[str]) -> None:
        await self._change(lot, (zone, tuple(Space(space) for space in spaces)))

    async def _change(self, lot: str, what: Lot | tuple[str, tuple[Space, ...]] | None) -> None:
        def decide() -> list[Wish]:
            return [Wish(lot, what, self.replica.last_change(lot))]

        await self.replica.change_lots(decide, "k")

    async def live_through(self, lot: histories.Lot, first_at: int = NOW - 30 * DAY) -> None:
        """Make a lot's changes at their moments, the first ones, which hold before too, early."""
        changes: list[tuple[int, int, Json | tuple[str, Sequence[str]] | None]] = []
        for since, description in lot.timeline:
            changes.append((first_at if since is None else micros(since), 0, description))
        for since, zone, spaces in lot.lists:
            changes.append((first_at if since is None else micros(since), 1, (zone, spaces)))
        present = self.now
        for at, _, what in sorted(changes, key=lambda change: change[:2]):
            self.now = at
            if isinstance(what, tuple):
                await self.put_spaces(lot.id, *what)
            else:
                await self.describe(lot.id, what)
        self.now = present

    def entries(self, events: Iterable[Json]) -> list[Entry]:
        """Make entries of accepted events, each identity once."""
        found: dict[tuple[str, str], Entry] = {}
        for event in events:
            made = entry(event, self.replica.timeline(event["lot"]), self.now)
            found.setdefault((made.lot, made.id), made)
        return list(found.values())

    async def take(self, events: Iterable[Json]) -> list[Outcome]:
        """Commit events and show them, as the intake does."""
        entries = self.entries(events)
        if not entries:
            return []
        committed = await self.writer.commit(entries, suspects=True)
        fresh = [
            entry
            for entry, outcome in zip(entries, committed.outcomes, strict=True)
            if outcome == "accepted"
        ]
        await self.replica.committed(committed.before, committed.after, fresh)
        await self.replica.rebuilding.wait({entry.lot for entry in fresh})
        return committed.outcomes

    async def view_at(self, lot: str, at: int) -> numbers.View | None:
        """Give what a lot showed at a moment, from the log."""
        timeline = self.replica.timeline(lot)
        layout = timeline.at(at)
        if layout is None:
            return None
        async with self.database.transaction("repeatable_read") as connection:
            state = await history.read_state(connection, timeline, at)
        return numbers.view(lot, layout, state, at, hours_open=None)

    def view(self, lot: str) -> numbers.View | None:
        """Give what a lot shows now, from the board."""
        self.replica.board.refresh(self.now)
        live = self.replica.board.find(lot)
        assert live is not None
        return live.view


def shown(seen: numbers.View | None) -> Json | None:
    """Give what goes over the wire, without the additions that the oracle does not know."""
    if seen is None:
        return None
    whole: Json = msgspec.to_builtins(seen.availability)
    whole["zones"] = list(msgspec.to_builtins(seen.zones))
    for zone in whole["zones"]:
        zone.pop("heard_at", None)
    return whole


@contextlib.asynccontextmanager
async def started(database_url: str) -> AsyncIterator[Node]:
    """Start one instance on a database."""
    async with open_database(database_url) as database:
        node = Node(database)
        await node.replica.start()
        try:
            yield node
        finally:
            await node.writer.close()
