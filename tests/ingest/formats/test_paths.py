"""Paths: a small part of JSONPath, with exact errors."""

from typing import Any

import pytest

from parking.ingest.formats.paths import MISSING, Found, compile_path

ROOT: Any = {
    "data": {"free": 3, "rows": [{"id": "a"}, {"id": "b"}], "odd name": 1, "a.b": {"c": 2}},
    "lots": {"p/1": {"free": 4}, "p2": {"free": 5}},
    "停车": [1, [2, 3]],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data.free", 3),
        ("data.rows[1].id", "b"),
        ('data["odd name"]', 1),
        ('data["a.b"].c', 2),
        ("停车[1][0]", 2),
        ("", ROOT),
        ("$", ROOT),
        ("$.data.free", 3),
        ("data.none", MISSING),
        ("data.free.x", MISSING),
        ("data.rows[2]", MISSING),
        ("data[0]", MISSING),
        ("停车.x", MISSING),
        ("@key", MISSING),
    ],
)
def test_where_a_path_leads(path: str, found: Any) -> None:
    assert compile_path(path).one(Found(ROOT), ROOT) == found


@pytest.mark.parametrize(
    ("path", "pointers", "keys"),
    [
        ("data.rows[*]", ["/data/rows/0", "/data/rows/1"], [0, 1]),
        ("lots[*]", ["/lots/[0]", "/lots/[1]"], ["p/1", "p2"]),
        ("停车[1][*]", ["/停车/1/0", "/停车/1/1"], [0, 1]),
        ("[*]", ["/[0]", "/[1]", "/[2]"], ["data", "lots", "停车"]),
        ('lots["p/1"][*]', ["/lots/p~11/[0]"], ["free"]),
        ("data.free[*]", [], []),
        ("none[*]", [], []),
        ("data.rows[*].id", ["/data/rows/0/id", "/data/rows/1/id"], [0, 1]),
    ],
)
def test_going_through_items(path: str, pointers: list[str], keys: list[str | int]) -> None:
    found = list(compile_path(path, many=True).all(ROOT))
    assert [item.pointer for item in found] == pointers
    assert [item.key for item in found] == keys


def test_from_an_item_to_the_root_and_to_its_key() -> None:
    item = next(compile_path("lots[*]", many=True).all(ROOT))
    assert compile_path("free").one(item, ROOT) == 4
    assert compile_path("$.data.free").one(item, ROOT) == 3
    assert compile_path("@key").one(item, ROOT) == "p/1"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".a", "from '.a' on"),
        ("a..b", "from '..b' on"),
        ("a b", "a dot is missing"),
        ("a[b]", r"from '\[b\]' on"),
        ("a[-1]", "from"),
        ("a[0]b", "a dot is missing"),
        ("$x", "a dot is missing"),
        ('a["b', "from"),
        ("a[*]", "belongs into `each`"),
        ("@id", "from '@id' on"),
        ("a.", "from"),
    ],
)
def test_what_is_no_path(path: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compile_path(path)
