"""The intake: every event, however it came, is judged here by the same rules.

What is wrong with one event is a value, a `Rejection`; it never costs the others. An event is read
with the description of its own moment; a lot that is retired now takes none.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import msgspec
from msgspec import UNSET, Struct

from parking import metrics
from parking.domain.access import Principal
from parking.domain.events import (
    TYPE_NAMES,
    Entry,
    Event,
    canonical,
    decode,
    identity,
    observed,
    type_name,
)
from parking.domain.instants import DAY, MINUTE
from parking.domain.placing import Misplaced, place
from parking.domain.refused import LONGEST_EVENT
from parking.errors import ParkingError
from parking.ingest.commits import GroupCommit
from parking.ingest.receipts import Code, Named, Receipt, Rejection
from parking.ingest.rejections import DeadLetters
from parking.live.replica import Replica
from parking.store.at_once import MOST as SMALL
from parking.store.copying import Rows
from parking.store.log import Outcome

_AT_ONCE = 100
AHEAD = 5 * MINUTE
"""How far ahead of the server's clock an event may be, us."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class Refused(Exception):
    """An event breaks a rule."""

    def __init__(self, code: Code, detail: str) -> None:
        """Say which, and in words for the operator."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


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
        self._many = asyncio.Lock()
        self._incomplete: set[asyncio.Task[None]] = set()
        self._retention = None if retention_days is None else retention_days * DAY

    def oldest(self, now: int) -> int:
        """Give the first moment (us) of which events are retained at `now`."""
        kept = self._replica.retained_from
        return kept if self._retention is None else max(kept, now - self._retention)

    def judge(
        self,
        raws: Iterable[bytes | msgspec.Raw],
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
        now = self._replica.clock()
        oldest = self.oldest(now)
        chunk = Chunk([], [], [], source, principal)
        for index, raw in enumerate(raws, start):
            event: Event | None = None
            try:
                event = _decoded(raw)
                _check_lot(event, lot)
                chunk.entries.append(self._entry(event, principal, now, oldest))
                chunk.indexes.append(index)
            except Refused as refused:
                found = _find_id(raw) if event is None else _id_of(event)
                rejection = Rejection(index, found, refused.code, refused.detail)
                chunk.rejections.append(rejection)
                self._keep(chunk, rejection, raw, lot)
                kind = "unreadable" if event is None else type_name(event)
                metrics.events.labels(kind, refused.code).inc()
        return chunk

    async def judge_many(
        self, raws: Sequence[bytes | msgspec.Raw], principal: Principal, start: int = 0
    ) -> Chunk:
        """Judge any number of events as `judge` does, and make rows of what is much.

        All else goes on in between, above all the talk with the database that stores others; of
        long lists one after the other is judged.
        """
        if len(raws) <= _AT_ONCE:
            return self.judge(raws, principal, start)
        chunk = Chunk([], [], [], "http", principal)
        async with self._many:
            for at in range(0, len(raws), _AT_ONCE):
                if at:
                    await asyncio.sleep(0)
                judged = self.judge(raws[at : at + _AT_ONCE], principal, start + at)
                chunk.entries += judged.entries
                chunk.indexes += judged.indexes
                chunk.rejections += judged.rejections
                if judged.entries and len(raws) > SMALL:
                    chunk.rows.append(Rows.of(judged.entries))
        return chunk

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

    def _entry(self, event: Event, principal: Principal, now: int, oldest: int) -> Entry:
        try:
            at = observed(event)
            body = canonical(event, at)
        except OverflowError:
            raise Refused("invalid", "observed_at lies outside the years 1 to 9999") from None
        live = self._replica.board.find(event.lot)
        if live is None or live.timeline.current is None:
            if not _ID.fullmatch(event.lot):
                raise Refused("invalid", "lot is not an id")
            raise Refused("unknown_lot", f"there is no lot {event.lot}")
        if not principal.may_write_lot(live.timeline.current.lot.operator):
            raise Refused("forbidden_lot", f"lot {event.lot} is another operator's")
        try:
            zone = place(event, live.timeline.at(at))
        except Misplaced as misplaced:
            raise _refused(event, misplaced) from None
        if at > now + AHEAD:
            raise Refused(
                "future", "observed_at is more than 5 minutes ahead of the server's clock"
            )
        if at < oldest:
            raise Refused("too_old", "observed_at is before what is retained")
        return Entry(event.lot, at, identity(event, body), zone, event, body, principal.key_id, now)

    async def store(self, chunk: Chunk) -> Receipt:
        """Commit a chunk's entries; DatabaseAway or Overloaded as `GroupCommit.submit`."""
        outcomes = await self._commits.submit(chunk.entries, chunk.rows)
        return await self._whole_receipt(chunk, outcomes)

    def store_soon(self, chunk: Chunk, told: Callable[[Receipt | Exception], None]) -> None:
        """Do the same, and call `told` then. Overloaded at once, or told, as all else."""

        def stored(found: list[Outcome] | ParkingError) -> None:
            if isinstance(found, ParkingError):
                told(found)
            elif self._replica.is_whole:
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
        if not self._replica.is_whole:
            await self._replica.whole({entry.lot for entry in chunk.entries})
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


def _decoded(raw: bytes | msgspec.Raw) -> Event:
    try:
        return decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, msgspec.MsgspecError) else "not an event"
        raise Refused("invalid", detail) from None


def _check_lot(event: Event, lot: str | None) -> None:
    if lot is not None and event.lot != lot:
        raise Refused("forbidden_lot", f"only events of lot {lot} may come this way")


def _id_of(event: Event) -> str | None:
    if event.id is not UNSET:
        return event.id
    try:
        return identity(event, canonical(event, observed(event)))
    except OverflowError:
        return None


class _OnlyId(Struct):
    id: object = None


_decode_id = msgspec.json.Decoder(_OnlyId).decode


def _find_id(raw: bytes | msgspec.Raw) -> str | None:
    """Give the id of what is not an event, where it has one to be named by."""
    try:
        found = _decode_id(raw).id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found if isinstance(found, str) and _EVENT_ID.fullmatch(found) else None


def _refused(event: Event, misplaced: Misplaced) -> Refused:
    """Tell what cannot be an id from one that is unknown."""
    if misplaced.code in ("unknown_zone", "unknown_space"):
        field = misplaced.code.removeprefix("unknown_")
        value = getattr(event, field, UNSET)
        if value is not UNSET and not _ID.fullmatch(value):
            return Refused("invalid", f"{field} is not an id")
    return Refused(misplaced.code, misplaced.detail)
