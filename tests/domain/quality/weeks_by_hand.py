"""Small lots whose every event follows from a rule: eight spaces, a system, a pair of gates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from parking.domain.events import Entry, decode
from parking.domain.instants import DAY, HOUR, MINUTE, SECOND, micros, rfc3339
from parking.domain.lots import Lot, Space
from parking.domain.quality.findings import Finding
from parking.domain.quality.reading import finish, read
from parking.domain.quality.reports import Duplicates, Report, judge
from parking.domain.quality.sheets import Sheet, day_of, open_sheet, seal
from parking.domain.states import LotState
from parking.domain.timeline import Described, Listed, Timeline
from tests.by_hand import T

MONDAY = micros(T) // DAY * DAY - 8 * HOUR
"""00:00 in Shanghai on Monday, 2026-11-23."""
SPACES = tuple(f"s{n}" for n in range(8))
Spoil = Callable[[Entry], Iterable[Entry]]


def lot(*zones: tuple[str, str, int], stale_after_s: int = 14_400) -> Timeline:
    """Describe a lot of zones (id, counting, capacity); those of spaces list s0, s1 and so on."""
    described = [
        {
            "id": id_,
            "class": "general",
            "capacity": capacity,
            "counting": counting,
            "stale_after_s": stale_after_s,
        }
        for id_, counting, capacity in zones
    ]
    description = {
        "name": {"en": "P1"},
        "operator": "op",
        "kind": "surface",
        "location": {"lat": 34.7602, "lon": 113.7708},
        "timezone": "Asia/Shanghai",
        "zones": described,
    }
    lists = [
        Listed(-DAY, id_, tuple(Space(space) for space in SPACES[:capacity]))
        for id_, counting, capacity in zones
        if counting == "spaces"
    ]
    return Timeline("p1", [Described(-DAY, msgspec.convert(description, Lot)), *lists])


def entry(type_: str, at: int, delay: int = SECOND, **facts: Any) -> Entry:
    """Make an entry that was received `delay` us after it was observed."""
    name = f"{type_}:{facts.get('space', facts.get('zone', ''))}:{at}:{facts.get('direction', '')}"
    body = {"id": name, "lot": "p1", "type": type_, "observed_at": rfc3339(at), **facts}
    return Entry("p1", at, name, None, decode(msgspec.json.encode(body)), b"", "k", at + delay)


def spaces(day: int) -> Iterator[Entry]:
    """Give a day of eight spaces: five cars each from 8 to 18 o'clock, heartbeats every 3 hours."""
    for number, space in enumerate(SPACES):
        for hour in range(0, 24, 3):
            yield entry("heartbeat", day + hour * HOUR + number * MINUTE, space=space, sensor=space)
        for car in range(5):
            begin = day + (8 + 2 * car) * HOUR + number * 2 * MINUTE
            for at, occupied in ((begin, True), (begin + 100 * MINUTE, False)):
                yield entry("space", at, space=space, occupied=occupied, sensor=space)


def counts(day: int) -> Iterator[Entry]:
    """Give a day of a system that reports every ten minutes: up to noon, down to midnight."""
    for number in range(144):
        occupied = number if number < 72 else 143 - number
        yield entry("count", day + number * 10 * MINUTE, zone="c", occupied=occupied)


def gates(day: int) -> Iterator[Entry]:
    """Give a day of gates: 60 cars come from 7 to 12 o'clock, and go from 14 to 19 o'clock."""
    for hour in range(0, 24, 1):
        yield entry("heartbeat", day + hour * HOUR + 59 * MINUTE, zone="g", sensor="gateway")
    for number in range(60):
        for way, hour in (("in", 7), ("out", 14)):
            at = day + hour * HOUR + number * 5 * MINUTE
            yield entry("passage", at, zone="g", direction=way, sensor=way)


def judged(
    timeline: Timeline,
    days: Sequence[Iterable[Entry]],
    *,
    through: int | None = None,
    duplicates: int = 0,
    repeaters: Mapping[str, int] | None = None,
    last_day: int = MONDAY,
) -> Report:
    """Judge the last of some days that end with `MONDAY`'s or another, at `through` us of it."""
    state, sheets = LotState(), list[Sheet]()
    start = last_day - (len(days) - 1) * DAY
    for number, entries in enumerate(days):
        day = day_of(start + number * DAY, "Asia/Shanghai")
        layout = timeline.last_layout
        previous = sheets[-1] if sheets else None
        sheet = open_sheet(day, "Asia/Shanghai", previous, state, layout.zone_of)
        last = number == len(days) - 1
        until = day.start + through if last and through is not None else day.end
        read(sheet, state, [entry for entry in entries if entry.at < until], timeline)
        finish(sheet, until)
        sheets.append(sheet)
        if not last:
            seal(sheet)
    again = Duplicates(duplicates, repeaters or {})
    return judge(sheets, state, timeline.last_layout, again)


def days_of(
    make: Callable[[int], Iterable[Entry]], number: int = 12, spoil: Spoil | None = None
) -> list[list[Entry]]:
    """Give so many days up to `MONDAY`'s, each entry as `spoil` makes it."""
    starts = [MONDAY - back * DAY for back in range(number - 1, -1, -1)]
    days = [list(make(start)) for start in starts]
    return days if spoil is None else [[s for e in day for s in spoil(e)] for day in days]


def kinds(report: Report) -> list[tuple[str, str | None, str | None]]:
    """List the findings: kind, zone and space."""
    return [(finding.kind, finding.zone, finding.space) for finding in report.findings]


def only(report: Report) -> Finding:
    """Give the one finding there is."""
    (finding,) = report.findings
    return finding
