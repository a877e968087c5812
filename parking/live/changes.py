"""Changes: what the board shows otherwise than at an earlier version of it."""

from collections.abc import Callable
from dataclasses import dataclass

from parking.domain.timeline import Layout
from parking.live.board import Board
from parking.live.lot import LiveLot


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


class Changes:
    """Tells what changed on a board since a version of it."""

    def __init__(self, board: Board) -> None:
        """Look at `board`."""
        self._board = board
        self._made_of = 0
        self._made: dict[tuple[int, Filter, Callable[[list[Change]], bytes]], bytes] = {}

    def since(
        self, version: int, wanted: Filter, make: Callable[[list[Change]], bytes]
    ) -> tuple[int, bytes]:
        """Give the present version and, made by `make`, what changed after `version`.

        What was made for one is kept for the others who ask the same.
        """
        now = self._board.version
        if version == now:
            return now, b""
        if now != self._made_of:
            self._made.clear()
            self._made_of = now
        key = (version, wanted, make)
        made = self._made.get(key)
        if made is None:
            made = make(self._list(version, wanted))
            if len(self._made) < 1000:
                self._made[key] = made
        return now, made

    def _list(self, version: int, wanted: Filter) -> list[Change]:
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
