"""The wire's own way: lists of events, or their lines, by `POST /v1/events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensors_sim.formats.format import FormatSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensors_sim.client import Service
    from sensors_sim.formats.format import AddOption
    from sensors_sim.lots import LotPlan
    from sensors_sim.wire import Event


class AsEvents:
    """Sends events as they are."""

    async def prepare(self, service: Service, plans: Sequence[LotPlan]) -> None:
        """Nothing need be known but the lots."""

    async def send(self, service: Service, events: Iterable[Event]) -> None:
        """Send events in batches."""
        await service.send(events)

    async def close(self) -> None:
        """Nothing is open."""


def _add_options(add: AddOption) -> None:
    add("--format", choices=("json", "ndjson"), default="json", help="of the events")


SPEC = FormatSpec("events by POST /v1/events (default)", _add_options, lambda _: AsEvents())
