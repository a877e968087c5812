"""The intake: every event, however it came, is judged here and has its receipt from here.

What is wrong with one event is a value, a `Rejection`; it never costs the others.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct

from parking import metrics
from parking.domain.access import Principal
from parking.domain.events import TYPE_NAMES, Entry, Event, decode_many, type_name
from parking.domain.instants import DAY
from parking.domain.refused import LONGEST_EVENT
from parking.errors import Overloaded, ParkingError
from parking.ingest.commits import MOST_WAITING, Found, GroupCommit
from parking.ingest.judging import Judge, Judges, Refused, name_of, read_event
from parking.ingest.receipts import Named, Receipt, Rejection
from parking.ingest.rejections import DeadLetters
from parking.live.replica import Replica
from parking.live.turns import give_way
from parking.store.at_once import MOST as SMALL
from parking.store.copying import Rows
from parking.store.log import Outcome

_AT_ONCE = 100


class Chunk(Struct):
    """Judged events: entries to store with their places in the request, and what was refused.

    `source`: the way they came, for dead letters. `rows`: those of the entries, where these are
    many.
    """

    entries: list[Entry]
    indexes: list[int]
    rejections: list[Rejection]
    source: str
    principal: Principal
    rows: list[Rows] = []

    def add(self, other: "Chunk") -> None:
        """Add what follows in the same request, but for its rows."""
        self.entries += other.entries
        self.indexes += other.indexes
        self.rejections += other.rejections


class _Way(NamedTuple):
    """How events came: whose, by which `source`, and the only lot that they may speak of."""

    principal: Principal
    source: str = "http"
    lot: str | None = None

    def chunk(self) -> Chunk:
        """Begin a chunk of them."""
        return Chunk([], [], [], self.source, self.principal)


class Intake:
    """Judges events and has the accepted ones committed."""

    def __init__(
        self,
        replica: Replica,
        commits: GroupCommit,
        letters: DeadLetters,
        retention_days: int | None,
    ) -> None:
        """Judge by the descriptions that `replica` knows; what is refused goes to `letters`."""
        self._replica = replica
        self._commits = commits
        self._letters = letters
        self._judges = Judges(replica.board)
        self._many = asyncio.Lock()
        self._unjudged = 0  # events of long lists
        self._incomplete: set[asyncio.Task[None]] = set()
        self._retention = None if retention_days is None else retention_days * DAY

    def oldest(self, now: int) -> int:
        """Give the first moment (us) of which events are retained at `now`."""
        kept = self._replica.retained_from
        return kept if self._retention is None else max(kept, now - self._retention)

    def judge(
        self,
        raws: Sequence[bytes | msgspec.Raw],
        principal: Principal,
        start: int = 0,
        *,
        source: str = "http",
        lot: str | None = None,
    ) -> Chunk:
        """Judge encoded events, the first of which stands at place `start` of the request.

        `source` is the way they came, as `DeadLetters.put` has it. `lot`: the only one that they
        may speak of, where the way they came says so.
        """
        way = _Way(principal, source, lot)
        if len(raws) <= _AT_ONCE:
            return self._judge_piece(raws, start, way)
        chunk = way.chunk()
        for at in range(0, len(raws), _AT_ONCE):
            chunk.add(self._judge_piece(raws[at : at + _AT_ONCE], start + at, way))
        return chunk

    async def judge_many(
        self,
        raws: Sequence[bytes | msgspec.Raw],
        principal: Principal,
        start: int = 0,
    ) -> Chunk:
        """Judge any number of events as `judge` does, and make rows of what is much.

        All else goes on in between, above all the talk with the database that stores others; of
        long lists one after the other is judged. Overloaded: too many wait for that.
        """
        way = _Way(principal)

        def judge(at: int, end: int) -> Chunk:
            return self._judge_piece(raws[at:end], start + at, way)

        return await self._judge_pieces(len(raws), judge, way)

    async def judge_read(
        self,
        events: Sequence[Event],
        raws: Callable[[], Sequence[bytes | msgspec.Raw]],
        principal: Principal,
    ) -> Chunk:
        """Do the same for events that are read already; `raws` gives them as they were encoded."""
        way = _Way(principal)

        def judge(at: int, end: int) -> Chunk:
            try:
                return self._judge_all(events[at:end], at, way)
            except Refused:
                return self._judge_each(raws()[at:end], at, way)

        return await self._judge_pieces(len(events), judge, way)

    async def _judge_pieces(
        self, number: int, judge: Callable[[int, int], Chunk], way: _Way
    ) -> Chunk:
        if number <= _AT_ONCE:
            return judge(0, number)
        if self._unjudged + number > MOST_WAITING:
            raise Overloaded("Too many events are waiting.", headers={"Retry-After": "1"})
        chunk = way.chunk()
        self._unjudged += number
        try:
            async with self._many:
                for at in range(0, number, _AT_ONCE):
                    if at:
                        await give_way()
                    judged = judge(at, min(at + _AT_ONCE, number))
                    chunk.add(judged)
                    if judged.entries and number > SMALL:
                        chunk.rows.append(Rows.of(judged.entries))
        finally:
            self._unjudged -= number
        return chunk

    def _judge_piece(self, raws: Sequence[bytes | msgspec.Raw], start: int, way: _Way) -> Chunk:
        """Judge some events together, and one by one when something is wrong with one of them."""
        if len(raws) > 1 and (events := decode_many(raws)) is not None:
            with contextlib.suppress(Refused):
                return self._judge_all(events, start, way)
        return self._judge_each(raws, start, way)

    def _judge_all(self, events: Sequence[Event], start: int, way: _Way) -> Chunk:
        """Judge events that are read; Refused when one of them is."""
        chunk = way.chunk()
        chunk.entries = self._judge_by(way).entries(events)
        chunk.indexes = list(range(start, start + len(events)))
        return chunk

    def _judge_each(self, raws: Sequence[bytes | msgspec.Raw], start: int, way: _Way) -> Chunk:
        judge, chunk = self._judge_by(way), way.chunk()
        for index, raw in enumerate(raws, start):
            event: Event | None = None
            try:
                event = read_event(raw)
                chunk.entries += judge.entries((event,))
                chunk.indexes.append(index)
            except Refused as refused:
                rejection = Rejection(index, name_of(raw, event), refused.code, refused.detail)
                chunk.rejections.append(rejection)
                self._keep(chunk, rejection, raw, way.lot)
                kind = "unreadable" if event is None else type_name(event)
                metrics.events.labels(kind, refused.code).inc()
        return chunk

    def _judge_by(self, way: _Way) -> Judge:
        now = self._replica.clock()
        return self._judges.give(way.principal, now, self.oldest(now), way.lot)

    def _keep(
        self, chunk: Chunk, rejection: Rejection, raw: bytes | msgspec.Raw, lot: str | None
    ) -> None:
        """Keep a refused event for its operator to see; `lot` is that which it came for."""
        readable = memoryview(raw).nbytes <= LONGEST_EVENT
        self._letters.put(
            source=chunk.source,
            code=rejection.code,
            detail=rejection.detail,
            item=bytes(raw) if readable else None,  # a piece of the body, not all of it
            principal=chunk.principal,
            lot=lot,
            event=rejection.id,
        )

    async def store(self, chunk: Chunk) -> Receipt:
        """Commit a chunk's entries; DatabaseAway or Overloaded as `GroupCommit.submit`."""
        outcomes = await self._commits.submit(chunk.entries, chunk.rows)
        return await self._whole_receipt(chunk, outcomes)

    def store_soon(self, chunk: Chunk, told: Callable[[Receipt | Exception], None]) -> None:
        """Do the same, and call `told` then. Overloaded at once, or told, as all else."""

        def stored(found: Found) -> None:
            if isinstance(found, ParkingError):
                told(found)
            elif self._replica.rebuilding.is_over:
                try:
                    receipt = self._receipt(chunk, found)
                except Exception as error:  # noqa: BLE001 - whoever sent it is told
                    told(error)
                else:
                    told(receipt)
            else:
                waiting = asyncio.create_task(self._tell_whole(chunk, found, told))
                self._incomplete.add(waiting)
                waiting.add_done_callback(self._incomplete.discard)

        self._commits.enqueue(chunk.entries, stored, chunk.rows)

    async def _tell_whole(
        self, chunk: Chunk, outcomes: Sequence[Outcome], told: Callable[[Receipt | Exception], None]
    ) -> None:
        try:
            receipt = await self._whole_receipt(chunk, outcomes)
        except Exception as error:  # noqa: BLE001 - whoever sent it is told
            told(error)
        else:
            told(receipt)

    async def _whole_receipt(self, chunk: Chunk, outcomes: Sequence[Outcome]) -> Receipt:
        if not self._replica.rebuilding.is_over:
            await self._replica.rebuilding.wait({entry.lot for entry in chunk.entries})
        return self._receipt(chunk, outcomes)

    def _receipt(self, chunk: Chunk, outcomes: Sequence[Outcome]) -> Receipt:
        """Count what became of a chunk's entries, in the metrics too."""
        ids: list[Named] = []
        rejections = chunk.rejections
        numbers: dict[tuple[type[Event], Outcome], int] = {}
        for entry, index, outcome in zip(chunk.entries, chunk.indexes, outcomes, strict=True):
            key = type(entry.event), outcome
            numbers[key] = numbers.get(key, 0) + 1
            if outcome == "conflict":
                detail = "the id was used for another event of this lot"
                rejections.append(Rejection(index, entry.id, "conflict", detail))
                self._keep(chunk, rejections[-1], entry.body, entry.lot)
            elif entry.event.id is UNSET:
                ids.append(Named(index, entry.id))
        rejections.sort(key=lambda rejection: rejection.index)
        accepted = duplicates = 0
        for (kind, outcome), number in numbers.items():
            _counter(kind, outcome).inc(number)
            accepted += number if outcome == "accepted" else 0
            duplicates += number if outcome == "duplicate" else 0
        return Receipt(accepted, duplicates, rejections, len(rejections), ids)


@lru_cache(maxsize=256)  # looking a metric up by its labels costs more than counting
def _counter(kind: type[Event], outcome: Outcome) -> metrics.Count:
    return metrics.events.labels(TYPE_NAMES[kind], outcome)
