"""Descriptions over time."""

import msgspec
import pytest

from parking.domain.lots import Counting, Lot, Position, Space, Zone
from parking.domain.timeline import Described, Listed, Timeline


def lot(capacity: int = 3, counting: Counting = "spaces", zone: str = "a") -> Lot:
    return Lot(
        name={"en": "P"},
        operator="op",
        kind="surface",
        location=Position(34.76, 113.77),
        timezone="Asia/Shanghai",
        zones=(Zone(zone, "general", capacity, counting, 60),),
    )


def spaces(*ids: str) -> tuple[Space, ...]:
    return tuple(Space(space) for space in ids)


def test_a_description_holds_from_its_put_on_and_the_first_one_before_too() -> None:
    line = Timeline("p", [Described(100, lot(3)), Described(200, lot(5))])
    capacities = [
        layout.lot.capacity if (layout := line.at(at)) else None for at in (0, 100, 199, 200, 999)
    ]
    assert capacities == [3, 3, 3, 5, 5]


def test_a_retired_lot_has_no_layout_until_it_is_revived() -> None:
    line = Timeline("p", [Described(1, lot()), Described(2, None)])
    assert line.current is None
    assert line.last_layout.lot == lot()
    line = Timeline("p", [Described(1, lot()), Described(2, None), Described(3, lot(4))])
    assert line.at(2) is None
    assert line.at(1) is not None
    assert line.current is not None


def test_the_first_list_holds_before_its_put_and_later_ones_do_not() -> None:
    line = Timeline(
        "p",
        [Described(1, lot()), Listed(10, "a", spaces("s", "t")), Listed(20, "a", spaces("u"))],
    )
    layouts = [line.at(at) for at in (0, 5, 15, 20)]
    assert [dict(layout.zone_of) if layout else None for layout in layouts] == [
        {"s": "a", "t": "a"},
        {"s": "a", "t": "a"},
        {"s": "a", "t": "a"},
        {"u": "a"},
    ]


def test_spaces_beyond_the_capacity_are_listed_and_not_counted() -> None:
    line = Timeline(
        "p", [Described(1, lot(3)), Listed(2, "a", spaces("s", "t", "u")), Described(3, lot(2))]
    )
    assert line.current is not None
    assert line.current.counted == {"a": ("s", "t")}
    assert set(line.current.zone_of) == {"s", "t", "u"}


def test_a_zone_counted_otherwise_has_no_list_until_it_is_counted_by_spaces_again() -> None:
    line = Timeline(
        "p",
        [
            Described(1, lot()),
            Listed(2, "a", spaces("s")),
            Described(3, lot(counting="gates")),
            Described(4, lot()),
        ],
    )
    gates, again = line.at(3), line.at(4)
    assert gates is not None
    assert gates.zone_of == {}
    assert again is not None
    assert again.zone_of == {"s": "a"}


def test_a_list_takes_no_space_backwards_from_one_that_was_in_force() -> None:
    other = lot(zone="b")
    line = Timeline(
        "p",
        [
            Described(1, lot()),
            Listed(2, "a", spaces("s")),
            Described(3, other),
            Listed(4, "b", spaces("s")),
            Described(5, msgspec.structs.replace(lot(), zones=lot().zones + other.zones)),
        ],
    )
    before, after = line.at(2), line.at(5)
    assert before is not None
    assert before.zone_of == {"s": "a"}
    assert after is not None
    assert after.zone_of == {"s": "b"}


def test_stretches_begin_at_the_start_and_leave_out_empty_ones() -> None:
    line = Timeline("p", [Described(100, lot(3)), Described(200, lot(5)), Described(300, None)])
    found = [(at, layout and layout.lot.capacity) for at, layout in line.between(50, 300)]
    assert found == [(50, 3), (100, 3), (200, 5)]


def test_a_history_begins_with_a_description() -> None:
    with pytest.raises(ValueError, match="does not begin"):
        Timeline("p", [Listed(1, "a", ())])
