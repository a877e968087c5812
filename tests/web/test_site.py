"""The pages' files: how they are sent, what they weigh, and what must not stand in them."""

import gzip
import re
from urllib.parse import urljoin

import pytest

from parking.config import Settings
from parking.web.site import Site, modules, page_size, read_sources
from tests.web.client import Client

SOURCES = read_sources()
OWN = {
    name: body.decode()
    for name, body in SOURCES.items()
    if not name.startswith("vendor/") and name.endswith((".js", ".css", ".html", ".svg"))
}
PAGES = {"/": "drivers", "/board": "board", "/planner": "planner"}
MOST_BYTES = 150_000
PACKED = {"Accept-Encoding": "gzip, br"}


@pytest.mark.parametrize("path", [*PAGES, "/sw.js"])
async def test_pages_are_packed_validated_and_tolerant(client: Client, path: str) -> None:
    plain = await client.ask("GET", path, key=None, headers={"Accept-Encoding": "identity"})
    packed = await client.ask("GET", path + "?from=timeline&utm=x", key=None, headers=PACKED)
    assert plain.status == packed.status == 200
    assert plain.body == packed.body, "the client unpacks"
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != packed.headers["etag"]
    for answer in (plain, packed):
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["cache-control"] == "public, no-cache"
    tag = {"If-None-Match": packed.headers["etag"]}
    again = await client.ask("GET", path, headers=PACKED | tag)
    assert (again.status, again.body) == (304, b"")
    refused = await client.ask("GET", path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers
    assert (await client.ask("POST", path)).status == 405


async def test_files_are_kept_for_ever_by_their_version(client: Client) -> None:
    page = (await client.ask("GET", "/")).body.decode()
    links = [urljoin("/", link) for link in re.findall(r'(?:href|src)="(static/[^"]+)"', page)]
    assert len(links) > 5
    types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    for link in links:
        answer = await client.ask("GET", link, key=None)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        wanted = types[link.rpartition(".")[2]]
        assert answer.headers["content-type"].partition(";")[0] == wanted
    older = await client.ask("GET", re.sub(r"static/\w+", "static/0123456789abcdef", links[0]))
    assert older.status == 200
    assert older.headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize(
    "name", ["none.js", "../site.py", "..%2Fsite.py", "%2e%2e/site.py", "vendor", "vendor/", "/"]
)
async def test_nothing_else_is_given(client: Client, name: str) -> None:
    for version in ("x", Site(Settings()).version):
        assert (await client.ask("GET", f"/static/{version}/{name}")).status == 404


async def test_pages_have_a_policy_that_lets_in_nothing_else(client: Client) -> None:
    for path in (*PAGES, "/sw.js"):
        policy = (await client.ask("GET", path)).headers["content-security-policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
        assert rules["worker-src"] == "'self'"
        assert rules["img-src"] == "'self' data:"
        assert rules["base-uri"] == rules["form-action"] == rules["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("https://{s}.tiles.example:8443/a/{z}/{x}/{y}?k=v", "https://*.tiles.example:8443"),
        ("http://10.0.0.7/{z}/{x}/{y}.png", "http://10.0.0.7"),
    ],
)
def test_tiles_come_from_one_host_alone(url: str, host: str) -> None:
    site = Site(Settings(tiles_url=url, tiles_crs="gcj02", tiles_attribution='© <b>"A&B"'))
    assert f"img-src 'self' data: {host};" in site._policy
    page = site._pages["/"].plain.decode()
    assert f'data-tiles-url="{url.replace("&", "&amp;")}"' in page
    assert 'data-tiles-crs="gcj02"' in page
    assert 'data-tiles-attribution="© &lt;b&gt;&quot;A&amp;B&quot;"' in page


@pytest.mark.parametrize("name", PAGES.values())
def test_a_page_weighs_little(name: str) -> None:
    assert 5_000 < page_size(SOURCES, name) < MOST_BYTES


def test_what_a_page_weighs_is_what_its_files_weigh() -> None:
    sources = {
        "p.html": b'<link href="{{static}}/a.css"><script src="{{static}}/p/page.js"></script>',
        "a.css": b"a" * 999,
        "p/page.js": b'import { x } from "../b.js";\nawait import("./c.js");\n',
        "p/c.js": b'import {\n  y,\n} from "../b.js";\nnew URL("../vendor/d.js", import.meta.url);',
        "b.js": b'export { y } from "./p/c.js";',
        "vendor/d.js": b"d",
        "e.js": b"not imported",
    }
    assert modules(sources, "p/page.js") == ["p/page.js", "b.js", "p/c.js"]
    wanted = sum(len(gzip.compress(body, 9)) for name, body in sources.items() if name != "e.js")
    assert page_size(sources, "p") == wanted


@pytest.mark.parametrize("name", sorted(OWN))
def test_our_files_are_plain(name: str) -> None:
    text = OWN[name].replace("http://www.w3.org/2000/svg", "")
    assert "innerHTML" not in text
    assert not re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML", text)
    if name.endswith(".html"):
        assert not re.search(r"<style|\sstyle=|\son\w+=", text)
        inline = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
        assert not any(script.strip() for script in inline)
    else:
        assert text.count("\n") <= 400, "a longer one is looking for a noun"


@pytest.mark.parametrize("name", sorted(OWN))
def test_our_files_name_no_other_host_but_to_go_there(name: str) -> None:
    hosts = set(re.findall(r"(?:https?:)?//([\w-]+(?:\.[\w-]+)+)", OWN[name])) - {"www.w3.org"}
    assert not hosts or name == "drivers/navigation.js", hosts


def test_every_module_is_there() -> None:
    for name in OWN:
        if name.endswith(".js") and not name.startswith("docs"):
            assert modules(SOURCES, name)
