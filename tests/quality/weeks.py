"""Labelled weeks: what the simulator's sensors send, healthy or broken, read and judged.

Cars and sensors are the simulator's; four healthy weeks come first, from which habits are learnt.
The truth of who is broken is the simulator's too, so that findings can be held against it.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from parking.domain.events import Entry, decode
from parking.domain.lots import Lot, Space
from parking.domain.quality.reading import finish, read, sender_of
from parking.domain.quality.reports import WINDOW_DAYS, Duplicates, Report, judge
from parking.domain.quality.sheets import Day, Sheet, open_sheet, seal
from parking.domain.states import LotState
from parking.domain.timeline import Described, Listed, Timeline
from parking.store import states
from sensors_sim.breakdowns import BREAKDOWNS, breaks_at, concerns
from sensors_sim.city import City
from sensors_sim.faults import Channel
from sensors_sim.moments import DAY, HOUR, parse_rfc3339
from sensors_sim.places import Place, list_places
from sensors_sim.wire import Event, pack

_read = states.decoder(LotState).decode
MONDAY = parse_rfc3339("2026-10-05T00:00:00Z")
"""Of the week that is judged; days are UTC's here, for weeks and breakdowns to begin together."""
EVER = -(1 << 60)
Subject = tuple[str, str, str | None]
"""Lot, zone and space; of what is counted as a whole, no space."""


def timeline_of(place: Place) -> Timeline:
    """Give a place as the service knows it, in UTC."""
    description = {**place.description, "timezone": "UTC"}
    lists = [
        Listed(EVER + 1, zone.id, tuple(Space(space) for space in zone.space_ids()))
        for zone in place.zones
        if zone.counting == "spaces"
    ]
    return Timeline(place.id, [Described(EVER, msgspec.convert(description, Lot)), *lists])


def latency(event: Event) -> int:
    """Give how long (us) an event was on its way: 50 ms to some seconds, as radio has it."""
    luck = zlib.crc32(f"{event.lot}/{event.id}".encode()) / 2**32
    wait_us: float = 50_000 * 80**luck
    return round(wait_us)


def entry_of(event: Event, arrived_us: int) -> Entry:
    """Give what the log would hold of an event."""
    decoded = decode(pack(event))
    received = arrived_us + latency(event)
    zone = event.body.get("zone")
    return Entry(event.lot, event.at_us, event.id, zone, decoded, b"", "k", received)


@dataclass
class Reader:
    """One lot: its sheets and state up to some midnight."""

    timeline: Timeline
    sheets: list[Sheet] = field(default_factory=list)
    state: bytes = b""

    def day(self, start: int, entries: Sequence[Entry], repeats: Sequence[Entry]) -> Report:
        """Read a whole day and judge it; gives the report."""
        layout = self.timeline.last_layout
        state = _read(self.state) if self.state else LotState()
        previous = self.sheets[-1] if self.sheets else None
        day = Day(start, start + DAY)
        sheet = open_sheet(day, "UTC", previous, state, layout.zone_of)
        read(sheet, state, entries, self.timeline)
        finish(sheet, day.end)
        senders = Counter(sender_of(again.event, again.zone) for again in repeats)
        again = Duplicates(len(repeats), senders)
        report = judge([*self.sheets[-WINDOW_DAYS:], sheet], state, layout, again)
        seal(sheet)
        self.sheets.append(sheet)
        self.state = states.encode(state)
        return report

    def copy(self) -> "Reader":
        """Give another one that goes on from here."""
        return Reader(self.timeline, list(self.sheets), self.state)


@dataclass
class Judged:
    """A week of some lots: its reports by lot, and what was broken: who, since when."""

    reports: dict[str, list[Report]]
    broken: dict[Subject, str]
    subjects: set[Subject]
    lost: Counter[tuple[str, str, int]]
    """Departures that never arrived, by lot, zone and day."""


def _count_lost(
    lost: Counter[tuple[str, str, int]],
    sent: Sequence[Event],
    arrived: Sequence[tuple[int, Event]],
) -> None:
    """Count the departures that never arrived."""
    came = {(event.lot, event.id) for _, event in arrived}
    for event in sent:
        if event.type == "passage" and event.body["direction"] == "out":
            lost[event.lot, event.body["zone"], event.at_us // DAY] += (
                event.lot,
                event.id,
            ) not in came


class Weeks:
    """Lots after four weeks, and the true events of the week after them.

    `before` are faults of the four weeks, `recounted` has all gate zones counted every Monday.
    """

    def __init__(
        self,
        lots: Sequence[str],
        seed: str,
        before: Mapping[str, float] | None = None,
        *,
        recounted: bool = False,
    ) -> None:
        self.places = list_places(list(lots))
        self.seed = seed
        self._recounted = recounted
        self.lost: Counter[tuple[str, str, int]] = Counter()
        start = MONDAY - WINDOW_DAYS * DAY
        self._city = City(self.places, seed, start)
        self._readers = {place.id: Reader(timeline_of(place)) for place in self.places}
        channel = Channel(before or {}, seed)
        held = [(event.at_us, event) for event in self._city.base()]
        for number in range(WINDOW_DAYS):
            day = start + number * DAY
            events = self._day(day)
            held += channel.deliver(events, None)
            _count_lost(self.lost, events, held)
            self._read(self._readers, day, held)
            held = []
        self._week = [self._day(MONDAY + number * DAY) for number in range(7)]

    def _day(self, day: int) -> list[Event]:
        """Give the true events of a day."""
        events: list[Event] = []
        if self._recounted and (day - MONDAY) % (7 * DAY) == 0:
            events += self._city.advance(day + 20 * HOUR)
            events += self._counted(day + 20 * HOUR)
        return events + self._city.advance(day + DAY)

    def _counted(self, at: int) -> Iterator[Event]:
        for place, truth in zip(self.places, self._city.truths(), strict=True):
            for zone in place.zones:
                if zone.counting == "gates":
                    facts = {
                        "zone": zone.id,
                        "occupied": zone.capacity - truth.classes[zone.class_],
                    }
                    yield Event(place.id, f"count:{zone.id}:{at}", "recount", at, facts)

    @staticmethod
    def _read(
        readers: Mapping[str, Reader], day: int, arrived: Sequence[tuple[int, Event]]
    ) -> dict[str, Report]:
        """Read the events observed in a day; what comes twice counts as a duplicate."""
        found: dict[str, dict[str, Entry]] = {lot: {} for lot in readers}
        repeats: dict[str, list[Entry]] = {lot: [] for lot in readers}
        for at, event in arrived:
            if event.id in found[event.lot]:
                repeats[event.lot].append(found[event.lot][event.id])
            else:
                found[event.lot][event.id] = entry_of(event, at)
        return {
            lot: reader.day(day, list(found[lot].values()), repeats[lot])
            for lot, reader in readers.items()
        }

    def judge(self, rates: Mapping[str, float]) -> Judged:
        """Send the week through a channel with these faults, and judge its days as they ended."""
        channel = Channel(rates, self.seed)
        readers = {lot: reader.copy() for lot, reader in self._readers.items()}
        arrived: list[tuple[int, Event]] = []
        lost = Counter(self.lost)
        for events in self._week:
            came = channel.deliver(events, None)
            _count_lost(lost, events, came)
            arrived += came
        by_day: dict[int, list[tuple[int, Event]]] = {}
        for at, event in arrived:
            by_day.setdefault(event.at_us // DAY * DAY, []).append((at, event))
        reports: dict[str, list[Report]] = {lot: [] for lot in readers}
        for number in range(7):
            day = MONDAY + number * DAY
            for lot, report in self._read(readers, day, by_day.get(day, ())).items():
                reports[lot].append(report)
        return Judged(reports, self._broken(rates), self.subjects, lost)

    @property
    def subjects(self) -> set[Subject]:
        """Everything that is judged: zones (their gateways) and spaces."""
        return {
            (place.id, zone.id, space)
            for place in self.places
            for zone in place.zones
            for space in [None, *(zone.space_ids() if zone.counting == "spaces" else [])]
        }

    def _broken(self, rates: Mapping[str, float]) -> dict[Subject, str]:
        broken: dict[Subject, str] = {}
        zone_of = {(lot, space): zone for lot, zone, space in self.subjects if space is not None}
        for event in (event for events in self._week for event in events):
            for name, rate in rates.items():
                if name not in BREAKDOWNS or not concerns(name, event):
                    continue
                if breaks_at(self.seed, name, event, rate) is not None:
                    space: str | None = event.body.get("space")
                    zone = event.body["zone"] if space is None else zone_of[event.lot, space]
                    broken[event.lot, zone, space] = name
        return broken
