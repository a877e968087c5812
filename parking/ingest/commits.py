"""Group commit: all requests that wait are stored by one transaction, and told only after it.

One flusher takes whatever has gathered while the last commit ran; nobody lingers. An event counts
as accepted when the database has confirmed it and the board of this instance has taken it in.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parking import metrics
from parking.domain.events import Entry
from parking.errors import DatabaseAway, Overloaded, ParkingError
from parking.live.repeats import Repeats
from parking.live.replica import Replica
from parking.store.log import LogWriter, Outcome

log = logging.getLogger("parking.ingest.commits")

MOST_WAITING = 100_000
"""Events that may wait before further ones are refused with 503."""
_MOST_AT_ONCE = 20_000
_REMEMBERED = 50_000


@dataclass(slots=True)
class _Waiting:
    entries: Sequence[Entry]
    done: asyncio.Future[list[Outcome]]


class GroupCommit:
    """The only way into the log."""

    def __init__(self, writer: LogWriter, replica: Replica) -> None:
        """Write with `writer`, show on `replica`'s board."""
        self._writer = writer
        self._replica = replica
        self._waiting: deque[_Waiting] = deque()
        self._depth = 0
        self._wake = asyncio.Event()
        self._closing = False
        # marks of identities, not these themselves: that two share one only costs the long way
        self._recent: set[int] = set()
        self._before: set[int] = set()
        self.repeats = Repeats()

    async def submit(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Store entries and say what became of each, in their order.

        DatabaseAway: not known to be stored. Overloaded: not stored.
        """
        if not entries:
            return []
        if self._closing or self._depth + len(entries) > MOST_WAITING:
            raise Overloaded(
                "The service is stopping." if self._closing else "Too many events are waiting.",
                headers={"Retry-After": "1"},
            )
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(entries, done))
        self._deepen(len(entries))
        self._wake.set()
        return await done

    def _deepen(self, by: int) -> None:
        self._depth += by
        metrics.queue_depth.set(self._depth)

    async def run(self) -> None:
        """Commit what waits until `close`, and then what still waits."""
        try:
            while self._waiting or not self._closing:
                if not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                await self._flush(self._gather())
        finally:
            await self._writer.close()

    def close(self) -> None:
        """Take no more; `run` ends when all that waits is answered."""
        self._closing = True
        self._wake.set()

    def _gather(self) -> list[_Waiting]:
        group = [self._waiting.popleft()]
        size = len(group[0].entries)
        while self._waiting and size + len(self._waiting[0].entries) <= _MOST_AT_ONCE:
            group.append(self._waiting.popleft())
            size += len(group[-1].entries)
        return group

    async def _flush(self, group: list[_Waiting]) -> None:
        entries = [entry for waiting in group for entry in waiting.entries]
        try:
            outcomes = await self._commit(entries)
        except ParkingError as error:
            self._answer(group, error)
        except Exception:  # a fault of ours must not stop the flusher
            log.exception("commit failed")
            self._answer(group, DatabaseAway("Storing failed.", headers={"Retry-After": "2"}))
        else:
            self.repeats.count(entries, outcomes)
            at = 0
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_result(outcomes[at : at + len(waiting.entries)])
                at += len(waiting.entries)
        self._deepen(-len(entries))

    @staticmethod
    def _answer(group: list[_Waiting], error: ParkingError) -> None:
        for waiting in group:
            if not waiting.done.done():
                # one each: who catches it may add to it what is nobody else's
                waiting.done.set_exception(type(error)(error.detail, headers=error.headers))

    async def _commit(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Store entries whose identities may repeat: of equal ones the first goes in."""
        first: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            first.setdefault((entry.lot, entry.id), entry)
        unique = list(first.values())
        marks = list(map(hash, first))
        suspects = not (self._recent.isdisjoint(marks) and self._before.isdisjoint(marks))
        committed = await self._writer.commit(unique, suspects=suspects)
        outcomes = committed.outcomes
        fresh = unique
        if outcomes.count("accepted") < len(unique):
            fresh = [entry for entry, outcome in zip(unique, outcomes, strict=True)
                     if outcome == "accepted"]  # fmt: skip
        await self._replica.committed(committed.before, committed.after, fresh)
        self._remember(marks)
        if len(unique) == len(entries):
            return outcomes
        return await self._repeated(entries, first, dict(zip(first, outcomes, strict=True)))

    async def _repeated(
        self,
        entries: Sequence[Entry],
        first: dict[tuple[str, str], Entry],
        found: dict[tuple[str, str], Outcome],
    ) -> list[Outcome]:
        """Judge entries of which some repeat the identity of an earlier one among them."""
        outcomes: list[Outcome] = []
        unsure: list[int] = []
        for index, entry in enumerate(entries):
            leader = first[entry.lot, entry.id]
            outcome = found[entry.lot, entry.id]
            if entry is not leader and entry.body != leader.body:
                if outcome == "conflict":  # what is stored is a third: it may be this one's
                    unsure.append(index)
                outcome = "conflict"
            elif entry is not leader and outcome == "accepted":
                outcome = "duplicate"
            outcomes.append(outcome)
        if unsure:
            again = await self._commit([entries[index] for index in unsure])
            for index, outcome in zip(unsure, again, strict=True):
                outcomes[index] = outcome
        return outcomes

    def _remember(self, marks: Iterable[int]) -> None:
        self._recent.update(marks)
        if len(self._recent) > _REMEMBERED:
            self._before, self._recent = self._recent, set()
