"""A browser and a district for the tests of the pages, each once a worker.

All tests of this folder run in one event loop, that of the browser. `open_page` gives a page in a
context of its own, watched until the test ends.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser import scene
from tests.browser.chromium import ARGUMENTS, SIZES, find_chromium, lacking, must_not_skip
from tests.browser.watching import Watch
from tests.conftest import PostgresServer
from tests.service import RunningService, running_services

PATIENCE_MS = 20_000
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
OpenPage = Callable[..., Awaitable[Page]]
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the browser's path; without one the tests are skipped, but not in CI."""
    missing = lacking()
    if missing:
        if must_not_skip():
            pytest.fail(missing)
        pytest.skip(missing)
    found = find_chromium()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def district(migrated_server: PostgresServer) -> Iterator[RunningService]:
    """Run the service with the district; tests that tell of a lot put things back as they were."""
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    with running_services(migrated_server.url(name)) as (one,):
        scene.set_up(one)
        yield one
    migrated_server.drop_database(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        one = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield one
        await one.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, district: RunningService) -> AsyncIterator[OpenPage]:
    """Give a function that opens a page, such as `/board`, in a language and size.

    `service` is another than the district's; `hosts` are those that the page may ask beside it;
    what else is given goes to Playwright's `new_context`. Service workers are off unless
    `service_workers="allow"`. The page's `watch` tells what may go wrong.
    """
    opened: list[tuple[Page, Watch]] = []

    async def open_(
        path: str,
        *,
        language: str = "en",
        size: str = "desktop",
        service: RunningService | None = None,
        dark: bool = False,
        hosts: tuple[str, ...] = (),
        **more: object,
    ) -> Page:
        there = service or district
        options: dict[str, object] = {
            "locale": LOCALES[language],
            "timezone_id": "Asia/Shanghai",
            "viewport": SIZES[size],
            "has_touch": size == "phone",
            "is_mobile": size == "phone",
            "color_scheme": "dark" if dark else "light",
            "service_workers": "block",
            **more,
        }
        context = await browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        watch = Watch(context, (there.url, *hosts))
        page = await context.new_page()
        page.watch = watch  # type: ignore[attr-defined]
        opened.append((page, watch))
        await page.goto(there.url + path)
        return page

    yield open_
    for page, _ in opened:
        await page.context.close()
    for _, watch in opened:
        watch.check()
