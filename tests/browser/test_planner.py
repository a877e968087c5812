"""The planners' page: its numbers are the service's, and it says how much of them is known."""

import csv
import io
import math
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser import past
from tests.browser.conftest import OpenPage
from tests.browser.scene import MARKUP, Json, call
from tests.browser.watching import find_faults
from tests.conftest import PostgresServer
from tests.service import RunningService, running_services

EAST = "district=east"
DAY_S = 86_400


@pytest.fixture(scope="session")
def planned(migrated_server: PostgresServer) -> Iterator[RunningService]:
    """Run a service that was told of three weeks."""
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    with running_services(migrated_server.url(name)) as (one,):
        past.set_up(one)
        yield one
    migrated_server.drop_database(name)


@pytest.fixture(scope="session")
def planner_key(planned: RunningService) -> str:
    return past.new_key(planned, "planner")


def link(*more: str, weeks_ago: int = 1) -> str:
    first, last = past.period(weeks_ago)
    return "/planner#" + "&".join([f"from={first}", f"to={last}", *more])


async def signed_in(page: Page, key: str) -> None:
    """Sign in, and wait for the figures."""
    await page.locator("#key").fill(key)
    await page.locator('.sign-in button[type="submit"]').click()
    await shown(page)


async def shown(page: Page) -> None:
    """Wait until what is wished for is shown."""
    await expect(page.locator('.view[aria-busy="false"]')).to_be_visible()
    await expect(page.locator('.planner > [role="status"]')).not_to_contain_text(
        re.compile("Loading|正在")
    )


def total(rows: list[Json], name: str) -> float:
    return float(sum(row[name] for row in rows))


def hundredths(share: float) -> int:
    """Round as the page does: halves up."""
    return math.floor(100 * share + 0.5 + 1e-9)


def whole(share: float) -> str:
    return f"{hundredths(share)}%"


@asynccontextmanager
async def downloaded(page: Page, button: str) -> AsyncIterator[dict[str, Any]]:
    """Give what a button has the browser save: its name and content."""
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=button).click()
    file = await coming.value
    path = await file.path()
    yield {"name": file.suggested_filename, "body": path.read_bytes()}


# -- who may see it ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_planner_signs_in_and_sees_it(
    open_page: OpenPage, planned: RunningService, planner_key: str, language: str, size: str
) -> None:
    page = await open_page(
        link("vs=before"), language=language, size=size, service=planned, dark=size == "phone"
    )
    assert not await find_faults(page)
    await signed_in(page, planner_key)
    await expect(page.locator(".heat tbody td")).to_have_count(168)
    await expect(page.locator(".heat tbody tr")).to_have_count(24 if size == "phone" else 7)
    await expect(page.locator(".plot canvas")).to_be_visible()
    word = {"zh": "未知", "en": "unknown"}[language]
    nothing = page.locator('[data-lot="e-markup"]')
    await expect(nothing.locator(".own")).to_have_text([word] * 6)
    await expect(nothing).to_contain_text({"zh": "仅知 0%", "en": "only 0% known"}[language])
    name = {"zh": "东站P2停车楼", "en": "East Station P2"}[language]
    await expect(page.locator("[data-lot]").first.locator("th")).to_have_text(name)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(wide), "the page scrolls sideways"
    assert not await find_faults(page)


async def test_a_key_must_hold(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page("/planner", service=planned)
    page.watch.expect("401")  # type: ignore[attr-defined]
    for wrong in ("nonsense", "中文", "a b"):
        await page.locator("#key").fill(wrong)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text(re.compile("not valid"))
    await signed_in(page, planner_key)
    kept = "JSON.stringify([Object.entries(localStorage), document.cookie, location.href])"
    assert planner_key not in await page.evaluate(kept)
    assert planner_key in await page.evaluate("JSON.stringify(Object.entries(sessionStorage))")
    await page.reload()
    await shown(page)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("#key")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0
    assert await page.locator(".figures").count() == 0


async def test_a_key_that_is_revoked_signs_out(
    open_page: OpenPage, planned: RunningService
) -> None:
    made = call(planned, "POST", "/v1/keys", {"role": "planner", "label": "short"})
    page = await open_page(link(EAST), service=planned)
    await signed_in(page, made["key"])
    page.watch.expect("401")  # type: ignore[attr-defined]
    call(planned, "DELETE", f"/v1/keys/{made['id']}")
    await page.get_by_role("button", name="Last 7 days").click()
    await expect(page.locator("#key")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("no longer valid")


async def test_an_operator_sees_its_own_lots(open_page: OpenPage, planned: RunningService) -> None:
    page = await open_page(link(), service=planned)
    await signed_in(page, past.new_key(planned, "operator", "other-parking"))
    await expect(page.locator("[data-lot]")).to_have_count(1)
    await expect(page.locator('[data-lot="f-berlin"]')).to_be_visible()
    await page.get_by_text("Car parks: All car parks").click()
    await expect(page.locator(".picker li")).to_have_text([re.compile("Berlin")])


# -- numbers -------------------------------------------------------------------------------------


async def test_figures_are_those_of_the_rows(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link(EAST), service=planned)
    await signed_in(page, planner_key)
    rows = past.usage(planned, *past.period(), bucket="week", district="east")
    assert [row["lot"] for row in rows] == ["a-gates", "b-counts", "c-gaps"]
    known, occupied = total(rows, "known_s"), total(rows, "occupied_s")
    capacity, departures = total(rows, "capacity_s"), total(rows, "departures")
    assert departures > 0
    figure = {
        name: page.locator(f'.figure[data-name="{name}"]')
        for name in ("occupancy", "peak", "arrivals", "turnover", "stay", "full")
    }
    coverage = f"{whole(known / capacity)} known"
    for name, wanted in (
        ("occupancy", whole(occupied / known)),
        ("peak", whole(max(row["occupancy_peak"] for row in rows))),
        ("arrivals", f"≥ {total(rows, 'arrivals'):,.0f}"),
        ("turnover", f"{departures * DAY_S / capacity:.2f}"),
    ):
        await expect(figure[name].locator(".value")).to_have_text(wanted)
        await expect(figure[name].locator(".known")).to_have_text(coverage)
    minutes = round(occupied / 60 / departures)
    stay = f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    await expect(figure["stay"].locator(".value")).to_have_text(stay)
    full = round(total(rows, "full_minutes") / 60)
    assert full == 84, "seven days, twelve hours each"
    await expect(figure["full"].locator(".value")).to_have_text(f"{full} h")
    # each has as much time as the others
    share = sum(row["full_coverage"] for row in rows) / len(rows)
    await expect(figure["full"].locator(".known")).to_have_text(f"{whole(share)} known")


async def test_the_ranking_is_by_what_is_known(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link(), service=planned)
    await signed_in(page, planner_key)
    rows = {
        row["lot"]: row
        for row in past.usage(planned, *past.period(), bucket="week")
        if row["lot"] != "f-berlin"  # its week is another
    }
    for lot, row in rows.items():
        cell = page.locator(f'[data-lot="{lot}"]')
        mean = row["occupancy_mean"]
        own = cell.locator('[data-name="occupancy"] .own')
        await expect(own).to_have_text("unknown" if mean is None else whole(mean))
        only = "⚠ only " if row["low_coverage"] else ""
        known = f"{only}{whole(row['coverage'])} known"
        await expect(cell.locator(".known").first).to_have_text(known)
    order = await page.locator("[data-lot]").evaluate_all("(all) => all.map((r) => r.dataset.lot)")
    assert order == ["b-counts", "d-spaces", "a-gates", "f-berlin", "c-gaps", "e-markup"]
    ranks = await page.locator("[data-lot] td:first-child").all_inner_texts()
    assert [rank[0] for rank in ranks] == ["1", "2", "3", "4", "–", "–"]
    median = rows["d-spaces"]["dwell_p50_min"]
    assert median == pytest.approx(60, rel=0.05)
    stay = page.locator('[data-lot="d-spaces"] [data-name="stay"]')
    await expect(stay).to_contain_text(re.compile(r"median (59|60|1 h)"))
    await page.locator('[name="sort"]').select_option("arrivals")
    await expect(page.locator("[data-lot]").first).to_have_attribute("data-lot", "b-counts")
    await expect(page).to_have_url(re.compile("sort=arrivals"))


async def test_hours_of_the_week_are_those_of_the_rows(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link(EAST), service=planned)
    await signed_in(page, planner_key)
    rows = past.usage(
        planned, *past.period(), bucket="hour_of_week", by="district", district="east"
    )
    assert len(rows) == 168
    cells = page.locator(".heat tbody td")
    found = dict(
        await cells.evaluate_all("(all) => all.map((c) => [c.dataset.hour, c.textContent.trim()])")
    )
    for row in rows:
        known = f"{whole(row['coverage'])} known"
        text = found[str(row["hour_of_week"])]
        assert text.startswith(str(hundredths(row["occupancy_mean"]))), row
        assert text.endswith(known) or not 0.005 < row["coverage"] < 0.985, (text, row)
    await page.locator('[name="cells"]').select_option("coverage")
    await expect(cells.first).to_contain_text(str(int(100 * rows[0]["coverage"])))
    await expect(page).to_have_url(re.compile("cells=coverage"))


async def test_two_calendars_have_each_their_own_days(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link("lots=a-gates,f-berlin"), service=planned)
    await signed_in(page, planner_key)
    first, last = past.period()
    asked = [url for url in page.watch.requests if "/v1/usage?" in url and "by=lot" in url]  # type: ignore[attr-defined]
    assert any(
        f"from={first}T00%3A00%3A00%2B08%3A00" in url and "lots=a-gates" in url for url in asked
    )
    assert any(
        re.search(rf"from={first}T00%3A00%3A00%2B0[12]%3A00&to=\S+lots=f-berlin", url)
        for url in asked
    )
    await page.get_by_text("As a table").click()
    table = page.locator("details table tbody tr")
    await expect(table).to_have_count(7)
    assert last in page.url


async def test_two_periods_are_compared(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link("lots=b-counts"), service=planned)
    await signed_in(page, planner_key)
    await page.locator('[name="vs"]').select_option("before")
    versus = page.locator('.figure[data-name="occupancy"] .versus')
    (now,) = past.usage(planned, *past.period(1), bucket="week", lots="b-counts")
    (then,) = past.usage(planned, *past.period(2), bucket="week", lots="b-counts")
    points = 100 * (now["occupancy_mean"] - then["occupancy_mean"])
    assert points > 5
    await expect(versus.locator("strong")).to_have_text(
        re.compile(rf"^\+{re.escape(f'{points:.1f}'.removesuffix('.0'))} points$")
    )
    await expect(versus).to_contain_text(f"Compared: {whole(then['occupancy_mean'])}")
    await expect(versus.locator(".known")).to_have_text(f"{whole(then['coverage'])} known")
    full = page.locator('.figure[data-name="full"] .versus')
    await expect(full).to_contain_text("not comparable")
    await expect(full).to_contain_text("0 min a car park and day")
    await page.locator('[name="cells"]').select_option("difference")
    noon = page.locator('[data-hour="12"]')
    await expect(noon).to_contain_text("+20")
    # before anything was told nothing can be compared
    first = past.period(past.WEEKS + 2)
    await page.locator('[name="vs"]').select_option("own")
    fields = page.get_by_role("group", name="Another period")
    await fields.get_by_label("From").fill(first[0])
    await fields.get_by_label("To").fill(first[1])
    await expect(versus.locator("strong")).to_have_text("not comparable")
    await expect(versus).to_contain_text("Compared: unknown")
    await expect(versus.locator(".known")).to_have_text("⚠ only 0% known")
    await expect(noon).to_contain_text("unknown")


# -- links, files, names -------------------------------------------------------------------------


async def test_a_link_shows_the_same_to_somebody_else(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(
        "/planner", service=planned, permissions=["clipboard-read", "clipboard-write"]
    )
    await signed_in(page, planner_key)
    # the period stands in the address, whatever day it is read
    await expect(page).to_have_url(re.compile("from="))
    await page.get_by_role("button", name="Last week").click()
    await page.locator('[name="district"]').select_option("east")
    await page.get_by_text("Car parks: All car parks").click()
    await page.get_by_role("searchbox", name="Find a car park").fill("p2")
    await page.get_by_role("checkbox", name="East Station P2").check()
    await page.locator('[name="vs"]').select_option("before")
    await page.locator('[name="measure"]').select_option("full")
    await page.locator('[name="cells"]').select_option("difference")
    await shown(page)
    await expect(page.locator("[data-lot]")).to_have_count(1)
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.get_by_text("Link copied; the key is not in it")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert planner_key not in copied
    seen = await page.locator(".figures, .heat").all_inner_texts()

    other = await open_page(copied.removeprefix(planned.url), service=planned)
    await signed_in(other, planner_key)
    assert await other.locator(".figures, .heat").all_inner_texts() == seen
    assert await other.locator('[name="measure"]').input_value() == "full"
    await expect(other.get_by_role("button", name="Last week")).to_have_attribute(
        "aria-pressed", "true"
    )


async def test_files_are_those_of_the_service(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link(EAST, "vs=before"), service=planned)
    await signed_in(page, planner_key)
    first, last = past.period()
    asked = {"district": "east", "bucket": "day", "hours": "all"}
    async with downloaded(page, "CSV") as file:
        assert file["name"] == f"usage-{first}-{last}-day.csv"
        assert file["body"] == past.usage_file(planned, first, last, format="csv", **asked)
        assert len(list(csv.DictReader(io.StringIO(file["body"].decode())))) == 3 * 7
    await page.locator('[name="content"]').select_option("other-week")
    async with downloaded(page, "CSV") as file:
        before = past.period(2)
        asked = {"bucket": "hour_of_week", "by": "district", "district": "east"}
        assert file["body"] == past.usage_file(planned, *before, format="csv", **asked)
    async with downloaded(page, "Parquet") as file:
        assert file["name"].endswith("-hour_of_week.parquet")
        assert file["body"][:4] == file["body"][-4:] == b"PAR1"
    async with downloaded(page, "PNG") as file:
        assert file["name"] == f"usage-{first}-{last}.png"
        body = file["body"]
        assert body[:8] == b"\x89PNG\r\n\x1a\n"
        assert [int.from_bytes(body[at : at + 4]) for at in (16, 20)] == [2400, 1920]
        assert len(body) > 50_000, "it is not blank"


async def test_what_stands_in_the_way_is_told(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link(EAST), service=planned)
    await signed_in(page, planner_key)
    watch = page.watch  # type: ignore[attr-defined]
    watch.expect("406|503")
    told = "json and csv are to be had."
    await page.route(
        "**/v1/usage?*format=parquet*",
        lambda route: route.fulfill(
            status=406, content_type="application/problem+json", json={"detail": told}
        ),
    )
    await page.get_by_role("button", name="Parquet").click()
    status = page.locator('.planner > [role="status"]')
    await expect(status).to_have_text(f"This service cannot write Parquet: take CSV. {told}")

    await page.route("**/v1/usage?*", lambda route: route.fulfill(status=503, json={"detail": "?"}))
    await page.get_by_role("button", name="Last 28 days").click()
    await expect(page.get_by_role("alert")).to_contain_text("?")
    await page.unroute("**/v1/usage?*")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await shown(page)

    dates = page.get_by_role("group", name="Period")
    await dates.get_by_label("To").fill("2020-01-01")
    await expect(page.get_by_role("alert")).to_have_text(re.compile("not after the last"))


async def test_names_full_of_markup_are_text(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link("lots=e-markup"), service=planned)
    await signed_in(page, planner_key)
    await expect(page.locator('[data-lot="e-markup"] th')).to_have_text(MARKUP)
    await expect(page.locator(".doing p")).to_contain_text(MARKUP)
    await expect(page.get_by_text("Nothing is known.", exact=True)).to_be_visible()
    async with downloaded(page, "PNG") as file:
        assert len(file["body"]) > 20_000
    assert await page.locator('img[src="x"], .ranking b').count() == 0
    assert await page.title() == "Planner"


async def test_it_is_used_by_keyboard_and_read_aloud(
    open_page: OpenPage, planned: RunningService, planner_key: str
) -> None:
    page = await open_page(link(EAST, "measure=full"), service=planned)
    await page.locator("#key").focus()
    await page.keyboard.type(planner_key)
    await page.keyboard.press("Enter")
    await shown(page)
    chart = page.get_by_role("img", name=re.compile(r"Time full at 7 times, at most .+ known"))
    await expect(chart).to_be_visible()
    summary = page.get_by_text("As a table")
    await summary.focus()
    await page.keyboard.press("Enter")
    first = page.locator("details table tbody tr").first.locator("td")
    await expect(first).to_have_text([re.compile("^Mon"), "12 h", re.compile("known$")])
    monday = page.get_by_role("row", name=re.compile("^Mon"))
    await expect(monday.get_by_role("cell").first).to_contain_text("known")
    await page.emulate_media(media="print")
    await expect(page.locator(".asking")).to_be_hidden()
    await expect(page.locator(".heat")).to_be_visible()
