"""A page under watch: what a browser complains of, or a page asks others for, fails a test."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request

AXE = Path(__file__).parent.joinpath("vendor", "axe-core", "axe.min.js")
GRAVE = {"serious", "critical"}


class Watch:
    """What went wrong in a context of the browser; `expect` tells what may."""

    def __init__(self, context: BrowserContext, own: tuple[str, ...]) -> None:
        self._own = own
        self._allowed = ["Service Worker registration blocked by Playwright"]
        self._errors: list[str] = []
        self.requests: list[str] = []
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._errors.append(f"thrown: {error.error}"))
        context.on("request", self._on_request)

    def expect(self, pattern: str) -> None:
        """Take complaints of that form as part of the test, such as of a network that is cut."""
        self._allowed.append(pattern)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._errors.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith((*self._own, "data:", "blob:")):
            self._errors.append(f"asked another host: {request.url}")

    def check(self) -> None:
        found = [
            error
            for error in self._errors
            if not any(re.search(pattern, error) for pattern in self._allowed)
        ]
        assert not found, "\n".join(found)


async def find_faults(page: Page) -> list[str]:
    """Give what axe-core finds serious or critical on a page as it is now."""
    await page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{fault['impact']}: {fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
