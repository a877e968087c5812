"""The settings that the README lists are those of the code, with their defaults."""

import re
from pathlib import Path

import pytest

from parking.config import Settings
from tests.service import CHECKOUT

ROW = re.compile(r"^\| `(PARKING_\w+)` \| (.+) \| (.+) \|$", re.MULTILINE)
UNSET = {"README.md": "unset", "README.zh-CN.md": "未设置"}
DOCUMENTS = [CHECKOUT / name for name in UNSET]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_settings_are_documented(document: Path) -> None:
    documented = {name: default for name, _, default in ROW.findall(document.read_text("utf-8"))}
    assert documented == {
        f"PARKING_{name.upper()}": UNSET[document.name]
        if field.default is None
        else f"`{field.default}`"
        for name, field in Settings.model_fields.items()
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_limits_are_documented(document: Path) -> None:
    meanings = {name: meaning for name, meaning, _ in ROW.findall(document.read_text("utf-8"))}
    assert "32" in meanings["PARKING_ADMIN_KEY"]
    assert "36500" in meanings["PARKING_RETENTION_DAYS"]
    for level in ("debug", "info", "warning", "error"):
        assert f"`{level}`" in meanings["PARKING_LOG_LEVEL"]
