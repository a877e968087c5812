from pathlib import Path

import pytest

from sensors_sim.moments import HOUR, SECOND
from sensors_sim.recordings import CarPark, Reading
from sensors_sim.replay import (
    Naming,
    Site,
    event_id,
    lot_ids,
    lot_plan,
    occupied,
    read_sites,
    shift_to,
    to_event,
)
from tests.sensors_sim.conftest import NOW_US

PARK = CarPark("Broad Street", 690, 3, NOW_US - HOUR, NOW_US)


def test_ids_are_those_the_wire_allows() -> None:
    ids = lot_ids(["Broad Street", "Others-CCCPS105a"], "bhm-")
    assert list(ids.values()) == ["bhm-Broad-Street", "bhm-Others-CCCPS105a"]
    with pytest.raises(ValueError, match="same lot id"):
        lot_ids(["a b", "a-b"], "")
    with pytest.raises(ValueError, match="makes no lot id"):
        lot_ids(["东站"], "")


def test_of_two_rows_the_later_one_has_the_greater_id() -> None:
    rows = [1, 9, 10, 99, 100, 35_717, 88_030, 10_000_000]
    assert sorted(rows, key=lambda row: event_id(row, 0).encode()) == rows
    assert sorted(rows, key=lambda row: event_id(row, 5 * SECOND).encode()) == rows
    assert event_id(17, 0) == "000000017"


def test_a_reading_is_sent_as_it_was_said() -> None:
    reading = Reading(3, "x", NOW_US, -8, 10)
    event = to_event(reading, "lot", "free", SECOND)
    assert (event.type, event.at_us, dict(event.body)) == (
        "count",
        NOW_US + SECOND,
        {"free": -8, "zone": "all"},
    )
    assert occupied(reading, "free", 10) == 18
    assert occupied(reading, "occupied", 10) == -8


def test_a_car_park_becomes_a_lot(tmp_path: Path) -> None:
    plan = lot_plan(PARK, "bhm-x", Naming("bcc", position=(52.5, -1.9), timezone="Europe/London"))
    assert plan.description["location"] == {"lat": 52.5, "lon": -1.9}
    assert plan.description["name"] == {"en": "Broad Street"}
    assert plan.description["zones"][0]["capacity"] == 690
    path = tmp_path / "lots.csv"
    path.write_text('id,nombre,latitude,longitude\nBroad Street,Calle,"36.72","-4.41"\n')
    sites = read_sites(path)
    assert sites == {"Broad Street": Site("Calle", 36.72, -4.41)}
    plan = lot_plan(PARK, "bhm-x", Naming(sites=sites, language="es"))
    assert plan.description["name"] == {"es": "Calle"}
    path.write_text("id,nombre\n")
    with pytest.raises(ValueError, match="no column lat"):
        read_sites(path)


def test_a_shift_ends_just_before_now_in_whole_seconds() -> None:
    shift = shift_to([PARK], NOW_US + 90 * HOUR + 123)
    assert shift % SECOND == 0
    assert 0 < NOW_US + 90 * HOUR + 123 - (PARK.last_us + shift) <= 3 * SECOND
