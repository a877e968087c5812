"""`make pictures`: the pictures of the pages in docs/pictures, from the running demo.

The demo must run; URL says where. A page adds its pictures to PICTURES: what stands after the
service's address, language, size, and what to wait for and do before the picture is taken. Those of
the planners' page are of four weeks: fill a new service by `sensors-sim city --days 30 --follow`.
"""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Page, async_playwright

from tests.browser.chromium import ARGUMENTS, SIZES, find_chromium
from tests.service import CHECKOUT

FOLDER = CHECKOUT / "docs" / "pictures"
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
Steps = Callable[[Page], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """A picture of a page; `steps` bring it to what is to be seen."""

    name: str
    path: str
    language: str
    size: str
    steps: Steps
    dark: bool = False


async def drawn_map(page: Page) -> None:
    await page.locator(".lot").first.wait_for()
    await page.locator(".pin").first.wait_for()
    await page.locator('.connection[data-state="live"]').wait_for()


def key() -> str:
    """Give the key of the running demo, or of SENSORS_SIM_KEY."""
    given = os.environ.get("SENSORS_SIM_KEY")
    return given or (CHECKOUT / ".data" / "demo-admin-key").read_text().strip()


async def two_weeks(page: Page) -> None:
    """Sign in, and show the figures and what is below them."""
    await page.locator('input[type="password"]').fill(key())
    await page.locator('.sign-in button[type="submit"]').click()
    await page.locator(".view .plot canvas").wait_for(timeout=120_000)
    await page.locator(".figures").evaluate("(one) => one.scrollIntoView()")
    await page.evaluate("scrollBy(0, -150)")


def weeks() -> str:
    """Give the address of the two whole weeks before this one, to be compared."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    monday = today - timedelta(days=today.weekday())
    first, last = monday - timedelta(days=14), monday - timedelta(days=1)
    return f"/planner#from={first}&to={last}&vs=before"


async def signed_in(page: Page) -> None:
    await page.locator('input[type="password"]').fill(key())
    await page.locator('.sign-in button[type="submit"]').click()
    await page.locator('.connection[data-state="live"]').wait_for()


async def whole_board(page: Page) -> None:
    """Wait until all is there: quality, events a minute, and the whole of the last hour."""
    await signed_in(page)
    await page.locator(".tile .trend .line").first.wait_for(state="attached")
    await page.wait_for_function(
        """() => {
          const told = [...document.querySelectorAll(".tile .trend span")];
          const whole = ({ textContent }) => /5\\d|60/.test(textContent);
          const none = ({ textContent }) => /unknown|未知/.test(textContent);
          return told.some(whole) && told.every((one) => whole(one) || none(one));
        }"""
    )
    await page.locator('[data-sum="events"] strong').filter(has_text=NUMBER).wait_for()
    await page.locator('[data-sum="quality"] strong').filter(has_text=NUMBER).wait_for()


async def one_lot(page: Page) -> None:
    await signed_in(page)
    await page.locator(".spots .spot").first.wait_for()
    await page.locator(".log tbody tr").first.wait_for()
    await page.locator(".trend span").filter(has_text=HOUR).wait_for()
    await page.evaluate("scrollTo(0, 0)")


NUMBER = re.compile(r"\d")
HOUR = re.compile(r"5\d|60")
AT_STATION = "/#lat=34.7602&lon=113.7708&name="
PICTURES = (
    Picture("drivers-phone.zh-CN", AT_STATION + "郑州东站", "zh", "phone", drawn_map),
    Picture("drivers-phone", AT_STATION + "East+Station", "en", "phone", drawn_map),
    Picture(
        "drivers-desktop.zh-CN",
        AT_STATION + "郑州东站&lot=east-station-p1",
        "zh",
        "desktop",
        drawn_map,
    ),
    Picture(
        "drivers-desktop",
        AT_STATION + "East+Station&lot=east-station-p1",
        "en",
        "desktop",
        drawn_map,
        dark=True,
    ),
    Picture("planner-desktop", weeks(), "en", "desktop", two_weeks),
    Picture("planner-desktop.zh-CN", weeks(), "zh", "desktop", two_weeks),
    Picture("planner-phone", weeks(), "en", "phone", two_weeks, dark=True),
    Picture("planner-phone.zh-CN", weeks(), "zh", "phone", two_weeks, dark=True),
    Picture("board-wall", "/board", "en", "wall", whole_board, dark=True),
    Picture("board-wall.zh-CN", "/board", "zh", "wall", whole_board, dark=True),
    Picture("board-lot", "/board#lot=east-station-p1", "en", "desktop", one_lot),
    Picture("board-lot.zh-CN", "/board#lot=east-station-p1", "zh", "desktop", one_lot),
)


async def take(url: str, wanted: list[str]) -> None:
    """Take the pictures whose names begin with one of those wanted; all when none is named."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=list(ARGUMENTS)
        )
        for picture in PICTURES:
            if wanted and not picture.name.startswith(tuple(wanted)):
                continue
            page = await browser.new_page(
                locale=LOCALES[picture.language],
                timezone_id="Asia/Shanghai",
                viewport=SIZES[picture.size],  # type: ignore[arg-type]
                color_scheme="dark" if picture.dark else "light",
            )
            await page.goto(url + picture.path)
            await picture.steps(page)
            await page.screenshot(path=FOLDER / f"{picture.name}.png", animations="disabled")
            await page.close()
            print(FOLDER / f"{picture.name}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(take(os.environ.get("URL", "http://127.0.0.1:8080"), sys.argv[1:]))
