"""Group commit: requests that wait are stored together by one transaction, and told only after it.

One flusher takes what has gathered while the last commit ran; nobody lingers. While the
database stores a batch, the one before is shown and answered, in the order of the log. An event
counts as accepted when the database has confirmed it and this instance's board has taken it in.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from parking import metrics
from parking.domain.events import Entry
from parking.errors import DatabaseAway, Overloaded, ParkingError
from parking.live.repeats import Repeats
from parking.live.replica import Replica
from parking.store.copying import Rows
from parking.store.log import Committed, LogWriter, Outcome

log = logging.getLogger("parking.ingest.commits")

T = TypeVar("T")
Found = list[Outcome] | ParkingError
"""What became of each entry, or why that is not known."""

Told = Callable[[Found], None]
"""Is called with what was found."""

MOST_WAITING = 100_000
"""Events that may wait before further ones are refused with 503."""
_MOST_AT_ONCE = 20_000
_FEW = 2_000


@dataclass(slots=True)
class _Waiting:
    """A request's entries, and their rows where these were made before."""

    entries: Sequence[Entry]
    rows: Sequence[Rows]
    told: Told

    def tell(self, found: Found) -> None:
        """Tell whoever waits; what fails there is no failure of the others."""
        try:
            self.told(found)
        except Exception:
            log.exception("what was stored could not be told")


@dataclass(slots=True, eq=False)
class _Batch:
    """What is stored by one transaction: the requests, and their entries."""

    group: list[_Waiting]
    entries: list[Entry]

    @classmethod
    def of(cls, group: list[_Waiting]) -> "_Batch":
        """Put the entries of some requests together."""
        return cls(group, [entry for waiting in group for entry in waiting.entries])

    def list_rows(self) -> list[Rows] | None:
        """List the rows of all entries, if some are there."""
        if not any(each.rows for each in self.group):
            return None
        packed: list[Rows] = []
        for is_packed, some in groupby(self.group, key=lambda each: bool(each.rows)):
            if is_packed:
                packed += [rows for each in some for rows in each.rows]
            else:  # many small ones cost less together
                packed.append(Rows.of([entry for each in some for entry in each.entries]))
        return packed


def _stopping() -> Overloaded:
    return Overloaded("The service is stopping.", headers={"Retry-After": "1"})


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
        self._owed: list[_Batch] = []  # answers
        self._repeats = False  # whether the last batch held repetitions
        self.repeats = Repeats()
        metrics.queue_depth.set_function(lambda: self._depth)

    async def submit(self, entries: Sequence[Entry], rows: Sequence[Rows] = ()) -> list[Outcome]:
        """Store entries and say what became of each, in their order.

        `rows`: those of all of them, if they are there: the database need not wait for them then.
        DatabaseAway: not known to be stored. Overloaded: not stored.
        """
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()

        def told(found: Found) -> None:
            if done.done():
                return  # nobody waits any longer
            if isinstance(found, ParkingError):
                done.set_exception(found)
            else:
                done.set_result(found)

        self.enqueue(entries, told, rows)
        return await done

    def enqueue(self, entries: Sequence[Entry], told: Told, rows: Sequence[Rows] = ()) -> None:
        """Have entries stored, and `told` called then: the same as `submit` for who need not wait.

        Overloaded: they are not stored.
        """
        if not entries:
            told([])
            return
        if self._closing:
            raise _stopping()
        if self._depth + len(entries) > MOST_WAITING:
            raise Overloaded("Too many events are waiting.", headers={"Retry-After": "1"})
        self._waiting.append(_Waiting(entries, rows, told))
        self._depth += len(entries)
        self._wake.set()

    async def run(self) -> None:
        """Commit what waits until `close`, and then what still waits.

        What a commit brought is shown and answered while the database stores the next one.
        """
        finishing: asyncio.Task[None] | None = None
        try:
            while self._waiting or not self._closing:
                if not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                batch = _Batch.of(self._gather())
                self._owed.append(batch)
                committed = await self._attempt(batch, self._store(batch))
                if finishing is not None:
                    await finishing
                    finishing = None
                if committed is not None:
                    finishing = asyncio.create_task(self._finish(batch, committed))
            if finishing is not None:
                await finishing
        finally:
            self.close()
            if finishing is not None and not finishing.done():
                finishing.cancel()
                await asyncio.wait((finishing,))
            while self._owed:  # only who was cut off owes any
                cut_off = DatabaseAway("The service was stopped.", headers={"Retry-After": "1"})
                self._answer(self._owed[0], cut_off)
            while self._waiting:
                self._waiting.popleft().tell(_stopping())
            await self._writer.close()

    def close(self) -> None:
        """Take no more; `run` ends when all that waits is answered."""
        self._closing = True
        self._wake.set()

    def _gather(self) -> list[_Waiting]:
        """Take what waits: up to half of what is not answered yet, so that neither side rests.

        With all of it in one transaction the database would rest while this instance shows and
        answers it and judges what comes next, and this instance while the database stores that.
        """
        group = [self._waiting.popleft()]
        size = len(group[0].entries)
        most = min(max(self._depth // 2, _FEW), _MOST_AT_ONCE)
        while self._waiting and size + len(self._waiting[0].entries) <= most:
            group.append(self._waiting.popleft())
            size += len(group[-1].entries)
        return group

    async def _attempt(self, batch: "_Batch", work: Coroutine[Any, Any, T]) -> T | None:
        """Do a part of the work for a batch; None when it failed and was answered so."""
        failure: ParkingError
        try:
            return await work
        except ParkingError as error:
            failure = error
        except Exception:  # a fault of ours must not stop the flusher
            log.exception("commit failed")
            failure = DatabaseAway("Storing failed.", headers={"Retry-After": "2"})
        self._answer(batch, failure)
        return None

    async def _finish(self, batch: "_Batch", committed: Committed) -> None:
        outcomes = await self._attempt(batch, self._show(batch, committed))
        if outcomes is None:
            return
        self._settle(batch)
        at = 0
        for waiting in batch.group:
            waiting.tell(outcomes[at : at + len(waiting.entries)])
            at += len(waiting.entries)

    def _settle(self, batch: "_Batch") -> None:
        """Count a batch as answered, before it is: who is told may go on at once."""
        self._owed.remove(batch)
        self._depth -= len(batch.entries)

    def _answer(self, batch: "_Batch", error: ParkingError) -> None:
        self._settle(batch)
        for waiting in batch.group:
            # one each: who catches it may add to it what is nobody else's
            waiting.tell(type(error)(error.detail, headers=error.headers))

    async def _store(self, batch: _Batch) -> Committed:
        # who repeats one event mostly repeats more
        packed = None if self._repeats else batch.list_rows()
        committed = await self._writer.commit(batch.entries, suspects=self._repeats, packed=packed)
        self._repeats = committed.outcomes.count("accepted") < len(batch.entries)
        return committed

    async def _show(self, batch: _Batch, committed: Committed) -> list[Outcome]:
        """Take what was stored into the board."""
        outcomes, fresh = committed.outcomes, batch.entries
        if outcomes.count("accepted") < len(fresh):
            fresh = [entry for entry, outcome in zip(fresh, outcomes, strict=True)
                     if outcome == "accepted"]  # fmt: skip
        await self._replica.committed(committed.before, committed.after, fresh)
        self.repeats.count(batch.entries, outcomes)
        return outcomes
