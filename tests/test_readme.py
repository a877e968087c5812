"""What the README says: its commands run and print what stands below them, its links resolve."""

import argparse
import json
import os
import re
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sensors_sim.places import list_places
from tests.service import CHECKOUT, DIRECT, RunningService

README = CHECKOUT / "README.md"
LANGUAGES = (README, CHECKOUT / "README.zh-CN.md")
DOCUMENTS = sorted(
    [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("deploy/*.md"), *CHECKOUT.glob("docs/**/*.md")]
)
PICTURES = CHECKOUT / "docs" / "pictures"

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TARGET = re.compile(r"^([a-z-]+):.*##", re.MULTILINE)
MAKE = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)
VARIES = re.compile(r"\d{4}-|sha256:")

# In place of curl, which not every machine has: what the shell made of its arguments.
CURL = f'curl() {{ {sys.executable} -c "import json, sys; print(json.dumps(sys.argv[1:]))" "$@"; }}'


def blocks(document: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(document.read_text("utf-8")) if name == language]


def promised() -> list[tuple[str, Any]]:
    """Pair the curl commands with what stands below each of them."""
    commands = [text for text in blocks(README, "sh") if text.startswith("curl")]
    return list(zip(commands, map(json.loads, blocks(README, "json")), strict=True))


@pytest.fixture
def folder(tmp_path: Path, service: RunningService) -> Path:
    """Give a folder that holds the key where the demo would put it."""
    tmp_path.joinpath(".data").mkdir()
    tmp_path.joinpath(".data", "demo-admin-key").write_text(service.admin_key + "\n")
    return tmp_path


@pytest.fixture
def district(service: RunningService) -> None:
    """Describe the lots that the README speaks of, and count their cars: last night and now."""
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    events = []
    for place in list_places():
        if place.description["district"] != "east-station":
            continue
        call(service, "PUT", f"/v1/lots/{place.id}", place.description)
        for zone in place.zones:
            if zone.counting == "spaces":
                spaces = [{"id": space} for space in zone.space_ids()]
                path = f"/v1/lots/{place.id}/zones/{zone.id}/spaces"
                call(service, "PUT", path, {"spaces": spaces})
                continue
            for at in (midnight - timedelta(minutes=1), now - timedelta(seconds=1)):
                count = {"type": "count", "zone": zone.id, "occupied": zone.capacity // 2}
                events.append({"lot": place.id, "observed_at": at.isoformat(), **count})
    receipt = call(service, "POST", "/v1/events", {"events": events})
    assert receipt["accepted"] == len(events), receipt["rejected"]


def call(service: RunningService, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {service.admin_key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    return send(urllib.request.Request(service.url + path, data, headers, method=method))  # noqa: S310


def send(request: urllib.request.Request) -> Any:
    """Send a request and read its JSON; anything but a success raises."""
    with DIRECT.open(request, timeout=10) as answer:
        assert 200 <= answer.status < 300
        return json.load(answer)


def run(command: str, folder: Path, service: RunningService) -> Any:
    """Do what a command of the README does, on the service's own port."""
    shell = subprocess.run(  # noqa: S603
        ["bash", "-euo", "pipefail", "-c", f"{CURL}\n{command}"],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", type=str.encode)
    parser.add_argument("url")
    given = parser.parse_args(json.loads(shell.stdout))
    url = given.url.replace("http://127.0.0.1:8080/", f"{service.url}/")
    headers = dict(header.split(": ", 1) for header in given.headers)
    return send(urllib.request.Request(url, given.data, headers))  # noqa: S310


def assert_holds(answer: Any, promise: Any, where: str = "") -> None:
    """Check that an answer has all that is promised; numbers, times and digests may differ."""
    if isinstance(promise, dict):
        assert promise.keys() <= answer.keys(), where
        for name in promise:
            assert_holds(answer[name], promise[name], f"{where}/{name}")
    elif isinstance(promise, list):
        assert len(answer) >= len(promise), where
        for index, item in enumerate(promise):
            assert_holds(answer[index], item, f"{where}/{index}")
    elif isinstance(promise, str) and VARIES.match(promise):
        assert VARIES.match(answer), where
    elif isinstance(promise, bool | str | None):
        assert answer == promise, where
    else:
        assert type(answer) is type(promise), where


@pytest.mark.usefixtures("district")
def test_commands_print_what_is_promised(service: RunningService, folder: Path) -> None:
    assert len(promised()) == 3
    for command, promise in promised():
        assert_holds(run(command, folder, service), promise, command)


@pytest.mark.usefixtures("district")
def test_event_counts_once(service: RunningService, folder: Path) -> None:
    def occupied() -> int:
        shown = call(service, "GET", "/v1/lots/east-station-p1/availability")
        return int(shown["occupied"])

    before = occupied()
    command = next(command for command, _ in promised() if "/v1/events" in command)
    once = re.sub(r"\$\(date [^)]+\)", datetime.now(UTC).isoformat(), command)
    assert run(once, folder, service)["accepted"] == 1
    assert run(once, folder, service)["duplicates"] == 1
    assert occupied() == before + 1


@pytest.mark.usefixtures("district")
def test_key_is_made_and_speaks_for_its_operator(
    service: RunningService, folder: Path, database_url: str
) -> None:
    (command,) = (text for text in blocks(README, "sh") if "keys create" in text)
    made = subprocess.run(  # noqa: S603
        ["bash", "-c", command.replace(".venv/bin/parking", f"{sys.executable} -m parking")],  # noqa: S607
        cwd=folder,
        env={**os.environ, "PARKING_DATABASE_URL": database_url, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    folder.joinpath(".data", "demo-admin-key").write_text(made.stdout)
    push = next(command for command, _ in promised() if "/v1/events" in command)
    call(service, "POST", "/v1/keys", {"role": "planner"})  # the service takes up all new keys
    assert run(push, folder, service)["accepted"] == 1
    theirs = push.replace("east-station-p1", "east-station-p3").replace("b1", "main")
    rejected = run(theirs, folder, service)["rejected"]
    assert [item["code"] for item in rejected] == ["forbidden_lot"]


def test_languages_have_the_same_commands_and_answers() -> None:
    for language in ("sh", "json"):
        first, second = (blocks(document, language) for document in LANGUAGES)
        assert first == second


def test_pictures_differ_in_words_alone() -> None:
    def drawn(name: str) -> list[tuple[str, dict[str, str]]]:
        root = ET.fromstring(PICTURES.joinpath(name).read_text("utf-8"))  # noqa: S314 - our own
        return [(element.tag, element.attrib) for element in root.iter()]

    assert drawn("overview.svg") == drawn("overview.zh-CN.svg")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(document: Path) -> None:
    there = set(TARGET.findall(CHECKOUT.joinpath("Makefile").read_text("utf-8")))
    assert set(MAKE.findall(document.read_text("utf-8"))) <= there


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_resolve(document: Path) -> None:
    for link in LINK.findall(document.read_text("utf-8")):
        path, _, _ = link.partition("#")
        assert link.startswith("https://") or document.parent.joinpath(path).exists(), link


def test_every_decision_is_listed() -> None:
    listed = LINK.findall(CHECKOUT.joinpath("ARCHITECTURE.md").read_text("utf-8"))
    for page in CHECKOUT.glob("docs/decisions/*.md"):
        assert f"docs/decisions/{page.name}" in listed
