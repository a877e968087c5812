"""How soon the drivers' page is of use: `python -m tests.browser.paint [times]`, the demo running.

Chromium on a 4G network (165 ms of latency, 9 Mbit/s less a tenth) and a processor four times as
slow, as its developer tools throttle them; nothing kept from before. Useful is the first frame that
shows a lot's free spaces, in ms from the start of the navigation. URL says where the service is.
"""

import asyncio
import os
import statistics
import sys

from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import ARGUMENTS, SIZES, find_chromium

NETWORK = {
    "offline": False,
    "latency": 165,
    "downloadThroughput": 0.9 * 9e6 / 8,
    "uploadThroughput": 0.9 * 1.5e6 / 8,
}
SLOWER = 4
WATCH = """
  const look = () => {
    if (window.useful || !document.querySelector(".lot .figures strong")) return;
    window.useful = Infinity;
    requestAnimationFrame(() => setTimeout(() => { window.useful = performance.now(); }));
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
"""
READ = """async () => {
  while (!Number.isFinite(window.useful)) await new Promise((done) => setTimeout(done, 20));
  const all = performance.getEntriesByType("resource");
  const lots = all.find(({ name }) => name.includes("/v1/lots"));
  const asked = all.filter((entry) => entry.startTime < lots.responseEnd);
  const page = performance.getEntriesByType("navigation")[0];
  const bytes = asked.reduce((sum, entry) => sum + entry.transferSize, page.transferSize);
  return [window.useful, 1 + asked.length, bytes];
}"""


async def measure(browser: Browser, url: str) -> tuple[float, int, int]:
    """Give when the page is useful, ms, and what it had asked for when the lots came, and bytes."""
    context = await browser.new_context(
        locale="zh-CN",
        viewport=SIZES["phone"],  # type: ignore[arg-type]
        is_mobile=True,
        has_touch=True,
        service_workers="block",
    )
    page = await context.new_page()
    tools = await context.new_cdp_session(page)
    await tools.send("Network.enable")
    await tools.send("Network.emulateNetworkConditions", NETWORK)
    await tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.add_init_script(WATCH)
    await page.goto(url)
    useful, requests, size = await page.evaluate(READ)
    await context.close()
    return useful, requests, size


async def main(times: int) -> None:
    """Measure so many times, and print each and the median."""
    url = os.environ.get("URL", "http://127.0.0.1:8080") + "/"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=list(ARGUMENTS)
        )
        found = [await measure(browser, url) for _ in range(times + 1)][1:]  # the first warms up
        await browser.close()
    for useful, requests, size in found:
        print(f"{useful:.0f} ms, {requests} requests, {size / 1000:.1f} kB")
    print(f"median {statistics.median(useful for useful, _, _ in found):.0f} ms")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
