"""The log's head: its one row, locked by whoever writes until the commit, hands out the places."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg

from parking.domain.instants import micros
from parking.errors import DatabaseAway
from parking.store.database import transaction_with

_ADVANCE = "UPDATE log_head SET seq = seq + $1 RETURNING seq, worked_to, retained_from"
# The same in one round trip with BEGIN, where no other instance wrote since and nothing is late.
_MOVE = """
UPDATE log_head SET seq = seq + {number}
WHERE seq = {last} AND greatest(worked_to, retained_from)
    <= 'epoch'::timestamptz + {earliest} * '1 us'::interval
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The log's head, locked: the place after a batch, and up to when lots are worked up, us.

    `earliest`: the first moment in the batch, us. Where nothing in it is late, `worked_to` is that.
    """

    after: int
    worked_to: int
    earliest: int


class Places:
    """Takes places in the log for the batches of one writer."""

    def __init__(self) -> None:
        """Know nothing of the log."""
        self.last = -1
        """The place after this writer's last commit; that others wrote since only costs time."""

    @contextlib.asynccontextmanager
    async def take(
        self, connection: asyncpg.Connection, number: int, earliest: int
    ) -> AsyncIterator[Head]:
        """Run a transaction that holds the head and has places for so many entries.

        `earliest` is the first moment of these, us. DatabaseAway: part of it is dropped by now.
        """
        move = _MOVE.format(number=number, last=self.last, earliest=earliest)
        async with transaction_with(connection, move) as moved:
            if moved == "UPDATE 1":
                head = Head(self.last + number, earliest, earliest)
            else:
                row = await connection.fetchrow(_ADVANCE, number)
                if earliest < micros(row["retained_from"]):
                    dropped = "Old months were just dropped."
                    raise DatabaseAway(dropped, headers={"Retry-After": "1"})
                head = Head(row["seq"], micros(row["worked_to"]), earliest)
            yield head
        self.last = head.after
