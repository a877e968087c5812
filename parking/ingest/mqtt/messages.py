"""Topics and messages, as pure functions: `parking/v1/{lot}/events` in, `…/receipts` out."""

import hashlib
import re

import msgspec

from parking.ingest.lists import MOST_EVENTS, NotEvents, Raws, read_any
from parking.ingest.receipts import Receipt

FILTER = "parking/v1/+/events"
"""What is subscribed to."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one message; the broker is told, and keeps larger ones."""
_TOPIC = re.compile(r"parking/v1/([A-Za-z0-9._-]{1,64})/events")


class Poisoned(Exception):
    """A message gives no events, however often it is delivered; the text says why."""


_encode = msgspec.json.Encoder().encode


def read_topic(topic: str) -> str:
    """Give the lot that a topic is of; Poisoned when it names none."""
    found = _TOPIC.fullmatch(topic)
    if found is None:
        raise Poisoned("the topic is not parking/v1/{lot}/events with the id of a lot")
    return found[1]


def read_message(payload: bytes) -> Raws:
    """Read a message down to its events, still encoded; Poisoned when it has none to give."""
    try:
        events = read_any(payload)
    except NotEvents as error:
        raise Poisoned(f"the message is {error.detail}") from None
    if len(events) > MOST_EVENTS:
        raise Poisoned(f"the message holds more than {MOST_EVENTS} events")
    return events


def receipts_topic(lot: str) -> str:
    """Give the topic on which a lot's messages are answered."""
    return f"parking/v1/{lot}/receipts"


def write_receipt(payload: bytes, receipt: Receipt | None, problem: str | None = None) -> bytes:
    """Give what is answered to a message: its receipt's members, or why there are none."""
    told = {"message": "sha256:" + hashlib.sha256(payload).hexdigest()}
    if receipt is None:
        return _encode({**told, "problem": problem})
    return _encode({**told, **msgspec.structs.asdict(receipt)})
