"""The plainest use of the fold: a whole set of entries, in order of time."""

from collections.abc import Container, Iterable
from operator import attrgetter

from parking.domain.availability import fold
from parking.domain.events import Entry, Void
from parking.domain.states import LotState
from parking.domain.timeline import Timeline


def rebuild(
    state: LotState, entries: Iterable[Entry], voided: Container[str], timeline: Timeline
) -> LotState:
    """Fold a stretch of the log onto a state that holds all that was observed before it."""
    for entry in sorted(entries, key=attrgetter("at", "id")):
        if entry.id not in voided and not isinstance(entry.event, Void):
            assert fold(state, entry, timeline), "in order of time no base is late"
    return state
