"""The board's pure modules, each by itself: troubles and their order, the last hour, levels."""

import re
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest_asyncio
from playwright.async_api import Browser

from parking.domain.quality.findings import Finding, Kind
from parking.domain.quality.reports import Why
from parking.web.quality import shown_finding
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def board_modules_zh(browser: Browser, district: RunningService) -> AsyncIterator[Modules]:
    async with modules_in(browser, district, "zh") as modules:
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


def found(
    kind: Kind, *, since: int | None = None, came: float | None = None, **facts: float
) -> Any:
    """Give a finding as it is answered; the words are to be made without its text.

    `came` is the fact `in`, which is no name here.
    """
    if came is not None:
        facts["in"] = came
    return shown_finding(Finding(kind, "z", None, None, since, "in English", facts))


FOUND = [
    (found("silent", silent_s=0.0), "从未收到数据", "never heard"),
    (
        found("silent", since=1, silent_s=9000.0, unheard_s=9000.0),
        "2.5小时没有数据",
        "not heard for 2.5 hours",
    ),
    (
        found("silent", silent_s=7200.0, unheard_s=60.0),
        "当天有2小时没有数据",
        "was silent for 2 hours of the day",
    ),
    (
        found("silent", since=1, unheard_s=96_840.0, usual_s=1200.0),
        "26.9小时没有数据，平时最长间隔20分钟",
        "not heard for 26.9 hours; its longest gap is 20 minutes as a rule",
    ),
    (
        found("stuck", expected_changes=14.4, occupied=0.0, unchanged_s=370_000.0),
        "一直显示空闲，已持续4.3天，期间本应变化约 14 次",
        "free for 4.3 days, in which some 14 changes were to be expected",
    ),
    (
        found("stuck", expected_changes=9.0, occupied=1.0, unchanged_s=3600.0),
        "一直显示占用，已持续60分钟，期间本应变化约 9 次",
        "occupied for 60 minutes, in which some 9 changes were to be expected",
    ),
    (
        found("stuck", reading=54.0, surprise=15.2, unchanged_s=10_800.0),
        "读数 54 已3小时不变，而这些时段平时会变",
        "reports 54 for 3 hours, at hours in which that changes",
    ),
    (
        found("stuck", came=0.0, out=1120.0, expected_changes=21.0, unchanged_s=86_400.0),
        "24小时没有车驶入，期间本应约 21 辆；同期驶出 1,120 辆",
        "no car in for 24 hours, in which some 21 were to be expected; 1,120 went out",
    ),
    (
        found("stuck", came=12.0, out=0.0, expected_changes=21.0, unchanged_s=86_400.0),
        "24小时没有车驶出，期间本应约 21 辆；同期驶入 12 辆",
        "no car out for 24 hours, in which some 21 were to be expected; 12 went in",
    ),
    (
        found("flapping", changes=30.0, flaps=19.0),
        "变化 30 次，其中 19 次在 2 分钟内来回",
        "changed 30 times, 19 of them back and forth within 2 minutes",
    ),
    (
        found("flapping", flaps=7.0, swing=10.0),
        "7 次跳变 10 辆以上又跳回",
        "jumped 7 times by 10 cars or more and back",
    ),
    (
        found("inverted", correlation=-0.853, days=3.0),
        "同区其他车位空时它占用，占用时它空：最近 3 个有变化的日子都这样（相关系数 -0.853）",
        (
            "occupied when the rest of its zone is free and free when that is occupied, on the "
            "last 3 days on which the zone changed (correlation -0.853)"
        ),
    ),
    (
        found("out_of_range", above=50.0, below=7.0, share=0.04),
        "最多超出容量 50 辆，最低为 −7 辆",
        "up to 50 above the capacity and down to 7 below zero",
    ),
    (
        found("out_of_range", above=1.0, below=0.0, share=1.0),
        "最多超出容量 1 辆",
        "up to 1 car above the capacity",
    ),
    (
        found("out_of_range", above=0.0, below=7.0, share=1.0),
        "最低为 −7 辆",
        "down to 7 cars below zero",
    ),
    (
        found("clock_offset", offset_s=-45.0, events=40.0),
        "时钟约快45秒钟",
        "its clock is some 45 seconds ahead",
    ),
    (
        found("clock_offset", offset_s=28_080.0, events=40.0),
        "时钟约慢7.8小时",
        "its clock is some 7.8 hours behind",
    ),
    (
        found("duplicates", duplicates=1440.0, share=0.503),
        "1,440 个事件重复发送，占 50%：发送方是否读取应答？",
        "1,440 events came again, 50% of all: does their sender read its answers?",
    ),
    (
        found("drift", cars_per_day=3.25, low=1.5, high=5.0),
        "每天比实际多算 3.3 辆（1.5 至 5）：漏记驶出",
        "counts 3.3 cars a day too many (1.5 to 5): departures are missed",
    ),
    (
        found("drift", cars_per_day=-1.0, low=-5.0, high=-0.5),
        "每天比实际少算 1 辆（0.5 至 5）：漏记驶入",
        "counts 1 car a day too few (0.5 to 5): arrivals are missed",
    ),
]


async def test_what_was_found_in_words(board_modules: Modules, board_modules_zh: Modules) -> None:
    assert {one["kind"] for one, *_ in FOUND} == set(get_args(Kind))
    findings = [one for one, *_ in FOUND]
    for modules, place in ((board_modules_zh, 1), (board_modules, 2)):
        told = await modules.run("board/findings.js", "v.map(m.findingWords)", *findings)
        assert told == [one[place] for one in FOUND]


async def test_what_only_another_version_can_tell(board_modules: Modules) -> None:
    """The service's own text is shown then."""
    unknown = [
        {**found("silent"), "kind": "of_a_later_version"},
        {**found("silent"), "kind": "constructor"},
        found("stuck", expected_changes=14.0, unchanged_s=90_000.0),
        found("flapping", flaps=7.0),
    ]
    told = await board_modules.run("board/findings.js", "v.map(m.findingWords)", *unknown)
    assert told == [None] * 4
    of_before = {"kind": None, "estimate": 3, "error": None, "counted_at": None}
    run = "v.map((one) => m.recountWords(one, 20))"
    assert await board_modules.run("board/findings.js", run, of_before) == [None]


async def test_why_to_count_in_words(board_modules: Modules, board_modules_zh: Modules) -> None:
    def why(kind: Why, estimate: int | None, error: int | None) -> Any:
        counted_at = None if kind == "uncounted" else "2026-01-01T00:00:00Z"
        return {"kind": kind, "estimate": estimate, "error": error, "counted_at": counted_at}

    asked = [
        why("uncounted", None, None),
        why("impossible", 100, 25),
        why("drift", 140, -12),
        why("overdue", 90, None),
    ]
    assert {one["kind"] for one in asked} == set(get_args(Why))
    run = "v.map((one) => m.recountWords(one, 100))"
    zh = await board_modules_zh.run("board/findings.js", run, *asked)
    assert zh[:3] == [
        "有车进出，但从未盘点过",
        "按进出算有 125 辆，而容量是 100，不可能",
        "按漂移估计，现在已偏差 12 辆",
    ]
    assert re.fullmatch("上次盘点是[0-9,]+天前", zh[3])
    en = await board_modules.run("board/findings.js", run, *asked)
    assert en[:3] == [
        "cars drive in and out, and nobody has counted them",
        "the gates have it at 125 of 100 cars, which cannot be",
        "by its drift the number is 12 cars off by now",
    ]
    assert re.fullmatch("last counted [0-9,]+ days ago", en[3])
