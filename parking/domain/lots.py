"""Lots, zones and spaces as described by their operators.

A lot holds zones; a zone is a set of spaces of one class that is counted in one way, and is the
unit of counting. These are values: what they were at a moment is the business of `timeline`.
"""

from typing import Literal

from msgspec import Struct, field

Names = dict[str, str]
Kind = Literal["surface", "underground", "multistorey", "on_street"]
Class = Literal["general", "ev", "accessible", "women", "family", "truck", "bus", "motorcycle"]
Counting = Literal["spaces", "gates", "counts", "flag"]
Payment = Literal["wechat", "alipay", "etc", "card", "cash"]


class Position(Struct, frozen=True):
    """A point in WGS-84, degrees."""

    lat: float
    lon: float


class Entrance(Struct, frozen=True):
    """Where cars or people come in."""

    id: str
    for_: Literal["cars", "people"] = field(name="for")
    location: Position


class TariffStep(Struct, frozen=True):
    """Price, in minor units, of a stay of up to so many minutes."""

    up_to_minutes: int
    price: int


class Tariff(Struct, frozen=True):
    """What a stay costs, in minor units of the currency."""

    currency: str
    free_minutes: int = 0
    steps: tuple[TariffStep, ...] = ()
    then_per_minutes: int | None = None
    then_price: int | None = None
    daily_cap: int | None = None


class Zone(Struct, frozen=True):
    """A set of spaces of one class, counted in one way; `stale_after_s` in seconds."""

    id: str
    class_: Class = field(name="class")
    capacity: int
    counting: Counting
    stale_after_s: int
    name: Names = {}


class Lot(Struct, frozen=True):
    """One description of a lot, in WGS-84, as it holds from its PUT on."""

    name: Names
    operator: str
    kind: Kind
    location: Position
    timezone: str
    zones: tuple[Zone, ...]
    entrances: tuple[Entrance, ...] = ()
    payment: tuple[Payment, ...] = ()
    address: Names | None = None
    district: str | None = None
    opening_hours: str | None = None
    max_height_m: float | None = None
    tariff: Tariff | None = None

    @property
    def capacity(self) -> int:
        """Spaces of all zones together."""
        return sum(zone.capacity for zone in self.zones)


class Space(Struct, frozen=True, omit_defaults=True):
    """One space of a `spaces` zone."""

    id: str
    label: str | None = None
