"""Writing the log: one transaction for a batch of entries, numbered in the order of commits.

The head's row is locked from the first statement to the end of the transaction, so whoever has read
place N of the log will find every smaller place there too, whichever instance wrote it.
"""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg

from parking import metrics
from parking.domain.events import Entry, Void, digest
from parking.domain.instants import micros, moment
from parking.errors import DatabaseAway
from parking.store import at_once, checkpoints, copying
from parking.store.copying import Rows
from parking.store.database import connect, translated
from parking.store.head import Head, Places
from parking.store.partitions import make_months, month_of

log = logging.getLogger("parking.store.log")

Outcome = Literal["accepted", "duplicate", "conflict"]

_COMMIT_SECONDS = 20.0
_CONFIRMED = """
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'
"""
_CLAIM = """
INSERT INTO event_identity (lot, digest, body, observed_at)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[])
ON CONFLICT DO NOTHING RETURNING lot, digest
"""
_STORED = """
SELECT i.lot, i.digest, i.body FROM unnest($1::text[], $2::uuid[]) AS d (lot, digest)
JOIN event_identity i ON i.lot = d.lot AND i.digest = d.digest
"""
_VOID = """
INSERT INTO void (lot, target, id) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT DO NOTHING
"""
_TARGETS = """
SELECT i.lot, i.observed_at FROM unnest($1::text[], $2::uuid[]) AS d (lot, digest)
JOIN event_identity i ON i.lot = d.lot AND i.digest = d.digest
"""


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a batch: an outcome for each entry, and the log's places before and after."""

    outcomes: list[Outcome]
    before: int
    after: int


class Taken(Exception):
    """Some identity of the batch is in the log already, or in the batch twice."""


class LogWriter:
    """Commits batches over one connection of its own, which it opens anew when it is lost."""

    def __init__(self, dsn: str) -> None:
        """Connect at the first commit."""
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None
        self._months: set[int] = set()
        self._places = Places()

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def commit(
        self,
        entries: Sequence[Entry],
        *,
        suspects: bool,
        packed: Sequence[Rows] | None = None,
    ) -> Committed:
        """Store some entries once each, and number the accepted ones.

        `packed`: their rows, where these were made before.

        With `suspects` some are thought to be stored already, or to be there twice, so identities
        are claimed one by one from the start; without, the batch goes straight in and falls back
        only when it must. DatabaseAway: it is not known whether anything was stored.
        """
        started = time.perf_counter()
        try:
            with translated():
                committed = await self._commit(entries, packed, suspects=suspects)
        except DatabaseAway:
            metrics.commit_failures.inc()
            await self.close()
            raise
        except BaseException:
            await self.close()
            raise
        metrics.commit_seconds.observe(time.perf_counter() - started)
        metrics.commit_rows.observe(len(entries))
        return committed

    async def _commit(
        self, entries: Sequence[Entry], packed: Sequence[Rows] | None, *, suspects: bool
    ) -> Committed:
        connection = await self._connected()
        if packed:
            earliest, latest = min(r.earliest for r in packed), max(r.latest for r in packed)
        else:
            moments = [entry.at for entry in entries]
            earliest, latest = min(moments), max(moments)
        months = {month_of(earliest), month_of(latest)}
        if len(months) > 1:  # there may be some between
            months = {month_of(entry.at) for entry in entries}
        await self._have_months(connection, months)
        for _ in range(3):
            try:
                if not suspects:
                    return await self._commit_new(connection, entries, packed, earliest)
                return await self._commit_suspected(connection, entries, earliest)
            except Taken:
                suspects = True
            except asyncpg.CheckViolationError:  # a month was dropped behind our back
                self._months = set()
                await self._have_months(connection, months)
        raise DatabaseAway("The log's partitions change too fast.", headers={"Retry-After": "2"})

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn, command_seconds=_COMMIT_SECONDS)
            await self._connection.execute(_CONFIRMED)  # acknowledged means durable
        return self._connection

    async def _have_months(self, connection: asyncpg.Connection, months: set[int]) -> None:
        if not months <= self._months:
            self._months = await make_months(connection, months)

    async def _commit_new(
        self,
        connection: asyncpg.Connection,
        entries: Sequence[Entry],
        packed: Sequence[Rows] | None,
        earliest: int,
    ) -> Committed:
        """Put them straight into the keyed tables; Taken when an identity is there already."""
        if at_once.fits(entries):
            try:
                after = await at_once.commit(connection, entries)
            except asyncpg.UniqueViolationError:
                raise Taken from None
            if after is not None:
                self._places.last = after
                return Committed(["accepted"] * len(entries), after - len(entries), after)
        packed = packed or [Rows.of(entries)]
        async with self._places.take(connection, len(entries), earliest) as head:
            files: list[bytearray] = []

            def meanwhile() -> None:
                _number(entries, head.after)
                files.append(copying.events_file(packed, entries[0].seq))

            try:
                await connection.copy_to_table(
                    "event_identity",
                    source=copying.once(copying.identities_file(packed), meanwhile),
                    columns=copying.IDENTITY_COLUMNS,
                    format="binary",
                )
            except asyncpg.UniqueViolationError:
                raise Taken from None
            await _store(connection, entries, files[0], head)
        return Committed(["accepted"] * len(entries), head.after - len(entries), head.after)

    async def _commit_suspected(
        self, connection: asyncpg.Connection, entries: Sequence[Entry], earliest: int
    ) -> Committed:
        """Claim the identities, store what is new, and tell repetition from contradiction."""
        keys = [(entry.lot, UUID(bytes=digest(entry.id.encode()))) for entry in entries]
        bodies = [UUID(bytes=digest(entry.body)) for entry in entries]
        first: dict[tuple[str, UUID], int] = {}
        for at, key in enumerate(keys):
            first.setdefault(key, at)
        async with self._places.take(connection, len(entries), earliest) as head:
            claimed = await connection.fetch(
                _CLAIM,
                [lot for lot, _ in first],
                [key for _, key in first],
                [bodies[at] for at in first.values()],
                [moment(entries[at].at) for at in first.values()],
            )
            new = {(row["lot"], row["digest"]) for row in claimed}
            known = await self._stored(connection, first.keys() - new)
            known |= {key: bodies[first[key]] for key in new}
            outcomes: list[Outcome] = [
                "accepted" if key in new and first[key] == at
                else "duplicate" if known.get(key) == body
                else "conflict"
                for at, (key, body) in enumerate(zip(keys, bodies, strict=True))
            ]  # fmt: skip
            fresh = [e for e, outcome in zip(entries, outcomes, strict=True)
                     if outcome == "accepted"]  # fmt: skip
            if fresh:
                _number(fresh, head.after)
                file = copying.events_file([Rows.of(fresh)], fresh[0].seq)
                await _store(connection, fresh, file, head)
        return Committed(outcomes, head.after - len(entries), head.after)

    @staticmethod
    async def _stored(
        connection: asyncpg.Connection, known: Collection[tuple[str, UUID]]
    ) -> dict[tuple[str, UUID], UUID]:
        """Give the digests of the bodies under which these identities stand in the log."""
        if not known:
            return {}
        rows = await connection.fetch(_STORED, [lot for lot, _ in known], [key for _, key in known])
        return {(row["lot"], row["digest"]): row["body"] for row in rows}


def _number(entries: Sequence[Entry], after: int) -> None:
    for seq, entry in enumerate(entries, after - len(entries) + 1):
        entry.seq = seq


async def _store(
    connection: asyncpg.Connection, entries: Sequence[Entry], file: bytearray, head: Head
) -> None:
    """Copy the rows, note the voids, and take back what was worked up past the late ones."""
    await connection.copy_to_table(
        "event",
        source=copying.once(file),
        columns=copying.EVENT_COLUMNS,
        format="binary",
    )
    touched: dict[str, int] = {}
    voids = [entry for entry in entries if type(entry.event) is Void]
    if voids:
        for lot, at in await _note_voids(connection, voids):
            touched[lot] = min(at, touched.get(lot, at))
    for entry in entries if head.earliest < head.worked_to else ():
        if entry.at < head.worked_to:
            touched[entry.lot] = min(entry.at, touched.get(entry.lot, entry.at))
    if touched:
        await checkpoints.take_back(connection, touched)


async def _note_voids(
    connection: asyncpg.Connection, voids: Sequence[Entry]
) -> list[tuple[str, int]]:
    """Note the voids; gives (lot, moment in us) of those targets that are in the log."""
    lots = [entry.lot for entry in voids]
    targets = [entry.event.event for entry in voids if isinstance(entry.event, Void)]
    await connection.execute(_VOID, lots, targets, [entry.id for entry in voids])
    digests = [UUID(bytes=digest(target.encode())) for target in targets]
    rows = await connection.fetch(_TARGETS, lots, digests)
    return [(row["lot"], micros(row["observed_at"])) for row in rows]
