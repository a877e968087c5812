"""Activity counts what was accepted in the last minutes, and tells since when."""

from datetime import UTC, datetime

from parking.domain.events import Entry, Status
from parking.domain.instants import MINUTE, SECOND
from parking.live.activity import MINUTES, Activity

START = 1000 * MINUTE + 20 * SECOND


def entry(lot: str, received_at: int) -> Entry:
    event = Status(lot=lot, observed_at=datetime.fromtimestamp(0, UTC), status="open")
    return Entry(lot, received_at, "a", None, event, b"{}", "key", received_at)


def test_nothing_is_told_before_it_begins() -> None:
    activity = Activity()
    activity.count([entry("a", START)])
    assert activity.read(START) == (START, {})


def test_minutes_fall_out_and_a_new_beginning_forgets() -> None:
    activity = Activity()
    activity.begin(START)
    activity.count([entry("a", START - SECOND)])  # of before, read from the log at the start
    activity.count([entry("a", START), entry("b", START), entry("a", START + 1)])
    assert activity.read(START + SECOND) == (START, {"a": 2, "b": 1})
    later = START + 2 * MINUTE
    activity.count([entry("a", later)])
    assert activity.read(later) == (START, {"a": 3, "b": 1})
    last = (1000 + MINUTES) * MINUTE
    assert activity.read(last) == (1001 * MINUTE, {"a": 1})
    activity.count([entry("c", last)])
    activity.count([entry("b", START + MINUTE)])  # another instance's, long on its way
    assert activity.read(last + SECOND) == (1001 * MINUTE, {"a": 1, "b": 1, "c": 1})
    assert len(activity._minutes) <= MINUTES
    activity.begin(last + MINUTE)
    assert activity.read(last + MINUTE) == (last + MINUTE, {})
