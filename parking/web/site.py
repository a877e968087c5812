"""The pages for people, and the files that they are made of.

A page is `static/NAME.html` and a row in `_PAGES`; docs/pages.md tells how to add one. What holds:

* All links are relative to the page, so whatever path a proxy has put the service below is kept.
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
from itertools import chain

from aiohttp import web

from parking.config import Settings
from parking.errors import NotFound
from parking.web.calls import Call
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
_ASK_AGAIN = "public, no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r"""^(?:import|export)\b[^;"'()]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


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
        folder = files("parking.web").joinpath("static")
        sources = dict(_walk(folder))
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
            path: Asset.of("page.html", self._page(sources, name)) for path, name in _PAGES.items()
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

    def _page(self, sources: dict[str, bytes], name: str) -> bytes:
        """Fill in a page, and name ahead all modules that it needs, so that they come at once."""
        page = self._filled(sources[f"{name}.html"].decode())
        links = "\n    ".join(
            f'<link rel="modulepreload" href="{self._values["static"]}/{module}">'
            for module in modules(sources, f"{name}/page.js")
        )
        return page.replace("{{modules}}", links).encode()

    def _filled(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace("{{" + name + "}}", escape(value))
        return text


def modules(sources: dict[str, bytes], entry: str) -> list[str]:
    """List a module and all that it imports by static imports, each once, the entry first."""
    found, waiting = [], [entry]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        waiting += [_resolved(name, link) for link in _IMPORT.findall(sources[name].decode())]
    return found


def offline_files(sources: dict[str, bytes]) -> set[str]:
    """Give the names of what the pages need to open without a network."""
    return {
        name
        for name in sources
        if name.endswith((".js", ".css"))
        and name != "sw.js"
        and not name.startswith(("docs.", "vendor/swagger-ui/"))
    }


def page_size(sources: dict[str, bytes], name: str) -> int:
    """Give what a page weighs on its first visit, gzipped: itself, its styles, all its modules.

    What it imports later, on demand, counts too.
    """
    page = sources[f"{name}.html"].decode()
    wanted = set(re.findall(r"\{\{static\}\}/([\w./-]+)", page))
    waiting = [name for name in wanted if name.endswith(".js")]
    while waiting:
        module = waiting.pop()
        text = sources[module].decode()
        wanted |= (more := {_resolved(module, link) for link in _links(text)} - wanted)
        waiting += [name for name in more if not name.startswith("vendor/") and ".js" in name]
    parts = chain([page.encode()], (sources[name] for name in wanted))
    return sum(len(gzip.compress(part, 9)) for part in parts)


def read_sources() -> dict[str, bytes]:
    """Read all files of the pages, by their names below `static`."""
    return dict(_walk(files("parking.web").joinpath("static")))


def _links(text: str) -> Iterator[str]:
    """Give what a module imports, or loads by `new URL("…", import.meta.url)`."""
    yield from _IMPORT.findall(text)
    yield from re.findall(r"""import\(["'](\.[^"']+)["']\)""", text)
    yield from re.findall(r"""new URL\(["'](\.[^"']+)["'], import\.meta\.url\)""", text)


def _resolved(module: str, link: str) -> str:
    parts = module.split("/")[:-1]
    for part in link.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


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
