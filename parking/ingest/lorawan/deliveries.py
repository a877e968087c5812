"""Deliveries: a network server's messages, taken in like any other push.

What is wrong with a message is told in its receipt, never by an error: a network server would send
the same again, and it would be as wrong as before. The events of a frame are judged by the intake,
which knows the rules of all events; here is only what comes before there is an event.
"""

from dataclasses import dataclass

import msgspec

from parking import metrics
from parking.domain.access import Principal
from parking.domain.devices import Device
from parking.ingest.decoded import Decoded, NotDecodable
from parking.ingest.intake import Intake
from parking.ingest.lorawan.frames import Frame, Health
from parking.ingest.lorawan.translation import translate
from parking.ingest.receipts import Code, Receipt, Rejection
from parking.ingest.rejections import DeadLetters
from parking.live.replica import Replica

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came: from which network server, of which of its kinds, by whose key."""

    source: str
    kind: str
    who: Principal


class Deliveries:
    """Takes what network servers tell."""

    def __init__(self, replica: Replica, intake: Intake, letters: DeadLetters) -> None:
        """Know devices from `replica`, store through `intake`; `letters` keep what is refused."""
        self._replica = replica
        self._intake = intake
        self._letters = letters

    def acknowledge(self, delivery: Delivery) -> Receipt:
        """Take note of a message that says nothing of spaces."""
        _count(delivery, "acknowledged")
        return Receipt(0, 0, [], 0, [])

    def refuse_unreadable(self, delivery: Delivery, reason: NotDecodable) -> Receipt:
        """Refuse a message that is not what its network server posts."""
        return self._refuse(delivery, "invalid", str(reason))

    async def take(self, delivery: Delivery, message: Frame | Health) -> Receipt:
        """Store the events of a message and say what became of each, as `Intake.store`."""
        device = self._replica.devices.find(message.dev_eui)
        if device is None:
            detail = f"no device {message.dev_eui} is registered"
            return self._refuse(delivery, "unknown_device", detail, message)
        owner = self._replica.owner(device.lot)
        if owner is not None and not delivery.who.may_write_lot(owner):
            detail = f"device {message.dev_eui} is another operator's"
            return self._refuse(delivery, "forbidden_lot", detail, message)
        try:
            decoded = translate(message, device)
        except NotDecodable as reason:
            detail = f"not a payload of {device.model}: {reason}"
            return self._refuse(delivery, "invalid", detail, message, device)
        _count(delivery, "read")
        return await self._store(delivery, message, device, decoded)

    async def _store(
        self, delivery: Delivery, message: Frame | Health, device: Device, decoded: Decoded
    ) -> Receipt:
        raws = [_encode(event) for event in decoded.events]
        chunk = self._intake.judge(raws, delivery.who, source=delivery.source)
        for index, part in enumerate(decoded.unread, len(raws)):
            detail = f"not a payload of {device.model} to its end: {part.reason}"
            rejection = Rejection(index, message.id, "invalid", detail)
            chunk.rejections.append(rejection)
            self._keep(delivery, rejection, message, device)
        return await self._intake.store(chunk)

    def _refuse(
        self,
        delivery: Delivery,
        code: Code,
        detail: str,
        message: Frame | Health | None = None,
        device: Device | None = None,
    ) -> Receipt:
        _count(delivery, code)
        rejection = Rejection(0, None if message is None else message.id, code, detail)
        self._keep(delivery, rejection, message, device)
        return Receipt(0, 0, [rejection], 1, [])

    def _keep(
        self,
        delivery: Delivery,
        rejection: Rejection,
        message: Frame | Health | None,
        device: Device | None,
    ) -> None:
        """Keep a refused message; its payload only when it is of a device that watches spaces."""
        item = None
        if isinstance(message, Frame):
            told = {"dev_eui": message.dev_eui, "observed_at": message.at, "port": message.port}
            payload = {} if device is None else {"payload": message.payload.hex()}
            item = _encode({**told, **payload}).decode()
        self._letters.put(
            source=delivery.source,
            code=rejection.code,
            detail=rejection.detail,
            item=item,
            principal=delivery.who,
            lot=None if device is None else device.lot,
            event=rejection.id,
        )


def _count(delivery: Delivery, outcome: str) -> None:
    metrics.lorawan_messages.labels(delivery.source, delivery.kind, outcome).inc()
