"""One lot on the board: its state, what it shows, and what it waits for."""

from dataclasses import dataclass

import msgspec

from parking.domain.events import Entry
from parking.domain.numbers import View
from parking.domain.states import LotState
from parking.domain.timeline import Timeline

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A state being read from the log: by what timeline, and what came meanwhile."""

    timeline: Timeline
    taken: list[Entry]


class LiveLot:
    """One lot on the board."""

    __slots__ = (
        "_brief",
        "_zones",
        "described",
        "hours_open",
        "hours_until",
        "pending",
        "queued",
        "rebuild",
        "rebuilt_seq",
        "state",
        "timeline",
        "version",
        "view",
        "voided",
        "wake",
    )

    def __init__(self, timeline: Timeline, voided: set[str]) -> None:
        """Begin without events."""
        self.timeline = timeline
        self.state = LotState()
        self.voided = voided
        self.pending: list[tuple[int, int, Entry]] = []  # a heap of what is still to come
        self.rebuild: Rebuild | None = None
        self.rebuilt_seq = 0
        self.hours_open: bool | None = None
        self.hours_until: int | None = 0  # None: they never change
        self.view: View | None = None  # None: retired, or not read yet
        self.version = 0
        self.described = True  # anew, since it was last shown
        self.wake: int | None = None  # when it next changes by itself
        self.queued: int | None = None  # the earliest moment it stands in the board's heap for
        self._brief: bytes | None = None
        self._zones: bytes | None = None

    @property
    def id(self) -> str:
        """The lot's id."""
        return self.timeline.id

    def show(self, new: View | None) -> bool:
        """Take a new view; False when it shows what the old one did."""
        old, self.view = self.view, new
        described, self.described = self.described, False
        if old is not None and new is not None and not described:
            if old.availability == new.availability and old.zones == new.zones:
                return False
        elif old is new:
            return False
        self._brief = self._zones = None
        return True

    @property
    def brief(self) -> bytes:
        """The availability as JSON; only of a lot that is shown."""
        if self._brief is None:
            assert self.view is not None  # noqa: S101 - see above
            self._brief = _encode(self.view.availability)
        return self._brief

    @property
    def zoned(self) -> bytes:
        """The availability with its zones as JSON; only of a lot that is shown."""
        if self._zones is None:
            assert self.view is not None  # noqa: S101 - see above
            self._zones = zoned_json(self.view)
        return self._zones


def zoned_json(seen: View) -> bytes:
    """Give an availability with its zones as JSON."""
    return _encode(seen.availability)[:-1] + b',"zones":' + _encode(seen.zones) + b"}"
