"""Bosch's parking lot sensor TPS110 (firmware 0.23 to 0.29): the port tells the kind.

| port | what | bytes |
|---|---|---|
| 1 | parking status | bit 0 of byte 0: occupied; the temperature may follow |
| 2 | heartbeat | the same; byte 1, where there, is the temperature, signed, Celsius |
| 3 | start-up | 17 bytes; bit 0 of byte 16: occupied |
| 4, 5, 6 | device information, usage, debug | say nothing of the space |
| 7 | temperature alert | byte 0: the temperature, signed, Celsius |

The sensor tells nothing of its battery.
"""

from parking.domain.devices import Device
from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan.readings import Reading

_STATUS, _HEARTBEAT, _STARTUP, _TEMPERATURE = 1, 2, 3, 7
_OTHERS = (4, 5, 6)
_STARTUP_BYTES = 17


def read(port: int, payload: bytes, _device: Device) -> Reading:
    """Read a payload; NotDecodable when the sensor sends none like it."""
    if port in (_STATUS, _HEARTBEAT):
        if not 1 <= len(payload) <= 2:
            raise NotDecodable(f"port {port} has 1 or 2 bytes, not {len(payload)}")
        temperature = _signed(payload[1]) if len(payload) == 2 else None
        return Reading(occupied=bool(payload[0] & 1), temperature_c=temperature)
    if port == _STARTUP:
        if len(payload) != _STARTUP_BYTES:
            raise NotDecodable(f"port 3 has {_STARTUP_BYTES} bytes, not {len(payload)}")
        return Reading(occupied=bool(payload[16] & 1))
    if port == _TEMPERATURE:
        if len(payload) != 1:
            raise NotDecodable(f"port 7 has 1 byte, not {len(payload)}")
        return Reading(temperature_c=_signed(payload[0]))
    if port in _OTHERS:
        return Reading()
    raise NotDecodable(f"port {port} is none of the model's")


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
