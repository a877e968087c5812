"""Quality over HTTP: which days of which lots are told to whom, and what a lot's sensors bear."""

import re
from datetime import UTC, date, datetime

import msgspec
import pytest

from parking.domain.instants import micros
from parking.domain.quality.findings import Finding
from tests.service import RunningService
from tests.store.serving import run
from tests.web.client import Client, Json, ago, client_of, event, until, zone
from tests.web.conftest import ALL_ZONES
from tests.web.judged import put, report, stuck

DAYS = [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)]


async def listed(client: Client, query: str = "", key: str | None = "") -> list[Json]:
    answer = await client.ask("GET", f"/v1/quality{query}", key=key)
    assert answer.status == 200, answer
    items: list[Json] = answer.json["items"]
    return items


def places(items: list[Json]) -> list[tuple[str, str]]:
    return [(item["lot"], item["day"]) for item in items]


async def test_days_of_lots(service: RunningService, database_url: str) -> None:
    async with client_of(service) as client:
        here = await client.new_lot(*ALL_ZONES, district="east")
        there = await client.new_lot(*ALL_ZONES, operator="another")
        lots = sorted([here, there])
        for lot in lots:
            await put(database_url, lot, *(report(day) for day in DAYS))
        every = [(lot, day.isoformat()) for lot in lots for day in DAYS]
        assert places(await listed(client)) == [(lot, "2026-11-22") for lot in lots]
        assert places(await listed(client, "?from=2026-11-01")) == every
        assert places(await listed(client, "?to=2026-11-20")) == [every[0], every[3]]
        two = await listed(client, f"?from=2026-11-21&to=2026-11-22&lots={there}")
        assert places(two) == [(there, "2026-11-21"), (there, "2026-11-22")]
        assert places(await listed(client, "?district=east")) == [(here, "2026-11-22")]
        own = await client.new_key("operator", "another")
        assert places(await listed(client, key=own)) == [(there, "2026-11-22")]
        for query, start in (("", 0), ("&from=2026-11-01", 0)):
            found: list[tuple[str, str]] = []
            path: str | None = f"/v1/quality?limit=1{query}"
            while path is not None:
                answer = (await client.ask("GET", path)).json
                found += places(answer["items"])
                cursor = answer["next"]
                path = None if cursor is None else f"/v1/quality?limit=1{query}&cursor={cursor}"
            assert found == (every if query else [every[2], every[5]])[start:]


async def test_what_is_told_of_a_day(service: RunningService, database_url: str) -> None:
    async with client_of(service) as client:
        lot = await client.new_lot(*ALL_ZONES)
        begun = report(DAYS[2])
        findings = [stuck("ev", f"e{n}", begun.start) for n in range(120)]
        running = report(DAYS[2], *findings, through=begun.start + 3_600_000_000)
        await put(database_url, lot, running)
        (day,) = await listed(client, f"?lots={lot}")
        assert (day["start"], day["end"]) == ("2026-11-21T16:00:00Z", "2026-11-22T16:00:00Z")
        assert (day["through"], day["judged_at"], day["over"]) == (
            "2026-11-21T17:00:00Z",
            "2026-11-21T17:00:01Z",
            False,
        )
        assert (day["score"], day["events"], day["duplicates"]) == (87, 990, 10)
        assert day["duplicate_rate"] == 0.01
        assert day["reasons"][0] == {"kind": "stuck", "points": 10.5, "findings": 1}
        assert day["zones"][0]["drift"] == {
            "cars_per_day": 3.25, "low": 1.5, "high": 5.0, "recounts": 2, "nights": 21,
        }  # fmt: skip
        assert (len(day["findings"]), day["findings_total"]) == (100, 120)
        assert day["findings"][0]["since"] == "2026-11-21T16:00:00Z"
        assert day["recounts"] == [
            {
                "zone": "b1", "kind": "drift", "estimate": 140, "error": 12,
                "reason": "by its drift the level is 12 cars off by now",
                "counted_at": "2026-11-21T16:00:00Z",
            }
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=2026-11-32", "?from"),
        ("to=20261122", "?to"),
        ("to=1700000000", "?to"),
        ("from=2026-11-22T00:00:00Z", "?from"),
        ("from=2026-11-22&to=2026-11-21", "?from"),
        ("cursor=abc", "?cursor"),
        ("day=2026-11-22", "?day"),
    ],
)
async def test_wrong_questions(client: Client, query: str, pointer: str) -> None:
    answer = await client.ask("GET", f"/v1/quality?{query}")
    assert (answer.status, answer.pointers) == (400, {pointer})


async def test_unknown_and_foreign_lots(client: Client) -> None:
    lot = await client.new_lot(*ALL_ZONES)
    assert (await client.ask("GET", "/v1/quality?lots=none-such")).status == 404
    other = await client.new_key("operator", "some-other")
    assert (await client.ask("GET", f"/v1/quality?lots={lot}", key=other)).status == 403
    assert await listed(client, f"?lots={lot}") == []


async def test_sensors_bear_what_was_found_of_them(
    service: RunningService, database_url: str
) -> None:
    async with client_of(service) as client:
        lot = await client.new_lot(*ALL_ZONES)
        await client.put_spaces(lot, "ev", "e1", "e2")
        for space in ("e1", "e2"):
            await client.accept(event(lot, "space", 60, space=space, occupied=True, sensor=space))
        await client.accept(event(lot, "heartbeat", 60, zone="b1", sensor="ramp"))
        offset = Finding(
            "clock_offset", "b1", None, "loop", None, "45 s ahead", {"offset_s": -45.0}
        )
        quiet = Finding("silent", "ev", "e2", None, 1, "not heard for 5 h", {"unheard_s": 18_000.0})
        found = report(DAYS[2], stuck("ev", "e1"), stuck("b1", None), offset, quiet)
        await put(database_url, lot, found)
        answer = await client.ask("GET", f"/v1/lots/{lot}/sensors")
        by_name = {item["sensor"]: item for item in answer.json["items"]}
        states = (by_name["e1"]["state"], by_name["e2"]["state"])
        assert states == ("stuck", "ok"), "e2 was heard since"
        assert [finding["kind"] for finding in by_name["e1"]["findings"]] == ["stuck"]
        assert [finding["kind"] for finding in by_name["e2"]["findings"]] == ["silent"]
        assert [finding["kind"] for finding in by_name["ramp"]["findings"]] == ["stuck"]
        later = micros(datetime.now(UTC))
        await put(database_url, lot, report(DAYS[2], msgspec.structs.replace(quiet, since=later)))
        answer = await client.ask("GET", f"/v1/lots/{lot}/sensors")
        now = {item["sensor"]: item["state"] for item in answer.json["items"]}
        assert (now["e1"], now["e2"]) == ("ok", "silent")


async def test_a_gateway_that_lives_speaks_for_its_sensors(client: Client) -> None:
    lot = await client.new_lot(zone("s", "spaces", stale_after_s=100))
    await client.put_spaces(lot, "s", "a")
    await client.accept(event(lot, "space", 500, space="a", occupied=True, sensor="a"))
    for state in ("silent", "ok"):
        answer = await client.ask("GET", f"/v1/lots/{lot}/sensors")
        states = {item["sensor"]: item["state"] for item in answer.json["items"]}
        assert states["a"] == state
        await client.accept(event(lot, "heartbeat", 5, zone="s", sensor="gateway"))


async def test_the_service_judges_by_itself(service: RunningService, database_url: str) -> None:
    """It does so in the first round of its jobs, once the walk has come to a lot."""
    async with client_of(service) as client:
        lot = await client.new_lot(zone("b1", "gates", capacity=10), timezone=where_it_is_noon())
        await client.accept(
            event(lot, "recount", 7200, occupied=4, zone="b1"),
            event(lot, "passage", 60, direction="out", zone="b1", count=40),
        )

        async def walked() -> object:
            return await run(database_url, "SELECT count(*) FROM lot_progress")

        await until(walked, lambda number: number == 1)
    service.terminate()
    service.start()
    async with client_of(service) as client:
        days = await until(lambda: listed(client, f"?lots={lot}"), lambda items: len(items) > 0)
        newest = days[-1]
        assert not newest["over"]
        assert newest["judged_at"] > ago(120)
        kinds = {finding["kind"] for finding in newest["findings"]}
        assert kinds == {"out_of_range"}
        assert [recount["estimate"] for recount in newest["recounts"]] == [0]
        told = (await client.ask("GET", "/metrics")).body.decode()
        score = float(_value(told, f'parking_lot_quality_score{{lot="{lot}"}}'))
        assert score == newest["score"] < 100
        assert _value(told, f'parking_lot_silent_sensors{{lot="{lot}"}}') == "0.0"
        assert _value(told, f'parking_lot_unknown_spaces{{lot="{lot}"}}') == "0.0"
        age = float(_value(told, f'parking_lot_heard_age_seconds{{lot="{lot}"}}'))
        assert 60 <= age < 600


def where_it_is_noon() -> str:
    """Give a time zone of which today's day is half over, whenever the test runs."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def _value(told: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)} (\S+)$", told, re.MULTILINE)
    assert found is not None, name
    return found[1]
