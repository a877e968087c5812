from typing import Any

import pytest

from sensors_sim.truth import LotTruth, compare, compare_all, table

TRUTH = LotTruth("a", 10, 4, None, {"general": 3, "ev": 1})
SIGN = LotTruth("s", 10, None, "limited", {})
SAID: dict[str, Any] = {
    "lot": "a",
    "capacity": 10,
    "free": 4,
    "unknown": 0,
    "classes": {"general": {"free": 3}, "ev": {"free": 1}},
}


def test_equal_numbers_agree() -> None:
    assert compare(TRUTH, SAID).ok


@pytest.mark.parametrize(
    "change",
    [
        {"free": 5},
        {"free": None, "unknown": 10},
        {"unknown": 1},
        {"capacity": 11},
        {"classes": {"general": {"free": 4}, "ev": {"free": 0}}},
    ],
)
def test_anything_else_does_not(change: dict[str, Any]) -> None:
    assert not compare(TRUTH, {**SAID, **change}).ok


def test_signs_agree_by_level() -> None:
    assert compare(SIGN, {"lot": "s", "level": "limited", "free": None}).ok
    assert not compare(SIGN, {"lot": "s", "level": "full", "free": None}).ok


def test_the_table_shows_what_is_missing() -> None:
    rows = compare_all([TRUTH, SIGN], [SAID])
    assert [row.ok for row in rows] == [True, False]
    assert [line.split()[-1] for line in table(rows)] == ["ok", "yes", "NO"]
