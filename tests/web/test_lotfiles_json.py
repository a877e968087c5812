"""JSON files of lots: where exactly each thing is wrong, and that all of it is told."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.web.lotfiles import LotFile, read_lots
from parking.web.lotfiles.nodes import Node, scan
from parking.web.lotfiles.source import Source
from parking.web.models import LotDescription
from tests.web.lotfiles_samples import EAST, LOT, encoded, lined, lot, spaces


def read(data: bytes) -> LotFile:
    return read_lots(data, "lots.json")


def told(data: bytes) -> list[tuple[int, int, str, str]]:
    found = read(data)
    assert not (found.faults and (found.descriptions or found.spaces))
    return [(fault.line, fault.column, fault.where, fault.message) for fault in found.faults]


def test_a_map_of_lots_with_their_spaces() -> None:
    found = read(EAST.read_bytes())
    assert found.faults == []
    raw = json.loads(EAST.read_bytes())["lots"]["zd-p1"]
    lists = raw.pop("spaces")
    assert found.descriptions == {"zd-p1": LotDescription.model_validate(raw)}
    assert {key: value.model_dump()["spaces"] for key, value in found.spaces.items()} == {
        ("zd-p1", zone): [{"label": None, **space} for space in listed]
        for zone, listed in lists.items()
    }
    assert found.places == {"zd-p1": (2, 3)}


@pytest.mark.parametrize(
    "root",
    [
        {"lots": {"p1": LOT}},
        [{"id": "p1", **LOT}],
        [{"id": "p1", "lot": "p1", **LOT, "open_now": None}],
        {"items": [{"id": "p1", "lot": "p1", **LOT, "open_now": True}], "next": None},
        {"id": "p1", "lot": "p1", **LOT, "open_now": False},
    ],
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["lots.json", "LOTS.JSON", "lots"])
def test_all_shapes_say_the_same(root: Any, bom: bytes, name: str) -> None:
    found = read_lots(bom + encoded(root), name)
    assert found.faults == []
    assert found.descriptions == {"p1": LotDescription.model_validate(LOT)}


ZONE = LOT["zones"][0]
WRONG_VALUES: list[tuple[dict[str, Any], list[tuple[int, int, str]]]] = [
    ({"kind": "garage"}, [(8, 13, "/kind")]),
    ({"name": {"zh": "东站", "no language": "x"}}, [(6, 7, "/name/no language")]),
    ({"name": {}}, [(4, 13, "/name")]),
    ({"location": {"lat": 113.77, "lon": 34.76}}, [(10, 14, "/location/lat")]),
    (
        {"location": {"lat": "34.76", "lon": True}},
        [(10, 14, "/location/lat"), (11, 14, "/location/lon")],
    ),
    ({"location": {"lat": 34.76}}, [(9, 17, "/location/lon")]),
    ({"timezone": "Asia/Zhengzhou"}, [(13, 17, "/timezone")]),
    ({"opening_hours": "24/7 or so"}, [(37, 22, "/opening_hours")]),
    ({"zones": []}, [(14, 14, "/zones")]),
    (
        {"zones": [{**ZONE, "capacity": 0, "klass": 1}]},
        [(18, 21, "/zones/0/capacity"), (21, 9, "/zones/0/klass")],
    ),
    ({"zones": [{**ZONE, "capacity": 3.0}]}, [(18, 21, "/zones/0/capacity")]),
    ({"zones": [ZONE, ZONE]}, [(23, 15, "/zones/1/id")]),
    (
        {"zones": [{"id": "a", "class": "ev", "capacity": 1}]},
        [(15, 7, "/zones/0/counting"), (15, 7, "/zones/0/stale_after_s")],
    ),
    ({"open_now": True}, []),
    ({"colour": "red"}, [(37, 5, "/colour")]),
    ({"spaces": []}, [(37, 15, "/spaces")]),
    ({"spaces": {"z": []}}, [(38, 7, "/spaces/z")]),
    ({"kind": 1, "spaces": {"z": []}}, [(8, 13, "/kind"), (38, 7, "/spaces/z")]),
    ({"spaces": {"g": spaces("1")}}, [(38, 12, "/spaces/g")]),
    ({"spaces": {"a": spaces("1", "2", "3", "4")}}, [(38, 12, "/spaces/a")]),
    ({"spaces": {"a": spaces("1", "1")}}, [(43, 17, "/spaces/a/1/id")]),
    ({"spaces": {"a": spaces("1"), "b": spaces("1")}}, [(45, 17, "/spaces/b/0/id")]),
    (
        {"spaces": {"a": [{"id": "1", "label": ""}, {}]}},
        [(41, 20, "/spaces/a/0/label"), (43, 9, "/spaces/a/1/id")],
    ),
]


@pytest.mark.parametrize(("described", "expected"), WRONG_VALUES)
def test_where_a_value_is_wrong(
    described: dict[str, Any], expected: list[tuple[int, int, str]]
) -> None:
    data = lined([{"id": "p1", **lot(**described)}])
    assert [fault[:3] for fault in told(data)] == [
        (line, column, f"/0{where}") for line, column, where in expected
    ]


def test_every_fault_of_every_lot_is_told() -> None:
    data = lined([{"id": "p1", **lot(kind=1)}, {"id": "p 2", **lot(operator="")}, {**LOT}, 7])
    assert [fault[:3] for fault in told(data)] == [
        (8, 13, "/0/kind"),
        (39, 11, "/1/id"),
        (43, 17, "/1/operator"),
        (74, 3, "/2/id"),
        (109, 3, "/3"),
    ]


def test_what_stands_twice_names_both_places() -> None:
    rest = encoded(LOT)[1:-1]
    data = b'[{"id": "p1", %s},\n{"kind": 1, "id": "p2", %s},\n{"id": "p1", %s}]' % ((rest,) * 3)
    second = data.decode().splitlines()[1].rindex('"kind"') + 1
    assert told(data) == [
        (2, second, "", '"kind" is given twice, see line 2, column 2'),
        (3, 8, "", 'lot "p1" is described twice, see line 1, column 9'),
    ]
    zones = [ZONE, {**ZONE, "class": "ev"}]
    (fault,) = told(b'{"lots": {"p1":\n' + encoded(lot(zones=zones)) + b"}}")
    assert fault[0] == 2
    assert '"a" stands twice in zones, see line 2, column 1' in fault[3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1, 1, "a value is expected")),
        ("\n  \n", (3, 1, "a value is expected")),
        ('{"lots":\n {"p1": ]}', (2, 9, "a value is expected")),
        ('{"lots": {}\n', (2, 1, "',' or '}' is expected")),
        ('{"lots" {}}', (1, 9, "':' is expected")),
        ("{lots: {}}", (1, 2, "a member's name in double quotes is expected")),
        ('["东站", "x\ny"]', (1, 10, "Invalid control character at")),
        ('["x\\q"]', (1, 4, "Invalid \\escape")),
        ('["x]', (1, 2, "Unterminated string starting at")),
        ("[]\r\n[]", (2, 1, "nothing may follow the value")),
        ("[1,\r2,\rNaN]", (3, 1, "'NaN' is no value")),
        ("[-Infinity]", (1, 2, "'-Infinity' is no value")),
        ("[01]", (1, 2, "'01' is no value")),
        ("[1.]", (1, 3, "',' or ']' is expected")),
        ("[" * 100_000, (1, 65, "nested more than 64 deep")),
        ('{"a":' * 100_000, (1, 321, "nested more than 64 deep")),
    ],
)
def test_where_it_is_no_json(text: str, expected: tuple[int, int, str]) -> None:
    line, column, message = expected
    assert told(text.encode()) == [(line, column, "", f"not JSON: {message}")]


def test_what_can_be_passed_over_is_not_the_only_fault_told() -> None:
    # half a pair, too long a number, two commas too many
    text = f'{{"lots": {{"p1": {{"name": {{"zh": "\\ud800"}},\n"x": {"9" * 500}, "y": [1,]}},\n}}}}'
    assert [(fault[0], fault[1]) for fault in told(text.encode()) if "not JSON" in fault[3]] == [
        (1, 33),
        (2, 515),
        (2, 518),
    ]
    assert (2, 6, "", "a number of more than 400 characters") in told(text.encode())
    assert (2, 1, "/lots/p1/x", "there is no such field") in told(text.encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", (1, 1, "")),
        ("7", (1, 1, "")),
        ('{"lot": {}}', (1, 1, "")),
        ('{"lots": []}', (1, 10, "/lots")),
        ('{"lots": {"p1": 7}}', (1, 17, "/lots/p1")),
        ('{"items": {}}', (1, 11, "/items")),
    ],
)
def test_where_it_holds_no_lots(text: str, expected: tuple[int, int, str]) -> None:
    (fault,) = told(text.encode())
    assert fault[:3] == expected


def test_members_that_do_not_belong_there() -> None:
    data = b'{"lots": {"p1": ' + encoded(LOT) + b'},\n "lot": 1, "items": []}'
    assert [fault[:3] for fault in told(data)] == [(2, 2, "/lot"), (2, 12, "/items")]


def test_every_stretch_that_is_not_utf8_is_told() -> None:
    data = '["东'.encode() + b'\xff\xfe", "\xe4\xb8"\n, "\x80"]'
    assert told(data) == [
        (1, 4, "", "not UTF-8: byte 0xff"),
        (1, 10, "", "not UTF-8: byte 0xe4"),
        (2, 4, "", "not UTF-8: byte 0x80"),
    ]
    (fault,) = told('{"lots": {"p1": {"name": {"zh": "东站"}}}}'.encode("gb18030"))
    assert fault[:2] == (1, 34)
    assert "GBK" in fault[3]


def test_a_fault_is_said_in_one_line() -> None:
    data = encoded({"lots": {"p1": lot(**{"a\nb\x1b[31m": 1})}})
    (fault,) = read(data).faults
    assert str(fault).endswith(r"/lots/p1/a\nb\x1b[31m: there is no such field")


def test_the_operator_of_the_command_line() -> None:
    without = {name: value for name, value in LOT.items() if name != "operator"}
    data = encoded({"lots": {"p1": without}})
    assert read_lots(data, "a.json", operator="zd").descriptions["p1"].operator == "zd"
    assert [fault.where for fault in read_lots(data, "a.json").faults] == ["/lots/p1/operator"]
    (fault,) = read_lots(encoded({"lots": {"p1": LOT}}), "a.json", operator="other").faults
    assert fault.where == "/lots/p1/operator"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


def places(node: Node, source: Source) -> None:
    """See to it that every part stands where its text is."""
    text = source.text[node.at :]
    assert json.JSONDecoder().raw_decode(text)[0] == node.value
    for name, at in (node.keys or {}).items():
        assert json.JSONDecoder().raw_decode(source.text[at:])[0] == name
    for part in (*node.members.values(), *node.items):
        places(part, source)


@settings(deadline=None)
@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_reads_as_the_standard_library_does(value: Any, indent: int | None, ascii_: bool) -> None:
    source = Source(json.dumps(value, indent=indent, ensure_ascii=ascii_))
    node = scan(source)
    assert node is not None
    assert node.value == value
    assert source.faults == []
    places(node, source)


@settings(deadline=None)
@given(st.text(st.sampled_from('{}[]",:1e.-tnu\\ \n')))
def test_takes_what_the_standard_library_takes(text: str) -> None:
    source = Source(text)
    node = scan(source)
    pairs: list[bool] = []

    def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.append(len(dict(members)) == len(members))
        return dict(members)

    try:
        expected = json.loads(text, object_pairs_hook=unique)
    except ValueError:
        assert source.faults
    else:
        assert bool(source.faults) == (not all(pairs))
        assert node is not None
        assert node.value == expected
