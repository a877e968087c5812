"""A run of the city against the service: base, moves, last word, comparison.

Simulated time never passes real time, every event is confirmed before the next ones are made
(so memory stays flat, and a slow service slows the run instead of losing anything), and a stop
ends the run where it stands: what is held is sent, then the truth is compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sensors_sim.city import City
from sensors_sim.client import RefusedError, problem
from sensors_sim.clock import Pace
from sensors_sim.faults import Channel, loses_data
from sensors_sim.formats.events import AsEvents
from sensors_sim.lots import LotPlan, ensure_lots
from sensors_sim.moments import MINUTE, SECOND, parse_rfc3339, rfc3339, span_text
from sensors_sim.truth import Agreement, compare_all, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensors_sim.client import Service
    from sensors_sim.formats.format import Format
    from sensors_sim.places import Place
    from sensors_sim.progress import Progress

_LONGEST_STEP = 15 * MINUTE
# Sample lots go stale after half an hour at the earliest.
_LIVE = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate: from `start_us` to `end_us` (None: until stopped), how fast, how badly."""

    places: tuple[Place, ...]
    seed: str
    start_us: int
    end_us: int | None
    speed: float
    rates: Mapping[str, float] = field(default_factory=dict)
    settle_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: its span, its receipts, its faults and the table."""

    plan: Plan
    end_us: int
    real_s: float
    receipts: Mapping[str, Any]
    receipt_lines: Sequence[str]
    hits: Mapping[str, int]
    rows: Sequence[Agreement]

    @property
    def agrees(self) -> bool:
        """Return whether service and truth are the same in every lot."""
        return all(row.ok for row in self.rows)

    @property
    def ok(self) -> bool:
        """Return whether nothing went wrong that was not asked for."""
        clean = self.agrees and not self.receipts["rejected_total"]
        return not self.receipts["unaccounted"] and (clean or loses_data(self.plan.rates))

    def facts(self) -> dict[str, Any]:
        """Return the outcome as plain data for a summary file."""
        return {
            "ok": self.ok,
            "seed": self.plan.seed,
            "start": rfc3339(self.plan.start_us),
            "end": rfc3339(self.end_us),
            "real_s": round(self.real_s, 3),
            "events": dict(self.receipts),
            "faults": {
                name: {"rate": rate, "hits": self.hits.get(name, 0)}
                for name, rate in self.plan.rates.items()
            },
            "loses_data": loses_data(self.plan.rates),
            "agrees": self.agrees,
            "lots": [
                {"lot": row.lot, "truth": row.truth, "service": row.service, "ok": row.ok}
                for row in self.rows
            ],
        }

    def lines(self) -> list[str]:
        """Return the outcome for people."""
        span = self.end_us - self.plan.start_us
        lines = [
            f"simulated {span_text(span)} to {rfc3339(self.end_us)} in {self.real_s:.1f} s",
            *self.receipt_lines,
        ]
        lines += [f"fault {name}: {n:,} times" for name, n in sorted(self.hits.items())]
        lines += ["", *table(self.rows), ""]
        if self.agrees:
            lines.append(f"all {len(self.rows)} lots agree")
        else:
            wrong = sum(not row.ok for row in self.rows)
            why = " (a fault that loses data was on)" if loses_data(self.plan.rates) else ""
            lines.append(f"{wrong} of {len(self.rows)} lots disagree{why}")
        return lines


def lot_plans(places: Sequence[Place]) -> list[LotPlan]:
    """Return the lots of the places as they should be at the service."""
    return [
        LotPlan(
            place.id,
            place.description,
            {zone.id: zone.space_ids() for zone in place.zones if zone.counting == "spaces"},
        )
        for place in places
    ]


async def newest_event_us(service: Service, lots: Sequence[str], since_us: int) -> int | None:
    """Return the newest moment (µs) since `since_us` of which the lots' logs already tell."""
    newest: int | None = None
    for lot in lots:
        params = {"from": rfc3339(since_us), "limit": "10"}
        answer = await service.get(f"/v1/lots/{lot}/events", params)
        if answer.status != HTTPStatus.OK or not isinstance(answer.data, dict):
            continue
        for item in answer.data.get("items", []):
            at_us = parse_rfc3339(item["observed_at"])
            newest = at_us if newest is None else max(newest, at_us)
    return newest


def step_us(speed: float, at_us: int, now_us: int) -> int:
    """Return how far to simulate at once: a quarter of a real second, at least a second."""
    wanted = min(round(speed * SECOND / 4), _LONGEST_STEP, now_us - at_us)
    return max(SECOND, wanted - wanted % SECOND)


class Run:
    """One run; `go` returns its outcome."""

    def __init__(
        self, plan: Plan, service: Service, progress: Progress, format_: Format | None = None
    ) -> None:
        self._plan = plan
        self._service = service
        self._format = format_ or AsEvents()
        self._progress = progress
        self._clock = service.clock
        self._stop = service.stop
        self._city = City(plan.places, plan.seed, plan.start_us)
        self._channel = Channel(plan.rates, plan.seed)

    async def go(self) -> Outcome:
        """Make the lots, simulate and send until the end or a stop, then compare."""
        plans = lot_plans(self._plan.places)
        changes = await ensure_lots(self._service, plans)
        self._progress.say(changes.line())
        await self._format.prepare(self._service, plans)
        began = self._clock.now()
        pace = Pace(self._plan.start_us, self._clock.now_us(), self._plan.speed)
        await self._clock.wait(pace.wait_for(self._plan.start_us, pace.began_us), self._stop)
        base_us = self._plan.start_us + 1
        await self._send(self._channel.carry(self._city.base(), base_us, exact=True))
        await self._simulate(pace)
        await self._finish()
        self._progress.done()
        tally = self._service.tally
        return Outcome(
            self._plan,
            self._city.at_us,
            self._clock.now() - began,
            tally.facts(),
            tally.lines(),
            dict(self._channel.hits),
            await self._compare(),
        )

    async def _simulate(self, pace: Pace) -> None:
        end_us = self._plan.end_us
        while not self._stop.is_set() and (end_us is None or self._city.at_us < end_us):
            now_us = self._clock.now_us()
            until_us = self._city.at_us + step_us(self._plan.speed, self._city.at_us, now_us)
            if end_us is not None:
                until_us = min(until_us, end_us)
            await self._clock.wait(pace.wait_for(until_us, now_us), self._stop)
            if self._stop.is_set():
                return
            await self._send(self._channel.carry(self._city.advance(until_us), until_us))
            self._show()

    async def _finish(self) -> None:
        last = self._channel.carry(self._city.final(), self._city.at_us + 1)
        await self._send([*last, *self._channel.drain()])

    async def _send(self, events: Sequence[Any]) -> None:
        if events:
            await self._format.send(self._service, events)

    def _show(self) -> None:
        at_us, end_us = self._city.at_us, self._plan.end_us
        share = None
        if end_us is not None:
            span = end_us - self._plan.start_us
            share = (at_us - self._plan.start_us) / span if span else 1.0
        moment = rfc3339(at_us - at_us % SECOND)
        self._progress.show(share, f"{moment}  {self._service.tally.sent:,} sent")

    async def _compare(self) -> list[Agreement]:
        """Compare until all agree or the time to settle is over.

        A run that ended in the past is compared as of its end: by now it would be stale.
        """
        truths = self._city.truths()
        params = {"lots": ",".join(truth.lot for truth in truths)}
        if self._clock.now_us() - self._city.at_us > _LIVE:
            params["at"] = rfc3339(self._city.at_us)
        settle_s = min(self._plan.settle_s, 3.0 if loses_data(self._plan.rates) else float("inf"))
        deadline = self._clock.now() + settle_s
        while True:
            answer = await self._service.get("/v1/availability", params)
            if answer.status != HTTPStatus.OK:
                raise RefusedError(f"availability: {problem(answer)}")
            rows = compare_all(truths, answer.data["items"])
            if all(row.ok for row in rows) or self._clock.now() >= deadline:
                return rows
            await self._clock.sleep(0.25)
