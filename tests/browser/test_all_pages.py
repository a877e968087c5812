"""What holds for every page, in both languages, on a phone and on a desktop."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.watching import find_faults

PAGES = ("/", "/board", "/planner")
TITLES = {
    "/": {"zh": "找车位", "en": "Find parking"},
    "/board": {"zh": "运营看板", "en": "Operators’ board"},
    "/planner": {"zh": "规划分析", "en": "Planner"},
}


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_opens(open_page: OpenPage, path: str, language: str, size: str) -> None:
    page = await open_page(path, language=language, size=size, dark=language == "zh")
    await page.wait_for_load_state("networkidle" if path != "/" else "load")
    title = page.locator("h1")
    await title.wait_for()
    assert await title.inner_text() == TITLES[path][language]
    assert (await page.get_attribute("html", "lang") or "").startswith(language)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(wide), "the page scrolls sideways"
    assert not await find_faults(page)


async def test_the_language_is_switched_and_kept(open_page: OpenPage) -> None:
    page = await open_page("/board", language="en")
    await page.get_by_role("button", name="中文").click()
    title = page.get_by_role("heading", level=1)
    await title.filter(has_text="运营看板").wait_for()
    await page.reload()
    await title.filter(has_text="运营看板").wait_for()
    assert await page.get_attribute("html", "lang") == "zh-CN"


async def test_the_theme_is_switched_and_kept(open_page: OpenPage) -> None:
    page = await open_page("/planner", language="en")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(ground)
    switch = page.get_by_role("button", name="Appearance")
    await switch.click()  # light
    assert await page.evaluate(ground) == light
    await switch.click()
    await expect(page.get_by_role("button", name="Appearance: Dark")).to_be_visible()
    dark = await page.evaluate(ground)
    assert dark != light
    await page.reload()
    await expect(page.get_by_role("button", name="Appearance: Dark")).to_be_visible()
    assert await page.evaluate(ground) == dark
    await switch.click()
    assert await page.evaluate(ground) == light


async def test_the_keyboard_skips_to_the_content(open_page: OpenPage) -> None:
    page = await open_page("/board", language="en")
    await page.get_by_role("heading", level=1).wait_for()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
