"""What the documents claim is shown by the tests that they name."""

import re
from pathlib import Path

import pytest

from tests.service import CHECKOUT

NAMED = re.compile(r"`(tests/[a-z0-9_/]+\.py)(?:::(\w+))?`")
LINK = re.compile(r"\]\(([^)#\s]+)")
DOCUMENTS = [
    CHECKOUT / name
    for name in ("docs/security.md", "docs/personal-data.md", "deploy/https/README.md")
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_resolve(document: Path) -> None:
    for link in LINK.findall(document.read_text("utf-8")):
        assert document.parent.joinpath(link).exists(), link


@pytest.mark.parametrize("document", DOCUMENTS[:2], ids=lambda path: path.name)
def test_tests_that_are_named_exist(document: Path) -> None:
    named = NAMED.findall(document.read_text("utf-8"))
    assert named
    for path, test in named:
        text = CHECKOUT.joinpath(path).read_text("utf-8")
        assert not test or re.search(rf"def {test}\(", text), (path, test)
