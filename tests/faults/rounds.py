"""A round: gateways send, something fails under them, and then all must be as if nothing had.

Whatever the fault was, once the service says by itself that it is ready again:
- what was answered is in the log, exactly once, and nothing is there that nobody sent;
- every instance shows what the second implementation makes of exactly that log;
- what is sent again is stored if it was not, and else a duplicate;
- then availability, past moments and usage are what they would be without any fault.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg

from tests import oracle, oracle_usage
from tests.e2e.gateways import (
    LISTS,
    SPACES,
    TIMELINE,
    Gateway,
    check_log,
    describe,
    ids_in,
    progress,
    sending,
)
from tests.e2e.test_usage import assert_row, rows_of
from tests.e2e.wire import Refusal, Wire, now, until
from tests.faults.extent import extent
from tests.oracle_events import Json
from tests.service import RunningService

GATEWAYS = 4
BUSY = 40  # events, after which a gateway pauses before each further batch
PAUSE_S = 0.4
_BEGUN = '{"time": "'  # a line of the service's log
BYS: tuple[oracle_usage.By, ...] = ("lot", "zone")
Fault = Callable[[], Awaitable[object]]


class PacedGateway(Gateway):
    """One that does not send much more than can be worked out twice, however long a fault lasts."""

    async def _send(self, batch: list[Json]) -> Any:
        if len(self.sent) > BUSY:
            await asyncio.sleep(PAUSE_S)
        return await super()._send(batch)


class Round:
    """Two new lots, and gateways that send their events to the instances in turn.

    Gateways that are not `persistent` stop at the first failure, so that it is plain what was
    answered until then; others send the same again until it is answered.
    """

    def __init__(
        self,
        database_url: str,
        wires: Sequence[Wire],
        chance: random.Random,
        *,
        persistent: bool = False,
    ) -> None:
        self._database_url = database_url
        self._wires = wires
        self._chance = chance
        name = f"r{chance.getrandbits(40):x}"
        self.lots = (f"{name}-a", f"{name}-b")
        self.gateways = [
            PacedGateway(
                wires[number % len(wires)],
                self.lots[number // 2 % 2],
                chance.getrandbits(40),
                persistent=persistent,
            )
            for number in range(max(GATEWAYS, len(wires)))
        ]

    async def run(self, fault: Fault, *, before: int | None = None, after: int = 0) -> None:
        """Send; after `before` answers have the fault; end when there are `after` more to each."""
        await describe(self._wires[0], self.lots)
        for wire in self._wires:
            await until(partial(self._knows, wire))
        async with sending(self.gateways):
            answers = self._chance.randrange(1, extent(15, 60)) if before is None else before
            await progress(self.gateways, answers)
            await fault()
            if after:
                await progress(self.gateways, after)

    async def _knows(self, wire: Wire) -> bool:
        """Tell whether an instance has heard of what was described last."""
        try:
            listed = await wire.ask("GET", f"/v1/lots/{self.lots[-1]}/zones/bays/spaces")
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return False
        return len(listed["spaces"]) == len(SPACES)

    async def check(self) -> None:
        """Wait until all are ready, and hold that all is as it must be."""
        for wire in self._wires:
            await until(partial(is_ready, wire))
        stored = await self._stored()
        sent = [event for gateway in self.gateways for event in gateway.sent]
        answered = {name for gateway in self.gateways for name in gateway.answered}
        assert answered <= stored, f"lost: {sorted(answered - stored)}"
        assert stored <= {event["id"] for event in sent}
        for wire in self._wires:
            for lot in self.lots:
                events = [event for event in sent if event["id"] in stored]
                await until(partial(shows, wire, lot, events))
        for gateway in self.gateways:
            receipt = await self._chance.choice(self._wires).push(gateway.sent)
            assert receipt["rejected"] == []
            assert receipt["duplicates"] == len(stored & {event["id"] for event in gateway.sent})
        await self.check_whole()

    async def check_whole(self) -> None:
        """Hold that the log is what was sent, each event once, and all that is told of it right."""
        for wire in self._wires:
            for lot in self.lots:
                await until(partial(shows, wire, lot, self._sent_of(lot)))
            await check_log(self._database_url, wire, self.gateways)
        quieter = min(self.lots, key=lambda lot: len(self._sent_of(lot)))
        wire, by = self._chance.choice(self._wires), self._chance.choice(BYS)
        await check_usage(wire, quieter, by, self._sent_of(quieter))

    def _sent_of(self, lot: str) -> list[Json]:
        return [event for gateway in self.gateways for event in gateway.sent if event["lot"] == lot]

    async def _stored(self) -> set[str]:
        """List what is in the log, once nothing that was under way can come to it any more."""
        connection = await asyncpg.connect(self._database_url)
        try:
            async with connection.transaction():
                await connection.execute("SELECT FROM log_head FOR UPDATE")  # commits hold it
        finally:
            await connection.close()
        listed = await ids_in(self._database_url, self.lots)
        assert len(listed) == len(set(listed)), "the log has an event twice"
        return set(listed)


async def nothing() -> None:
    """Let nothing fail."""


async def is_ready(wire: Wire) -> bool:
    try:
        await wire.ask("GET", "/readyz")
    except Refusal as refusal:
        if refusal.status != 503:
            raise
        return False
    return True


async def shows(wire: Wire, lot: str, events: Sequence[Json]) -> bool:
    """Tell whether a lot shows what the second implementation makes of these events."""
    return bool(
        await wire.availability(lot) == oracle.availability(TIMELINE, LISTS, events, now(), lot=lot)
    )


async def check_usage(wire: Wire, lot: str, by: oracle_usage.By, events: Sequence[Json]) -> None:
    """Hold the running hour, the last whole one, and one of two days ago against the oracle."""
    end = now()
    rows = []
    for until_ in (end, end - timedelta(hours=50)):
        since = until_ - timedelta(minutes=50)
        rows += await rows_of(wire, since, until_, lots=lot, bucket="hour", by=by)
    for start, stop in {(row["start"], row["end"]) for row in rows}:
        hour = [datetime.fromisoformat(moment) for moment in (start, stop)]
        worked_out = oracle_usage.usage(TIMELINE, LISTS, events, *hour, by=by, lot=lot)
        wanted = {one.get(by): one for one in ([worked_out] if by == "lot" else worked_out)}
        shown = {row.get(by) if by != "lot" else None: row for row in rows if row["start"] == start}
        assert shown.keys() == wanted.keys()
        for name, row in shown.items():
            assert_row(row, wanted[name])


def complaints(service: RunningService, *expected: str) -> list[str]:
    """List the errors that the service itself logged, but for those that begin as expected.

    What it was saying when it was killed is cut off, and the next one goes on in that line.
    """
    said = [
        json.loads(line[line.rindex(_BEGUN) :])
        for line in service.said().splitlines()
        if _BEGUN in line and line.endswith("}")
    ]
    return [
        line["message"]
        for line in said
        if line["level"] == "error"
        and line["logger"].startswith("parking")
        and not line["message"].startswith(expected)
    ]
