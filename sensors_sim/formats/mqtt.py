"""Events through an MQTT broker: one message holds events of one lot, and its receipt is awaited.

A message without a receipt is published again, with the same events, until it has one or the run
gives up. Only so many are under way at once as every broker takes.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import ssl
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import gmqtt
import msgspec
from gmqtt.mqtt.handler import MQTTError

from sensors_sim import wire
from sensors_sim.client import RefusedError, UnreachableError
from sensors_sim.formats.format import FormatSpec
from sensors_sim.receipts import Receipt, read_receipt

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from sensors_sim.client import Service
    from sensors_sim.formats.format import AddOption
    from sensors_sim.lots import LotPlan

URL_VARIABLE = "SENSORS_SIM_MQTT_URL"
MOST_BYTES = 200_000
"""Of one message: brokers have limits of their own."""
_UNDER_WAY = 10
_CONNECT_S = 10.0
_RECEIPT_S = 20.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and as whom to greet it."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def read_url(text: str, ca: str | None = None) -> Broker:
    """Return the broker of a URL; the ValueError does not show it, as it may hold a password."""
    url = urlsplit(text)
    if url.scheme not in {"mqtt", "mqtts"} or not url.hostname:
        raise ValueError("--mqtt-url is mqtt://user:password@host:1883, or mqtts:// for TLS")
    tls = ssl.create_default_context(cafile=ca) if url.scheme == "mqtts" else None
    return Broker(
        url.hostname,
        url.port or (8883 if tls else 1883),
        tls,
        None if url.username is None else unquote(url.username),
        None if url.password is None else unquote(url.password),
    )


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: a lot's events, and how many."""

    lot: str
    payload: bytes
    events: int


def messages(events: Iterable[wire.Event], most_events: int, most_bytes: int) -> Iterator[Message]:
    """Turn events into messages of one lot each, of at most so many events and bytes."""
    by_lot: defaultdict[str, list[bytes]] = defaultdict(list)
    for event in events:
        by_lot[event.lot].append(wire.pack(event))
    for lot, packed in by_lot.items():
        for batch in wire.batches(packed, most_events, most_bytes):
            yield Message(lot, wire.body(batch, "json")[0], len(batch))


class AsMqtt:
    """Publishes events to a broker that the service listens to."""

    def __init__(self, broker: Broker, *, receipt_s: float = _RECEIPT_S) -> None:
        self._broker = broker
        self._receipt_s = receipt_s
        self._client = gmqtt.Client(None)
        self._client.reconnect_delay = 1
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._topics: list[str] = []
        self._numbers = itertools.count(1)
        self._waiting: dict[bytes, asyncio.Future[Any]] = {}
        self._opened = False

    async def prepare(self, _: Service, plans: Sequence[LotPlan]) -> None:
        """Connect, and listen to the receipts of the lots."""
        self._topics = [f"parking/v1/{plan.id}/receipts" for plan in plans]
        broker = self._broker
        if broker.user is not None:
            self._client.set_auth_credentials(broker.user, broker.password)
        try:
            await asyncio.wait_for(
                self._client.connect(broker.host, broker.port, ssl=broker.tls or False), _CONNECT_S
            )
        except (OSError, MQTTError, TimeoutError) as error:
            await self._client.disconnect()
            where = f"{broker.host}:{broker.port}"
            raise UnreachableError(f"no broker at {where} ({error or 'no answer'})") from error
        self._opened = True

    async def send(self, service: Service, events: Iterable[wire.Event]) -> None:
        """Publish events, and wait for all their receipts."""
        rest = iter(events)
        while chunk := list(islice(rest, service.target.batch)):
            turns = asyncio.Semaphore(_UNDER_WAY)
            under_way = [
                asyncio.create_task(self._deliver(service, message, turns))
                for message in messages(chunk, service.target.batch, MOST_BYTES)
            ]
            try:
                await asyncio.gather(*under_way)
            finally:
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

    async def close(self) -> None:
        """Take leave of the broker."""
        if self._opened:
            await self._client.disconnect()

    async def _deliver(self, service: Service, message: Message, turns: asyncio.Semaphore) -> None:
        known_as = str(next(self._numbers)).encode()
        async with turns:
            began = service.clock.now()
            while (told := await self._publish(message, known_as)) is None:
                service.tally.retries += 1
                limit = service.target.give_up_after_s
                tried_s = service.clock.now() - began
                if service.stop.is_set() or (limit is not None and tried_s >= limit):
                    raise UnreachableError(f"no receipt by MQTT after {tried_s:.0f} s")
            service.tally.add(message.events, _receipt(told))

    async def _publish(self, message: Message, known_as: bytes) -> Any:
        """Publish a message; returns what is answered, None when that does not come in time."""
        answer = self._waiting[known_as] = asyncio.get_running_loop().create_future()
        topic = f"parking/v1/{message.lot}/events"
        try:
            self._client.publish(topic, message.payload, qos=1, correlation_data=known_as)
            return await asyncio.wait_for(answer, self._receipt_s)
        except (TimeoutError, OverflowError):  # no number free: the broker is slow, or away
            await asyncio.sleep(0.1)
            return None
        finally:
            del self._waiting[known_as]

    def _on_connect(self, *_: Any) -> None:
        for topic in self._topics:
            self._client.subscribe(topic, qos=1)

    def _on_message(
        self, _: Any, __: str, payload: bytes, ___: int, properties: dict[str, Any]
    ) -> None:
        for known_as in properties.get("correlation_data", ()):
            answer = self._waiting.get(known_as)
            if answer is not None and not answer.done():
                answer.set_result(msgspec.json.decode(payload))


def _receipt(told: Any) -> Receipt:
    if "problem" in told:
        raise RefusedError(f"by MQTT: {told['problem']}")
    try:
        return read_receipt(told)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def _add_options(add: AddOption) -> None:
    add("--mqtt-url", help=f"of the broker, with --as mqtt; default: ${URL_VARIABLE}, which no "
        "process list shows, or mqtt://127.0.0.1")  # fmt: skip
    add("--mqtt-ca", metavar="FILE", help="certificates that an mqtts:// broker's is checked by")


def _make(options: argparse.Namespace) -> AsMqtt:
    url = options.mqtt_url or os.environ.get(URL_VARIABLE) or "mqtt://127.0.0.1"
    return AsMqtt(read_url(url, options.mqtt_ca))


SPEC = FormatSpec("through an MQTT broker", _add_options, _make)
