"""States: what is kept of a lot's events, enough to take in any further one in any order.

Latest is by `observed_at`, ties by the greater identity. States are plain values that can be
stored; `availability` folds events into them, `numbers` reads them.
"""

from msgspec import Struct, field

from parking.domain.moves import Moves

LEVELS = ("available", "limited", "full")
"""What a flag can say, from best to worst."""


class Reading(Struct, array_like=True, frozen=True, gc=False):
    """The latest of its kind: when (us), the event's identity, and what it said."""

    at: int
    id: str
    value: int


class SpaceState(Struct, array_like=True, gc=False):
    """One space: its latest `space` event (value 1: occupied) and when it was heard, us."""

    latest: Reading | None = None
    heard: int | None = None


class ZoneState(Struct, array_like=True):
    """One zone; `base` and `flag` are readings of cars and of an index into LEVELS.

    `moves` are the passages later than the base, and `moved` is their sum; those at or before
    `settled_at` are kept only as the sum `settled`. `beat` is the latest heartbeat of the zone.
    """

    base: Reading | None = None
    settled: int = 0
    settled_at: int | None = None
    moves: Moves = field(default_factory=Moves)
    moved: int = 0
    flag: Reading | None = None
    heard: int | None = None
    beat: int | None = None

    @property
    def level(self) -> int | None:
        """Cars inside, unclamped; None without a base."""
        if self.base is None:
            return None
        return self.base.value + self.settled + self.moved


class SensorState(Struct, array_like=True, gc=False):
    """A sensor: what it watches, when it was heard (us), and its latest report of health."""

    seen: Reading
    zone: str | None
    space: str | None
    health: Reading | None = None
    battery_pct: int | float | None = None
    rssi_dbm: int | float | None = None
    temperature_c: int | float | None = None


class LotState(Struct):
    """Everything known of a lot from its events up to some moment."""

    zones: dict[str, ZoneState] = {}
    spaces: dict[str, SpaceState] = {}
    status: Reading | None = None
    sensors: dict[str, SensorState] = {}


def later(known: Reading | None, at: int, event_id: str) -> bool:
    """Whether an event comes after what is known: by time, then by the greater identity."""
    return known is None or at > known.at or (at == known.at and event_id > known.id)
