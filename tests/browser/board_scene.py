"""What the board's tests begin with: the district, an hour's past of a lot, and a judged day."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser import scene
from tests.browser.conftest import OpenPage
from tests.conftest import PostgresServer
from tests.service import RunningService, running_services
from tests.web.judged import put, report, stuck


@contextmanager
def judged_district(server: PostgresServer) -> Iterator[RunningService]:
    """Run a service with the district; of the lot p1 a day is judged, of which no later one is."""
    name = server.new_name()
    server.create_database(name)
    with running_services(server.url(name)) as (one,):
        scene.set_up(one)
        scene.push(one, scene.recount("p2", "up", 150, 2400))
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            runner.run(put(server.url(name), "p1", report(tomorrow, stuck("ev", "E-01"))))
        yield one
    server.drop_database(name)


async def sign_in(page: Page, key: str) -> None:
    await page.locator('input[type="password"]').fill(key)
    await page.locator('.sign-in button[type="submit"]').click()
    await expect(page.locator('.connection[data-state="live"]')).to_be_visible()


async def open_board(
    open_page: OpenPage, service: RunningService, fragment: str = "", *, key: str = "", **more: Any
) -> Page:
    """Give the board as the admin sees it, or who has the key."""
    page = await open_page("/board" + fragment, service=service, **more)
    await sign_in(page, key or service.admin_key)
    return page


def tile(page: Page, lot: str) -> Locator:
    return page.locator(f"#lot-{lot}")


def new_key(service: RunningService, role: str, operator: str | None = None) -> Any:
    wish = {"role": role, "operator": operator, "label": f"a {role}"}
    return scene.call(service, "POST", "/v1/keys", wish)


def log(service: RunningService, lot: str, type_: str) -> list[Any]:
    """Give the events of a type in a lot's log, newest first."""
    found = scene.call(service, "GET", f"/v1/lots/{lot}/events?type={type_}")
    items: list[Any] = found["items"]
    return items
