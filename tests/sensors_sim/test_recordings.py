from pathlib import Path

import pytest

from sensors_sim.moments import rfc3339
from sensors_sim.recordings import Columns, Recording, survey, whole

LONG = """code,cap,cars,when
A,10,3,2016-10-04 07:59:42
B,20,-4,2016-10-04 07:59:42
A,10,12,2016-10-29 12:00:00
A,10,,2016-10-30 12:00:00
A,10,5,never
A,10,5,2016-12-01 12:00:00
"""
WIDE = """t,kind,P1,P2
2024-07-01T00:00,x,5,7
2024-07-01T00:15,y,1,1
2024-07-01T00:15,x,9,
"""


@pytest.fixture
def long(tmp_path: Path) -> Path:
    path = tmp_path / "long.csv"
    path.write_text(LONG, encoding="utf-8-sig")
    return path


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    path = tmp_path / "wide.csv"
    path.write_text(WIDE)
    return path


def columns(**changes: object) -> Columns:
    facts: dict[str, object] = {
        "time": "when",
        "lot": "code",
        "measure": "occupied",
        "values": ("cars",),
        "capacity": "cap",
        "timezone": "Europe/London",
    }
    return Columns(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_long_file_is_read_as_it_is(long: Path) -> None:
    recording = Recording(long, columns())
    readings = list(recording)
    assert [(r.row, r.lot, r.value) for r in readings] == [
        (1, "A", 3),
        (2, "B", -4),
        (3, "A", 12),
        (6, "A", 5),
    ]
    assert recording.skipped == 2
    assert rfc3339(readings[0].at_us) == "2016-10-04T06:59:42Z"
    assert rfc3339(readings[3].at_us) == "2016-12-01T12:00:00Z"


def test_a_survey_tells_capacity_and_span(long: Path) -> None:
    parks = survey(Recording(long, columns()))
    assert (parks["A"].capacity, parks["A"].readings) == (10, 3)
    assert rfc3339(parks["A"].last_us) == "2016-12-01T12:00:00Z"
    assert parks["B"].capacity == 20
    guessed = survey(Recording(long, columns(capacity=None)))
    assert (guessed["A"].capacity, guessed["B"].capacity) == (12, 1)


def test_a_wide_file_has_a_car_park_a_column(wide: Path) -> None:
    wanted = columns(
        time="t",
        lot=None,
        measure="free",
        values=("*",),
        capacity=None,
        capacities={"P2": 30},
        timezone="UTC",
        filters=(("kind", "x"),),
    )
    recording = Recording(wide, wanted)
    assert [(r.row, r.lot, r.value) for r in recording] == [
        (1, "P1", 5),
        (1, "P2", 7),
        (3, "P1", 9),
    ]
    assert recording.skipped == 1
    assert {park.name: park.capacity for park in survey(recording).values()} == {"P1": 9, "P2": 30}


def test_a_time_format_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("code,cap,cars,when\nA,3,1,04/10/2016 08:00\n")
    (reading,) = Recording(path, columns(time_format="%d/%m/%Y %H:%M"))
    assert rfc3339(reading.at_us) == "2016-10-04T07:00:00Z"


def test_a_missing_column_or_zone_is_told(long: Path) -> None:
    with pytest.raises(ValueError, match="has no column free; it has code, cap, cars, when"):
        list(Recording(long, columns(values=("free",))))
    with pytest.raises(ValueError, match="no time zone"):
        Recording(long, columns(timezone="Mars/Base"))


def test_whole_numbers() -> None:
    cells = ["7", "-3", "214.0", "2.5", "x", "", None, "nan", "inf"]
    assert [whole(cell) for cell in cells] == [7, -3, 214, None, None, None, None, None, None]
