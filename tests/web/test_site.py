"""The pages' files: how they are sent, what they weigh, and what must not stand in them."""

import gzip
import re
from urllib.parse import urljoin

import pytest

from parking.config import Settings
from parking.web.linking import Unlinkable, link, modules
from parking.web.site import Site, page_files, read_sources
from tests.web.client import Client

SOURCES = read_sources()
OWN = {
    name: body.decode()
    for name, body in SOURCES.items()
    if not name.startswith("vendor/")
    and name not in {f"{page}.js" for page in ("drivers", "board", "planner")}
    and name.endswith((".js", ".css", ".html", ".svg"))
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
    links = [urljoin("/", path) for path in re.findall(r'(?:href|src)="(static/[^"]+)"', page)]
    assert len(links) >= 4
    types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    for path in links:
        answer = await client.ask("GET", path, key=None)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        wanted = types[path.rpartition(".")[2]]
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
    wanted = page_files(SOURCES, name)
    assert {f"{name}.js", "theme.css"} <= wanted
    weight = sum(len(gzip.compress(SOURCES[file], 9)) for file in {f"{name}.html", *wanted})
    assert 5_000 < weight < MOST_BYTES


def test_what_is_loaded_on_demand_is_weighed_too() -> None:
    page = page_files(SOURCES, "drivers")
    assert {"vendor/leaflet/leaflet.js", "vendor/leaflet/leaflet.css", "drivers/map.css"} <= page


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


def linked(**sources: str) -> str:
    return link({name + ".js": text.encode() for name, text in sources.items()}, "a.js")


def test_modules_are_linked_in_the_order_of_need() -> None:
    assert modules(SOURCES, "drivers/page.js")[-1] == "drivers/page.js"
    made = linked(
        a='import {\n  b as c,\n  d,\n} from "./b.js";\nimport { e } from "./e.js";\nc(d, e);\n',
        b='import { e } from "./e.js";\nexport const b = 1;\nexport async function d() {}\n',
        e="class A {}\nexport { A as e };\nnew URL('./x.css', import.meta.url);\n",
    )
    assert re.findall(r"const \$m(\d)", made) == ["0", "1", "2"]
    assert "const { b: c, d } = $m1;" in made
    assert "return { b: b, d: d };" in made
    assert "return { e: A };" in made
    assert """new URL('./x.css', new URL("e.js", import.meta.url))""" in made
    assert not re.search(r"^(import|export)\b", made, re.MULTILINE)


@pytest.mark.parametrize(
    "text",
    [
        'import x from "./b.js";',
        'import * as x from "./b.js";',
        'import "./b.js";',
        "export default 1;",
        "export let x = 1;",
        'export * from "./b.js";',
        'import { x } from "./none.js";',
        'import { x } from "./a.js";',
    ],
)
def test_what_cannot_be_linked_is_told(text: str) -> None:
    with pytest.raises(Unlinkable):
        linked(a=text, b="export const x = 1;")
