"""A lot's descriptions over time: what happened is read with the description of its own moment.

A description or list of spaces holds from its PUT on; a lot's first description, and a zone's first
list, also hold for all time before. A timeline is built whole from the changes, never edited.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from parking.domain.lots import Counting, Lot, Space, Zone

FITTING: Mapping[str, tuple[Counting, ...]] = {
    "space": ("spaces",),
    "passage": ("gates",),
    "count": ("counts", "gates"),
    "recount": ("gates", "counts"),
    "flag": ("flag",),
    "heartbeat": ("spaces", "gates", "counts", "flag"),
}
"""Which ways of counting an event type is for."""


@dataclass(frozen=True, slots=True)
class Described:
    """From `at` (us) on, the lot is as `lot` says; None retires it."""

    at: int
    lot: Lot | None


@dataclass(frozen=True, slots=True)
class Listed:
    """From `at` (us) on, `zone` has these spaces, in this order."""

    at: int
    zone: str
    spaces: tuple[Space, ...]


Change = Described | Listed


@dataclass(frozen=True)
class Layout:
    """A lot's description and its lists of spaces over one stretch of time."""

    lot: Lot
    at: int
    latest: Mapping[str, Listed]
    """The list of each zone that holds at `at`, or was its first."""

    @cached_property
    def lists(self) -> dict[str, tuple[Space, ...]]:
        """The spaces of each `spaces` zone that has a list, at whatever length, each in one zone.

        A space that two lists name belongs to the one put later; a first list that was put after
        `at` (and so holds here only backwards) takes no space from one that was in force.
        """
        by_space = {zone.id for zone in self.lot.zones if zone.counting == "spaces"}
        listed = [change for zone, change in self.latest.items() if zone in by_space]
        owner: dict[str, str] = {}
        for change in sorted(listed, key=lambda change: (change.at <= self.at, change.at)):
            for space in change.spaces:
                owner[space.id] = change.zone
        return {
            change.zone: tuple(space for space in change.spaces if owner[space.id] == change.zone)
            for change in listed
        }

    @cached_property
    def zones(self) -> dict[str, Zone]:
        """Zones by id, in the description's order."""
        return {zone.id: zone for zone in self.lot.zones}

    @cached_property
    def classes(self) -> frozenset[str]:
        """The classes of its zones."""
        return frozenset(zone.class_ for zone in self.lot.zones)

    @cached_property
    def zone_of(self) -> dict[str, str]:
        """The zone of every listed space, counted or beyond the capacity."""
        return {space.id: zone for zone, spaces in self.lists.items() for space in spaces}

    @cached_property
    def counted(self) -> dict[str, tuple[str, ...]]:
        """The space ids that count, by zone: the list's first `capacity`."""
        return {
            zone: tuple(space.id for space in spaces[: self.zones[zone].capacity])
            for zone, spaces in self.lists.items()
        }

    @cached_property
    def counted_spaces(self) -> frozenset[str]:
        """All space ids that count."""
        return frozenset(space for spaces in self.counted.values() for space in spaces)

    @cached_property
    def fitting(self) -> dict[str, tuple[str, ...]]:
        """The ids of the zones that fit each event type."""
        return {
            type_: tuple(zone.id for zone in self.lot.zones if zone.counting in countings)
            for type_, countings in FITTING.items()
        }


class Timeline:
    """All layouts of one lot in order of time; None stands for the time it was retired."""

    __slots__ = ("_layouts", "_starts", "changed_at", "current", "id", "last_layout")

    def __init__(self, lot_id: str, changes: Iterable[Change]) -> None:
        """Build from the lot's changes in the order they were made, a description first."""
        ordered = list(changes)
        if not ordered or not isinstance(ordered[0], Described):
            raise ValueError(f"the history of {lot_id} does not begin with a description")
        self.id = lot_id
        self._starts: list[int] = []
        self._layouts: list[Layout | None] = []
        latest: dict[str, Listed] = {}
        for change in reversed(ordered):
            if isinstance(change, Listed):
                latest[change.zone] = change  # ends with each zone's first list
        lot: Lot | None = None
        for change in ordered:
            if isinstance(change, Listed):
                latest[change.zone] = change
            else:
                lot = change.lot
            self._starts.append(change.at)
            self._layouts.append(None if lot is None else Layout(lot, change.at, dict(latest)))
        self.changed_at = self._starts[-1]
        self.current = self._layouts[-1]
        self.last_layout = next(layout for layout in reversed(self._layouts) if layout is not None)

    def at(self, us: int) -> Layout | None:
        """Give the layout of a moment; the first one also holds for all time before it."""
        if us >= self.changed_at:
            return self.current
        return self._layouts[bisect_right(self._starts, us, 1) - 1]

    def next_change(self, us: int) -> int | None:
        """Give the first moment after `us` from which another layout holds."""
        place = bisect_right(self._starts, us)
        return self._starts[place] if place < len(self._starts) else None

    def between(self, start: int, end: int) -> list[tuple[int, Layout | None]]:
        """List the stretches of [start, end): (from, layout), the first one from `start`."""
        stretches = [(start, self.at(start))]
        for begin, layout in zip(self._starts, self._layouts, strict=True):
            if start < begin < end:
                if stretches[-1][0] == begin:
                    stretches.pop()
                stretches.append((begin, layout))
        return stretches
