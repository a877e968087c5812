"""The numbers, by hand; their going stale by themselves; open and closed."""

import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.web.client import Client, Json, ago, described, event, now, unique, until, zone

CHINA = ZoneInfo("Asia/Shanghai")


def numbers(shown: Json) -> tuple[Any, ...]:
    return tuple(shown[name] for name in ("capacity", "occupied", "free", "unknown", "level"))


def spaces(lot: str, taken: int, free: int, seconds_ago: float = 60) -> list[Json]:
    """Give a reading of each of the first spaces: so many taken, then so many free."""
    return [
        event(lot, "space", seconds_ago, space=f"s{n}", occupied=n < taken)
        for n in range(taken + free)
    ]


async def test_the_example_of_the_contract(client: Client) -> None:
    lot = await client.new_lot(zone("b1", "gates", 320), zone("ev", "spaces", 12, "ev"))
    await client.put_spaces(lot, "ev", *(f"s{n}" for n in range(12)))
    heard = ago(200)
    await client.accept(
        {**event(lot, "recount", occupied=290), "observed_at": ago(900)},
        event(lot, "passage", 800, count=15),
        {**event(lot, "passage", direction="out", count=5), "observed_at": heard},
        *spaces(lot, 9, 1, 100),
    )
    shown = await client.availability(lot)
    zones = shown.pop("zones")
    assert shown == {
        "lot": lot,
        "status": "open",
        "level": "limited",
        "capacity": 332,
        "occupied": 309,
        "free": 21,
        "unknown": 2,
        "basis": "mixed",
        "observed_at": heard,
        "classes": {
            "general": {"capacity": 320, "occupied": 300, "free": 20, "unknown": 0},
            "ev": {"capacity": 12, "occupied": 9, "free": 1, "unknown": 2},
        },
    }
    assert [(item["id"], item["counting"]) for item in zones] == [("b1", "gates"), ("ev", "spaces")]
    assert zones[0]["observed_at"] == heard
    everything = await client.get(f"/v1/availability?lots={lot}")
    assert everything["items"] == [shown]
    assert everything["cursor"]


@pytest.mark.parametrize(
    ("counting", "events", "shown"),
    [
        ("gates", [], (10, None, None, 10, "unknown")),
        ("gates", [("passage", 9, {"count": 3})], (10, None, None, 10, "unknown")),
        ("gates", [("recount", 9, {"occupied": 3})], (10, 3, 7, 0, "available")),
        ("gates", [("count", 9, {"free": 3})], (10, 7, 3, 0, "available")),
        ("gates", [("count", 9, {"occupied": 12})], (10, 10, 0, 0, "full")),
        ("gates", [("count", 9, {"free": 12})], (10, 0, 10, 0, "available")),
        # unclamped inside: 12 in, 3 out of 8 leaves 9
        ("gates", [("recount", 9, {"occupied": 0}), ("passage", 8, {"count": 12}),
                   ("passage", 7, {"direction": "out", "count": 3})], (10, 9, 1, 0, "available")),
        ("gates", [("recount", 9, {"occupied": 1}),
                   ("passage", 8, {"direction": "out", "count": 3}),
                   ("passage", 7, {"count": 4})], (10, 2, 8, 0, "available")),
        # a passage at the base's moment is in it, one before it too
        ("gates", [("passage", 10, {"count": 2}), ("recount", 9, {"occupied": 1}),
                   ("passage", 9, {"count": 5})], (10, 1, 9, 0, "available")),
        ("counts", [("count", 9, {"free": 1})], (10, 9, 1, 0, "available")),
        ("counts", [("count", 9, {"free": 1}), ("recount", 8, {"occupied": 4})],
         (10, 4, 6, 0, "available")),
        ("counts", [("count", 8, {"free": 12}), ("count", 9, {"free": 0})],
         (10, 0, 10, 0, "available")),
        ("counts", [("count", 9, {"free": 0})], (10, 10, 0, 0, "full")),
        ("counts", [("heartbeat", 9, {})], (10, None, None, 10, "unknown")),
        ("flag", [], (10, None, None, 10, "unknown")),
        ("flag", [("flag", 9, {"level": "full"}), ("flag", 8, {"level": "limited"})],
         (10, None, None, 10, "limited")),
        ("flag", [("flag", 9, {"level": "available"})], (10, None, None, 10, "available")),
        ("flag", [("flag", 9, {"level": "full"})], (10, None, None, 10, "full")),
    ],
)  # fmt: skip
async def test_a_zone(
    client: Client, counting: str, events: list[tuple[str, float, Json]], shown: tuple[Any, ...]
) -> None:
    lot = await client.new_lot(zone("z", counting, 10))
    base = now()
    for kind, seconds, fields in events:
        moment = (base - timedelta(seconds=seconds)).isoformat()
        await client.accept({**event(lot, kind, **fields), "observed_at": moment})
    found = await client.availability(lot)
    assert numbers(found) == shown
    assert found["basis"] == counting
    (alone,) = found["zones"]
    assert tuple(alone[name] for name in ("capacity", "occupied", "free", "unknown")) == shown[:4]


@pytest.mark.parametrize(
    ("taken", "free", "shown"),
    [
        (0, 0, (20, None, None, 20, "unknown")),
        (0, 1, (20, 0, 1, 19, "available")),
        (3, 0, (20, 3, 0, 17, "limited")),
        (20, 0, (20, 20, 0, 0, "full")),
        (19, 1, (20, 19, 1, 0, "limited")),
        (18, 2, (20, 18, 2, 0, "available")),
        (9, 1, (20, 9, 1, 10, "available")),
        (10, 1, (20, 10, 1, 9, "limited")),
    ],
)
async def test_a_zone_of_spaces(
    client: Client, taken: int, free: int, shown: tuple[Any, ...]
) -> None:
    lot = await client.new_lot(zone("z", "spaces", 20))
    await client.put_spaces(lot, "z", *(f"s{n}" for n in range(20)))
    if taken + free:
        await client.accept(*spaces(lot, taken, free))
    assert numbers(await client.availability(lot)) == shown


async def test_flags_with_numbers(client: Client) -> None:
    lot = await client.new_lot(zone("f", "flag", 5), zone("g", "flag", 5), zone("c", "counts", 10))
    await client.accept(event(lot, "flag", zone="f", level="limited"))
    await client.accept(event(lot, "flag", zone="g", level="full"))
    assert numbers(await client.availability(lot)) == (20, None, None, 20, "full")  # the worst
    await client.accept(event(lot, "count", free=0))
    assert numbers(await client.availability(lot)) == (20, 10, 0, 10, "limited")
    await client.accept(event(lot, "count", 50, free=5))
    shown = await client.availability(lot)
    assert numbers(shown) == (20, 5, 5, 10, "available")
    assert [item.get("level") for item in shown["zones"]] == ["limited", "full", None]


async def test_of_equal_moments_the_greater_identity(client: Client) -> None:
    for ids in (("a", "b"), ("b", "a")):
        lot = await client.new_lot(zone("c", "counts", 10))
        base = event(lot, "count")
        for id_ in ids:
            await client.accept({**base, "id": id_, "free": 3 if id_ == "b" else 8})
            assert (await client.availability(lot))["free"] in (3, 8)
        assert (await client.availability(lot))["free"] == 3


async def test_stale_by_itself(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", 10, stale_after_s=1), zone("g", "gates", 5))
    heard = now()
    started = time.monotonic()
    await client.accept(
        {**event(lot, "count", zone="c", free=4), "observed_at": heard.isoformat()},
        event(lot, "recount", zone="g", occupied=5),
    )
    first = await client.availability(lot)
    assert time.monotonic() - started >= 0.9 or numbers(first) == (15, 11, 4, 0, "available")
    path = f"/v1/lots/{lot}/availability"
    gone = await until(lambda: client.get(path), lambda shown: shown["unknown"] == 10, 5)
    assert now() >= heard + timedelta(seconds=1)
    assert numbers(gone) == (15, 5, 0, 10, "limited")
    assert gone["observed_at"] == first["observed_at"]  # of the other zone, heard long before
    before = (heard + timedelta(seconds=0.999999)).isoformat().replace("+00:00", "Z")
    at = (heard + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    assert (await client.availability(lot, before))["unknown"] == 0
    assert (await client.availability(lot, at))["unknown"] == 10


async def test_heartbeats_keep_what_is_known(client: Client) -> None:
    lot = await client.new_lot(
        zone("s", "spaces", 3, stale_after_s=100), zone("g", "gates", 5, stale_after_s=100)
    )
    await client.put_spaces(lot, "s", "a", "b", "c")
    old = [event(lot, "space", 200, space=name, occupied=name == "a") for name in "abc"]
    await client.accept(*old, event(lot, "recount", 200, occupied=2))
    assert numbers(await client.availability(lot)) == (8, None, None, 8, "unknown")
    await client.accept(event(lot, "heartbeat", 50, space="a"))
    assert numbers(await client.availability(lot)) == (8, 1, 0, 7, "limited")
    await client.accept(
        event(lot, "heartbeat", 40, zone="s"), event(lot, "heartbeat", 30, zone="g")
    )
    assert numbers(await client.availability(lot)) == (8, 3, 5, 0, "available")


async def test_what_was_just_pushed_is_read(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", 1000))
    for free in range(60):
        await client.accept(event(lot, "count", 60 - free / 2, free=free))
        assert (await client.availability(lot))["free"] == free
        (item,) = (await client.get(f"/v1/availability?lots={lot}"))["items"]
        assert item["free"] == free


async def test_filtered(client: Client) -> None:
    district = unique("district")
    ev = await client.new_lot(zone(class_="ev"), district=district)
    other = await client.new_lot(zone(), district=district)
    for query, wanted in (
        (f"district={district}", [ev, other]),
        (f"district={district}&class=ev", [ev]),
        (f"lots={other},none,{ev}", [ev, other]),
        (f"lots={other}&class=ev", []),
    ):
        for at in ("", f"&at={ago(5)}"):
            found = await client.get(f"/v1/availability?{query}{at}")
            assert sorted(item["lot"] for item in found["items"]) == sorted(wanted), query + at


async def test_moments_that_are_not_past(client: Client) -> None:
    lot = await client.new_lot()
    for at in (ago(-60), "now", "2026-01-01", "2026-01-01T00:00:00", "1790000000", ""):
        for path in (f"/v1/lots/{lot}/availability", "/v1/availability"):
            answer = await client.ask("GET", f"{path}?at={at}")
            assert (answer.status, answer.pointers) == (400, {"?at"}), at
    assert (await client.ask("GET", f"/v1/lots/none/availability?at={ago(1)}")).status == 404


def hours(begin: float, end: float) -> str:
    """Give opening hours of every day, from and until so many hours from now."""
    local = now().astimezone(CHINA)
    return "-".join((local + timedelta(hours=shift)).strftime("%H:%M") for shift in (begin, end))


async def test_opening_hours(client: Client) -> None:
    place = {"lat": 45.1, "lon": 90.1}
    for expression, open_now in ((hours(-2, 2), True), (hours(-3, -1), False), (None, None)):
        lot = unique("lot")
        wanted = described(
            zone("c", "counts"), opening_hours=expression, district=lot, location=place
        )
        await client.put_lot(lot, wanted)
        await client.accept(event(lot, "count", 4 * 3600, free=5))
        shown = await client.availability(lot)
        assert shown["status"] == ("closed" if open_now is False else "open")
        assert shown["level"] == ("closed" if open_now is False else "available")
        assert shown["free"] == 5
        assert (await client.get(f"/v1/lots/{lot}"))["open_now"] is open_now
        listed = (await client.get(f"/v1/lots?district={lot}"))["items"]
        near = await client.get("/v1/nearby?lat=45.1&lon=90.1&radius_m=1")
        told = [item["open_now"] for item in listed + near["items"] if item["id"] == lot]
        assert told == [open_now, open_now]


async def test_opening_hours_of_a_past_moment(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts"), opening_hours=hours(-3, -1))
    for hours_ago, status in ((3.5, "closed"), (2, "open"), (0.5, "closed")):
        at = ago(hours_ago * 3600)
        shown = await client.availability(lot, at)
        assert shown["status"] == status
        (item,) = (await client.get(f"/v1/availability?lots={lot}&at={at}"))["items"]
        assert item["status"] == status


async def test_closed_by_an_event(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts"), opening_hours="24/7")
    await client.accept(event(lot, "count", 90, free=0), event(lot, "status", 60, status="closed"))
    shown = await client.availability(lot)
    assert (shown["status"], shown["level"], shown["occupied"]) == ("closed", "closed", 10)
    assert (await client.availability(lot, ago(70)))["level"] == "full"
    await client.accept(event(lot, "status", 30, status="open"))
    assert (await client.availability(lot))["level"] == "full"
    assert (await client.availability(lot, ago(45)))["status"] == "closed"
    shut = await client.new_lot(zone("c", "counts"), opening_hours=hours(-3, -1))
    await client.accept(event(shut, "status", 30, status="open"))  # hours still hold
    assert (await client.availability(shut))["status"] == "closed"
