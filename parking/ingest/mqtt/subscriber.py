"""The subscriber: takes messages from the broker, and acknowledges them when they are committed.

Nothing is acknowledged before its events are in the database, and all in the order they came. What
the database or the service has no room for waits, and the broker with it; a message that gives no
events is counted, kept as a dead letter, acknowledged, and holds nobody up. A broker that is away
is tried again for ever.
"""

import asyncio
import logging
import random
import time
from dataclasses import dataclass

from parking import metrics
from parking.domain.access import Principal
from parking.errors import DatabaseAway, Overloaded
from parking.ingest.intake import Chunk, Intake
from parking.ingest.mqtt.link import BrokerAway, Delivery, Link, linked
from parking.ingest.mqtt.messages import (
    Poisoned,
    read_message,
    read_topic,
    receipts_topic,
    write_receipt,
)
from parking.ingest.mqtt.subscription import Subscription
from parking.ingest.receipts import Receipt
from parking.ingest.rejections import DeadLetters

log = logging.getLogger("parking.ingest.mqtt")

SOURCE = "mqtt"
MQTT = Principal(SOURCE, "admin")
"""Who sends what comes by the broker. It let them in by their topic, which names the one lot that
their events may speak of: `judge` is told so."""
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_LONGEST_WAIT_SECONDS = 5.0
_SETTLED_SECONDS = 60.0
_MANY = 500


@dataclass(slots=True)
class _Work:
    """A message on its way: its lot, and its events as judged, or why it has none."""

    delivery: Delivery
    lot: str | None = None
    chunk: Chunk | None = None
    problem: str = ""


class Subscriber:
    """Takes events from a broker for as long as it runs."""

    def __init__(self, subscription: Subscription, intake: Intake, letters: DeadLetters) -> None:
        """Hand events to `intake`, and what gives none to `letters`."""
        self._subscription = subscription
        self._intake = intake
        self._letters = letters
        self._link: Link | None = None

    @property
    def connected(self) -> bool:
        """Whether messages come in now."""
        return self._link is not None and not self._link.lost

    async def run(self) -> None:
        """Take what comes until cancelled, whatever becomes of the broker."""
        broker = self._subscription.broker.name
        metrics.mqtt_connected.labels(broker).set_function(lambda: float(self.connected))
        failures, told = 0, ""
        while True:
            began = time.monotonic()
            try:
                await self._listen()
            except BrokerAway as error:
                if str(error) != told:  # once, not at each attempt
                    log.warning("the broker %s is away: %s", broker, error)
                told = str(error)
            except Exception:  # whatever it says, it must not end the service
                log.exception("what the broker %s says is not understood", broker)
            metrics.mqtt_failures.inc()
            settled = time.monotonic() - began > _SETTLED_SECONDS
            failures = 1 if settled else failures + 1
            await asyncio.sleep(pause(failures))

    async def _listen(self) -> None:
        """Take what comes by one connection; BrokerAway at its end."""
        async with linked(self._subscription) as self._link:
            log.info(
                "listening to the broker %s as %s",
                self._subscription.broker.name,
                self._subscription.client,
            )
            while True:
                await self._handle(self._link, await self._link.receive())

    async def _handle(self, link: Link, deliveries: list[Delivery]) -> None:
        """Store what messages hold, then answer and acknowledge them in the order they came."""
        works = [await self._judged(delivery) for delivery in deliveries]
        receipts = await asyncio.gather(*(self._stored(work.chunk) for work in works))
        for work, receipt in zip(works, receipts, strict=True):
            if work.lot is not None:
                told = write_receipt(work.delivery.payload, receipt, work.problem)
                link.publish(receipts_topic(work.lot), told, work.delivery.correlation)
            work.delivery.acknowledge()
            metrics.mqtt_messages.labels("poisoned" if receipt is None else "stored").inc()

    async def _judged(self, delivery: Delivery) -> _Work:
        """Judge a message's events by the rules for all, and that they are of the topic's lot."""
        work = _Work(delivery)
        try:
            work.lot = read_topic(delivery.topic)
            raws = read_message(delivery.payload)
            work.chunk = self._intake.judge(raws, MQTT, source=SOURCE, lot=work.lot)
        except Poisoned as error:
            self._poisoned(work, str(error))
        except Exception:  # a fault of ours must not have it delivered for ever
            log.exception("a message to %s cannot be read", work.lot)
            self._poisoned(work, "reading the message failed here; it is in our log")
        if work.chunk is not None and len(work.chunk.entries) > _MANY:
            await asyncio.sleep(0)  # others have their turn
        return work

    def _poisoned(self, work: _Work, problem: str) -> None:
        work.problem = problem
        self._letters.put(
            source=SOURCE,
            code="unreadable",
            detail=problem,
            item=None if work.lot is None else work.delivery.payload,  # or it could name any lot
            principal=MQTT,
            lot=work.lot,
        )

    async def _stored(self, chunk: Chunk | None) -> Receipt | None:
        """Commit judged events however long it takes: what is not acknowledged is not lost."""
        attempt = 0
        while chunk is not None:
            try:
                return await self._intake.store(chunk)
            except (DatabaseAway, Overloaded):
                attempt += 1
                await asyncio.sleep(pause(attempt, _LONGEST_WAIT_SECONDS))
        return None


def pause(failures: int, longest: float = _LONGEST_PAUSE_SECONDS) -> float:
    """Give how long to wait after so many failures in a row, s; instances spread."""
    most = min(longest, _FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 16))
    return most * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
