"""Dead letters on their way: whatever is refused is put here, and stored a moment later.

Putting one never waits and never fails. Of each key as many wait as are kept of an operator; when
more come before the database takes them, the oldest are dropped and counted. What is kept of an
item is cleaned here, off the path of those that are accepted (`parking/domain/refused.py`).
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass

from parking import metrics
from parking.domain.access import Principal
from parking.domain.refused import (
    LONGEST_EVENT,
    clean_detail,
    clean_event,
    clean_name,
    clean_text,
)
from parking.errors import DatabaseAway
from parking.live.replica import Replica
from parking.store import rejections
from parking.store.rejections import Rejected

log = logging.getLogger("parking.ingest.rejections")

MOST_WAITING = rejections.KEPT
"""Of one key: all events of a body may be refused at once."""
MOST_WAITING_BYTES = 4 * 1024 * 1024
"""Of their items; beyond that a letter waits without."""
_EVERY_SECONDS = 1.0
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Letter:
    received_at: int
    source: str
    code: str
    detail: str
    item: bytes | str | None
    key: str | None
    operator: str | None
    lot: str | None
    event: str | None


class _Waiting:
    """The letters of one key, the oldest first; `size` are the bytes of their items."""

    __slots__ = ("letters", "size")

    def __init__(self) -> None:
        self.letters: deque[_Letter] = deque()
        self.size = 0

    def has_room(self, item: bytes | str | None) -> bool:
        """Whether an item may wait too."""
        return item is None or self.size + len(item) <= MOST_WAITING_BYTES

    def add(self, letter: _Letter) -> None:
        """Add a letter; the oldest is dropped when there are too many."""
        if len(self.letters) >= MOST_WAITING:
            self.take(1)
            metrics.dead_letters_dropped.inc()
        self.letters.append(letter)
        self.size += len(letter.item or "")

    def take(self, number: int) -> list[_Letter]:
        """Take so many of the oldest out."""
        taken = [self.letters.popleft() for _ in range(min(number, len(self.letters)))]
        self.size -= sum(len(letter.item or "") for letter in taken)
        return taken

    def put_back(self, letters: list[_Letter]) -> None:
        """Put letters back before those that came meanwhile, as far as there is room."""
        room = max(0, MOST_WAITING - len(self.letters))
        if room < len(letters):
            metrics.dead_letters_dropped.inc(len(letters) - room)
            letters = letters[len(letters) - room :]
        self.letters.extendleft(reversed(letters))
        self.size += sum(len(letter.item or "") for letter in letters)


class DeadLetters:
    """Takes what was refused and has it stored, for `GET /v1/rejections`."""

    def __init__(self, replica: Replica) -> None:
        """Store in `replica`'s database, for the operators of the lots that it knows."""
        self._replica = replica
        self._waiting: dict[str | None, _Waiting] = {}
        self._wake = asyncio.Event()

    def put(
        self,
        *,
        source: str,
        code: str,
        detail: str,
        item: bytes | str | None = None,
        principal: Principal | None = None,
        lot: str | None = None,
        event: str | None = None,
    ) -> None:
        """Take note of something refused; returns at once.

        `source`: the way it came: `http`, `mqtt`, or the name of a format or connector. `code`:
        that of a rejection, or `unreadable` for what gives no events. `item`: bytes are an event's
        JSON, of which unknown members and free text are left out; a text is kept as it stands, up
        to 2,000 bytes, so whoever gives one has taken plates, names and secrets out. `principal`:
        who sent it; of a role without an operator it belongs to the operator of `lot`, or of the
        lot that the event names. `event`: its id, where it has one.
        """
        key = None if principal is None else principal.key_id
        operator = None if principal is None else principal.operator
        if isinstance(item, bytes) and len(item) > LONGEST_EVENT:
            item = None
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _Waiting()
        if not waiting.has_room(item):
            item = None
        waiting.add(
            _Letter(self._replica.clock(), source, code, detail, item, key, operator, lot, event)
        )
        self._wake.set()

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        while True:
            await self._wake.wait()
            await self.flush()
            await asyncio.sleep(_EVERY_SECONDS)

    async def flush(self) -> None:
        """Store what waits; what the database does not take goes on waiting."""
        self._wake.clear()
        for waiting in list(self._waiting.values()):
            while waiting.letters:
                letters = waiting.take(_AT_ONCE)
                try:
                    await self._store(letters)
                except (DatabaseAway, asyncio.CancelledError) as error:
                    waiting.put_back(letters)
                    self._wake.set()
                    if isinstance(error, asyncio.CancelledError):
                        raise
                    return
                except Exception:  # what cannot be stored must not stop what can
                    log.exception("%d dead letters are lost", len(letters))
                    metrics.dead_letters_dropped.inc(len(letters))

    async def _store(self, letters: list[_Letter]) -> None:
        rejected = [self._cleaned(letter) for letter in letters]
        async with self._replica.database.transaction() as connection:
            await rejections.append(connection, rejected)
        for letter in letters:
            metrics.dead_letters.labels(letter.source, letter.code).inc()

    def _cleaned(self, letter: _Letter) -> Rejected:
        item, lot = None, letter.lot
        if isinstance(letter.item, bytes):
            item, named = clean_event(letter.item)
            lot = lot or named
        elif letter.item is not None:
            item = clean_text(letter.item)
        return Rejected(
            letter.received_at,
            letter.source,
            letter.key,
            letter.operator or self._operator_of(lot),
            clean_name(lot),
            clean_name(letter.event),
            letter.code,
            clean_detail(letter.detail),
            item,
        )

    def _operator_of(self, lot: str | None) -> str | None:
        live = None if lot is None else self._replica.board.find(lot)
        if live is None or live.timeline.current is None:
            return None
        return live.timeline.current.lot.operator
