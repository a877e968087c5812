"""The district's sample lots: descriptions as the service takes them, and how busy they are.

The positions are near the real places; everything else is made up, and every name says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class ZoneSpec:
    """One zone of a lot: what the wire says of it, and the demand profile of its cars."""

    id: str
    class_: str
    capacity: int
    counting: str
    profile: str

    def space_ids(self) -> list[str]:
        """Return the ids of its spaces, one per unit of capacity."""
        return [f"{self.id.upper()}-{n:03d}" for n in range(1, self.capacity + 1)]


@dataclass(frozen=True, slots=True)
class Place:
    """One lot: its id, its description for the wire, its zones and its opening minutes."""

    id: str
    description: Mapping[str, Any]
    zones: tuple[ZoneSpec, ...]
    opening: tuple[int, int]

    @property
    def operator(self) -> str:
        """Return whose lot it is."""
        return str(self.description["operator"])

    @property
    def capacity(self) -> int:
        """Return its spaces in all."""
        return sum(zone.capacity for zone in self.zones)


def opening_minutes(hours: str | None) -> tuple[int, int]:
    """Return the first open and the first closed minute of the day of `24/7` or one daily span."""
    if hours is None or hours == "24/7":
        return 0, MINUTES_A_DAY
    days, _, span = hours.partition(" ")
    if days != "Mo-Su":
        raise ValueError(f"opening hours {hours!r}: only 24/7 or a span of every day")
    opens, closes = (int(t[:2]) * 60 + int(t[3:5]) for t in span.split("-"))
    return opens, closes


def read_places(raw: bytes) -> tuple[Place, ...]:
    """Return the places written in a JSON list of id, profile, profiles and description."""
    return tuple(_place(item) for item in msgspec.json.decode(raw))


def _place(item: Mapping[str, Any]) -> Place:
    description = item["description"]
    own = item.get("profiles", {})
    zones = tuple(
        ZoneSpec(
            zone["id"],
            zone["class"],
            zone["capacity"],
            zone["counting"],
            own.get(zone["id"], item["profile"]),
        )
        for zone in description["zones"]
    )
    return Place(item["id"], description, zones, opening_minutes(description["opening_hours"]))


def list_places(
    lots: Sequence[str] | None = None, operator: str | None = None
) -> tuple[Place, ...]:
    """Return the district's places, or some of them by lot id and operator; unknown: ValueError."""
    places = read_places(files("sensors_sim").joinpath("places.json").read_bytes())
    if lots is not None:
        unknown = set(lots) - {place.id for place in places}
        if unknown:
            raise ValueError(f"no such lot: {', '.join(sorted(unknown))}")
        places = tuple(place for place in places if place.id in lots)
    if operator is not None:
        places = tuple(place for place in places if place.operator == operator)
    if not places:
        raise ValueError("no lot is left to simulate")
    return places
