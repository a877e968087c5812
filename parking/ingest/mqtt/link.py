"""One connection to the broker, from its greeting to its loss.

A message is acknowledged on the connection that delivered it or never: what a lost connection left
open is the broker's to deliver again. So a connection is never mended, but replaced; the library's
own reconnecting, which would acknowledge on the new one what came by the old, is switched off.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import gmqtt
from gmqtt.mqtt.handler import MQTTError

from parking import metrics
from parking.ingest.mqtt.messages import MOST_BYTES
from parking.ingest.mqtt.subscription import Subscription

WINDOW = 200
"""Messages that may be delivered and not yet acknowledged."""
WINDOW_BYTES = 16 * 1024 * 1024
"""Of their payloads together."""
SESSION_SECONDS = 7 * 86_400
"""How long the broker keeps messages for an instance that is away."""
_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_KEEPALIVE_SECONDS = 30
_ONCE = 1  # retained messages come with the first subscription of a session alone
_REFUSED = 0x80
_TAKEN_OVER = 0x8E
# What the library has to say of lost connections the subscriber says, once and in our words.
logging.getLogger("gmqtt").setLevel(logging.CRITICAL)


class BrokerAway(Exception):
    """The broker cannot be reached, refuses, or is lost; the text says which."""


@dataclass(slots=True, eq=False)
class Delivery:
    """A message that was delivered; `correlation` is what its sender knows it by."""

    topic: str
    payload: bytes
    correlation: bytes | None
    done: asyncio.Future[None]

    def acknowledge(self) -> None:
        """Have the broker forget it, unless the connection it came by is lost."""
        if not self.done.done():
            self.done.set_result(None)


class _Client(gmqtt.Client):  # type: ignore[misc]
    """The library's client, which shall not connect again by itself."""

    async def reconnect(self, delay: bool = False) -> None:
        """Leave it to the subscriber."""


class Link:
    """A connection that is subscribed."""

    def __init__(self, subscription: Subscription) -> None:
        """Prepare; `linked` opens it."""
        self._subscription = subscription
        self._client = _Client(
            subscription.client,
            clean_session=False,
            optimistic_acknowledgement=False,  # when `_on_message` returns
            session_expiry_interval=SESSION_SECONDS,
            receive_maximum=WINDOW,
            maximum_packet_size=MOST_BYTES + 65_536,
        )
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._arrived: deque[Delivery] = deque()
        self._open: set[Delivery] = set()
        self._wake = asyncio.Event()
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()
        self._granted: int | None = None
        self._reason = "the connection is lost"
        self.lost = False

    async def open(self) -> None:
        """Connect and subscribe; BrokerAway when either is refused or takes too long."""
        broker, tls = self._subscription.broker, self._subscription.tls
        if broker.user is not None:
            password = None if broker.password is None else broker.password.get_secret_value()
            self._client.set_auth_credentials(broker.user, password)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._client.connect(
                    broker.host, broker.port, ssl=tls or False, keepalive=_KEEPALIVE_SECONDS
                )
                self._read_with_room()
                self._client.subscribe(
                    self._subscription.filter, qos=1, retain_handling_options=_ONCE
                )
                while self._granted is None:
                    await self._woken()
        except TimeoutError:
            raise BrokerAway(f"no answer in {_CONNECT_SECONDS:.0f} s") from None
        except (OSError, MQTTError) as error:
            raise BrokerAway(str(error)) from None
        if self._granted >= _REFUSED:
            raise BrokerAway(f"the subscription is refused (0x{self._granted:02x})")

    async def receive(self) -> list[Delivery]:
        """Wait for messages and give all that have come; BrokerAway when the link is lost."""
        while not self._arrived:
            await self._woken()
        came = list(self._arrived)
        self._arrived.clear()
        return came

    async def _woken(self) -> None:
        if self.lost:
            raise BrokerAway(self._reason)
        self._wake.clear()
        await self._wake.wait()

    def publish(self, topic: str, payload: bytes, correlation: bytes | None) -> None:
        """Send a message that need not arrive."""
        if not self.lost:
            more = {} if correlation is None else {"correlation_data": correlation}
            self._client.publish(topic, payload, qos=0, **more)

    async def close(self) -> None:
        """Take leave; the broker keeps the session, and what is not acknowledged."""
        self.lost = True
        with contextlib.suppress(OSError, TimeoutError):  # the broker does not care any more
            await asyncio.wait_for(self._client.disconnect(), _CLOSE_SECONDS)
        for delivery in list(self._open):  # said on a closed connection, which nobody hears
            delivery.acknowledge()

    async def _on_message(
        self, _: Any, topic: str, payload: bytes, __: int, properties: dict[str, Any]
    ) -> int:
        """Hold a message until it is done with: the library acknowledges when this returns."""
        correlation = properties.get("correlation_data", [None])[0]
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        delivery = Delivery(topic, payload, correlation, done)
        self._arrived.append(delivery)
        self._open.add(delivery)
        metrics.mqtt_in_flight.inc()
        self._wake.set()
        self._held += len(payload)
        self._make_room()
        try:
            await done
        finally:
            self._open.discard(delivery)
            self._held -= len(payload)
            metrics.mqtt_in_flight.dec()
            self._make_room()
        return 0

    def _make_room(self) -> None:
        if len(self._open) < WINDOW and self._held < WINDOW_BYTES:
            self._room.set()
        else:
            self._room.clear()

    def _read_with_room(self) -> None:
        """Have the library read from the network only while there is room for more messages.

        The broker is told of the window, but not every broker keeps to it when it resumes a
        session. The library has no such wish, so this reaches into it, and its version is pinned.
        """
        protocol = self._client._connection._protocol  # noqa: SLF001
        read = protocol.read

        async def read_with_room(n: int = -1) -> bytes:
            await asyncio.sleep(0)  # what was read last is counted in `_on_message` first
            await self._room.wait()
            read_now: bytes = await read(n)
            return read_now

        protocol.read = read_with_room

    def _on_disconnect(self, _: Any, packet: bytes, *__: Any) -> None:
        if packet and packet[0] == _TAKEN_OVER:
            name = self._subscription.client
            self._reason = f"another instance is named {name} too, see PARKING_MQTT_CLIENT"
        elif packet:
            self._reason = f"the broker ends the connection (0x{packet[0]:02x})"
        self.lost = True
        self._wake.set()

    def _on_subscribe(self, _: Any, __: int, granted: tuple[int, ...], ___: Any) -> None:
        self._granted = granted[0]
        self._wake.set()


@contextlib.asynccontextmanager
async def linked(subscription: Subscription) -> AsyncIterator[Link]:
    """Give a link to the broker, and close it at the end; BrokerAway when there is none."""
    link = Link(subscription)
    try:
        await link.open()
        yield link
    finally:
        await link.close()
