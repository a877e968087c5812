"""The operators' board: what it shows, that it follows, and that what operators do is stored."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.board_scene import judged_district, log, new_key, open_board, sign_in, tile
from tests.browser.conftest import OpenPage
from tests.browser.scene import LOTS, MARKUP, ago, call, push, recount
from tests.browser.watching import find_faults
from tests.conftest import PostgresServer
from tests.service import RunningService

STORED = "[JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie]"
REFUSED = "status of 401"
CUT_OFF = "ERR_|Failed to load"


@pytest.fixture(scope="module")
def board(migrated_server: PostgresServer) -> Iterator[RunningService]:
    with judged_district(migrated_server) as service:
        yield service


async def names(page: Page) -> list[str]:
    return await page.locator(".tile-name").all_inner_texts()


async def test_a_key_lets_in_and_is_kept_in_the_tab_alone(
    open_page: OpenPage, board: RunningService
) -> None:
    page = await open_page("/board", service=board)
    page.watch.expect(REFUSED)  # type: ignore[attr-defined]
    key = page.get_by_label("Key")
    await key.fill("pk_wrong")
    await key.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text(re.compile("The key is not valid"))
    await expect(page.locator(".tile")).to_have_count(0)

    await sign_in(page, board.admin_key)
    await expect(page.locator(".tile")).to_have_count(len(LOTS))
    session, local, cookies = await page.evaluate(STORED)
    assert board.admin_key in session
    assert board.admin_key not in local + cookies + page.url
    assert all(board.admin_key not in url for url in page.watch.requests)  # type: ignore[attr-defined]
    await page.reload()
    await expect(page.locator(".tile")).to_have_count(len(LOTS))

    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Key")).to_have_value("")
    assert board.admin_key not in "".join(await page.evaluate(STORED))


async def test_who_is_signed_in_is_so_on_the_planners_page_too(
    open_page: OpenPage, board: RunningService
) -> None:
    page = await open_board(open_page, board)
    await page.get_by_role("link", name="Planner").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Planner")
    await expect(page.locator(".view")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Key")).to_be_visible()
    await page.get_by_role("link", name="Operators’ board").click()
    await expect(page.get_by_label("Key")).to_be_visible()
    assert board.admin_key not in "".join(await page.evaluate(STORED))


async def test_a_key_that_is_revoked_signs_out(open_page: OpenPage, board: RunningService) -> None:
    made = new_key(board, "operator", "zd-parking")
    page = await open_board(open_page, board, key=made["key"])
    page.watch.expect(REFUSED)  # type: ignore[attr-defined]
    await expect(page.locator(".tile")).to_have_count(len(LOTS))
    call(board, "DELETE", f"/v1/keys/{made['id']}")
    await page.locator(".tile-name").first.click()
    await expect(page.get_by_role("alert")).to_contain_text("no longer valid")
    assert made["key"] not in "".join(await page.evaluate(STORED))


async def test_the_whole_district_those_in_trouble_first(
    open_page: OpenPage, board: RunningService
) -> None:
    page = await open_board(open_page, board, size="wall", dark=True)
    await expect(page.locator(".tile")).to_have_count(len(LOTS))
    await expect(tile(page, "p1")).to_contain_text("quality 87")
    await expect(tile(page, "p1")).to_contain_text("stuck")
    await expect(tile(page, "p1")).to_contain_text(re.compile(r"73\s*free of 332"))
    await expect(tile(page, "p3")).to_contain_text(re.compile(r"0\s*free of 50"))
    for lot in ("p4", "p6", "p7"):
        await expect(tile(page, lot)).to_contain_text("free unknown")
        await expect(tile(page, lot).locator("strong")).to_have_count(0)
    await expect(tile(page, "p4")).to_contain_text(re.compile(r"no data since (.+ )?\d\d:\d\d"))
    await expect(tile(page, "p7")).to_contain_text("no data yet")
    first = await names(page)
    assert {first[0], first[1]} == {MARKUP, LOTS["p4"]["name"]["en"]}
    assert first[2] == LOTS["p1"]["name"]["en"]
    await expect(tile(page, "p2").locator(".trend")).to_contain_text(
        re.compile(r"[-−]42 in (3\d|40) min")
    )
    assert await tile(page, "p2").locator(".trend .line").count() == 1
    await expect(tile(page, "p4").locator(".trend")).to_contain_text("unknown")
    sums = page.locator(".sums")
    await expect(sums.locator('[data-sum="troubled"]')).to_contain_text(re.compile(r"\d of 7"))
    await expect(sums.locator('[data-sum="recounts"] strong')).to_have_text(re.compile(r"[1-9]"))
    await expect(sums.locator('[data-sum="quality"] strong')).to_have_text(re.compile(r"\d"))
    await expect(sums.locator('[data-sum="events"] strong')).to_have_text(re.compile(r"\d"))
    await expect(tile(page, "p1")).to_contain_text(re.compile(r"\d events/min"))
    fits = "document.documentElement.scrollHeight <= document.documentElement.clientHeight"
    assert await page.evaluate(fits), "a wall display shows all without scrolling"


async def test_what_happens_is_seen_without_loading_again(
    open_page: OpenPage, board: RunningService
) -> None:
    page = await open_board(open_page, board)
    await page.evaluate("window.here = true")
    push(board, recount("p2", "up", 100, 0))
    await expect(tile(page, "p2")).to_contain_text(re.compile(r"100\s*free of 200"))
    await page.get_by_role("button", name="East Station P2").click()
    row = page.locator('tr[data-zone="up"]')
    await expect(row).to_contain_text("100")
    push(board, recount("p2", "up", 192, 0))
    await expect(row).to_contain_text("192")
    await expect(page.locator(".lot-now")).to_contain_text(re.compile(r"8\s*free of 200"))
    await page.go_back()
    await expect(tile(page, "p2")).to_contain_text(re.compile(r"8\s*free of 200"))
    assert await page.evaluate("window.here")


async def test_a_lot_whole(open_page: OpenPage, board: RunningService) -> None:
    page = await open_board(open_page, board, "#lot=p1")
    await expect(page.get_by_role("heading", name="East Station P1")).to_be_focused()
    row = page.locator('tr[data-zone="b1"]')
    await expect(row).to_contain_text("+3.3 cars (+1.5 to +5)")
    await expect(page.locator(".wish")).to_contain_text("Some 140 are to be expected.")
    await expect(page.locator(".score")).to_have_text("87")
    spots = page.locator(".spots .spot")
    await expect(spots).to_have_count(10)
    assert await page.locator('.spots [data-state="occupied"]').count() == 7
    assert await page.locator('.spots [data-state="free"]').count() == 3
    await expect(page.get_by_role("list", name="ev · E")).to_contain_text("01")
    push(board, {"type": "space", "lot": "p1", "space": "E-10", "occupied": True,
                 "observed_at": ago(0)})  # fmt: skip
    await expect(page.locator('.spots [data-state="occupied"]')).to_have_count(8)
    push(board, {"type": "space", "lot": "p1", "space": "E-10", "occupied": False,
                 "observed_at": ago(0)})  # fmt: skip
    sensors = page.locator(".sensors tbody tr")
    await expect(sensors.first).to_contain_text("stuck")
    await expect(page.locator(".sensors")).to_contain_text("geo-E-03")
    await expect(page.locator(".log tbody tr").first).to_contain_text("Space: free")
    await page.get_by_label("Type").select_option("recount")
    await expect(page.locator(".log tbody tr")).to_have_count(1)
    await expect(page.locator(".log")).to_contain_text("250 cars")


async def test_what_was_found_is_told_in_the_language_of_the_page(
    open_page: OpenPage, board: RunningService
) -> None:
    told = {
        "zh": ("一直显示空闲，已持续25小时，期间本应变化约 14 次", "按漂移估计，现在已偏差 12 辆"),
        "en": ("free for 25 hours, in which some 14 changes", "by its drift the number is 12 cars"),
    }
    for language, (finding, why) in told.items():
        page = await open_board(open_page, board, "#lot=p1", language=language)
        await expect(page.locator(".findings tbody tr")).to_contain_text(finding)
        await expect(page.locator(".wish")).to_contain_text(why)
        assert await page.locator('main [lang="en"]').count() == 0


async def test_recount_and_void_are_stored_with_their_reasons(
    open_page: OpenPage, board: RunningService
) -> None:
    page = await open_board(open_page, board, "#lot=p5")
    await page.get_by_role("button", name="Recount: b1").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Recount").click()
    assert log(board, "p5", "recount")[0]["occupied"] == 11, "nothing is sent without a number"
    await dialog.get_by_label("Cars there").fill("33")
    await dialog.get_by_label("Reason").fill("counted <b>twice</b>")
    await dialog.get_by_role("button", name="Recount").click()
    await expect(page.get_by_role("status").filter(has_text="recount is stored")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await expect(page.locator('tr[data-zone="b1"]')).to_contain_text("33")
    [stored, before] = log(board, "p5", "recount")
    assert (stored["occupied"], stored["zone"]) == (33, "b1")
    assert stored["reason"] == "counted <b>twice</b>"
    assert stored["key"] == "environment"
    assert before["voided_by"] is None

    row = page.locator('.log tr[data-type="recount"]').first
    await expect(row).to_contain_text("counted <b>twice</b>")
    await row.get_by_role("button", name="Void").click()
    await dialog.get_by_label("Reason").fill("the wrong car park")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(row).to_have_attribute("data-voided", "true")
    await expect(page.locator('tr[data-zone="b1"]')).to_contain_text("11")
    [void] = log(board, "p5", "void")
    assert (void["event"], void["reason"]) == (stored["id"], "the wrong car park")
    assert log(board, "p5", "recount")[0]["voided_by"] == void["id"]


async def test_a_lot_is_closed_and_opened(open_page: OpenPage, board: RunningService) -> None:
    page = await open_board(open_page, board, "#lot=p6", language="zh")
    for button, status, reason in (("关闭", "closed", "积水"), ("开放", "open", "水退了")):
        await page.locator(".lot-acts").get_by_role("button", name=button).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("原因").fill(reason)
        await dialog.get_by_role("button", name=button).click()
        await expect(dialog).to_have_count(0)
        level = "closed" if status == "closed" else "limited"
        await expect(page.locator(f'.lot-top .level[data-level="{level}"]')).to_be_visible()
        newest = log(board, "p6", "status")[0]
        assert (newest["status"], newest["reason"]) == (status, reason)


async def test_a_refusal_is_told_and_a_retry_counts_once(
    open_page: OpenPage, board: RunningService
) -> None:
    page = await open_board(open_page, board, "#lot=p3")
    page.watch.expect(CUT_OFF)  # type: ignore[attr-defined]
    await page.get_by_role("button", name="Recount: g").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Cars there").fill("49")
    await dialog.get_by_label("Reason").fill("round")
    number = len(log(board, "p3", "recount"))

    async def stored_but_cut_off(route: Route) -> None:
        await route.fetch()
        await route.abort()

    async def for_another_zone(route: Route) -> None:
        sent = json.loads(route.request.post_data or "")
        sent["events"][0]["zone"] = "nowhere"
        await route.continue_(post_data=json.dumps(sent))

    await page.route("**/v1/events", for_another_zone, times=1)
    await dialog.get_by_role("button", name="Recount").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("unknown_zone")
    await page.route("**/v1/events", stored_but_cut_off, times=1)
    await dialog.get_by_role("button", name="Recount").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    await dialog.get_by_role("button", name="Recount").click()
    await expect(dialog).to_have_count(0)
    assert len(log(board, "p3", "recount")) == number + 1


async def test_a_role_sees_what_it_may(open_page: OpenPage, board: RunningService) -> None:
    planner = new_key(board, "planner")["key"]
    page = await open_board(open_page, board, key=planner)
    await expect(tile(page, "p1")).to_contain_text("quality 87")
    await expect(page.get_by_role("button", name="Keys")).to_have_count(0)
    await page.goto(board.url + "/board#view=keys")
    await expect(page.locator(".tile")).to_have_count(len(LOTS))
    await page.get_by_role("button", name="East Station P1").click()
    await expect(page.locator(".note")).to_contain_text("A planner sees numbers and quality")
    await expect(page.locator(".score")).to_have_text("87")
    for what in (".lot-acts", ".spots", ".sensors", ".log", ".zones button"):
        await expect(page.locator(what)).to_have_count(0)

    other = new_key(board, "operator", "another")["key"]
    page = await open_board(open_page, board, key=other)
    await expect(page.get_by_text("There are no car parks")).to_be_visible()
    await page.get_by_label("Show").select_option("all")
    await expect(page.locator(".tile")).to_have_count(len(LOTS))
    await expect(tile(page, "p1")).to_contain_text(re.compile(r"free of 332"))
    await expect(tile(page, "p1")).not_to_contain_text("quality")
    await expect(page.locator('[data-sum="quality"] strong')).to_have_text("unknown")
    await page.get_by_role("button", name="East Station P1").click()
    await expect(page.locator(".note")).to_contain_text("another operator’s car park")
    for what in (".lot-acts", ".spots", ".sensors", ".log", ".zones button", ".score"):
        await expect(page.locator(what)).to_have_count(0)


async def test_a_key_is_made_shown_once_and_revoked(
    open_page: OpenPage, board: RunningService
) -> None:
    page = await open_board(
        open_page, board, "#view=keys", permissions=["clipboard-read", "clipboard-write"]
    )
    await page.get_by_role("button", name="Make a key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Operator").fill("zd-parking")
    await dialog.get_by_label("Label").fill(MARKUP)
    await dialog.get_by_role("button", name="Make it").click()
    await expect(dialog.get_by_role("heading")).to_have_text("The new key")
    secret = await dialog.locator("code").inner_text()
    assert secret.startswith("pk_")
    await dialog.get_by_role("button", name="Copy").click()
    await expect(dialog.get_by_role("status")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == secret
    assert not await find_faults(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    row = page.locator(".keys tbody tr").filter(has_text=MARKUP)
    await expect(row).to_contain_text("zd-parking")
    assert secret not in await page.content()
    listed = call(board, "GET", "/v1/keys")["items"]
    [made] = [key for key in listed if key["label"] == MARKUP]
    assert (made["role"], made["operator"], made["revoked_at"]) == ("operator", "zd-parking", None)

    await row.get_by_role("button", name="Revoke").click()
    await dialog.get_by_role("button", name="Revoke").click()
    await expect(row).to_contain_text("revoked")
    [made] = [key for key in call(board, "GET", "/v1/keys")["items"] if key["label"] == MARKUP]
    assert made["revoked_at"] is not None


async def test_names_full_of_markup_are_text(open_page: OpenPage, board: RunningService) -> None:
    page = await open_board(open_page, board)
    await expect(tile(page, "p7").locator("h3")).to_have_text(MARKUP)
    await tile(page, "p7").get_by_role("button").click()
    await expect(page.locator("#lot-title")).to_have_text(MARKUP)
    await page.locator(".lot-acts").get_by_role("button", name="Close").click()
    await expect(page.get_by_role("dialog")).to_contain_text(MARKUP)
    assert await page.locator('img[src="x"], .board b').count() == 0
    assert await page.title() == "Operators’ board"


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_all_of_it_is_for_everyone(
    open_page: OpenPage, board: RunningService, language: str, size: str
) -> None:
    page = await open_board(open_page, board, language=language, size=size, dark=size == "desktop")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    for fragment, there in (
        ("", "#lot-p1 .chips"),
        ("#lot=p1", ".log tbody tr"),
        ("#view=keys", ".keys-view .primary"),
    ):
        await page.goto(f"{board.url}/board{fragment}")
        await page.locator(there).first.wait_for()
        assert not await page.evaluate(wide), f"{fragment} scrolls sideways"
        assert not await find_faults(page), fragment
    await page.goto(f"{board.url}/board#lot=p1")
    await page.locator(".zones button").first.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()
    assert not await find_faults(page)
    await page.keyboard.press("Escape")
    await expect(page.locator(".zones button").first).to_be_focused()


async def test_the_network_goes_and_comes_back(open_page: OpenPage, board: RunningService) -> None:
    page = await open_board(open_page, board)
    page.watch.expect(CUT_OFF)  # type: ignore[attr-defined]
    await expect(tile(page, "p1")).to_contain_text(re.compile(r"73\s*free of 332"))
    board.kill()
    await expect(page.locator('.connection[data-state="offline"]')).to_be_visible()
    await expect(tile(page, "p1")).to_contain_text(re.compile(r"73\s*free of 332"))
    board.start()
    push(board, recount("p1", "b1", 200, 0))
    await expect(page.locator('.connection[data-state="live"]')).to_be_visible()
    await expect(tile(page, "p1")).to_contain_text(re.compile(r"123\s*free of 332"))
    push(board, recount("p1", "b1", 250, 0))
    await expect(tile(page, "p1")).to_contain_text(re.compile(r"73\s*free of 332"))
