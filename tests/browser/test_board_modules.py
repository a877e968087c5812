"""The board's pure modules, each by itself: troubles and their order, the last hour, levels."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.test_modules import Modules, modules_in
from tests.service import RunningService

MINUTE = 60_000
NOW = 1_795_000_000_000 + 17_000  # off any whole moment
KNOWN = {"observed_at": "2026-11-25T00:00:00Z", "capacity": 10, "occupied": 4, "free": 6,
         "unknown": 0}  # fmt: skip
SILENT = KNOWN | {"observed_at": None, "occupied": None, "free": None, "unknown": 10}
FLAG = SILENT | {"observed_at": "2026-11-25T00:00:00Z"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def board_modules(browser: Browser, district: RunningService) -> AsyncIterator[Modules]:
    async with modules_in(browser, district, "en") as modules:
        yield modules


def judged(*kinds: str, recounts: int = 0, score: int = 90) -> Any:
    return {"findings": [{"kind": kind} for kind in kinds], "score": score,
            "recounts": [{"zone": "a"}] * recounts}  # fmt: skip


async def test_what_is_wrong_with_a_lot(board_modules: Modules) -> None:
    for availability, quality, wanted in (
        (KNOWN, None, []),
        (KNOWN, judged(), []),
        (FLAG, None, []),
        (SILENT, None, [("unknown", 10)]),
        (KNOWN | {"free": 4, "unknown": 2}, None, [("part", 2)]),
        (
            KNOWN,
            judged("drift", "stuck", "silent", "stuck", recounts=1),
            [("silent", 1), ("stuck", 2), ("drift", 1), ("recount", 1)],
        ),
        (SILENT, judged("of_a_later_version"), [("unknown", 10), ("of_a_later_version", 1)]),
    ):
        run = "m.troublesOf(...v).map(({ kind, n }) => [kind, n])"
        found = await board_modules.run("board/troubles.js", run, availability, quality)
        assert [tuple(one) for one in found] == wanted


async def test_those_in_need_come_first_and_the_well_by_name(board_modules: Modules) -> None:
    lots = {
        "P10": (KNOWN, judged()), "P9": (KNOWN, None), "hint": (KNOWN, judged("drift", score=10)),
        "stuck": (KNOWN, judged("stuck", score=80)), "worse": (KNOWN, judged("stuck", score=20)),
        "dark": (SILENT, None),
    }  # fmt: skip
    given = [[name, *values] for name, values in lots.items()]
    run = """v.map(([name, availability, quality]) =>
      ({ name, quality, troubles: m.troublesOf(availability, quality) }))
      .sort(m.byNeed).map(({ name }) => name)"""
    found = await board_modules.run("board/troubles.js", run, *given)
    assert found == ["dark", "worse", "stuck", "hint", "P9", "P10"]


async def test_sums_never_take_unknown_for_free(board_modules: Modules) -> None:
    run = "m.totals(v.map((availability) => ({ availability, troubles: [] })))"
    assert await board_modules.run("board/troubles.js", run, KNOWN, SILENT, FLAG) == {
        "capacity": 30, "free": 6, "unknown": 20, "lots": 3, "known": 1, "troubled": 0,
    }  # fmt: skip
    assert (await board_modules.run("board/troubles.js", run, SILENT))["free"] is None
    mean = "m.meanScore(v)"
    small = {"availability": KNOWN, "quality": {"score": 100}}
    large = {"availability": KNOWN | {"capacity": 30}, "quality": {"score": 20}}
    none = {"availability": KNOWN, "quality": None}
    assert await board_modules.run("board/troubles.js", mean, small, large, none) == 40
    assert await board_modules.run("board/troubles.js", mean, none) is None


async def test_the_last_hour(board_modules: Modules) -> None:
    moments = await board_modules.run("board/trend.js", "m.momentsOf(v[0])", NOW)
    assert len(moments) == 12
    assert all(at % (5 * MINUTE) == 0 and NOW - 60 * MINUTE < at < NOW for at in moments)
    assert moments == sorted(moments, reverse=True)

    free = {moments[8]: 8, moments[7]: None, moments[1]: 2, moments[0]: 3}
    past = [[at, [["p1", {"free": value, "capacity": 10}]]] for at, value in free.items()]
    hour = "m.hourOf(new Map(v[0].map(([at, l]) => [at, new Map(l)])), v[1], v[2], v[3])"
    found = await board_modules.run("board/trend.js", hour, past, "p1", KNOWN, NOW)
    assert [point["free"] for point in found] == [8, None, 2, 3, 6]
    change = await board_modules.run("board/trend.js", "m.changeOf(v[0])", found)
    assert change["change"] == -2
    assert 40 <= change["minutes"] <= 45
    paths = await board_modules.run("board/trend.js", "m.pathsOf(v[0], 120, 30)", found)
    assert len(paths) == 2, "what is not known is a gap"
    assert paths[0].endswith("h1.5")
    assert paths[1].endswith("L120.0 12.0")
    for alone in ([], [[moments[0], [["p1", {"free": None, "capacity": 10}]]]]):
        found = await board_modules.run("board/trend.js", hour, alone, "p1", KNOWN, NOW)
        assert await board_modules.run("board/trend.js", "m.changeOf(v[0])", found) is None
    found = await board_modules.run("board/trend.js", hour, past, "p1", SILENT, NOW)
    assert await board_modules.run("board/trend.js", "m.changeOf(v[0])", found) is None


async def test_spaces_by_zone_and_level(board_modules: Modules) -> None:
    for label, wanted in (
        ("B1-001", ["B1", "001"]), ("A-2-17", ["A-2", "17"]), ("EV 3", ["EV", "3"]),
        ("17", ["", "17"]), ("-5", ["", "-5"]), ("B1-", ["", "B1-"]),
    ):  # fmt: skip
        assert await board_modules.run("board/spots.js", "m.levelOf(v[0])", label) == wanted
    spaces = [
        {"zone": "g", "space": "x1", "label": "B1-1", "occupied": True},
        {"zone": "g", "space": "x2", "label": "B2-1", "occupied": None},
        {"zone": "g", "space": "B1-2", "label": None, "occupied": False},
        {"zone": "h", "space": "B1-3", "label": None, "occupied": False},
    ]
    run = "m.groupSpots(v).map(({ zone, level, spots, sums }) => [zone, level, spots.length, sums])"
    assert await board_modules.run("board/spots.js", run, *spaces) == [
        ["g", "B1", 2, {"free": 1, "occupied": 1, "unknown": 0}],
        ["g", "B2", 1, {"free": 0, "occupied": 0, "unknown": 1}],
        ["h", "B1", 1, {"free": 1, "occupied": 0, "unknown": 0}],
    ]


async def test_what_the_boards_address_says_is_what_was_shown(board_modules: Modules) -> None:
    shown = {"view": "lots", "lot": "a.b-1", "district": "east", "scope": "all"}
    run = "m.readAddress(m.writeAddress(v[0]))"
    assert await board_modules.run("board/address.js", run, shown) == shown
    assert await board_modules.run("board/address.js", "m.writeAddress(m.DEFAULTS)") == ""
    defaults = await board_modules.run("board/address.js", "m.DEFAULTS")
    for wrong in ("#view=x&scope=y&lot=&district=", "#%%%", ""):
        found = await board_modules.run("board/address.js", "m.readAddress(v[0])", wrong)
        assert found == defaults


async def test_sensors_in_trouble_come_first(board_modules: Modules) -> None:
    sensors = [
        {"zone": "b", "space": space, "sensor": None, "state": state, "findings": findings}
        for space, state, findings in (
            ("s10", "ok", []), ("s9", "ok", []), ("s1", "never_heard", []), ("s2", "silent", []),
            ("s3", "ok", [1]), ("s4", "stuck", [1]),
        )
    ]  # fmt: skip
    run = "m.sortSensors(v).map(({ space }) => space)"
    assert await board_modules.run("board/sensors.js", run, *sensors) == [
        "s2", "s4", "s1", "s3", "s9", "s10",
    ]  # fmt: skip
