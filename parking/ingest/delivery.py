"""Delivery: a message of an operator's system to the intake, however it was come by.

What a message says of a time is what its source measured; that is what the metric of the newest
observed time follows, and not when the message came. Nothing of a message is logged or kept but the
events it gives and the reasons why parts of it gave none.
"""

import asyncio
import logging
import traceback
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from parking import metrics
from parking.domain.access import Principal
from parking.domain.instants import SECOND, micros
from parking.errors import ParkingError
from parking.ingest.connectors.connector import Connector
from parking.ingest.decoded import Decoded, NotDecodable, Unread
from parking.ingest.formats.message import Message
from parking.ingest.intake import Intake
from parking.ingest.receipts import Named, Receipt, Rejection
from parking.ingest.rejections import DeadLetters

log = logging.getLogger("parking.ingest.delivery")

_LARGE = 64 * 1024
"""Bytes of a message that is decoded in a thread: 10,000 events take a quarter of a second."""
_MOST_TOLD = 100
_SUMMARY = 3
encode = msgspec.json.Encoder().encode


class UnreadPart(Struct):
    """A part of a message that gave no event."""

    place: str
    reason: str


class Delivered(Struct):
    """What became of a message: of its events, and of the parts that gave none."""

    accepted: int
    duplicates: int
    rejected: list[Rejection]
    rejected_total: int
    ids: list[Named]
    unread: list[UnreadPart]
    unread_total: int


class Undecoded(ParkingError):
    """The message could not be decoded."""

    status = 500


class Delivery:
    """Decodes messages, and has their events judged and stored."""

    def __init__(self, intake: Intake, letters: DeadLetters) -> None:
        """Give events to `intake`; what cannot be read goes to `letters`."""
        self._intake = intake
        self._letters = letters
        self._told: dict[tuple[str, str], str] = {}
        self._newest: dict[str, int] = {}

    async def take(self, connector: Connector, principal: Principal, message: Message) -> Delivered:
        """Store the events of a message, and say what became of them.

        NotDecodable: it is not in the connector's format. DatabaseAway, Overloaded: as the intake.
        """
        decoded = await self._decoded(connector, principal, message)
        chunk = self._intake.judge(
            [encode(event) for event in decoded.events], principal, source=connector.name
        )
        receipt = await self._intake.store(chunk)
        self._count(connector, decoded, receipt)
        self._tell(connector, principal, decoded.unread)
        return Delivered(
            receipt.accepted,
            receipt.duplicates,
            receipt.rejected[:_MOST_TOLD],
            receipt.rejected_total,
            receipt.ids[:_MOST_TOLD],
            [UnreadPart(part.place, part.reason) for part in decoded.unread[:_MOST_TOLD]],
            len(decoded.unread),
        )

    async def _decoded(
        self, connector: Connector, principal: Principal, message: Message
    ) -> Decoded:
        try:
            if len(message.body) > _LARGE:
                decoded = await asyncio.to_thread(connector.decode, message)
            else:
                decoded = connector.decode(message)
        except NotDecodable as error:
            metrics.connector_messages.labels(connector.name, "unreadable").inc()
            self._letters.put(
                source=connector.name, code="unreadable", detail=str(error), principal=principal
            )
            raise
        except Exception as error:  # noqa: BLE001 - its text may hold what the message says
            at = traceback.extract_tb(error.__traceback__)[-1]
            log.error(  # noqa: TRY400 - a trace would end in that text
                "%s cannot be decoded: %s at %s:%s",
                connector.name, type(error).__name__, at.filename, at.lineno,
            )  # fmt: skip
            metrics.connector_messages.labels(connector.name, "failed").inc()
            raise Undecoded("Something failed here; it is in our log.") from None
        metrics.connector_messages.labels(connector.name, "read").inc()
        return decoded

    def newest(self, name: str) -> int | None:
        """Give the newest moment that a connector last told of, us; None before it told any."""
        return self._newest.get(name)

    def recall(self, name: str, newest: int) -> None:
        """Say what another instance was told, or this one before it was started."""
        if newest > self._newest.get(name, 0):
            self._show(name, newest)

    def _show(self, name: str, newest: int) -> None:
        self._newest[name] = newest
        metrics.connector_observed.labels(name).set(newest / SECOND)

    def _count(self, connector: Connector, decoded: Decoded, receipt: Receipt) -> None:
        for outcome, count in (
            ("accepted", receipt.accepted),
            ("duplicate", receipt.duplicates),
            ("rejected", receipt.rejected_total),
            ("unread", len(decoded.unread)),
        ):
            metrics.connector_events.labels(connector.name, outcome).inc(count)
        if receipt.accepted or receipt.duplicates:
            refused = {rejection.index for rejection in receipt.rejected}
            newest = max(
                event["observed_at"]
                for index, event in enumerate(decoded.events)
                if index not in refused
            )
            self._show(connector.name, micros(datetime.fromisoformat(newest)))

    def _tell(self, connector: Connector, principal: Principal, unread: Sequence[Unread]) -> None:
        """Keep a summary of what was not read, unless it is that of the message before."""
        parts = [f"{part.place} {part.reason}".strip() for part in unread[:_SUMMARY]]
        summary = "; ".join(parts)
        if len(unread) > _SUMMARY:
            summary += f"; {len(unread) - _SUMMARY} more"
        teller = connector.name, principal.key_id
        if summary and summary != self._told.get(teller):
            self._letters.put(
                source=connector.name, code="unreadable", detail=summary, principal=principal
            )
        self._told[teller] = summary
