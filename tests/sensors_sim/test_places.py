from collections import Counter

import pytest

from sensors_sim.demand import PROFILES
from sensors_sim.places import list_places, opening_minutes
from sensors_sim.zones import HEARTBEAT_EVERY

KINDS = {"surface", "underground", "multistorey", "on_street"}
CLASSES = {"general", "ev", "accessible", "women", "family", "truck", "bus", "motorcycle"}


def test_the_district_has_24_lots_and_12584_spaces() -> None:
    places = list_places()
    assert len({place.id for place in places}) == len(places) == 24
    assert sum(place.capacity for place in places) == 12_584


def test_every_lot_is_near_and_named_as_a_sample_in_two_languages() -> None:
    for place in list_places():
        text = place.description
        assert 34.70 < text["location"]["lat"] < 34.85
        assert 113.68 < text["location"]["lon"] < 113.95
        assert text["name"]["zh"].endswith("（示例）")
        assert text["name"]["en"].endswith("(sample)")
        assert text["kind"] in KINDS
        assert text["timezone"] == "Asia/Shanghai"
        for entrance in text["entrances"]:
            assert abs(entrance["location"]["lat"] - text["location"]["lat"]) < 0.002
            assert abs(entrance["location"]["lon"] - text["location"]["lon"]) < 0.002


def test_all_ways_of_counting_and_mixed_lots_are_there() -> None:
    places = list_places()
    ways = Counter(zone.counting for place in places for zone in place.zones)
    assert set(ways) == {"spaces", "gates", "counts", "flag"}
    mixed = [p for p in places if len({zone.counting for zone in p.zones}) > 1]
    assert len(mixed) >= 5
    classes = {zone.class_ for place in places for zone in place.zones}
    assert {"general", "ev", "accessible", "truck", "bus"} <= classes <= CLASSES
    assert len({place.operator for place in places}) > 1


def test_a_lot_has_signs_only_or_numbers_only() -> None:
    for place in list_places():
        flags = [zone.counting == "flag" for zone in place.zones]
        assert all(flags) or not any(flags)


def test_zones_are_whole() -> None:
    for place in list_places():
        spaces = [s for z in place.zones if z.counting == "spaces" for s in z.space_ids()]
        assert len(set(spaces)) == len(spaces)
        for zone, said in zip(place.zones, place.description["zones"], strict=True):
            assert zone.profile in PROFILES
            assert said["stale_after_s"] * 1_000_000 > 3 * HEARTBEAT_EVERY


def test_lots_can_be_picked() -> None:
    assert [p.id for p in list_places(["longhu-park"])] == ["longhu-park"]
    assert {p.operator for p in list_places(operator="cbd-malls")} == {"cbd-malls"}
    with pytest.raises(ValueError, match="no such lot: x"):
        list_places(["x"])
    with pytest.raises(ValueError, match="no lot is left"):
        list_places(operator="nobody")


def test_opening_hours() -> None:
    assert opening_minutes("24/7") == (0, 1440)
    assert opening_minutes("Mo-Su 07:00-23:30") == (420, 1410)
    with pytest.raises(ValueError, match="opening hours"):
        opening_minutes("Mo-Fr 08:00-18:00")
