"""The generic payload of one bit and one byte, for sensors of one's own making.

Bit 0 of byte 0 tells whether a vehicle is there; byte 1, where there is one, the battery. The port
and all other bits do not matter.
"""

from parking.domain.devices import Bit, Device
from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan.readings import Reading


def read(_port: int, payload: bytes, device: Device) -> Reading:
    """Read a payload; NotDecodable when it is empty or longer than two bytes."""
    if not 1 <= len(payload) <= 2:
        raise NotDecodable(f"the payload has 1 or 2 bytes, not {len(payload)}")
    bit = device.bit or Bit()
    battery = None
    if len(payload) == 2 and payload[1] <= bit.battery_full:
        battery = round(100 * payload[1] / bit.battery_full, 1)
    return Reading(occupied=(payload[0] & 1) == bit.occupied_when, battery_pct=battery)
