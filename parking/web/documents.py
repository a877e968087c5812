"""The OpenAPI document and the page that shows it, both served from here alone."""

from collections.abc import Sequence
from importlib.resources import files

from aiohttp import web

from parking.errors import NotFound
from parking.web.calls import Call, Route
from parking.web.openapi import document
from parking.web.protection import PAGE_POLICY
from parking.web.replies import cached, cached_file, encode

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "docs.js": "text/javascript",
}


class Documents:
    """`/openapi.json`, `/docs` and what the page needs."""

    def __init__(self) -> None:
        """Describe nothing yet."""
        self._openapi = b"{}"

    def describe(self, routes: Sequence[Route], prefix: str = "") -> None:
        """Make the document of these routes, which people find below `prefix`."""
        self._openapi = encode(document(routes, prefix))

    async def get_openapi(self, call: Call) -> web.StreamResponse:
        """Give the document."""
        return cached(call.request, self._openapi)

    async def get_docs(self, call: Call) -> web.StreamResponse:
        """Give the page."""
        page = cached_file(call.request, _static("docs.html"), "text/html")
        page.headers["Content-Security-Policy"] = PAGE_POLICY
        return page

    async def get_asset(self, request: web.Request) -> web.StreamResponse:
        """Give a file that the page needs."""
        name = request.match_info["name"]
        if name not in _ASSETS:
            raise NotFound("There is nothing at this path.")
        return cached_file(request, _static(name), _ASSETS[name])


def _static(name: str) -> bytes:
    folder = files("parking.web").joinpath("static")
    vendored = folder.joinpath("vendor", "swagger-ui", name)
    return (vendored if vendored.is_file() else folder.joinpath(name)).read_bytes()
