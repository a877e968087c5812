"""Without the network: pages open, tell what was last known and how old it is, and come back."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.browser import scene
from tests.browser.conftest import OpenPage
from tests.browser.test_drivers import card
from tests.conftest import PostgresServer
from tests.service import RunningService, running_services

CUT_OFF = "ERR_CONNECTION_REFUSED|ERR_FAILED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|Failed to load"


@pytest.fixture
def own(migrated_server: PostgresServer) -> Iterator[RunningService]:
    """Run a service with the district that the test may stop."""
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    with running_services(migrated_server.url(name)) as (one,):
        scene.set_up(one)
        yield one
    migrated_server.drop_database(name)


async def kept(page: Page) -> None:
    """Wait until all is kept that the page needs without a network."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await page.wait_for_function(
        "async () => (await caches.match('v1/lots?limit=1000')) && (await caches.match('./'))"
    )


async def test_the_page_opens_without_a_network_and_comes_back(
    own: RunningService, open_page: OpenPage
) -> None:
    page = await open_page("/", service=own, service_workers="allow")
    page.watch.expect(CUT_OFF)  # type: ignore[attr-defined]
    await expect(card(page, "p1")).to_contain_text("73 free of 332")
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await page.reload()  # this time by the worker, which keeps what it sees
    await expect(page.locator('.connection[data-state="live"]')).to_be_visible()
    await kept(page)

    own.kill()
    offline = page.locator('.connection[data-state="offline"]')
    await expect(offline).to_contain_text(re.compile(r"Offline: what is shown is from .+ago|just"))
    await page.reload()
    await expect(card(page, "p1")).to_contain_text("73 free of 332")
    await expect(offline).to_contain_text(re.compile(r"Offline: what is shown is from"))

    own.start()
    scene.push(own, scene.recount("p1", "b1", 200, 0))
    await expect(card(page, "p1")).to_contain_text("123 free of 332")
    await expect(page.locator('.connection[data-state="live"]')).to_be_visible()


async def test_a_stream_that_is_held_back_is_replaced_by_asking(
    open_page: OpenPage, district: RunningService
) -> None:
    page = await open_page("/planner")
    held = page.context.route("**/v1/stream*", lambda route: None)  # answered never
    await held
    await page.clock.install()
    await page.goto(district.url + "/")
    await expect(card(page, "p3")).to_contain_text("0 free of 50")
    await page.clock.fast_forward(41_000)
    await expect(page.locator('.connection[data-state="polling"]')).to_be_visible()
    count = {"type": "count", "lot": "p3", "zone": "g"}
    scene.push(district, count | {"free": 30, "observed_at": scene.ago(0)})
    await page.clock.fast_forward(11_000)
    await expect(card(page, "p3")).to_contain_text("30 free of 50")
    scene.push(district, count | {"free": 0, "observed_at": scene.ago(0)})


async def test_no_key_is_kept(open_page: OpenPage, district: RunningService) -> None:
    page = await open_page("/", service_workers="allow")
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await page.reload()
    await expect(card(page, "p1")).to_be_visible()
    ask = """async ([path, key]) => {
      await fetch(path, { headers: { Authorization: `Bearer ${key}` } });
    }"""
    for path in ("v1/lots/p1/sensors", "v1/keys", "v1/lots", "v1/availability?lots=p1"):
        await page.evaluate(ask, [path, district.admin_key])
    listed = """async () => {
      const found = [];
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          found.push([request.url, [...request.headers.keys()].join()]);
        }
      }
      return found;
    }"""
    found = await page.evaluate(listed)
    urls = [url.removeprefix(district.url) for url, _ in found]
    assert {"/", "/board", "/planner"} <= set(urls)
    assert not {"/v1/keys", "/v1/lots/p1/sensors", "/v1/lots", "/v1/availability?lots=p1"} & set(
        urls
    )
    assert all("authorization" not in headers for _, headers in found)
