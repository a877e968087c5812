"""Formats of operators' systems: each tells what it can, exactly, and leaves the rest."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from sensors_sim.client import Answer
from sensors_sim.formats import fourpyun, parkapi, spdp
from sensors_sim.formats.fitting import Fitting, fitting
from sensors_sim.lots import LotPlan
from sensors_sim.wire import Event
from tests.sensors_sim.conftest import NOW_US

DESCRIPTION = {
    "zones": [
        {"id": "b1", "counting": "gates", "capacity": 100},
        {"id": "ev", "counting": "spaces", "capacity": 5},
        {"id": "s", "counting": "flag", "capacity": 9},
    ]
}
TWO = {"zones": [{"id": z, "counting": "counts", "capacity": 9} for z in "ab"]}


@pytest.fixture
def fit() -> Fitting:
    return fitting([LotPlan("p1", DESCRIPTION, {}), LotPlan("p2", TWO, {})])


def event(kind: str, lot: str = "p1", at_us: int = NOW_US, **body: Any) -> Event:
    return Event(lot, "e1", kind, at_us, body)


def test_what_each_can_tell(fit: Fitting) -> None:
    count = event("count", zone="b1", occupied=40)
    car = event("passage", zone="b1", direction="in")
    assert [form.told(count, fit) for form in (parkapi, spdp, fourpyun)] == [True] * 3
    assert [form.told(car, fit) for form in (parkapi, spdp, fourpyun)] == [False, False, True]
    full, limited = event("flag", zone="s", level="full"), event("flag", zone="s", level="limited")
    assert [spdp.told(one, fit) for one in (full, limited)] == [True, False]
    for other in (
        event("count", "p2", zone="a", occupied=4),
        event("count", zone="b1", occupied=101),
        event("count", zone="ev", occupied=1),
        event("count", "p9", occupied=1),
        event("space", space="x", occupied=True),
        event("recount", zone="b1", occupied=3),
        event("heartbeat", zone="b1"),
    ):
        assert not any(form.told(other, fit) for form in (parkapi, spdp, fourpyun)), other
    assert not spdp.told(count.at(NOW_US + 500_000), fit)
    assert fourpyun.told(count.at(NOW_US + 500_000), fit)
    assert not fourpyun.told(count.at(NOW_US + 1), fit)
    assert not fourpyun.told(event("passage", zone="b1", direction="in", count=2), fit)


def test_counts_as_parkapi(fit: Fitting) -> None:
    counts = [event("count", zone="b1", occupied=40), event("count", free=3)]
    request = parkapi.tell_json(counts, fit)
    items = json.loads(request.body)["items"]
    assert [item["realtime_free_capacity"] for item in items] == [60, 3]
    assert items[0]["realtime_data_updated_at"] == "2026-11-17T12:00:00Z"
    assert (request.path, request.events) == ("/v1/connect/parkapi/json", 2)
    table = parkapi.tell_csv(counts, fit).body.decode("utf-8-sig").splitlines()
    assert table[1] == "p1;2026-11-17T12:00:00Z;60"


def test_a_facility_as_spdp(fit: Fitting) -> None:
    request = spdp.tell([event("count", zone="b1", occupied=100)], fit)
    told = json.loads(request.body)["parkingFacilityDynamicInformation"]
    assert (request.method, request.path) == ("PUT", "/v1/connect/spdp/dynamic/p1")
    assert told["identifier"] == "p1"
    assert told["facilityActualStatus"] == {
        "lastUpdated": NOW_US // 1_000_000, "parkingCapacity": 100, "vacantSpaces": 0, "full": True,
    }  # fmt: skip
    sign = spdp.tell([event("flag", zone="s", level="available")], fit)
    status = json.loads(sign.body)["parkingFacilityDynamicInformation"]["facilityActualStatus"]
    assert status["full"] is False


def test_cars_as_4pyun(fit: Fitting) -> None:
    request = fourpyun.tell([event("passage", zone="b1", direction="out")], fit)
    fields = {name: value for name, [value] in parse_qs(request.body.decode()).items()}
    assert request.path == "/v1/connect/fourpyun/leave"
    assert (fields["parking_serial"], fields["plate"]) == ("e1", fourpyun.PLATE)
    assert fields["leave_time"] == str(NOW_US // 1000)
    spaces = fourpyun.tell([event("count", zone="b1", occupied=40)], fit)
    assert spaces.path == "/v1/connect/fourpyun/space"
    assert parse_qs(spaces.body.decode())["remain_parking_space"] == ["60"]


def test_answers_of_4pyun_are_read() -> None:
    receipt = {"accepted": 1, "duplicates": 0, "rejected": [], "rejected_total": 0}
    good = Answer(200, {"code": "200", "receipt": receipt}, {})
    assert fourpyun.receipt_of(good).accepted == 1
    for data in (None, receipt, {"code": "400", "receipt": receipt}, {"code": "200"}):
        with pytest.raises(ValueError, match="answer"):
            fourpyun.receipt_of(Answer(200, data, {}))
