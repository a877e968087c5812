"""What can be watched of each lot: in the library's own form, without holding others up."""

import asyncio
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from parking.domain.instants import DAY, rfc3339
from parking.domain.lots import Lot, Position, Zone
from parking.domain.quality.drift import Drift
from parking.domain.quality.findings import Finding
from parking.domain.quality.reports import Report, ZoneReport
from parking.domain.timeline import Described, Timeline
from parking.live.board import Board
from parking.live.replica import Replica
from parking.live.verdicts import Verdicts
from parking.web import lot_gauges
from parking.web.lot_gauges import LotGauges
from tests.entries import NOW, entry
from tests.web.client import Client, Json, ago, zone

ZONES = (
    Zone("c", "general", 1_200_000, "counts", 40 * 86_400),
    Zone("f", "general", 5, "flag", 3600),
    Zone("s", "ev", 3, "flag", 3600),
)


async def test_lots(client: Client) -> None:
    lot = await client.new_lot(
        zone("c", "counts", capacity=10), zone("f", "flag", capacity=5), zone("s", "flag")
    )
    await client.push(
        {"type": "count", "lot": lot, "zone": "c", "observed_at": ago(1), "free": 4},
        {"type": "flag", "lot": lot, "zone": "f", "observed_at": ago(1), "level": "full"},
    )
    text = (await client.ask("GET", "/metrics", key=None)).body.decode()
    assert f'parking_lot_zones{{lot="{lot}"}} 3.0' in text
    assert f'parking_lot_zones_unknown{{lot="{lot}"}} 1.0' in text
    assert f'parking_lot_capacity{{lot="{lot}"}} ' in text
    (info,) = (line for line in text.splitlines() if "parking_lot_info{" in line and lot in line)
    assert all(f'{name}="' in info for name in ("district", "operator", "zh", "en"))
    assert info.endswith(" 1.0")
    # the database is a server's: nothing is known of its disk
    assert "parking_data_disk" not in text
    assert "parking_last_backup" not in text


class AsTheLibraryHasIt(Collector):
    """The same gauges, made by the library of what the board shows."""

    def __init__(self, board: Board, now: int, reports: dict[str, Report]) -> None:
        self._lots, self._now, self._reports = list(board.shown()), now, reports

    def collect(self) -> Iterator[Metric]:
        shown = {live.id: live.view for live in self._lots if live.view is not None}
        numbers = {lot: view.availability for lot, view in shown.items()}
        heard = {
            live.id: [zone.heard for zone in live.state.zones.values() if zone.heard is not None]
            for live in self._lots
        }
        unknown = {lot: [zone.unknown == zone.capacity and zone.counting != "flag"
                         for zone in view.zones] for lot, view in shown.items()}  # fmt: skip
        no_flag = {lot: [zone.level == "unknown" for zone in view.zones]
                   for lot, view in shown.items()}  # fmt: skip
        yield of_lots(
            "parking_lot_free",
            "Free spaces, where known",
            ((lot, one.free) for lot, one in numbers.items()),
        )
        for name, text in (
            ("parking_lot_unknown", "Unknown spaces"),
            ("parking_lot_unknown_spaces", "The same as parking_lot_unknown"),
        ):
            yield of_lots(name, text, ((lot, one.unknown) for lot, one in numbers.items()))
        yield of_lots(
            "parking_lot_heard_age_seconds",
            "Time since anything of the lot was last observed",
            ((lot, (self._now - max(at)) / 1e6 if at else None) for lot, at in heard.items()),
        )
        yield GaugeMetricFamily(
            "parking_zones_unknown",
            "Zones of which nothing is known",
            value=sum(map(sum, unknown.values())),
        )
        yield of_lots(
            "parking_lot_capacity", "Spaces", ((lot, one.capacity) for lot, one in numbers.items())
        )
        yield of_lots(
            "parking_lot_zones", "Zones", ((lot, len(one)) for lot, one in unknown.items())
        )
        yield of_lots(
            "parking_lot_zones_unknown",
            "Zones of which nothing is known",
            ((lot, sum(unknown[lot]) + sum(no_flag[lot])) for lot in shown),
        )
        info = GaugeMetricFamily(
            "parking_lot_info",
            "What the lot is called, and where it is",
            labels=("lot", "district", "operator", "zh", "en"),
        )
        for live in self._lots:
            lot = live.timeline.last_layout.lot
            names = (lot.name.get("zh", ""), lot.name.get("en", ""))
            info.add_metric([live.id, lot.district or "", lot.operator, *names], 1)
        yield info
        yield from self._judged()

    def _judged(self) -> Iterator[Metric]:
        reports = self._reports.items()
        yield of_lots(
            "parking_lot_silent_sensors",
            "Spaces and zones that are not heard",
            ((lot, report.silent) for lot, report in reports),
        )
        yield of_lots(
            "parking_lot_quality_score",
            "Quality of the running day, 0 to 100",
            ((lot, report.score) for lot, report in reports),
        )
        drift = GaugeMetricFamily(
            "parking_lot_drift_cars_per_day",
            "Cars a day by which the level of a gate zone goes wrong, as estimated",
            labels=("lot", "zone"),
        )
        for lot, report in reports:
            for one in report.zones:
                if one.drift is not None:
                    drift.add_metric([lot, one.zone], one.drift.cars_per_day)
        yield drift


def of_lots(name: str, text: str, values: Iterable[tuple[str, float | None]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=("lot",))
    for lot, value in values:
        if value is not None:
            family.add_metric([lot], value)
    return family


def a_board() -> Board:
    """Give a board of lots in all states, with names that the format must quote."""
    board = Board()
    names: list[dict[str, str]] = [
        {"zh": "东站", "en": "East"},
        {"zh": 'a "b"'},
        {"en": "back\\slash\nline"},
        {"fr": "Gare"},
        {"zh": "哑"},
    ]
    for number, name in enumerate(names):
        lot = Lot(
            name=name,
            operator=f"op-{number}",
            kind="surface",
            location=Position(34.76, 113.77),
            timezone="Asia/Shanghai",
            zones=ZONES[number % 2 :],
            district=None if number == 1 else "d.1",
        )
        board.describe(Timeline(f"p{number}", [Described(0, lot)]))
    told: list[Json] = [
        {"lot": "p0", "type": "count", "zone": "c", "free": 4, "observed_at": rfc3339(NOW - 1)},
        {"lot": "p0", "type": "flag", "zone": "f", "level": "full", "observed_at": rfc3339(NOW)},
        {"lot": "p1", "type": "flag", "zone": "s", "level": "full", "observed_at": rfc3339(NOW)},
        {"lot": "p2", "type": "count", "zone": "c", "occupied": 9,
         "observed_at": rfc3339(NOW - 12 * DAY)},
        {"lot": "p4", "type": "count", "zone": "c", "occupied": 9,
         "observed_at": rfc3339(NOW - 41 * DAY)},
    ]  # fmt: skip
    entries = [entry(one) for one in told]
    for seq, one in enumerate(entries, 1):
        one.seq = seq
    board.take(entries, NOW)
    board.refresh(NOW)
    return board


def verdicts_of(board: Board) -> Verdicts:
    """Give what was found of two of them."""
    verdicts = Verdicts()
    for place, lot in enumerate(board.listed[:2]):
        silent = Finding("silent", "c", None, None, None, "never heard")
        drift = Drift(-1.25, -2.0, -0.5, 1, 9) if place else None
        zones = [
            ZoneReport("c", "gates", 9, 1.0, 0, drift),
            ZoneReport("s", "flag", 9, 1.0, 0, None),
        ]
        verdicts.put(lot, Report(0, 1, 1, 90 + place, [], 1, 0, zones, [silent], 1, []))
    return verdicts


def gauges_of(board: Board, verdicts: Verdicts) -> LotGauges:
    replica = SimpleNamespace(board=board, clock=lambda: NOW + 1500)
    return LotGauges(cast("Replica", replica), verdicts)


def as_the_library_writes(board: Board, verdicts: Verdicts) -> str:
    registry = CollectorRegistry()
    registry.register(AsTheLibraryHasIt(board, NOW + 1500, verdicts.reports))
    return generate_latest(registry).decode()


async def test_they_are_to_the_letter_what_the_library_writes() -> None:
    board = a_board()
    for verdicts in (Verdicts(), verdicts_of(board)):
        text = (await gauges_of(board, verdicts).render()).decode()
        assert text == as_the_library_writes(board, verdicts)
    assert 'parking_lot_free{lot="p0"} 4.0\n' in text
    assert 'parking_lot_capacity{lot="p0"} 1.200008e+06\n' in text
    assert 'parking_lot_heard_age_seconds{lot="p2"} 1.0368000015e+06\n' in text
    assert 'zh="a \\"b\\""' in text


async def test_what_changes_is_told_the_next_time() -> None:
    board = a_board()
    verdicts = verdicts_of(board)
    gauges = gauges_of(board, verdicts)

    async def told() -> str:
        text = (await gauges.render()).decode()
        assert text == as_the_library_writes(board, verdicts)
        return text

    seen = [await told()]
    assert await told() == seen[0]
    flag = {"lot": "p3", "type": "flag", "zone": "s", "level": "full", "observed_at": rfc3339(NOW)}
    heard = entry(flag)
    heard.seq = 9
    board.take([heard], NOW)
    board.refresh(NOW)
    seen.append(await told())
    lot = board.find("p1")
    assert lot is not None
    renamed = msgspec.structs.replace(lot.timeline.last_layout.lot, name={"zh": "新"})
    board.describe(Timeline("p1", [Described(0, renamed)]))
    board.refresh(NOW)
    seen.append(await told())
    report = verdicts.reports["p0"]
    verdicts.put("p0", msgspec.structs.replace(report, score=12))
    seen.append(await told())
    verdicts.keep({"p0"})
    seen.append(await told())
    assert len(set(seen)) == 5


async def test_of_no_lots_there_is_nothing() -> None:
    text = (await gauges_of(Board(), Verdicts()).render()).decode()
    assert [line for line in text.splitlines() if line[0] != "#"] == ["parking_zones_unknown 0.0"]


async def test_others_have_their_turn_and_may_retire_a_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lot_gauges, "_AT_ONCE", 1)
    board = a_board()
    rendering = asyncio.create_task(gauges_of(board, Verdicts()).render())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not rendering.done()
    last = board.find("p4")
    assert last is not None
    lot = last.timeline.last_layout.lot
    board.describe(Timeline("p4", [Described(0, lot), Described(NOW, None)]))
    board.refresh(NOW)
    text = await rendering
    assert b'{lot="p3"}' in text
    assert b'lot="p4"' not in text
