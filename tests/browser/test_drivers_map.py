"""The drivers' map: what is drawn where, with tiles of each datum, and none at all."""

import math
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from parking.domain.geo import from_wgs84
from tests.browser import scene
from tests.browser.conftest import OpenPage
from tests.browser.test_drivers import card, pin
from tests.conftest import PostgresServer
from tests.service import RunningService, free_port, running_services

TILE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63b8f3e9ff7f00099c03d1f1f3a55c0000000049454e44ae426082"
)
PLACE = (34.7602, 113.7708)
PREFIX = "/city/parking"


async def test_a_tap_on_the_map_is_where_one_goes(open_page: OpenPage) -> None:
    page = await open_page("/", size="phone")
    await expect(pin(page, "p5")).to_be_visible()
    await page.locator(".map-ground").click(position={"x": 60, "y": 200})
    await expect(page.locator("#list-title")).to_have_text("Near the point on the map")
    await expect(page.locator(".here")).to_be_visible()
    assert re.search(r"#lat=34\.\d{5}&lon=113\.\d{5}", page.url)


async def test_a_pin_opens_its_lot(open_page: OpenPage) -> None:
    page = await open_page("/")
    await pin(page, "p4").dispatch_event("click")
    await expect(card(page, "p4").locator("dl")).to_be_visible()
    assert "lot=p4" in page.url


async def test_districts_are_outlined_by_their_lots(open_page: OpenPage) -> None:
    page = await open_page("/")
    await expect(page.locator("path.district")).to_have_count(2)
    assert await page.locator("img").count() == 0


async def test_all_works_without_a_map(open_page: OpenPage) -> None:
    page = await open_page("/planner", size="phone")
    page.watch.expect("leaflet.js")  # type: ignore[attr-defined]
    await page.context.route("**/leaflet.js", lambda route: route.abort())
    await page.goto(page.url.replace("/planner", "/"))
    await expect(page.locator(".map")).to_contain_text("the list works all the same")
    await page.get_by_role("combobox", name="Destination").fill("P2")
    await page.keyboard.press("Enter")
    await expect(page.locator(".lot").first).to_contain_text("East Station P2")
    await page.get_by_role("button", name="Hide the map").click()
    await expect(page.locator(".map")).to_have_count(0)


@asynccontextmanager
async def tiles(port: int) -> AsyncIterator[None]:
    """Serve the same tile for all, on another host than the service: another port is one."""

    async def give(request: web.Request) -> web.Response:
        return web.Response(body=TILE, content_type="image/png")

    app = web.Application()
    app.router.add_get("/{z}/{x}/{y}.png", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
def tiled(migrated_server: PostgresServer) -> Iterator[RunningService]:
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    settings = {
        "PARKING_TILES_URL": f"http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}.png",
        "PARKING_TILES_CRS": "gcj02",
        "PARKING_TILES_ATTRIBUTION": "© <b>maps</b>",
        "PARKING_PATH_PREFIX": PREFIX,
    }
    with running_services(migrated_server.url(name), 1, **settings) as (one,):
        one.tiles_port = int(settings["PARKING_TILES_URL"].split(":")[2].split("/")[0])  # type: ignore[attr-defined]
        scene.set_up(one)
        yield one
    migrated_server.drop_database(name)


async def test_lots_stand_where_they_are_on_tiles_of_another_datum(
    tiled: RunningService, open_page: OpenPage
) -> None:
    port: int = tiled.tiles_port  # type: ignore[attr-defined]
    async with tiles(port):
        page = await open_page(
            PREFIX + "#lot=p1", service=tiled, hosts=(f"http://127.0.0.1:{port}/",)
        )
        await expect(page.locator('.connection[data-state="live"]')).to_be_visible()
        assert page.url == f"{tiled.url}{PREFIX}/#lot=p1"
        asked = [url for url in page.watch.requests if url.startswith(tiled.url)]  # type: ignore[attr-defined]
        assert all(url.startswith(tiled.url + PREFIX) for url in asked), "below the prefix"
        await expect(page.locator("img.leaflet-tile-loaded").first).to_be_attached()
        await expect(page.locator(".attribution")).to_have_text("© <b>maps</b>")
        await expect(page.locator("path.district")).to_have_count(0)
        away = await off_by(page, from_wgs84(*PLACE, "gcj02"))
        assert away < 1.5, "pixels"
        assert await off_by(page, PLACE) > 3, "the datum makes a difference"


async def off_by(page: Page, position: tuple[float, float]) -> float:
    """Give how far P1's pin is from where its tile has a position, pixels."""
    found = await page.evaluate(
        """() => {
          const middle = (box) => [box.x + box.width / 2, box.y + box.height / 2];
          const tile = document.querySelector("img.leaflet-tile-loaded");
          const { x, y, width } = tile.getBoundingClientRect();
          const pin = document.querySelector('.pin[title="East Station P1"]');
          return [tile.src, x, y, width, ...middle(pin.getBoundingClientRect())];
        }"""
    )
    source, left, top, width, x, y = found
    zoom, column, row = (int(part) for part in re.findall(r"\d+", source.split("/", 3)[3]))
    lat, lon = position
    tiles_across = 2**zoom
    to_x = (lon + 180) / 360 * tiles_across
    to_y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * tiles_across
    return math.hypot(left + (to_x - column) * width - x, top + (to_y - row) * width - y)
