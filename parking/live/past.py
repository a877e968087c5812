"""The past: what a lot showed at a moment, by the same fold over the log."""

from parking.domain import hours
from parking.domain.numbers import View, view
from parking.domain.timeline import Timeline
from parking.live.turns import Turns
from parking.store import history
from parking.store.database import Database

_AT_ONCE = 4
_MOST_WAITING = 10_000  # all lots at one moment are as many


class Past:
    """Reads moments from the log, a few at a time so that live work goes on."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        self._turns = Turns(_AT_ONCE, _MOST_WAITING)

    async def find_view(self, timeline: Timeline, at: int) -> View | None:
        """Give what a lot showed at `at` (us); None when it was retired. DatabaseAway."""
        layout = timeline.at(at)
        if layout is None:
            return None
        async with self._turns.turn(), self._database.transaction("repeatable_read") as connection:
            state = await history.read_state(connection, timeline, at)
        return view(timeline.id, layout, state, at, hours_open=hours.is_open(layout.lot, at))
