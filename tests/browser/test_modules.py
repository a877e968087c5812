"""The pages' pure modules, each by itself: prices, positions, search, words, times, addresses."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from parking.domain.geo import CRSS, distance_m, from_wgs84
from parking.web.site import read_sources
from sensors_sim.places import list_places
from tests.browser.conftest import LOCALES
from tests.browser.scene import TARIFF
from tests.service import RunningService

WORDS = sorted(name for name in read_sources() if name.endswith("words.js"))


class Modules:
    """Calls what modules of the pages export."""

    def __init__(self, page: Page, folder: str) -> None:
        self._page = page
        self._folder = folder

    async def run(self, module: str, expression: str, *values: Any) -> Any:
        """Give what an expression says of the module `m` and the values `v`."""
        script = f"async ([url, v]) => {{ const m = await import(url); return {expression}; }}"
        return await self._page.evaluate(script, [self._folder + module, list(values)])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def in_english(browser: Browser, district: RunningService) -> AsyncIterator[Modules]:
    """Give the modules in one page for all tests: none of them changes anything there."""
    async with modules_in(browser, district, "en") as modules:
        yield modules


@asynccontextmanager
async def modules_in(
    browser: Browser, service: RunningService, language: str
) -> AsyncIterator[Modules]:
    page = await browser.new_page(locale=LOCALES[language], timezone_id="Asia/Shanghai")
    await page.goto(service.url + "/planner")  # any page: its policy lets modules in
    yield Modules(page, f"{service.url}/static/x/")
    await page.close()


@pytest.mark.parametrize("name", WORDS)
async def test_both_languages_have_the_same_words(in_english: Modules, name: str) -> None:
    words = await in_english.run(name, "m.words")
    assert set(words) == {"zh", "en"}
    assert set(words["zh"]) == set(words["en"])
    for key, zh in words["zh"].items():
        en = words["en"][key]
        for word in (zh, *(en.values() if isinstance(en, dict) else [en])):
            assert word.strip()
        holes = [set(_holes(json.dumps(word))) for word in (zh, en)]
        assert holes[0] == holes[1], key


def _holes(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:] if part[0].isalpha()]


@pytest.mark.parametrize(
    ("minutes", "price"),
    [
        (0, 0), (30, 0), (31, 500), (60, 500), (61, 800), (120, 800), (121, 1100),
        (12 * 60, 500 + 11 * 300), (13 * 60, 4000), (1440, 4000), (1441, 4500), (1470, 4500),
        (1501, 4800), (2 * 1440, 8000), (10 * 1440 + 1, 40_500),
    ],
)  # fmt: skip
async def test_what_a_stay_costs(in_english: Modules, minutes: int, price: int) -> None:
    assert await in_english.run("drivers/tariff.js", "m.price(...v)", TARIFF, minutes) == price


async def test_prices_that_tariffs_do_not_tell(in_english: Modules) -> None:
    nothing = {"currency": "CNY", "free_minutes": 0, "steps": [], "then_per_minutes": None,
               "then_price": None, "daily_cap": None}  # fmt: skip
    each = {"then_per_minutes": 30, "then_price": 200}
    step = {"steps": [{"up_to_minutes": 60, "price": 500}]}
    for tariff, minutes, price in (
        (None, 60, None),
        (nothing, 60, None),
        (nothing, 0, 0),
        (nothing | {"free_minutes": 90}, 60, 0),
        (nothing | {"free_minutes": 90}, 91, None),
        (nothing | step, 60, 500),
        (nothing | step, 61, None),
        (nothing | step | {"daily_cap": 900}, 61, None),
        (nothing | each, 1, 200),
        (nothing | each, 31, 400),
        (nothing | each, 3 * 1440, 48 * 3 * 200),
        (nothing | each | {"daily_cap": 900}, 3 * 1440, 2700),
        (nothing | each | {"daily_cap": 0}, 3 * 1440, 0),
    ):
        found = await in_english.run("drivers/tariff.js", "m.price(...v)", tariff, minutes)
        assert found == price, (tariff, minutes)


async def test_positions_are_those_of_the_service(in_english: Modules) -> None:
    """The same to a tenth of a millimetre: in China, in its rim, on its edge, outside."""
    lats = (3.86, 3.87, 22.5, 34.7602, 53.54, 53.55, 60.0, -33.9)
    lons = (73.66, 73.67, 100.1, 113.7708, 135.04, 135.06, 2.3, -70.6)
    given = [{"lat": lat, "lon": lon} for lat, lon in itertools.product(lats, lons)]
    for crs in CRSS:
        moved = await in_english.run("geo.js", "v[0].map((p) => m.fromWgs84(p, v[1]))", given, crs)
        back = await in_english.run("geo.js", "v[0].map((p) => m.toWgs84(p, v[1]))", moved, crs)
        for one, there, again in zip(given, moved, back, strict=True):
            wanted = from_wgs84(one["lat"], one["lon"], crs)
            assert (there["lat"], there["lon"]) == pytest.approx(wanted, abs=1e-9)
            assert (again["lat"], again["lon"]) == pytest.approx(tuple(one.values()), abs=1e-9)
    measure = "v[0].map((p) => m.distanceM(p, { lat: 1, lon: 2 }))"
    metres = await in_english.run("geo.js", measure, given)
    wanted_m = [distance_m(one["lat"], one["lon"], 1, 2) for one in given]
    assert metres == pytest.approx(wanted_m, rel=1e-9)


async def test_outlines_are_convex(in_english: Modules) -> None:
    square = [(0, 0), (0, 1), (1, 1), (1, 0), (0.5, 0.5), (0, 0.5), (0, 0)]
    given = [{"lat": lat, "lon": lon} for lat, lon in square]
    found = await in_english.run("geo.js", "m.hull(v[0])", given)
    assert [(point["lat"], point["lon"]) for point in found] == [(0, 0), (0, 1), (1, 1), (1, 0)]
    for few in ([], given[:1], given[:2], [given[0], given[5], given[1]]):
        assert await in_english.run("geo.js", "m.hull(v[0])", few) == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zzdz", "郑州东站P1停车场（示例）"), ("dzp1", "郑州东站P1停车场（示例）"),
        ("DZ", "郑州东站P2停车楼（示例）"), ("ryh", "如意湖CBD内环北停车场（示例）"),
        ("hzzx", "郑州国际会展中心停车场"), ("kzzx", "郑州国际会展中心停车场"),
        ("cakj", "长安科技园"), ("zajk", "长安健康"), ("ysj", "艺术家"), ("lz", "绿洲"),
    ],
)  # fmt: skip
async def test_initials_are_found(in_english: Modules, typed: str, name: str) -> None:
    expression = "m.matchesInitials(v[0], v[1].toLowerCase())"
    assert await in_english.run("drivers/search.js", expression, name, typed)
    assert not await in_english.run("drivers/search.js", expression, name, typed.lower() + "qq")


async def test_search_finds_by_name_initials_address_district_and_position(
    in_english: Modules,
) -> None:
    lots = [{"id": place.id, **place.description} for place in list_places()]
    first = "m.find(m.placesOf(v[0]), v[1]).map((p) => `${p.kind} ${p.id}`)"
    for typed, wanted in (
        ("东站P2", "lot east-station-p2"),
        ("dzp2", "lot east-station-p2"),
        ("east station p3", "lot east-station-p3"),
        ("商鼎路", "lot east-station-p3"),
        ("east-st", "lot east-station-coach"),
        ("cbd", "lot cbd-inner-north"),
        ("34.76, 113.77", "position 34.76, 113.77"),
        ("34.76，113.77", "position 34.76，113.77"),
    ):
        found = await in_english.run("drivers/search.js", first, lots, typed)
        assert wanted in found, (typed, found)
        assert len(found) <= 8
    district = "m.find(m.placesOf(v[0]), 'east station').find((p) => p.kind === 'district')"
    found = await in_english.run("drivers/search.js", district, lots)
    assert found["location"]["lat"] == pytest.approx(34.7596, abs=0.001)
    for nothing in ("", "   ", "qqq", "95, 200"):
        assert await in_english.run("drivers/search.js", first, lots, nothing) == []


async def test_what_an_address_says_is_what_was_shown(in_english: Modules) -> None:
    shown = {"place": {"lat": 34.7602, "lon": -113.77081, "name": "东站 & <P1>#"}, "class": "ev",
             "height": 2.05, "minutes": 90, "lot": "a.b:c-1"}  # fmt: skip
    there_and_back = "m.readAddress(m.writeAddress(v[0]))"
    found = await in_english.run("drivers/address.js", there_and_back, shown)
    assert found == shown | {"place": shown["place"] | {"from": "link"}}  # type: ignore[operator]
    defaults = await in_english.run("drivers/address.js", "m.DEFAULTS")
    assert await in_english.run("drivers/address.js", "m.writeAddress(m.DEFAULTS)") == ""
    for wrong in ("#lat=91&lon=0", "#lat=x&lon=1", "#class=tank&height=99&stay=-1&lot=", "#%%%"):
        assert await in_english.run("drivers/address.js", "m.readAddress(v[0])", wrong) == defaults


async def test_times_and_numbers_in_words(browser: Browser, district: RunningService) -> None:
    now = 1_795_000_000_000
    words: dict[str, tuple[object, ...]] = {}
    for language in ("en", "zh"):
        async with modules_in(browser, district, language) as modules:
            ages = "[0.4, 40, 61, 3600, 90000].map((s) => m.ago(v[0] - s * 1000, v[0]))"
            words[language] = (
                await modules.run("formats.js", ages, now),
                await modules.run("formats.js", "[m.count(null), m.count(0), m.count(12345)]"),
                await modules.run("formats.js", "[95, 4, 994, 1234, 23456].map(m.distance)"),
                await modules.run("formats.js", "[m.money(800, 'CNY'), m.money(850, 'CNY')]"),
                await modules.run("formats.js", "[m.percent(null), m.percent(0.5)]"),
                await modules.run("formats.js", "[0, 70, 1000].map(m.walkMinutes)"),
                await modules.run(
                    "formats.js", "m.freshness({ observed_at: null }, v[0] - 60e3, v[0])", now
                ),
                await modules.run(
                    "formats.js", "m.freshness({ observed_at: null }, null, v[0])", now
                ),
            )
    assert words["en"] == (
        ["just now", "40 seconds ago", "1 minute ago", "1 hour ago", "1 day ago"],
        ["unknown", "0", "12,345"],
        ["100 m", "10 m", "990 m", "1.2 km", "23 km"],
        ["¥8", "¥8.50"],
        ["unknown", "50%"],
        [1, 1, 16],
        "no data since 19:05",
        "no data yet",
    )
    assert words["zh"] == (
        ["刚刚", "40秒钟前", "1分钟前", "1小时前", "1天前"],
        ["未知", "0", "12,345"],
        ["100米", "10米", "990米", "1.2公里", "23公里"],
        ["¥8", "¥8.50"],
        ["未知", "50%"],
        [1, 1, 16],
        "19:05 以来没有数据",
        "还没有数据",
    )


async def test_the_language_follows_the_browser_and_the_choice(in_english: Modules) -> None:
    for kept, asked, wanted in (
        (None, ["zh-TW", "en"], "zh"), (None, ["fr", "zh-CN"], "zh"), (None, ["fr"], "en"),
        ("en", ["zh"], "en"), ("zh", ["en"], "zh"), ("xx", ["en-US"], "en"), (None, [], "en"),
    ):  # fmt: skip
        assert await in_english.run("i18n.js", "m.firstLanguage(...v)", kept, asked) == wanted


async def test_a_lot_suits_or_not_and_why(in_english: Modules) -> None:
    lot = {"id": "a", "location": {"lat": 1, "lon": 1}, "max_height_m": 2.1, "tariff": None,
           "zones": [{"class": "general"}, {"class": "ev"}]}  # fmt: skip
    numbers = {"capacity": 10, "occupied": 7, "free": 2, "unknown": 1}
    shown = {**numbers, "status": "open", "level": "available", "classes": {"ev": numbers}}
    none = {"capacity": 10, "occupied": None, "free": None, "unknown": 10}
    wish = {"place": None, "class": None, "height": None, "minutes": 60}
    for availability, more, against in (
        (shown, {}, None),
        (shown, {"class": "ev"}, None),
        (shown, {"class": "bus"}, "class"),
        (shown, {"height": 2.1}, None),
        (shown, {"height": 2.11}, "height"),
        (shown | {"status": "closed", "level": "closed"}, {}, "closed"),
        (shown | {"free": 0, "occupied": 9}, {}, "unknown"),
        (shown | {"free": 0, "occupied": 10, "unknown": 0}, {}, "full"),
        (shown | none | {"level": "unknown"}, {}, "unknown"),
        (shown | none | {"level": "full"}, {}, "full"),
        (shown | none | {"level": "limited"}, {}, None),
        (shown | {"classes": {"ev": none}, "level": "unknown"}, {"class": "ev"}, "unknown"),
    ):
        look = "m.look(...v).against"
        found = await in_english.run("drivers/choice.js", look, lot, availability, wish | more)
        assert found == against, (availability, more)
