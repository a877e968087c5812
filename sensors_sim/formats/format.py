"""What a format is: a way in which sensors or operators' systems tell what the events say.

A format may be unable to tell some events (a loop counter's system knows no single spaces): those
it hands on to `Service.send`, so that the truth at the end is the same however it was told. Turning
events into requests is a pure function of the format's file; `deliver` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sensors_sim.client import RefusedError, problem
from sensors_sim.receipts import Receipt, read_receipt

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from sensors_sim.client import Answer, Service
    from sensors_sim.lots import LotPlan
    from sensors_sim.wire import Event


AddOption = Callable[..., "argparse.Action"]
"""`add_argument` of the parser."""


class Format(Protocol):
    """A way to send events; used from `prepare` to `close`."""

    async def prepare(self, service: Service, plans: Sequence[LotPlan]) -> None:
        """Make known what must be before the first event, such as devices; the lots are there."""

    async def send(self, service: Service, events: Iterable[Event]) -> None:
        """Send events, oldest first; each is in `service.tally` when this returns.

        They may be a whole recording, made while they are taken: never gather them all.
        """

    async def close(self) -> None:
        """Let go of what `prepare` opened."""


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """A format on the command line: what it is, its options, and how they make it."""

    meaning: str
    add_options: Callable[[AddOption], None]
    make: Callable[[argparse.Namespace], Format]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that tells of so many events."""

    method: str
    path: str
    body: bytes
    events: int
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


def receipt_of(answer: Answer) -> Receipt:
    """Return the receipt that an answer is; a ValueError when it is none."""
    return read_receipt(answer.data)


async def deliver(
    service: Service,
    requests: Iterable[Request],
    read: Callable[[Answer], Receipt] = receipt_of,
) -> None:
    """Send requests one by one, each until it has its answer; `read` makes a receipt of that."""
    for request in requests:
        answer = await service.call(
            request.method, request.path, body=request.body, headers=request.headers
        )
        if not 200 <= answer.status < 300:
            raise RefusedError(f"{request.path}: {problem(answer)}")
        try:
            receipt = read(answer)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        service.tally.add(request.events, receipt)
