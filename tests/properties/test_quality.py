"""Quality on random histories: it never fails, and only the set of events matters."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.domain.availability import settle
from parking.domain.events import Entry, Void
from parking.domain.instants import DAY, micros
from parking.domain.quality.reading import finish, read
from parking.domain.quality.reports import Duplicates, Report, judge
from parking.domain.quality.sheets import Sheet, day_of, open_sheet, seal
from parking.domain.states import LotState
from parking.domain.timeline import Timeline
from parking.store import quality, states
from tests import histories
from tests.histories import NOW, History
from tests.properties.test_fold import entries_of, slow, timeline_of, voided_by

SHANGHAI = "Asia/Shanghai"
few = settings(slow, max_examples=60)


def worked_up(
    timeline: Timeline, entries: list[Entry], chance: random.Random | None = None
) -> tuple[list[Sheet], list[Report]]:
    """Judge all days up to `NOW`, each as it is and, with `chance`, cut into random pieces."""
    state, sheets, reports = LotState(), list[Sheet](), list[Report]()
    now = micros(NOW)
    for back in range(6, -1, -1):
        day = day_of(now - back * DAY, SHANGHAI)
        until = min(day.end, now)
        layout = timeline.at(until - 1) or timeline.last_layout
        sheet = open_sheet(day, SHANGHAI, sheets[-1] if sheets else None, state, layout.zone_of)
        cuts = [chance.randrange(day.start, until) for _ in range(3)] if chance else []
        for begin, end in zip([day.start, *sorted(cuts)], [*sorted(cuts), until], strict=True):
            piece = [entry for entry in entries if begin <= entry.at < end]
            if chance is not None:
                chance.shuffle(piece)
                state = states.decoder(LotState).decode(states.encode(state))
                sheet = quality.decode(quality.encode(sheet))
            read(sheet, state, piece, timeline)
            finish(sheet, end)
        sheets.append(sheet)
        reports.append(judge(sheets, settle(state), layout, Duplicates()))
        seal(sheet)
    return sheets, reports


def counting(history: History) -> list[Entry]:
    entries = entries_of(history.events)
    voided = voided_by(entries)
    return [
        msgspec.structs.replace(entry, received_at=entry.at + 1_000_000)
        for entry in entries
        if entry.id not in voided and not isinstance(entry.event, Void)
    ]


@few
@given(histories.histories(max_events=60), st.randoms(use_true_random=False))
def test_only_the_set_of_events_matters(history: History, chance: random.Random) -> None:
    timeline, entries = timeline_of(history.lot), counting(history)
    assert worked_up(timeline, entries) == worked_up(timeline, entries, chance)


@few
@given(histories.histories(max_events=60))
def test_no_history_is_too_odd(history: History) -> None:
    timeline, entries = timeline_of(history.lot), counting(history)
    for report in worked_up(timeline, entries)[1]:
        assert 0 <= report.score <= 100
        assert report.findings_total >= len(report.findings)
        for zone in report.zones:
            assert 0 <= zone.trusted <= 1
            assert (
                zone.drift is None or zone.drift.low <= zone.drift.cars_per_day <= zone.drift.high
            )
        for recount in report.recounts:
            capacity = next(zone.capacity for zone in report.zones if zone.zone == recount.zone)
            assert recount.estimate is None or 0 <= recount.estimate <= capacity
        taken = sum(reason.points for reason in report.reasons)
        assert taken >= 100 - report.score - 1
        assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
