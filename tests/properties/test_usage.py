"""Usage against the oracle: every tally of every stretch of random histories."""

from itertools import groupby, product

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from parking.domain.events import Void
from parking.domain.instants import HOUR, micros, moment
from parking.domain.meter import Meter, Past
from parking.domain.states import LotState
from parking.domain.usage import EXACT, LOWER_BOUND, Hour, Tally, bucket_of, total
from tests import histories, oracle_usage
from tests.histories import NOW
from tests.properties.test_fold import Json, entries_of, slow, timeline_of, voided_by

BYS: tuple[oracle_usage.By, ...] = ("lot", "class", "zone")
HOURS: tuple[oracle_usage.Hours, ...] = ("all", "open")


def measure(history: histories.History, cuts: list[int]) -> list[Hour]:
    """Meter a history over the stretches between cuts, the way the walk does."""
    timeline, entries = timeline_of(history.lot), entries_of(history.events)
    voided = voided_by(entries)
    entries = [e for e in entries if e.id not in voided and not isinstance(e.event, Void)]
    entries.sort(key=lambda entry: (entry.at, entry.id))
    meter = Meter(timeline, Past(LotState(), {}), min([cuts[0], *(e.at for e in entries)]))
    hours: list[Hour] = []
    left = list(cuts)
    for at, group in groupby(entries, key=lambda entry: entry.at):
        while left and left[0] <= at:
            hours.append(meter.cut(left.pop(0)))
        meter.take(at, list(group))
    hours += [meter.cut(cut) for cut in left]
    return hours[1:]  # the first one ends where the first stretch begins


def wanted(
    history: histories.History, hour: Hour, by: oracle_usage.By, opened: oracle_usage.Hours
) -> dict[str, Json]:
    rows = oracle_usage.usage(
        history.lot.timeline,
        history.lot.lists,
        history.events,
        moment(hour.start),
        moment(hour.end),
        by=by,
        hours=opened,
    )
    listed = [rows] if isinstance(rows, dict) else rows
    return {str(row.get(by, "")) if by != "lot" else "": row for row in listed}


@settings(slow, max_examples=150, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data())
def test_every_tally_is_what_the_oracle_says(data: st.DataObject) -> None:
    history = data.draw(histories.histories(max_events=18))
    instants = data.draw(st.lists(histories.instants(history), min_size=2, max_size=4, unique=True))
    cuts = sorted(micros(at) for at in instants)
    for hour in measure(history, cuts):
        for by, opened in product(BYS, HOURS):
            tallies = hour.tallies if opened == "all" else hour.opened
            for name, row in wanted(history, hour, by, opened).items():
                tally = tallies.get((by, name), Tally())  # none of the time it was retired
                assert (tally.capacity, tally.known, tally.occupied) == (
                    row["capacity_us"],
                    row["known_us"],
                    row["occupied_us"],
                )
                assert (tally.span, tally.opened) == (row["span_us"], row["opened_us"])
                assert (tally.full, tally.full_known) == (row["full_us"], row["full_known_us"])
                assert (tally.saturated, tally.saturated_known) == (
                    row["saturated_us"],
                    row["saturated_known_us"],
                )
                assert tally.peak == row["occupancy_peak"]
                flows = (row["arrivals"], row["departures"])
                assert (tally.arrivals, tally.departures) == (flows if tally.flows else (0, 0)), row
                means = {0: None, EXACT: "exact"}.get(tally.flows, "lower_bound")
                assert means == row["arrivals_are"]
                assert (tally.flows & LOWER_BOUND > 0) == (means == "lower_bound")
                stays = sorted(bucket_of(stay) for stay in row["stays_us"])
                told = [b for b, n in sorted(tally.stays.items()) for _ in range(n)]
                assert told == stays


@settings(slow, max_examples=100)
@given(st.data())
def test_stretches_add_up_to_the_longer_one(data: st.DataObject) -> None:
    history = data.draw(histories.histories())
    begin = micros(NOW) - data.draw(st.integers(1, 100)) * HOUR
    cuts = [*range(begin, micros(NOW), HOUR), micros(NOW)]
    [whole] = measure(history, [cuts[0], cuts[-1]])
    parts = measure(history, cuts)
    for scope, tally in whole.tallies.items():
        added = total(part.tallies[scope] for part in parts if scope in part.tallies)
        assert added == tally
    for scope, tally in whole.opened.items():
        assert total(part.opened[scope] for part in parts if scope in part.opened) == tally
