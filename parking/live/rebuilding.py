"""Rebuilding: lots that cannot be followed event by event are read from the log anew.

That goes on beside everything else, one lot after the other. What is taken of a lot meanwhile is
taken again after it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterable

from parking.errors import DatabaseAway
from parking.live.board import Board
from parking.store import history
from parking.store.database import Database

log = logging.getLogger("parking.live.rebuilding")

_WHOLE_SECONDS = 2.0


class Rebuilding:
    """The lots of a board that do not show all that was committed, and how they come to."""

    def __init__(
        self,
        database: Database,
        board: Board,
        order: asyncio.Lock,
        changed: asyncio.Event,
        clock: Callable[[], int],
    ) -> None:
        """Rebuild lots of `board`, holding `order` to move it, and set `changed` after each."""
        self._database = database
        self._board = board
        self._order = order
        self._changed = changed
        self._clock = clock
        self._lots: set[str] = set()
        self._going = asyncio.Lock()
        self._built = asyncio.Event()  # the next lot
        self._soon: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether all lots show all that this instance knows to be committed of them."""
        return not self._lots

    def begin(self, lots: Iterable[str]) -> None:
        """Rebuild these and no others: the board begins anew."""
        self._lots = set(lots)

    def add(self, lots: Iterable[str]) -> None:
        """Rebuild these too."""
        self._lots.update(lots)

    async def wait(self, lots: Collection[str]) -> None:
        """Wait, but not for long, until these lots show all that was committed of them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WHOLE_SECONDS):
                while not self._lots.isdisjoint(lots):
                    await self._built.wait()

    def start(self) -> None:
        """Begin to rebuild what there is, if that is not going on."""
        if self._lots and (self._soon is None or self._soon.done()):
            self._soon = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._lots:
                await self.run()
        except DatabaseAway:
            log.warning("some lots wait for the database to be rebuilt from the log")

    async def run(self) -> None:
        """Rebuild what there is now; DatabaseAway when the log cannot be read."""
        async with self._going:
            for lot_id in sorted(self._lots):
                await self._rebuild(lot_id)
                built, self._built = self._built, asyncio.Event()
                built.set()
                self._changed.set()

    async def _rebuild(self, lot_id: str) -> None:
        async with self._order:
            if lot_id not in self._lots:
                return  # any longer: the log is another one
            now = self._clock()
            timeline = self._board.begin_rebuild(lot_id)
        try:
            async with self._database.transaction("repeatable_read") as connection:
                head = await history.get_head(connection)
                state = await history.read_state(connection, timeline, now)
                ahead = await history.list_ahead(connection, lot_id, now)
        except BaseException:
            self._board.give_up_rebuild(lot_id)
            raise
        async with self._order:
            if self._board.replace(lot_id, state, ahead, head.seq, self._clock()):
                self._lots.discard(lot_id)
