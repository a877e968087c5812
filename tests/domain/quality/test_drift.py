"""Drift from recounts and from nights: right for known rates, robust, silent without enough."""

import random

import pytest

from parking.domain.instants import DAY
from parking.domain.quality.drift import Drift, estimate, of_nights, of_recounts
from parking.domain.quality.sheets import Base, Hearing, Sheet, ZoneSheet


def bases(*gaps: tuple[int, float]) -> list[Base]:
    """Give recounts by (cars too many, days since the count before)."""
    found, at = [], 0
    for gap, days in gaps:
        since, at = at, at + int(days * DAY)
        found.append(Base(at, 100, 100 + gap, since))
    return found


def nights(*nets: int, heard: bool = True, moves: int = 50) -> list[Sheet]:
    """Give days on which so many more cars came in than went out."""
    sheets = []
    for number, net in enumerate(nets):
        start = number * DAY
        zone = ZoneSheet(hearing=Hearing(start + DAY - 1 if heard else None))
        zone.arrivals[9], zone.departures[17] = moves + net, moves
        bounds = [start + hour * DAY // 24 for hour in range(25)]
        sheet = Sheet(start, start + DAY, start + DAY, bounds, list(range(24)), weekend=False)
        sheet.zones["g"] = zone
        sheets.append(sheet)
    return sheets


def test_of_recounts() -> None:
    assert of_recounts([]) is None
    assert of_recounts(bases((5, 0.1))) is None
    steady = of_recounts(bases((14, 7), (15, 7), (13, 7), (14, 7)))
    assert steady is not None
    assert steady.cars_per_day == pytest.approx(2)
    assert 1.7 < steady.low < 2 < steady.high < 2.3
    one = of_recounts(bases((14, 7)))
    assert one is not None
    assert (one.cars_per_day, one.recounts) == (2, 1)
    assert one.low == pytest.approx(0.95, abs=0.1)
    assert one.high == pytest.approx(3.05, abs=0.1)


def test_a_miscount_does_not_sway_many_recounts() -> None:
    gaps = [(14, 7.0)] * 3 + [(16, 7.0)] * 3 + [(400, 7.0)]
    found = of_recounts(bases(*gaps))
    assert found is not None
    assert 1.8 < found.cars_per_day < 3.5


def test_of_nights() -> None:
    assert of_nights(nights(*[3] * 6), "g") is None
    assert of_nights(nights(*[3] * 20, heard=False), "g") is None
    found = of_nights(nights(*[3] * 20), "g")
    assert found is not None
    assert found.cars_per_day == 3
    assert found.low < 3 < found.high
    assert found.nights == 19


def test_a_weekly_rhythm_is_no_drift() -> None:
    week = [0, 0, 0, 0, 40, 10, -50]
    found = of_nights(nights(*week * 4), "g")
    assert found is not None
    assert found.cars_per_day == 0
    assert found.low < 0 < found.high


def test_one_odd_night_is_no_drift() -> None:
    found = of_nights(nights(*[0] * 14, 300, *[0] * 13), "g")
    assert found is not None
    assert found.low <= 0 <= found.high


def test_days_that_are_missing_part_the_nights() -> None:
    whole = nights(*[2] * 24)
    found = of_nights([sheet for sheet in whole if sheet.start != 9 * DAY], "g")
    assert found is not None
    assert (found.cars_per_day, found.nights) == (2, 14)


def test_the_range_holds_the_truth_in_most_cases() -> None:
    held = 0
    for seed in range(200):
        chance = random.Random(seed)
        stands = [0] + [chance.randrange(20) for _ in range(28)]
        missed = [sum(chance.random() < 0.05 for _ in range(60)) for _ in range(28)]
        nets = [stands[n + 1] - stands[n] + missed[n] for n in range(28)]
        found = of_nights(nights(*nets, moves=200), "g")
        assert found is not None
        held += found.low <= 3 <= found.high
    assert held >= 180


def test_both_together() -> None:
    sheets = nights(*[2] * 20)
    sheets[-1].zones["g"].bases = bases((20, 10), (22, 10))
    both = estimate(sheets, "g")
    assert both is not None
    assert (both.recounts, both.nights) == (2, 19)
    assert 2 <= both.cars_per_day <= 2.1
    sheets[-1].zones["g"].bases = bases((200, 10), (201, 10), (199, 10))
    both = estimate(sheets, "g")
    assert both is not None
    assert both.cars_per_day == pytest.approx(20)
    assert both.nights == 0
    assert estimate([], "g") is None
    assert Drift(1, 0, 4, 0, 0).half == 2
