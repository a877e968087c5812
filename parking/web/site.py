"""The pages for people, and the files that they are made of.

A page is `static/NAME.html` and a row in `_PAGES`; docs/pages.md tells how to add one. What holds:

* All links are relative to the page, so whatever path a proxy has put the service below is kept.
* The modules of a page are linked into one when the service starts; nothing else is built.
* A file's address holds the version of all files together, so one that was fetched may be kept
  for ever, and the modules of a page always fit each other. By the address of another version the
  file is given too, but to be asked for again: that is how pages get over an upgrade.
* A page asks no other host for anything, but the one for tiles where one is set.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

from parking.config import Settings
from parking.errors import NotFound
from parking.web.calls import Call
from parking.web.linking import link, resolve
from parking.web.protection import site_policy
from parking.web.replies import has_tag

_PAGES = {"/": "drivers", "/board": "board", "/planner": "planner"}
WORKER = "/sw.js"
"""The service worker's path: it answers for what lies beside it, so it lies beside the pages."""

_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
}
_NOT_OURS = ("docs.", "vendor/swagger-ui/")
_ASK_AGAIN = "public, no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"
_LOADED = re.compile(r"""new URL\(["'](\.[^"']+)["'], (?:import\.meta\.url|new URL\("([^"]+)")""")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: its type, its bytes as they are and gzipped, and their validators."""

    media: str
    plain: bytes
    packed: bytes
    tag: str
    packed_tag: str

    @classmethod
    def of(cls, name: str, body: bytes) -> "Asset":
        """Make the asset of a file's content."""
        media = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        digest = blake2b(body, digest_size=12).hexdigest()
        packed = gzip.compress(body, 9, mtime=0)
        return cls(media, body, packed, f'"{digest}"', f'"{digest}-gz"')


class Site:
    """`/`, `/board`, `/planner`, the service worker and `/static`."""

    def __init__(self, settings: Settings) -> None:
        """Read all files; they do not change while the service runs."""
        sources = read_sources()
        self.version = _version(sources)
        self._policy = site_policy(settings.tiles_url)
        self._values = {
            "static": f"static/{self.version}",
            "tiles_url": settings.tiles_url or "",
            "tiles_crs": settings.tiles_crs,
            "tiles_attribution": settings.tiles_attribution or "",
        }
        self.assets = {name: Asset.of(name, body) for name, body in sources.items()}
        self._pages = {
            path: Asset.of("page.html", self._filled(sources[f"{name}.html"].decode()).encode())
            for path, name in _PAGES.items()
        }
        worker = self._filled(sources["sw.js"].decode()).replace(
            "{{files}}", " ".join(sorted(offline_files(sources)))
        )
        self._pages[WORKER] = Asset.of("sw.js", worker.encode())

    async def get_page(self, call: Call) -> web.StreamResponse:
        """Give a page, or the service worker."""
        path = call.request.match_info.route.resource
        name = "/" if path is None else "/" + path.canonical.rpartition("/")[2]
        return self._answer(call.request, self._pages[name], _ASK_AGAIN)

    async def get_asset(self, request: web.Request) -> web.StreamResponse:
        """Give a file that pages need."""
        asset = self.assets.get(request.match_info["name"])
        if asset is None:
            raise NotFound("There is nothing at this path.")
        current = request.match_info["version"] == self.version
        return self._answer(request, asset, _FOR_EVER if current else _ASK_AGAIN)

    async def get_slash(self, request: web.Request) -> web.StreamResponse:
        """Send those who left out the slash at the end of the prefix to where links work."""
        raise web.HTTPPermanentRedirect(request.path.rpartition("/")[2] + "/")

    def _answer(self, request: web.Request, asset: Asset, keep: str) -> web.Response:
        packs = _takes_gzip(request.headers.get("Accept-Encoding", ""))
        tag = asset.packed_tag if packs else asset.tag
        headers = {
            "ETag": tag,
            "Cache-Control": keep,
            "Vary": "Accept-Encoding",
            "Content-Security-Policy": self._policy,
        }
        if has_tag(request, tag):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = asset.media
        if packs:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=asset.packed if packs else asset.plain, headers=headers)

    def _filled(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace("{{" + name + "}}", escape(value))
        return text


def link_pages(sources: dict[str, bytes]) -> dict[str, bytes]:
    """Give the linked modules of each page: what it needs besides its styles."""
    return {f"{name}.js": link(sources, f"{name}/page.js").encode() for name in _PAGES.values()}


def offline_files(sources: dict[str, bytes]) -> set[str]:
    """Give the names of what the pages need to open without a network."""
    return {name for page in _PAGES.values() for name in page_files(sources, page)}


def page_files(sources: dict[str, bytes], page: str) -> set[str]:
    """Give the names of all files that a page needs, those too that it loads on demand."""
    html = sources[f"{page}.html"].decode()
    wanted = set(re.findall(r"\{\{static\}\}/([\w./-]+)", html))
    for path, module in _LOADED.findall(sources[f"{page}.js"].decode()):
        wanted.add(resolve(module, path))
    return wanted


def read_sources() -> dict[str, bytes]:
    """Read all files of the pages, by their names below `static`, and link their modules."""
    found = _walk(files("parking.web").joinpath("static"))
    # The page of documents has a service of its own.
    sources = {name: body for name, body in found if not name.startswith(_NOT_OURS)}
    return sources | link_pages(sources)


def _walk(folder: Traversable, below: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _walk(entry, f"{below}{entry.name}/")
        else:
            yield below + entry.name, entry.read_bytes()


def _version(sources: dict[str, bytes]) -> str:
    digest = blake2b(digest_size=8)
    for name, body in sources.items():
        digest.update(b"%d %s %d " % (len(name), name.encode(), len(body)))
        digest.update(body)
    return digest.hexdigest()


def _takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding allows gzip."""
    for part in header.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False
