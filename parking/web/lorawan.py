"""LoRaWAN network servers' webhooks: what they post is theirs, what they are answered is ours."""

import json
from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import Field

from parking.errors import Fault, InvalidInput
from parking.ingest.decoded import NotDecodable
from parking.ingest.lorawan import chirpstack, tts
from parking.ingest.lorawan.deliveries import Deliveries, Delivery
from parking.ingest.lorawan.frames import Frame, Health
from parking.ingest.receipts import Receipt
from parking.web.calls import Call, read_body
from parking.web.params import Query
from parking.web.replies import reply_value

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class ChirpstackQuery(Query):
    """`POST /v1/lorawan/chirpstack`."""

    event: Annotated[
        str,
        Field(
            pattern=r"^[a-z]{1,40}$",
            description="the kind of event, as ChirpStack's HTTP integration tells it",
            examples=["up"],
        ),
    ]


class Lorawan:
    """`/v1/lorawan`."""

    def __init__(self, deliveries: Deliveries) -> None:
        """Hand what comes to `deliveries`."""
        self._deliveries = deliveries

    async def post_chirpstack(self, call: Call) -> web.StreamResponse:
        """Take an event of ChirpStack's; answers when what it says is committed."""
        query: ChirpstackQuery = call.query
        body = await _read_object(call)
        kind = query.event if query.event in chirpstack.KINDS else "other"
        delivery = Delivery("chirpstack", kind, call.who)
        return reply_value(await self._take(delivery, lambda: chirpstack.read(kind, body)))

    async def post_tts(self, call: Call) -> web.StreamResponse:
        """Take a message of The Things Stack's; answers when what it says is committed."""
        body = await _read_object(call)
        delivery = Delivery("tts", tts.find_kind(body) or "other", call.who)
        return reply_value(await self._take(delivery, lambda: tts.read(body)))

    async def _take(self, delivery: Delivery, read: Callable[[], Frame | Health | None]) -> Receipt:
        try:
            message = read()
        except NotDecodable as reason:
            return self._deliveries.refuse_unreadable(delivery, reason)
        if message is None:
            return self._deliveries.acknowledge(delivery)
        return await self._deliveries.take(delivery, message)


async def _read_object(call: Call) -> bytes:
    """Read a body that is a JSON object, whatever it holds; InvalidInput when it is none."""
    body = await read_body(call.request)
    try:
        _object(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        if not _is_object(body):
            fault = Fault("", "not a JSON object")
            raise InvalidInput("The body is not a JSON object.", faults=[fault]) from None
    return body


def _is_object(body: bytes) -> bool:
    r"""Whether this is JSON that msgspec refuses, such as half of a surrogate pair (`\ud800`)."""
    try:
        loose = rb"\u" in body and json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return isinstance(loose, dict)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
