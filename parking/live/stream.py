"""Streams: what changed since a version of the board, told to everyone who follows.

Nothing is queued for anyone. A reader asks what changed since the version it has; one that was slow
gets the newest state of each lot that changed meanwhile, and holds nobody up. What is made for one
is kept for the others who ask the same.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from parking.domain.timeline import Layout
from parking.live.lot import LiveLot
from parking.live.replica import Replica

_TICK_SECONDS = 0.05
_LONGEST_SLEEP = 5.0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lots: those named, of a district, with spaces of a class; None does not matter."""

    lots: frozenset[str] | None = None
    district: str | None = None
    class_: str | None = None

    def takes(self, lot_id: str, layout: Layout) -> bool:
        """Whether a lot as described is among them."""
        return (
            (self.lots is None or lot_id in self.lots)
            and (self.district is None or layout.lot.district == self.district)
            and (self.class_ is None or self.class_ in layout.classes)
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What a lot shows now; `body` None: it was retired. `cursor` is where to go on after it."""

    lot: str
    cursor: str
    body: bytes | None


class Stream:
    """Wakes those who follow the board, at most every 50 ms."""

    def __init__(self, replica: Replica) -> None:
        """Follow `replica`'s board."""
        self._replica = replica
        self._board = replica.board
        self._told = 0
        self._news = asyncio.Event()
        self._made: dict[tuple[int, int, Filter, str], bytes] = {}

    async def run(self) -> None:
        """Refresh the board when entries came or time has passed, and tell, until cancelled."""
        while True:
            self._replica.changed.clear()
            self._board.refresh(self._replica.clock())
            if self._board.version != self._told:
                self._told = self._board.version
                self._made.clear()
                news, self._news = self._news, asyncio.Event()
                news.set()
            await asyncio.sleep(_TICK_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._replica.changed.wait()

    def _patience(self) -> float:
        """Give the seconds until something changes by itself."""
        wake = self._board.next_wake
        if wake is None:
            return _LONGEST_SLEEP
        return min(max((wake - self._replica.clock()) / 1e6, 0), _LONGEST_SLEEP)

    async def wait(self, version: int, seconds: float) -> bool:
        """Wait until there is news after `version`; False when there was none for so long."""
        if self._told > version:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def since(
        self, version: int, wanted: Filter, make: Callable[[list[Change]], bytes], form: str
    ) -> tuple[int, bytes]:
        """Give the present version and, made by `make`, what changed after `version`.

        `form` names what `make` does, for readers of the same form to share what was made.
        """
        now = self._board.version
        key = (version, now, wanted, form)
        made = self._made.get(key)
        if made is None:
            made = make(self._changes(version, wanted))
            if len(self._made) < 1000:
                self._made[key] = made
        return now, made

    def _changes(self, version: int, wanted: Filter) -> list[Change]:
        changed = sorted(
            (
                lot
                for lot in self._board.all_lots()
                if lot.version > version and _told(lot, version)
            ),
            key=lambda lot: (lot.version, lot.id),
        )
        changes = []
        for place, lot in enumerate(changed):
            last = place + 1 == len(changed) or changed[place + 1].version > lot.version
            layout = lot.timeline.current or lot.timeline.last_layout
            if wanted.takes(lot.id, layout):
                # whoever breaks off between lots of one version must get the rest of it again
                cursor = self._board.cursor(lot.version if last else lot.version - 1)
                body = None if lot.view is None else lot.brief
                changes.append(Change(lot.id, cursor, body))
        return changes


def _told(lot: LiveLot, version: int) -> bool:
    """Whether a reader at `version` has to hear of it; a newcomer need not hear of the retired."""
    return lot.view is not None or version > 0
