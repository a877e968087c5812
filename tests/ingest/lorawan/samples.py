"""Samples of what network servers post, with the events that each must give."""

import json
from pathlib import Path
from typing import Any

import msgspec

from parking.domain.devices import Device
from parking.ingest.decoded import Decoded
from parking.ingest.lorawan import chirpstack, tts
from parking.ingest.lorawan.frames import Frame, Health
from parking.ingest.lorawan.translation import translate

Json = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "samples"
SERVERS = ("chirpstack", "tts")


def names() -> list[str]:
    """Give the names of all samples, `server/sample`."""
    return [
        f"{server}/{path.stem}"
        for server in SERVERS
        for path in sorted((FOLDER / server).glob("*.json"))
    ]


def load(name: str) -> Json:
    found: Json = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def device(sample: Json) -> Device:
    return msgspec.convert(sample["device"], Device)


def read(server: str, sample: Json) -> Frame | Health | None:
    """Read a sample's message as it would come."""
    body = json.dumps(sample["message"]).encode()
    return chirpstack.read(sample["kind"], body) if server == "chirpstack" else tts.read(body)


def decode(server: str, sample: Json) -> Decoded:
    """Give what a sample's message gives, which is not one that is only acknowledged."""
    message = read(server, sample)
    assert message is not None
    return translate(message, device(sample))
