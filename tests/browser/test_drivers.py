"""The drivers' page: what it shows, and that it follows what happens."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from parking.domain.geo import from_wgs84
from tests.browser.conftest import OpenPage
from tests.browser.paint import measure
from tests.browser.scene import LOTS, MARKUP, ago, call, push, recount
from tests.browser.watching import find_faults
from tests.service import RunningService

AT_P1 = "#lat=34.7602&lon=113.7708"


def card(page: Page, lot: str) -> Locator:
    return page.locator(f"#lot-{lot}")


def pin(page: Page, lot: str) -> Locator:
    return page.locator(f'.pin[title="{LOTS[lot]["name"]["en"]}"]')


async def names(page: Page) -> list[str]:
    return [text.strip() for text in await page.locator(".lot-name").all_inner_texts()]


async def test_numbers_are_shown_and_unknown_is_a_word(open_page: OpenPage) -> None:
    page = await open_page("/")
    await expect(card(page, "p1")).to_contain_text("73 free of 332")
    await expect(card(page, "p1")).to_contain_text("2 more unknown")
    await expect(card(page, "p1")).to_contain_text(re.compile(r"\d+ (second|minute)s? ago"))
    await expect(card(page, "p1").locator(".level")).to_have_text(re.compile("spaces free"))
    await expect(card(page, "p2").locator(".level")).to_have_text(re.compile("nearly full"))
    await expect(card(page, "p3")).to_contain_text("0 free of 50")
    await expect(card(page, "p3").locator(".level")).to_have_text(re.compile("full"))
    for lot in ("p4", "p6", "p7"):
        await expect(card(page, lot)).to_contain_text("free spaces unknown")
        await expect(card(page, lot).locator("strong")).to_have_count(0)
    await expect(card(page, "p4")).to_contain_text(re.compile(r"no data since (.+ )?\d\d:\d\d"))
    await expect(card(page, "p7")).to_contain_text("no data yet")
    await expect(card(page, "p5")).to_contain_text("closed now")
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


async def test_names_full_of_markup_are_text(open_page: OpenPage) -> None:
    page = await open_page("/#lot=p7")
    await expect(card(page, "p7").locator("h3")).to_have_text(MARKUP)
    await expect(card(page, "p7").locator("dd").first).to_have_text(MARKUP)
    await expect(pin_of_markup(page)).to_have_attribute("title", MARKUP)
    await page.get_by_role("combobox", name="Destination").fill("<img")
    await expect(page.locator('.search [role="option"]').first).to_contain_text(MARKUP)
    await page.keyboard.press("Enter")
    await expect(page.locator("#list-title")).to_have_text(f"Near {MARKUP}")
    assert await page.locator('img[src="x"], .lot b, .pin b').count() == 0
    assert await page.title() == "Find parking"


def pin_of_markup(page: Page) -> Locator:
    return page.locator('.pin[title^="<img"]')


async def test_what_happens_is_seen_without_loading_again(
    open_page: OpenPage, district: RunningService
) -> None:
    page = await open_page("/")
    await expect(page.locator('.connection[data-state="live"]')).to_be_visible()
    await page.evaluate("window.here = true")
    push(district, recount("p2", "up", 100, 0))
    await expect(card(page, "p2")).to_contain_text("100 free of 200")
    await expect(pin(page, "p2")).to_have_text("100")
    await expect(pin(page, "p2")).to_have_attribute("data-level", "available")
    push(district, recount("p2", "up", 192, 0))
    await expect(card(page, "p2")).to_contain_text("8 free of 200")
    await expect(pin(page, "p2")).to_have_attribute("data-level", "limited")
    assert await page.evaluate("window.here")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("P2", "East Station P2"), ("dzp2", "East Station P2"), ("xinyi", "East Station P1"),
        ("东站P1", "East Station P1"),
    ],
)  # fmt: skip
async def test_a_place_is_found_by_keyboard(open_page: OpenPage, typed: str, name: str) -> None:
    page = await open_page("/")
    await expect(card(page, "p1")).to_be_visible()
    field = page.get_by_role("combobox", name="Destination")
    await field.fill(typed)
    await expect(page.locator('.search [aria-selected="true"]')).to_contain_text(name)
    await field.press("ArrowDown")
    await field.press("ArrowUp")
    await field.press("Enter")
    await expect(page.locator("#list-title")).to_have_text(f"Near {name}")
    assert (await names(page))[0] == name
    await expect(page.locator(".lot").first).to_contain_text("10 m")
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator("#list-title")).to_have_text("All car parks")


async def test_nothing_found_is_told(open_page: OpenPage) -> None:
    page = await open_page("/")
    await page.get_by_role("combobox", name="Destination").fill("qqq")
    await expect(page.locator(".search-none")).to_have_text("Nothing found")


async def test_a_position_is_given_by_the_device(open_page: OpenPage) -> None:
    page = await open_page(
        "/", geolocation={"latitude": 34.7580, "longitude": 113.7750}, permissions=["geolocation"]
    )
    await page.get_by_role("button", name="Where I am").click()
    await expect(page.locator("#list-title")).to_have_text("Near me")
    assert (await names(page))[0] == "East Station P2"
    await expect(page.locator(".lot").first).to_contain_text("90 m")
    await expect(page.locator(".lot").first).to_contain_text("1 min walk")
    assert "lat" not in page.url, "where somebody is stands in no address"


async def test_no_permission_is_told(open_page: OpenPage) -> None:
    page = await open_page("/", permissions=[])
    await page.get_by_role("button", name="Where I am").click()
    await expect(page.locator(".hint")).to_contain_text("tap the map")


async def test_needs_of_the_car_and_the_driver(open_page: OpenPage) -> None:
    page = await open_page("/" + AT_P1)
    p1 = card(page, "p1")
    await expect(p1).to_contain_text("about ¥8 for 2 hours")
    await page.get_by_label("My stay").select_option("30")
    await expect(p1).to_contain_text("free for 30 minutes")
    await page.get_by_label("My stay").select_option("1440")
    await expect(p1).to_contain_text("about ¥40 for 1 day")
    await expect(card(page, "p3")).to_contain_text("price unknown")
    assert (await names(page))[0] == "East Station P1"

    await page.get_by_label("Car’s height (m)").fill("2.2")
    await expect(p1).to_contain_text("too low: 2.1 m")
    assert (await names(page))[0] == "East Station P2"
    await page.get_by_label("Car’s height (m)").fill("")

    await page.get_by_label("Kind of space").select_option("ev")
    await expect(p1).to_contain_text("EV charging 3 free of 12")
    await expect(card(page, "p2")).to_contain_text("no such spaces")
    assert "class=ev" in page.url
    assert "stay=1440" in page.url


async def test_a_link_shows_the_same_to_somebody_else(open_page: OpenPage) -> None:
    page = await open_page("/", permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("combobox", name="Destination").fill("P2")
    await page.keyboard.press("Enter")
    await page.get_by_label("Kind of space").select_option("general")
    await page.evaluate("delete Navigator.prototype.share")
    await card(page, "p1").get_by_role("button", name="Share").click()
    await expect(page.locator(".hint")).to_have_text("Link copied")
    shared = urlsplit(await page.evaluate("navigator.clipboard.readText()"))
    other = await open_page(f"{shared.path}?from=groupmessage#{shared.fragment}", language="zh")
    await expect(other.locator("#list-title")).to_have_text("East Station P2 附近")
    await expect(card(other, "p1").locator("dl")).to_contain_text("心怡路西广场")
    assert await other.get_by_label("车位类型").input_value() == "general"


async def test_one_tap_navigates_in_the_datum_of_each_app(open_page: OpenPage) -> None:
    page = await open_page("/" + AT_P1 + "&lot=p1")
    await expect(card(page, "p1")).to_be_visible()
    entrance = LOTS["p1"]["entrances"][0]["location"]
    gcj = from_wgs84(entrance["lat"], entrance["lon"], "gcj02")
    bd = from_wgs84(entrance["lat"], entrance["lon"], "bd09")
    links = {}
    for link in await card(page, "p1").get_by_role("link").all():
        url = urlsplit(await link.get_attribute("href") or "")
        assert await link.get_attribute("rel") == "noopener noreferrer"
        links[url.hostname] = {name: value[0] for name, value in parse_qs(url.query).items()}
    assert set(links) == {
        "uri.amap.com", "api.map.baidu.com", "maps.apple.com", "www.google.com",
    }  # fmt: skip
    amap = links["uri.amap.com"]
    assert amap["to"] == f"{gcj[1]:.6f},{gcj[0]:.6f},East Station P1"
    assert amap["coordinate"] == "gaode"
    assert links["api.map.baidu.com"]["location"] == f"{bd[0]:.6f},{bd[1]:.6f}"
    assert links["api.map.baidu.com"]["coord_type"] == "bd09ll"
    assert links["maps.apple.com"]["daddr"] == f"{gcj[0]:.6f},{gcj[1]:.6f}"
    assert links["www.google.com"]["destination"] == f"{gcj[0]:.6f},{gcj[1]:.6f}"


async def test_a_watched_lot_tells_when_it_is_nearly_full_and_where_else(
    open_page: OpenPage, district: RunningService
) -> None:
    page = await open_page("/" + AT_P1, size="phone", permissions=["notifications"])
    await expect(page.locator('.connection[data-state="live"]')).to_be_visible()
    await card(page, "p1").get_by_role("button", name="Watch").click()
    alerts = page.locator(".alerts")
    push(district, recount("p2", "up", 60, 0))
    await expect(card(page, "p2")).to_contain_text("140 free of 200")
    await expect(alerts).to_be_empty()
    push(district, recount("p1", "b1", 315, 0))
    await expect(alerts).to_contain_text("East Station P1 is nearly full: 8 free")
    await expect(alerts).to_contain_text("Take East Station P2: 140 free, 420 m from it")
    assert not await find_faults(page)
    await page.reload()
    await expect(alerts).to_contain_text("East Station P1 is nearly full: 8 free")
    await alerts.get_by_role("button", name="Show").click()
    await expect(card(page, "p2").locator("dl")).to_be_visible()
    await alerts.get_by_role("button", name="Close").click()
    await expect(alerts).to_be_empty()
    push(district, recount("p1", "b1", 250, 0), recount("p2", "up", 192, 0))
    await expect(card(page, "p1")).to_contain_text("73 free of 332")


async def test_lots_come_close_open_and_go(open_page: OpenPage, district: RunningService) -> None:
    page = await open_page("/")
    # whoever asks for a lot in the moment in which it goes is told that it is not there
    page.watch.expect(r"404 .*/v1/lots/p8")  # type: ignore[attr-defined]
    await expect(card(page, "p5")).to_contain_text("closed now")
    status = {"type": "status", "lot": "p5", "observed_at": ago(0)}
    push(district, status | {"status": "open"})
    await expect(card(page, "p5")).to_contain_text("79 free of 90")
    push(district, status | {"status": "closed", "observed_at": ago(0)})
    await expect(card(page, "p5")).to_contain_text("closed now")
    call(district, "PUT", "/v1/lots/p8", LOTS["p3"])
    await expect(card(page, "p8")).to_contain_text("free spaces unknown")
    call(district, "DELETE", "/v1/lots/p8")
    await expect(card(page, "p8")).to_have_count(0)


async def test_descriptions_are_asked_for_again(
    open_page: OpenPage, district: RunningService
) -> None:
    page = await open_page("/planner")  # any page, before the clock is in hand
    await page.clock.install()
    await page.goto(district.url + "/")
    await expect(card(page, "p3")).to_contain_text("Shangding Road")
    await expect(page.locator('.connection[data-state="live"]')).to_be_visible()
    call(district, "PUT", "/v1/lots/p3", LOTS["p3"] | {"name": {"en": "Renamed"}})
    try:
        await page.clock.fast_forward("05:30")
        await expect(card(page, "p3")).to_contain_text("Renamed")
    finally:
        call(district, "PUT", "/v1/lots/p3", LOTS["p3"])


async def test_a_lot_that_stays_undescribed_is_asked_for_ever_less_often(
    open_page: OpenPage, district: RunningService
) -> None:
    """Each time is the whole list for each phone; a service that has too much to do says when."""
    page = await open_page("/planner")  # any page, before the clock is in hand
    page.watch.expect("429")  # type: ignore[attr-defined]
    asked_at_s, refusing, now_s = [0], False, 0

    async def answer(route: Route) -> None:
        asked_at_s.append(now_s)
        if refusing:
            headers = {"Retry-After": "60"}
            await route.fulfill(status=429, headers=headers, json={"title": "Too many"})
            return
        response = await route.fetch()
        told = await response.json()
        without = [lot for lot in told["items"] if lot["id"] != "p3"]
        await route.fulfill(response=response, json=told | {"items": without})

    async def until_asked(times: int) -> int:
        nonlocal now_s
        while len(asked_at_s) <= times:
            assert now_s < 1000
            await page.clock.run_for(1000)
            now_s += 1
        return asked_at_s[times] - asked_at_s[1]

    await page.route("**/v1/lots?*", answer)
    await page.clock.install()
    await page.goto(district.url + "/")
    await expect(card(page, "p1")).to_be_visible()
    await expect(card(page, "p3")).to_have_count(0)
    # 2 s, 4, 8, 16 and 32, each less or more by half
    assert await until_asked(6) >= 31
    refusing = True
    assert -await until_asked(7) + await until_asked(8) >= 45


async def test_the_system_tells_too_where_it_is_allowed(
    open_page: OpenPage, district: RunningService
) -> None:
    page = await open_page("/planner")
    await page.add_init_script(
        """window.told = [];
        window.Notification = class {
          static permission = "granted";
          constructor(title, { body }) { window.told.push(title, body); }
        };
        localStorage.setItem("parking.watches", '["p3"]');"""
    )
    await page.goto(district.url + "/")
    await expect(page.locator(".alerts")).to_contain_text("Shangding Road is full")
    assert await page.evaluate("window.told") == [
        "Shangding Road is full", "Take East Station P1: 73 free, 470 m from it",
    ]  # fmt: skip


async def test_what_is_first_seen_needs_one_round_of_requests(
    browser: Browser, district: RunningService
) -> None:
    """How long it takes is measured by hand: it depends on what else the machine does."""
    _, requests, size = await measure(browser, district.url + "/")
    assert requests <= 1 + 5, "a browser asks for six files at a time"
    assert size < 100_000
