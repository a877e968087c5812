"""`GET /v1/usage`: who may ask, for what, and which buckets it has."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.web.client import Client, ago, described, event, now, unique, zone
from tests.web.usage_asking import DAY_S, ask, rows


def seconds(row: dict[str, Any]) -> float:
    start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
    return (end - start).total_seconds()


# -- who may ask, and for what -------------------------------------------------------------------


async def test_roles(client: Client) -> None:
    operator, other = unique("operator"), unique("operator")
    own = [await client.new_lot(operator=operator) for _ in range(2)]
    foreign = await client.new_lot(operator=other)
    assert (await ask(client, key=None, lots=foreign)).status == 401
    assert (await ask(client, key="nonsense", lots=foreign)).status == 401
    for role in ("admin", "planner"):
        key = await client.new_key(role)
        answer = await ask(client, key=key, lots=f"{own[0]},{foreign}", bucket="month")
        assert {row["lot"] for row in answer.json["items"]} == {own[0], foreign}
    key = await client.new_key("operator", operator)
    assert (await ask(client, key=key, lots=f"{own[0]},{foreign}")).status == 403
    answer = await ask(client, key=key, bucket="month")
    assert {row["lot"] for row in answer.json["items"]} == set(own)
    answer = await ask(client, key=key, lots=own[1], bucket="month")
    assert {row["lot"] for row in answer.json["items"]} == {own[1]}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "?from"),
        ({"from": "2026-01-01T08:00:00+08:00", "to": "2026-01-01T00:00:00Z"}, "?from"),
        ({"from": "2026-01-01T00:00:00"}, "?from"),
        ({"to": "2026-01-01"}, "?to"),
        ({"to": "1767225600"}, "?to"),
        ({"from": "1969-12-31T23:59:59Z"}, "?from"),
        ({"from": "0001-01-01T00:00:00Z"}, "?from"),
        ({"bucket": "year"}, "?bucket"),
        ({"by": "space"}, "?by"),
        ({"hours": "shut"}, "?hours"),
        ({"format": "xml"}, "?format"),
        ({"measures": "moods"}, "?measures"),
        ({"measures": ""}, "?measures"),
        ({"min_coverage": "1.1"}, "?min_coverage"),
        ({"min_coverage": "half"}, "?min_coverage"),
        ({"limit": 0}, "?limit"),
        ({"limit": 1001}, "?limit"),
        ({"cursor": "nonsense"}, "?cursor"),
        ({"cursor": "YQotLTUKYg"}, "?cursor"),  # a place, but for its second minus
        ({"lots": ""}, "?lots"),
        ({"colour": "red"}, "?colour"),
    ],
)
async def test_what_is_wrong_is_told(client: Client, query: dict[str, Any], pointer: str) -> None:
    answer = await ask(client, **query)
    assert answer.status == 400, answer
    assert answer.pointers == {pointer}


async def test_needs_from_and_to(client: Client) -> None:
    answer = await client.ask("GET", "/v1/usage")
    assert (answer.status, answer.pointers) == (400, {"?from", "?to"})


async def test_unknown_lots_districts_and_formats(client: Client) -> None:
    lot = await client.new_lot()
    assert (await ask(client, lots=f"{lot},nowhere")).status == 404
    assert await rows(client, district=unique("district")) == []
    unknown = await ask(client, lots=f"{lot},nowhere", district=unique("district"))
    assert unknown.status == 404


async def test_a_cursor_of_another_stretch_ends_the_list(client: Client) -> None:
    lot = await client.new_lot()
    cursor = (await ask(client, lots=lot, limit=1)).json["next"]
    years = {"from_": "2020-01-01T00:00:00Z", "to": "2021-01-01T00:00:00Z"}
    answer = await ask(client, lots=lot, **years, cursor=cursor)
    assert answer.json == {"items": [], "next": None}


async def test_retired_lots_are_still_read(client: Client) -> None:
    lot = await client.new_lot()
    await client.accept(event(lot, "recount", 3 * 3600, occupied=4, zone="b1"))
    assert (await client.ask("DELETE", f"/v1/lots/{lot}")).status == 204
    await client.get(f"/v1/lots/{lot}", 404)
    found = await rows(client, lots=lot, bucket="hour", from_=ago(7200), to=ago(3600))
    assert found[0]["occupied_s"] == 4 * 3600
    assert found[0]["capacity"] == 10


# -- buckets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("timezone", ["Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin"])
async def test_buckets_are_whole_and_local(client: Client, timezone: str) -> None:
    lot = await client.new_lot(timezone=timezone)
    for bucket in ("hour", "day", "week", "month"):
        found = await rows(
            client, lots=lot, bucket=bucket, from_=ago(40 * DAY_S), to=ago(9 * DAY_S)
        )
        starts = [datetime.fromisoformat(row["start"]) for row in found]
        walls = [start.astimezone(ZoneInfo(timezone)) for start in starts]
        assert all(wall.minute == wall.second == 0 for wall in walls)
        assert [row["end"] for row in found[:-1]] == [row["start"] for row in found[1:]]
        assert starts[0] <= now() - timedelta(days=40) < datetime.fromisoformat(found[0]["end"])
        passed = [10 * seconds(row) for row in found]  # the running bucket's is not a whole number
        assert [row["capacity_s"] for row in found] == pytest.approx(passed)
        if bucket != "hour":
            assert {wall.hour for wall in walls} == {0}
        if bucket == "week":
            assert {wall.weekday() for wall in walls} == {0}
        if bucket == "month":
            assert {wall.day for wall in walls} == {1}


async def test_days_on_which_clocks_are_set(client: Client) -> None:
    lot = await client.new_lot(timezone="Europe/Berlin")
    for day, hours in (("2026-03-29", 23), ("2026-03-30", 24), ("2026-10-25", 25)):
        noon = {"from": f"{day}T11:00:00Z", "to": f"{day}T12:00:00Z", "lots": lot}
        (row,) = await rows(client, bucket="day", **noon)
        assert seconds(row) == hours * 3600
        assert row["capacity_s"] == 10 * hours * 3600
        fine = await rows(client, bucket="hour", lots=lot, from_=row["start"], to=row["end"])
        assert len(fine) == hours
        assert (fine[0]["start"], fine[-1]["end"]) == (row["start"], row["end"])


async def test_the_running_bucket_ends_now_and_later_ones_have_no_row(client: Client) -> None:
    lot = await client.new_lot()
    before = now()
    found = await rows(client, lots=lot, bucket="hour", from_=ago(3600), to=ago(-900 * DAY_S))
    assert len(found) == 2
    assert before <= datetime.fromisoformat(found[-1]["end"]) <= now()
    later = {"from": ago(-2 * DAY_S), "to": ago(-900 * DAY_S)}
    assert await rows(client, lots=lot, bucket="hour", **later) == []
    assert await rows(client, lots=lot, bucket="hour_of_week", **later) == []


async def test_hours_of_the_week(client: Client) -> None:
    lot = await client.new_lot(zone(capacity=7))
    found = await rows(client, lots=lot, bucket="hour_of_week", from_=ago(21 * DAY_S))
    assert [row["hour_of_week"] for row in found] == list(range(168))
    assert {(row["start"], row["end"]) for row in found} == {(found[0]["start"], found[0]["end"])}
    total = sum(row["capacity_s"] for row in found)
    assert total == pytest.approx(7 * seconds(found[0]), abs=1e-3)
    brief = await rows(client, lots=lot, bucket="hour_of_week", from_=ago(60), to=ago(0))
    assert len(brief) == 168
    told = [row["hour_of_week"] for row in brief if row["capacity_s"]]
    wall = now().astimezone(ZoneInfo("Asia/Shanghai"))
    assert told[-1] % 168 == wall.weekday() * 24 + wall.hour or len(told) == 2


async def test_districts_are_the_sum_of_their_lots(client: Client) -> None:
    district = unique("district")
    lots = [await client.new_lot(zone(capacity=n), district=district) for n in (3, 5)]
    for lot in lots:
        await client.accept(event(lot, "recount", 30 * 3600, occupied=3, zone="b1"))
    for bucket, number in (("day", None), ("hour_of_week", 168)):
        found = await rows(client, district=district, by="district", bucket=bucket)
        assert {row["district"] for row in found} == {district}
        assert {row["capacity"] for row in found} == {8}
        assert len(found) == (number or len({row["start"] for row in found}))
        assert "lot" not in found[0]
        if number is None:  # the running one aside
            single = await rows(client, district=district, bucket=bucket, to=found[-1]["start"])
            for name in ("capacity_s", "known_s", "occupied_s", "full_minutes"):
                total = sum(row[name] for row in single)
                assert sum(row[name] for row in found[:-1]) == pytest.approx(total)
        assert max(row["occupancy_peak"] or 0 for row in found) == 1


@pytest.mark.parametrize(
    ("limit", "by", "number"), [(1, "lot", 4), (4, "zone", 12), (1, "district", 2)]
)
async def test_pages_up_to_now_end_and_tell_nothing_twice(
    client: Client, limit: int, by: str, number: int
) -> None:
    district = unique("district")
    for _ in range(2):
        await client.new_lot(zone("a"), zone("b"), zone("c"), district=district)
    query: dict[str, Any] = {"district": district, "by": by, "limit": limit, "bucket": "day"}
    query["from"] = (now() - timedelta(days=1)).isoformat()
    found: list[dict[str, Any]] = []
    for _ in range(number // limit + 2):
        page = (await ask(client, **query)).json
        found += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert page["next"] is None
    keys = [tuple(row.get(name) for name in ("lot", "zone", "start")) for row in found]
    assert len(set(keys)) == len(keys) == number
    assert len({row["end"] for row in found}) == 2  # all of one moment


async def test_silence_of_many_zones_is_told_soon(client: Client) -> None:
    lot = await client.new_lot(*(zone(f"z{number}") for number in range(60)))
    asked = {"from": "2004-06-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}
    answer = asyncio.create_task(ask(client, lots=lot, by="zone", bucket="month", **asked))
    slowest = 0.0
    while not answer.done():
        began = time.perf_counter()
        assert (await client.ask("GET", "/healthz")).status == 200
        slowest = max(slowest, time.perf_counter() - began)
    rows_ = (await answer).json["items"]
    assert len(rows_) == 1000
    assert {row["coverage"] for row in rows_} == {0}
    assert slowest < 5  # tens of seconds while nobody else had a turn


async def test_a_lot_of_too_many_spaces_is_refused(client: Client) -> None:
    zones = [zone(f"z{number}", "counts", 1_000_000) for number in range(101)]
    answer = await client.ask("PUT", f"/v1/lots/{unique('lot')}", json=described(*zones))
    assert answer.status == 400
