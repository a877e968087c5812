"""What the alerts' pages tell people to do exists: requests, commands, SQL, panels, log lines."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from unittest.mock import Mock

import asyncpg
import pytest

from parking.cli import _parser
from parking.config import Settings
from parking.web.calls import Route
from parking.web.routes import list_routes
from tests.service import CHECKOUT
from tests.watching.dashboards import list_dashboards
from tests.web.test_openapi import PARTS

BLOCK = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {path.name: path.read_text("utf-8") for path in CHECKOUT.glob("docs/runbooks/*.md")}
UNITS = {
    path.name.removesuffix(".service"): path.read_text("utf-8")
    for path in CHECKOUT.glob("deploy/systemd/*.service")
}
OF_DEBIAN = {"postgresql", "caddy", "mosquitto"}
PROGRAMS = ("systemctl", "journalctl", "ss", "du", "curl", "psql", "openssl", "parking", "kubectl")
"""A piece of code that begins with one of these is a command for a shell."""


def list_code() -> Iterator[tuple[str, str]]:
    """List the pieces of code of all pages, each with its page."""
    for name, text in PAGES.items():
        for block in BLOCK.findall(text):
            yield name, block.strip()
        for code in re.findall(
            r"`([^`]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        ):
            yield name, code


def commands(*programs: str) -> list[tuple[str, str]]:
    found = [(name, code) for name, code in list_code() if code.split()[0] in programs]
    assert found
    return found


def routes() -> dict[tuple[str, str], Route]:
    listed = list_routes(**{part: Mock() for part in PARTS})
    return {(route.method, route.path): route for route in listed}


def test_requests_are_the_services() -> None:
    known = routes()
    found = [
        (name, *match.groups())
        for name, code in list_code()
        if (match := re.fullmatch(r"(GET|PUT|POST|DELETE) ([^? ]+)(?:\?(\S+))?", code))
    ]
    assert len(found) > 8
    for name, method, path, query in found:
        route = known.get((method, path))
        assert route is not None, (name, method, path)
        fields = route.query.model_fields
        parameters = {field.alias or key for key, field in fields.items()}
        for part in (query or "").split("&"):
            assert not part or part.partition("=")[0] in parameters, (name, path, part)
    watched = {code for _, code in list_code() if re.fullmatch(r"/[a-z0-9/]+", code)}
    assert {f"GET {path}" for path in watched} <= {" ".join(one) for one in known}


@pytest.mark.parametrize(("name", "code"), commands(*PROGRAMS))
def test_commands_are_a_shells(name: str, code: str) -> None:
    plain = code.replace("…", "X")
    done = subprocess.run(  # noqa: S603 - reads, and runs nothing
        ["/bin/bash", "-n", "-c", plain], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), name


def test_units_are_there_and_logs_where_they_are_looked_for() -> None:
    (namespace,) = {
        found
        for unit in UNITS.values()
        for found in re.findall(r"^LogNamespace=(.+)$", unit, re.MULTILINE)
    }
    for name, code in commands("systemctl"):
        for unit in shlex.split(code)[2:]:
            one = unit.removesuffix(".service")
            template = re.sub(r"@.*", "@", one)
            assert one in OF_DEBIAN | UNITS.keys() or template in UNITS, (name, code)
    for name, code in commands("journalctl"):
        words = shlex.split(code.partition("|")[0])
        assert "-k" in words or f"--namespace={namespace}" in words, (name, code)
        assert "-u" not in words, (name, code)


def test_our_commands_are_understood() -> None:
    for _, code in commands("parking"):
        words = shlex.split(code.replace("…", "2026-11-25T00:00:00Z"))[1:]
        if words == ["restore", "--replace"]:
            words.append("FOLDER")
        if all(word.islower() for word in words):  # spoken of: is there such a command?
            with pytest.raises(SystemExit, match=r"^0$"):
                _parser().parse_args([*words, "--help"])
        else:
            _parser().parse_args(words)


async def test_sql_is_understood(database_url: str) -> None:
    asked = [(name, code) for name, code in list_code() if code.startswith("SELECT ")]
    assert len(asked) > 5
    connection = await asyncpg.connect(database_url)
    try:
        for name, sql in asked:
            try:
                await connection.prepare(sql)  # looked at, and not run
            except asyncpg.PostgresError as error:
                pytest.fail(f"{name}: {sql}: {error}")
    finally:
        await connection.close()


def test_settings_are_the_services() -> None:
    known = {f"PARKING_{name}".upper() for name in Settings.model_fields}
    named = {found for text in PAGES.values() for found in re.findall(r"PARKING_[A-Z_]+", text)}
    assert named <= known


def test_what_is_quoted_is_a_panel_or_said_by_the_service() -> None:
    titles = {panel["title"] for one in list_dashboards() for panel in one["panels"]}
    source = "\n".join(
        path.read_text("utf-8") for path in CHECKOUT.joinpath("parking").rglob("*.py")
    )
    quoted = [
        (name, " ".join(found.split()))
        for name, text in PAGES.items()
        for found in re.findall(r'"([^"`]+)"', re.sub(r"`[^`]*`", "", BLOCK.sub("", text)))
    ]
    assert len(quoted) > 10
    for name, said in quoted:
        parts = [part for part in re.split(r"…|\bN\b", said) if part.strip()]
        assert said in titles or all(part.strip() in source for part in parts), (name, said)
