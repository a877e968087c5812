"""Sending in a format that tells some events: those by its requests, the others as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensors_sim.formats.fitting import Fitting, fitting
from sensors_sim.formats.format import Request, deliver, receipt_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sensors_sim.client import Answer, Service
    from sensors_sim.lots import LotPlan
    from sensors_sim.receipts import Receipt
    from sensors_sim.wire import Event

_AT_ONCE = 1_000


class Pushing:
    """Asks `tell` for the request of a list of events; what it leaves goes as events.

    `told` says whether the format can tell an event; `batch` how many one request takes. `read`
    makes a receipt of an answer.
    """

    def __init__(
        self,
        told: Callable[[Event, Fitting], bool],
        tell: Callable[[Sequence[Event], Fitting], Request],
        *,
        batch: int = 1,
        read: Callable[[Answer], Receipt] = receipt_of,
    ) -> None:
        self._told = told
        self._tell = tell
        self._batch = batch
        self._read = read
        self._fitting = Fitting({})

    async def prepare(self, _: Service, plans: Sequence[LotPlan]) -> None:
        """Find out which zones need not be named."""
        self._fitting = fitting(plans)

    async def send(self, service: Service, events: Iterable[Event]) -> None:
        """Send events a piece at a time: those that can be told, then the others of the piece."""
        for piece in _pieces(events, _AT_ONCE):
            told = [event for event in piece if self._told(event, self._fitting)]
            others = [event for event in piece if not self._told(event, self._fitting)]
            requests = (self._tell(some, self._fitting) for some in _pieces(told, self._batch))
            await deliver(service, requests, self._read)
            if others:
                await service.send(others)

    async def close(self) -> None:
        """Nothing is open."""


def _pieces(events: Iterable[Any], size: int) -> Iterator[list[Any]]:
    piece: list[Any] = []
    for event in events:
        piece.append(event)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece
