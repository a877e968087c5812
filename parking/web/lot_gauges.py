"""The gauges of lots, in Prometheus' text format, by the thousands.

The library makes an object of each sample and reads it again: of 24,000 lots that takes 2 s, in
which nobody else is answered. Here a lot's lines are written when it shows something new, and kept
until then, in the form that the library has for them (tests/web/test_lot_gauges.py). Labels grow
with the number of lots.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TypeVar

from msgspec import Struct
from prometheus_client.utils import floatToGoString

from parking.domain.instants import SECOND
from parking.domain.numbers import View, ZoneNumbers
from parking.domain.quality.reports import Report
from parking.live.lot import LiveLot
from parking.live.replica import Replica
from parking.live.verdicts import Verdicts

T = TypeVar("T")

_AT_ONCE = 250
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_number: Callable[[float], str] = floatToGoString


class _Lot(Struct, frozen=True, gc=False):
    """The lines of a lot that shows `of`, "" for none.

    Of its age there is what stands before the number, and since when it grows, us. `dark`: how many
    zones nothing is known of, but for those that are counted by a flag.
    """

    of: View
    free: str
    unknown: str
    spaces: str
    capacity: str
    zones: str
    zones_unknown: str
    info: str
    age: str
    heard: int | None
    dark: int


class _Judged(Struct, frozen=True, gc=False):
    """The lines of what was found of a lot by a report, of drift those of all its zones."""

    of: Report
    silent: str
    score: str
    drift: str


W = TypeVar("W", _Lot, _Judged)


async def _written(
    kept: Mapping[str, W], things: Iterable[tuple[str, object, T]], write: Callable[[T], W]
) -> dict[str, W]:
    """Give by lot what is written of (lot, what tells whether it is the same as before, thing).

    `kept` is what was written before. Others have their turn in between.
    """
    found: dict[str, W] = {}
    for number, (lot, of, thing) in enumerate(things, 1):
        before = kept.get(lot)
        found[lot] = write(thing) if before is None or before.of is not of else before
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


class LotGauges:
    """Of each lot that is not retired: its spaces and zones, how it is known, what was found."""

    def __init__(self, replica: Replica, verdicts: Verdicts) -> None:
        """Read `replica`'s board, and what this instance found of the lots if it judges them."""
        self._replica = replica
        self._verdicts = verdicts
        self._lots: dict[str, _Lot] = {}
        self._judged: dict[str, _Judged] = {}

    async def render(self) -> bytes:
        """Give all of them; others have their turn in between."""
        pieces = []
        async for name, text, lines in self._families():
            head = f"# HELP {name} {text}\n# TYPE {name} gauge\n"
            pieces.append("".join([head, *lines]).encode())
            await asyncio.sleep(0)
        return b"".join(pieces)

    async def _families(self) -> AsyncIterator[tuple[str, str, list[str]]]:
        """Give name, description and lines of each gauge."""
        board, now = self._replica.board, self._replica.clock()
        board.refresh(now)
        # whenever anything of a lot has changed, its description too, it gets another view
        shown = ((live.id, live.view, live) for live in list(board.shown()) if live.view)
        self._lots = await _written(self._lots, shown, _write_lot)
        lots = self._lots.values()
        free, unknown = [lot.free for lot in lots], [lot.unknown for lot in lots]
        yield "parking_lot_free", "Free spaces, where known", free
        yield "parking_lot_unknown", "Unknown spaces", unknown
        spaces = [lot.spaces for lot in lots]
        yield "parking_lot_unknown_spaces", "The same as parking_lot_unknown", spaces
        text = "Time since anything of the lot was last observed"
        yield "parking_lot_heard_age_seconds", text, await _ages(lots, now)
        dark = sum(lot.dark for lot in lots)
        text = "Zones of which nothing is known"
        yield "parking_zones_unknown", text, [_sample("parking_zones_unknown", "", dark)]
        yield "parking_lot_capacity", "Spaces", [lot.capacity for lot in lots]
        yield "parking_lot_zones", "Zones", [lot.zones for lot in lots]
        yield "parking_lot_zones_unknown", text, [lot.zones_unknown for lot in lots]
        info = [lot.info for lot in lots]
        yield "parking_lot_info", "What the lot is called, and where it is", info

        reports = self._verdicts.reports
        judged = ((lot, one, (lot, one)) for lot in list(reports) if (one := reports.get(lot)))
        self._judged = await _written(self._judged, judged, _write_judged)
        found = self._judged.values()
        silent, score = [one.silent for one in found], [one.score for one in found]
        text = "Spaces and zones that are not heard"
        yield "parking_lot_silent_sensors", text, silent
        yield "parking_lot_quality_score", "Quality of the running day, 0 to 100", score
        text = "Cars a day by which the level of a gate zone goes wrong, as estimated"
        yield "parking_lot_drift_cars_per_day", text, [one.drift for one in found]


async def _ages(lots: Iterable[_Lot], now: int) -> list[str]:
    lines = []
    for number, lot in enumerate(lots, 1):
        if lot.heard is not None:
            lines.append(f"{lot.age}{_number(max(0, now - lot.heard) / SECOND)}\n")
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return lines


def _sample(name: str, labels: str, value: float) -> str:
    """Write a sample; `labels` in the order of their names, with their braces, or none."""
    return f"{name}{labels} {_number(value)}\n"


def _write_lot(live: LiveLot) -> _Lot:
    view = live.view
    assert view is not None  # noqa: S101 - it is shown
    labels = f'{{lot="{live.id}"}}'
    numbers, zones = view.availability, view.zones
    heard = [zone.heard for zone in live.state.zones.values() if zone.heard is not None]
    return _Lot(
        view,
        "" if numbers.free is None else _sample("parking_lot_free", labels, numbers.free),
        _sample("parking_lot_unknown", labels, numbers.unknown),
        _sample("parking_lot_unknown_spaces", labels, numbers.unknown),
        _sample("parking_lot_capacity", labels, numbers.capacity),
        _sample("parking_lot_zones", labels, len(zones)),
        _sample("parking_lot_zones_unknown", labels, sum(map(_is_unknown, zones))),
        _sample("parking_lot_info", _called(live), 1),
        f"parking_lot_heard_age_seconds{labels} ",
        max(heard, default=None),
        sum(zone.unknown == zone.capacity and zone.counting != "flag" for zone in zones),
    )


def _called(live: LiveLot) -> str:
    lot = live.timeline.last_layout.lot
    zh, en = (lot.name.get(language, "").translate(_ESCAPED) for language in ("zh", "en"))
    return (
        f'{{district="{lot.district or ""}",en="{en}",lot="{live.id}",operator="{lot.operator}",'
        f'zh="{zh}"}}'
    )


def _is_unknown(zone: ZoneNumbers) -> bool:
    if zone.counting == "flag":
        return zone.level == "unknown"
    return zone.unknown == zone.capacity


def _write_judged(of: tuple[str, Report]) -> _Judged:
    """Write what the instance that judges lots found of one; others have nothing to tell."""
    lot, report = of
    labels = f'{{lot="{lot}"}}'
    return _Judged(
        report,
        _sample("parking_lot_silent_sensors", labels, report.silent),
        _sample("parking_lot_quality_score", labels, report.score),
        "".join(
            _sample(
                "parking_lot_drift_cars_per_day",
                f'{{lot="{lot}",zone="{zone.zone}"}}',
                zone.drift.cars_per_day,
            )
            for zone in report.zones
            if zone.drift is not None
        ),
    )
