"""CSV files of lots: a row a zone, and where exactly each thing is wrong."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.web.lotfiles import LotFile, read_lots
from parking.web.lotfiles.cells import rows
from parking.web.lotfiles.source import Source
from parking.web.models import LotDescription
from tests.web.lotfiles_samples import DISTRICT, DISTRICT_LOTS, LOT, SAMPLES

HEADER = "id,name_zh,operator,kind,lat,lon,timezone,zone_id,class,capacity,counting,stale_after_s"
FIRST = "p1,东站,zd,surface,34.76,113.77,Asia/Shanghai,a,general,3,spaces,60"
SECOND = "p1,,,,,,,b,ev,9,spaces,60"
THIRD = "p1,东站,zd,surface,34.760,113.77,Asia/Shanghai,g,bus,5,gates,60"
GOOD = f"{HEADER}\n{FIRST}\n{SECOND}\n{THIRD}"


def read(text: str) -> LotFile:
    return read_lots(text.encode(), "lots.csv")


def told(text: str) -> list[tuple[int, int, str, str]]:
    return [(fault.line, fault.column, fault.where, fault.message) for fault in read(text).faults]


def test_the_district_is_the_same_in_all_formats() -> None:
    json_, csv_, geojson = (read_lots((SAMPLES / name).read_bytes(), name) for name in DISTRICT)
    assert [one.faults for one in (json_, csv_, geojson)] == [[], [], []]
    assert len(json_.descriptions) == DISTRICT_LOTS
    assert json_.descriptions == csv_.descriptions == geojson.descriptions
    assert list(csv_.descriptions) == list(json_.descriptions)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + "\n\n",
        "\ufeff" + GOOD.replace("\n", "\r\n") + "\r\n",
        GOOD.replace("\n", "\r"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace(",", " , "),
        '"' + GOOD.replace(",", '","').replace("\n", '"\n"') + '"',
        GOOD.replace("\n", ",,\n") + ",,\n,,,,,",
        GOOD.replace("\n", '\n"",,\n'),
        f"{HEADER}\n{SECOND}\n{THIRD}\n{FIRST}",
    ],
)
@pytest.mark.parametrize("name", ["lots.csv", "lots.CSV", "lots.txt", "lots"])
def test_all_ways_to_write_it_say_the_same(text: str, name: str) -> None:
    found = read_lots(text.encode(), name)
    assert found.faults == []
    description = found.descriptions["p1"]
    by_id = {zone.id: zone for zone in LotDescription.model_validate(LOT).zones}
    assert {zone.id: zone for zone in description.zones} == by_id
    assert description.name == LOT["name"]
    assert description.location.lat == 34.76


def test_every_column() -> None:
    found = read(
        f"{HEADER},name_en,name_zh-Hant,district,address_zh,address_en,opening_hours,max_height_m,"
        "payment,zone_name_zh,zone_name_en\n"
        f'{FIRST},East,東站,cbd,一号,"No. 1,\nEast","Mo-Fr 07:00-22:00; Sa off",2.1,'
        "wechat; alipay etc,负一层,B1\n"
    )
    assert found.faults == []
    assert found.places == {"p1": (2, 1)}
    described = found.descriptions["p1"].model_dump()
    zone = {**LOT["zones"][0], "name": {"zh": "负一层", "en": "B1"}}
    assert described == {
        **LOT,
        "name": {"zh": "东站", "en": "East", "zh-Hant": "東站"},
        "district": "cbd",
        "address": {"zh": "一号", "en": "No. 1,\nEast"},
        "opening_hours": "Mo-Fr 07:00-22:00; Sa off",
        "max_height_m": 2.1,
        "payment": ["wechat", "alipay", "etc"],
        "zones": [zone],
        "entrances": [],
        "tariff": None,
    }


WRONG: list[tuple[str, list[tuple[int, int, str]]]] = [
    (GOOD.replace("surface", "garage", 1), [(2, 10, "kind"), (4, 10, "kind")]),
    (GOOD.replace("34.76,", "134.76,").replace("34.760", "134.76"), [(2, 18, "lat")]),
    (GOOD.replace(",34.76,", ',"34,76",', 1), [(2, 18, "lat"), (4, 18, "lat")]),
    (GOOD.replace(",9,", ",nine,"), [(3, 15, "capacity")]),
    (GOOD.replace(",9,", ",9.0,"), [(3, 15, "capacity")]),
    (GOOD.replace(",9,", ",９,"), [(3, 15, "capacity")]),
    (GOOD.replace(",9,", ",0,"), [(3, 15, "capacity")]),
    (GOOD.replace(",9,", f",{'9' * 5000},"), [(3, 15, "capacity")]),
    (GOOD.replace(",9,", ",,"), [(3, 15, "capacity")]),
    (GOOD.replace(",9,", ',"9"9,'), [(3, 18, "")]),
    (GOOD.replace(",9,", ',"9,'), [(3, 15, ""), (3, 15, "capacity")]),
    (GOOD.replace(",b,", ",a,"), [(3, 10, "zone_id")]),
    (GOOD.replace("ev,", "electric,"), [(3, 12, "class")]),
    (GOOD.replace(",Asia/Shanghai", ",Asia/Zhengzhou"), [(2, 31, "timezone")]),
    (GOOD.replace(",Asia/Shanghai", ","), [(2, 31, "timezone")]),
    (GOOD.replace("东站", ""), [(2, 4, "name")]),
    (GOOD.replace("p1,,", "p1,西站,"), [(3, 4, "name_zh")]),
    (GOOD.replace("p1,,", ",,"), [(3, 1, "id")]),
    (GOOD.replace("p1,,", "p 1,,"), [
        (3, 1, "id"), (3, 5, "name"), (3, 6, "operator"), (3, 7, "kind"), (3, 8, "lat"),
        (3, 9, "lon"), (3, 10, "timezone"),
    ]),
    (GOOD.replace(SECOND, "p1,,,,,,,b,ev"), [
        (3, 14, "capacity"), (3, 14, "counting"), (3, 14, "stale_after_s"),
    ]),
    (GOOD.replace(SECOND, SECOND + ",,x,y"), [(3, 28, ""), (3, 30, "")]),
    (GOOD.replace("capacity", "capacities"), [(1, 1, "capacity"), (1, 57, "capacities")]),
    (GOOD.replace("name_zh", "name_"), [(1, 1, "name"), (1, 4, "name_")]),
    (GOOD.replace("id,", "ID,", 1), [(1, 1, "ID"), (1, 1, "id")]),
    (GOOD.replace(",lon,", ",lat,"), [(1, 1, "lon"), (1, 30, "lat")]),
    (GOOD.replace(",kind,", ",,"), [(1, 1, "kind"), (2, 10, ""), (4, 10, "")]),
    (HEADER, [(1, 1, "")]),
    ("", [(1, 1, "")]),
    (",,\n\n", [(1, 1, "")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_where_it_is_wrong(text: str, expected: list[tuple[int, int, str]], ends: str) -> None:
    assert [fault[:3] for fault in told(text.replace("\n", ends))] == expected


def test_a_quoted_end_of_line_is_counted() -> None:
    text = GOOD.replace("东站", '"东站\n\nP1"')
    text += "\np2,x,zd,surface,north,113.77,CST,z,ev,1,flag,60"
    assert [fault[:3] for fault in told(text)] == [
        (9, 17, "lat"),
        (9, 30, "timezone"),
    ]
    broken = GOOD.replace(FIRST, FIRST.replace("东站", '"东站\nP1"').replace(",3,", ",x,"))
    assert [fault[:3] for fault in told(broken)] == [(3, 53, "capacity"), (5, 4, "name_zh")]


def test_a_contradiction_names_both_lines() -> None:
    text = GOOD.replace(SECOND, "p1,西站,,,,,,b,ev,9,spaces,60")
    assert told(text) == [(3, 4, "name_zh", "'西站' contradicts line 2, of the same lot")]


def test_what_is_meant_is_guessed() -> None:
    assert told(GOOD.replace("timezone", "time_zone"))[1][2:] == (
        "time_zone",
        "there is no such column, did you mean timezone?",
    )
    (_, twice) = told(GOOD.replace(",lon,", ",lat,"))
    assert twice[3] == "this column is there twice, see line 1, column 26"


def test_the_operator_of_the_command_line() -> None:
    text = GOOD.replace("operator,", "").replace(",zd,", ",").replace("p1,,", "p1,")
    assert [fault[:3] for fault in told(text)] == [(1, 1, "operator")]
    found = read_lots(text.encode(), "lots.csv", operator="zd")
    assert found.descriptions["p1"].operator == "zd"
    (fault,) = read_lots(GOOD.encode(), "lots.csv", operator="east").faults
    assert str(fault) == '2:7: operator: the import is for the operator "east", not "zd"'


def test_excels_other_encodings_are_told() -> None:
    (*_, fault) = read_lots(GOOD.encode("gb18030"), "lots.csv").faults
    assert fault.line == 4
    assert "GBK" in fault.message
    assert read_lots(GOOD.encode("utf-16"), "lots.csv").faults[0].column == 1


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab" ;,\t\n\r东')), min_size=2, max_size=4),
        min_size=1,
    ),
    st.sampled_from(",;\t"),
)
def test_cells_are_those_of_the_standard_library(table: list[list[str]], comma: str) -> None:
    written = io.StringIO()
    header = ["id", "x", "y", "z"]
    csv.writer(written, delimiter=comma, quoting=csv.QUOTE_ALL).writerows([header, *table])
    source = Source(written.getvalue())
    found = list(rows(source))
    assert source.faults == []
    assert [[cell.text for cell in row[:-1]] for row in found] == [
        [text.strip() for text in row] for row in [header, *table]
    ]
    for row in found:
        for cell in row[:-1]:
            assert source.text[cell.at] == '"'
        assert source.text[row[-1].at] == "\r"
