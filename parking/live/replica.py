"""The replica: what this instance holds of the database, and how it keeps up.

Board, descriptions, devices and keys are caches. Entries reach the board in the order of the log:
this instance's own right after their commit, others' by reading the log on. The head of the log is
asked for four times a second, so that no instance is behind another by more than that.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from parking import metrics
from parking.domain.access import Key, Keyring
from parking.domain.events import Entry
from parking.domain.timeline import Change, Timeline
from parking.errors import DatabaseAway
from parking.live.activity import Activity
from parking.live.board import Board
from parking.live.devices import Devices
from parking.live.rebuilding import Rebuilding
from parking.live.turns import give_way
from parking.store import devices, history, keys, lots, snapshots
from parking.store.database import Database

log = logging.getLogger("parking.live.replica")

_POLL_SECONDS = 0.25
_TAKEN_AT_ONCE = 200
Clock = Callable[[], int]


class Replica:
    """Board, timelines, devices and keyring of one instance."""

    def __init__(self, database: Database, clock: Clock, admin_secret: str | None = None) -> None:
        """Hold nothing yet; `start` reads it. `clock` gives us since the epoch."""
        self.database = database
        self.board = Board()
        self.devices = Devices()
        self.activity = Activity()
        self.clock = clock
        self.keys: list[Key] = []
        self.keyring = Keyring([], admin_secret)
        self.retained_from = 0
        self.ready = False
        self.changed = asyncio.Event()  # set whenever the board may show something new
        self._admin_secret = admin_secret
        self._changes: dict[str, list[Change]] = {}
        self._last_change: dict[str, int] = {}
        self._change = 0
        self._position = 0
        self._last: Entry | None = None  # of those that were taken up
        self._order = asyncio.Lock()  # whoever moves the board along the log holds it
        self.rebuilding = Rebuilding(database, self.board, self._order, self.changed, clock)

    # -- starting --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the snapshot and follow the log to its end; DatabaseAway when it cannot be read."""
        async with self.database.transaction("repeatable_read") as connection:
            head = await history.get_head(connection)
            stored = await lots.list_changes(connection)
            self._use_keys(await keys.list_keys(connection))
            registered = await devices.list_devices(connection)
            voided = await history.list_all_voided(connection)
            position, change, states = await snapshots.load(connection, head.seq)
            last = await history.find_last(connection, position)
        async with self._order:
            self._changes.clear()  # of a start that was cut off, or of another log
            self._last_change.clear()
            self._last = last
            self.board.clear()
            self.devices = Devices()
            self.devices.take(registered)
            self.activity.begin(self.clock())
            self._describe(stored)
            self._change = head.changes
            self.retained_from = head.retained_from
            self.board.void(voided)
            for lot_id, state in states.items():
                self.board.restore(lot_id, state.state, state.pending, state.rebuilt_seq)
            self._position = position
            # a description newer than the snapshot may reach back before what was folded
            newer = {item.lot for item in stored if item.number > change}
            self.rebuilding.begin(
                lot for lot in newer if not self.board.describe(self.timeline(lot))
            )
            if not states and head.retained_from > 0:  # the log alone is not all there was
                self.rebuilding.add(self._changes)
            await self._follow(head.seq)
        await self.rebuilding.run()
        self.board.refresh(self.clock())
        self.ready = True
        log.info("ready: %d lots, %d entries after the snapshot", len(states), head.seq - position)

    # -- descriptions, devices and keys ----------------------------------------------------------

    def timeline(self, lot_id: str) -> Timeline:
        """Give a lot's timeline; KeyError when it never was."""
        return Timeline(lot_id, self._changes[lot_id])

    def owner(self, lot_id: str) -> str | None:
        """Give whose a lot is, or was before it was retired; None when it never was."""
        live = self.board.find(lot_id)
        return None if live is None else live.timeline.last_layout.lot.operator

    def last_change(self, lot_id: str) -> int:
        """Give the number of a lot's last change, 0 when it never was."""
        return self._last_change.get(lot_id, 0)

    async def change_lots(self, decide: Callable[[], Sequence[lots.Wish]], key: str) -> None:
        """Store what `decide` wishes in view of the lots as they are now, all of it or nothing.

        `decide` is asked again when others were faster; it raises what the caller should see.
        """
        while True:
            wishes = decide()
            if not wishes:
                return
            try:
                async with self.database.transaction() as connection:
                    await lots.append(connection, wishes, self.clock(), key)
            except lots.Overtaken:
                await self.sync()
                continue
            await self.sync()
            return

    async def change_device(self, decide: Callable[[], devices.Wish | None], key: str) -> None:
        """Store what `decide` wishes in view of devices and lots as they are now, None: nothing.

        As with lots, `decide` is asked again when others were faster.
        """
        while (wish := decide()) is not None:
            try:
                async with self.database.transaction() as connection:
                    await devices.change_device(connection, wish, self.clock(), key)
            except lots.Overtaken:
                await self.sync()
                continue
            await self.sync()
            return

    async def sync(self) -> None:
        """Take up what has been committed by now: entries, descriptions, devices, keys."""
        async with self._order:
            await self._catch_up()
        await self.rebuilding.run()
        self.board.refresh(self.clock())
        self.changed.set()

    async def _catch_up(self) -> None:
        """Take up the log to its present end, descriptions before the entries that need them."""
        async with self.database.transaction("repeatable_read") as connection:
            head = await history.get_head(connection)
            stored: list[lots.StoredChange] = []
            if head.changes > self._change:
                stored = await lots.list_changes(connection, self._change)
                self._use_keys(await keys.list_keys(connection))
                self.devices.take(await devices.list_devices(connection, self._change))
        self.retained_from = max(self.retained_from, head.retained_from)
        self.rebuilding.add(self._describe(stored))
        self._change = max(self._change, head.changes)
        await self._follow(head.seq)

    def _use_keys(self, stored: list[Key]) -> None:
        self.keys = stored
        self.keyring = Keyring(stored, self._admin_secret)

    def _describe(self, stored: Sequence[lots.StoredChange]) -> set[str]:
        """Put changes on the board; gives the lots they reach back in."""
        touched = dict.fromkeys(item.lot for item in stored)
        for item in stored:
            self._changes.setdefault(item.lot, []).append(item.change)
            self._last_change[item.lot] = item.number
        return {lot for lot in touched if not self.board.describe(self.timeline(lot))}

    # -- entries ---------------------------------------------------------------------------------

    async def committed(self, before: int, after: int, entries: Sequence[Entry]) -> None:
        """Take up this instance's own commit: entries after place `before`, up to `after`."""
        async with self._order:
            try:
                if self._position == before:
                    await self._take_all(entries)
                    self._position = after
                elif self._position < after:  # others' come first, or part of it was read already
                    await self._catch_up()
            except DatabaseAway:  # stored they are; the board follows when the database is back
                log.warning("the board is behind the log")
        self.rebuilding.start()
        self.changed.set()

    async def _follow(self, until: int) -> None:
        """Read the log on up to place `until`."""
        while self._position < until:
            async with self.database.connection() as connection:
                entries = await history.list_tail(connection, self._position, until)
            await self._take_all(entries)
            self._position = entries[-1].seq if entries else until
            metrics.log_lag.set(until - self._position)
        metrics.log_lag.set(0)

    async def _take_all(self, entries: Sequence[Entry]) -> None:
        """Show entries that follow those shown, some at a time, for others to go on in between."""
        for at in range(0, len(entries), _TAKEN_AT_ONCE):
            if at:
                await give_way()
            some = entries[at : at + _TAKEN_AT_ONCE]
            self.rebuilding.add(self.board.take(some, self.clock()))
            self.activity.count(some)
            self._last, self._position = some[-1], some[-1].seq

    async def run(self) -> None:
        """Keep up with the log until cancelled; start anew when it is another one."""
        away = False
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                if self.ready:
                    await self._keep_up(after_outage=away)
                else:
                    await self.start()
                away = False
                metrics.database_up.set(1)
            except DatabaseAway:
                away = True
                metrics.database_up.set(0)

    async def _keep_up(self, *, after_outage: bool) -> None:
        known = self._position, self._change, self._last  # as of before the head
        async with self.database.connection() as connection:
            head = await history.get_head(connection)
            same = head.seq >= known[0] and head.changes >= known[1]
            same = same and (not after_outage or await history.holds(connection, *known))
        if not same:
            self._doubt()
            await self.start()
            return
        async with self._order:  # what is being shown, of this instance's own, is no reason
            behind = head.seq > self._position or head.changes > self._change
        if behind or not self.rebuilding.is_over or head.retained_from > self.retained_from:
            await self.sync()

    def _doubt(self) -> None:
        """Show nothing more of what is known, and have `run` start anew."""
        log.warning("the log lacks what was in it: the database was put back; starting anew")
        self.ready = False

    # -- snapshots -------------------------------------------------------------------------------

    async def save(self) -> None:
        """Store what has changed on the board since the last time."""
        async with self._order:
            if not self.rebuilding.is_over:
                return  # not before it is whole
            changed = self.board.unsaved()
            seq, change, last = self._position, self._change, self._last
            shots = {
                lot.id: snapshots.LotSnapshot(
                    lot.state,
                    [item[2] for item in lot.pending],
                    lot.rebuilt_seq,
                )
                for lot in changed
            }
            encoded = snapshots.encode(shots)
        try:
            async with self.database.connection() as connection:
                if await history.holds(connection, seq, change, last):
                    await snapshots.save(connection, seq, change, encoded)
                else:  # what is known here must not get into it
                    self._doubt()
        except BaseException:  # whatever it was, a cancellation too: nothing is known to be saved
            self.board.save_again(changed)
            raise
