"""The board: the live state of every lot, and what it shows now.

A cache of the log, and nothing but: it is given committed entries in the order of the log, and
tells which lots it cannot follow without reading the log again. It never awaits and never reads a
clock.
"""

import heapq
import secrets
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from parking.domain import hours
from parking.domain.availability import fold
from parking.domain.events import Entry, Placed, Void
from parking.domain.numbers import view
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.live.lot import LiveLot, Rebuild


class Board:
    """All lots. `version` counts the changes of what is shown; a lot bears that of its last one."""

    def __init__(self) -> None:
        """Begin with no lots, under a name that cursors of other boards do not have."""
        self.epoch = secrets.token_hex(6)
        self.version = 1
        self.descriptions = 0  # counts changes of descriptions
        self.listed: list[str] = []
        self._lots: dict[str, LiveLot] = {}
        self._dirty: set[str] = set()
        self._wakes: list[tuple[int, str]] = []
        self._unsaved: set[str] = set()
        self._looked = 0  # at the clock, us

    # -- reading ---------------------------------------------------------------------------------

    def find(self, lot_id: str) -> LiveLot | None:
        """Give a lot, retired ones too."""
        return self._lots.get(lot_id)

    def find_shown(self, lot_id: str) -> LiveLot | None:
        """Give a lot that is not retired."""
        lot = self._lots.get(lot_id)
        return None if lot is None or lot.view is None else lot

    def shown(self) -> Iterator[LiveLot]:
        """Give the lots that are not retired, in the order of their ids."""
        return (self._lots[lot_id] for lot_id in self.listed)

    def all_lots(self) -> Iterable[LiveLot]:
        """Give all lots, retired ones too, in no order."""
        return self._lots.values()

    def cursor(self, version: int | None = None) -> str:
        """Name a version of this board."""
        return f"{self.epoch}-{self.version if version is None else version}"

    def read_cursor(self, cursor: str) -> int | None:
        """Give the version that a cursor names; None when it is not one of this board."""
        epoch, _, version = cursor.partition("-")
        if epoch != self.epoch or not version.isdecimal() or len(version) > 18:
            return None
        return int(version) if int(version) <= self.version else None

    def clear(self) -> None:
        """Forget everything: what comes is another log's, and no cursor reaches over that."""
        self.epoch = secrets.token_hex(6)
        self.version += 1
        self.descriptions += 1
        for held in (self.listed, self._lots, self._dirty, self._wakes, self._unsaved):
            held.clear()

    # -- what was committed ----------------------------------------------------------------------

    def describe(self, timeline: Timeline) -> bool:
        """Take a lot's new timeline; False: it reaches back before events that were folded."""
        lot = self._lots.get(timeline.id)
        if lot is None:
            lot = self._lots[timeline.id] = LiveLot(timeline, set())
        lot.timeline = timeline
        lot.hours_until = 0
        lot.described = True  # filters may take it now that did not, whatever its numbers
        self.descriptions += 1
        position = bisect_left(self.listed, timeline.id)
        listed = position < len(self.listed) and self.listed[position] == timeline.id
        if timeline.current is None and listed:
            del self.listed[position]
        elif timeline.current is not None and not listed:
            self.listed.insert(position, timeline.id)
        self._dirty.add(timeline.id)
        newest = max(
            (zone.heard for zone in lot.state.zones.values() if zone.heard is not None),
            default=None,
        )
        return newest is None or newest < timeline.changed_at

    def void(self, voided: dict[str, set[str]]) -> None:
        """Take the ids that must not count, before any entry."""
        for lot_id, ids in voided.items():
            if lot_id in self._lots:
                self._lots[lot_id].voided |= ids

    def take(self, entries: Sequence[Entry], now: int) -> set[str]:
        """Fold committed entries; gives the lots that must be rebuilt from the log."""
        incomplete: set[str] = set()
        for entry in entries:
            lot = self._lots.get(entry.lot)
            if lot is None:
                continue  # the change that describes it comes before any of its entries
            if lot.rebuild is not None:
                lot.rebuild.taken.append(entry)
            if type(entry.event) is Void:
                lot.voided.add(entry.event.event)
                incomplete.add(entry.lot)
            elif entry.seq <= lot.rebuilt_seq:
                continue
            elif entry.at > now:
                kept = entry.entry() if type(entry) is Placed else entry
                heapq.heappush(lot.pending, (entry.at, entry.seq, kept))
            elif entry.id not in lot.voided and not fold(lot.state, entry, lot.timeline):
                incomplete.add(entry.lot)
            self._dirty.add(entry.lot)
        return incomplete

    def restore(
        self,
        lot_id: str,
        state: LotState,
        pending: Iterable[Entry],
        rebuilt_seq: int,
    ) -> None:
        """Take a lot's stored state; `rebuilt_seq` is the place in the log it may run ahead to."""
        lot = self._lots.get(lot_id)
        if lot is not None:
            lot.state = state
            lot.pending = [(entry.at, entry.seq, entry) for entry in pending]
            heapq.heapify(lot.pending)
            lot.rebuilt_seq = rebuilt_seq
            self._dirty.add(lot_id)

    def begin_rebuild(self, lot_id: str) -> Timeline:
        """Keep what is taken of a lot from here on, to be taken again after `replace`."""
        lot = self._lots[lot_id]
        lot.rebuild = Rebuild(lot.timeline, [])
        return lot.timeline

    def give_up_rebuild(self, lot_id: str) -> None:
        """Go on without."""
        lot = self._lots.get(lot_id)
        if lot is not None:  # it is not of another log by now
            lot.rebuild = None

    def replace(
        self, lot_id: str, state: LotState, ahead: Iterable[Entry], seq: int, now: int
    ) -> bool:
        """Take what was rebuilt from all entries up to place `seq`; False: it takes another one.

        `ahead` are those of them that the state does not hold, since their moment is to come.
        """
        lot = self._lots.get(lot_id)
        if lot is None or lot.rebuild is None:  # the board was cleared meanwhile
            return False
        rebuild, lot.rebuild = lot.rebuild, None
        self.restore(lot_id, state, ahead, seq)
        return not self.take(rebuild.taken, now) and rebuild.timeline is lot.timeline

    def unsaved(self) -> list[LiveLot]:
        """Give the lots that changed since the last call."""
        changed, self._unsaved = self._unsaved | self._dirty, set()
        return [self._lots[lot_id] for lot_id in changed]

    def save_again(self, lots: Iterable[LiveLot]) -> None:
        """Count these as unsaved once more, but for those of another log."""
        self._unsaved.update(lot.id for lot in lots if self._lots.get(lot.id) is lot)

    # -- the passing of time ---------------------------------------------------------------------

    @property
    def next_wake(self) -> int | None:
        """When (us) something next changes by itself."""
        return self._wakes[0][0] if self._wakes else None

    def refresh(self, now: int) -> bool:
        """Read anew what has changed or whose time has come; True when something shows."""
        if now < self._looked:  # the clock was set back: what has passed may be to come again
            self._dirty.update(self._lots)
            for lot in self._lots.values():
                lot.hours_until = 0 if lot.hours_until is not None else None
        self._looked = now
        while self._wakes and self._wakes[0][0] <= now:
            lot = self._lots[heapq.heappop(self._wakes)[1]]
            lot.queued = None
            if lot.wake is not None and lot.wake <= now:
                self._dirty.add(lot.id)
            else:
                self._wake(lot, lot.wake)
        if not self._dirty:
            return False
        changed = []
        while self._dirty:
            lot = self._lots[self._dirty.pop()]
            self._unsaved.add(lot.id)
            if self._read(lot, now):
                changed.append(lot)
        if changed:
            self.version += 1
            for lot in changed:
                lot.version = self.version
        return bool(changed)

    def _read(self, lot: LiveLot, now: int) -> bool:
        while lot.pending and lot.pending[0][0] <= now:
            entry = heapq.heappop(lot.pending)[2]
            if entry.id not in lot.voided:
                fold(lot.state, entry, lot.timeline)  # the newest of all: it is never late
        layout = lot.timeline.current
        if layout is None:
            self._wake(lot, lot.pending[0][0] if lot.pending else None)
            return lot.show(None)
        if lot.hours_until is not None and now >= lot.hours_until:
            lot.hours_open = hours.is_open(layout.lot, now)
            lot.hours_until = hours.next_change(layout.lot, now)
        new = view(lot.id, layout, lot.state, now, hours_open=lot.hours_open)
        due = [lot.hours_until, new.until, lot.pending[0][0] if lot.pending else None]
        self._wake(lot, min((at for at in due if at is not None), default=None))
        return lot.show(new)

    def _wake(self, lot: LiveLot, at: int | None) -> None:
        lot.wake = at
        if at is not None and (lot.queued is None or at < lot.queued):
            heapq.heappush(self._wakes, (at, lot.id))
            lot.queued = at
