"""The examples of docs/lots-import.md are files that can be imported."""

import re

import pytest

from parking.web.lotfiles import read_lots
from tests.service import CHECKOUT

PAGE = (CHECKOUT / "docs" / "lots-import.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```(json|csv|geojson)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_every_format_has_an_example() -> None:
    assert sorted(ending for ending, _ in EXAMPLES) == ["csv", "geojson", "json"]


@pytest.mark.parametrize(("ending", "text"), EXAMPLES)
def test_the_example_can_be_imported(ending: str, text: str) -> None:
    found = read_lots(text.encode(), f"lots.{ending}")
    assert found.faults == []
    assert found.descriptions["zd-p1"].kind == "underground"
