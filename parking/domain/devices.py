"""Devices of radio networks: where each one watches, and how what it says is to be read.

An uplink names only its device and holds some bytes; the registry tells the lot, the space or zone,
and the model. It is read at the moment an uplink arrives and has no history: what was made of an
uplink is an event, and stays that, whatever becomes of the device.
"""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

Model = Literal[
    "bosch-tps110",
    "generic-bit",
    "milesight-em310-udl",
    "milesight-em400-mud",
    "milesight-em400-tld",
    "milesight-em400-udl",
]
MEASURING: frozenset[Model] = frozenset((
    "milesight-em310-udl", "milesight-em400-mud", "milesight-em400-tld", "milesight-em400-udl",
))  # fmt: skip
"""Models that tell a distance, which takes thresholds to become an occupied space."""
_EUI = re.compile(r"[0-9A-Fa-f]{16}")


class Distance(Struct, frozen=True):
    """When a measured distance, in millimetres, means a vehicle.

    Nearer than `occupied_below_mm` it is there, farther than `free_above_mm` it is not; what lies
    between, both ends included, says nothing. `ignore_tilted`: nor does what a sensor measures that
    says it is tilted.
    """

    occupied_below_mm: int
    free_above_mm: int
    ignore_tilted: bool = False

    def occupied(self, measured_mm: int, *, tilted: bool) -> bool | None:
        """Give what a distance says; None when nothing."""
        if tilted and self.ignore_tilted:
            return None
        if measured_mm < self.occupied_below_mm:
            return True
        return False if measured_mm > self.free_above_mm else None


class Bit(Struct, frozen=True):
    """How the generic payload is read: which bit 0 of byte 0 means a vehicle, what byte 1 counts.

    `battery_full` is the value of byte 1 at 100 %; greater ones are no reading.
    """

    occupied_when: Annotated[int, Meta(ge=0, le=1)] = 1
    battery_full: int = 100


class Device(Struct, frozen=True, omit_defaults=True):
    """A device as its operator describes it: it watches a space, or else a zone.

    `distance` is there for models that measure one, `bit` only for the generic one.
    """

    lot: str
    model: Model
    space: str | None = None
    zone: str | None = None
    distance: Distance | None = None
    bit: Bit | None = None


def read_eui(text: str) -> str | None:
    """Give a device's EUI-64 as it is kept, 16 small hex digits; None when it is none."""
    return text.lower() if _EUI.fullmatch(text) else None
