"""The formats in which simulated events can be sent, by the name that `--as` takes.

One file a format; a new one is added to this dictionary and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensors_sim.formats import chirpstack, events, fourpyun, mqtt, parkapi, spdp, tts

if TYPE_CHECKING:
    from sensors_sim.formats.format import FormatSpec

FORMATS: dict[str, FormatSpec] = {
    "events": events.SPEC,
    "mqtt": mqtt.SPEC,
    "chirpstack": chirpstack.SPEC,
    "tts": tts.SPEC,
    "parkapi": parkapi.SPEC,
    "spdp": spdp.SPEC,
    "fourpyun": fourpyun.SPEC,
}
