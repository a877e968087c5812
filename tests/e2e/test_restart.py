"""After a restart everything shows as before, and only the end of the log is read for that."""

import asyncio
import re
from datetime import timedelta

from tests import oracle
from tests.e2e.wire import Wire, connected, now, until, zone
from tests.oracle_events import Json
from tests.service import RunningService

SPACES = ("s1", "s2", "s3")
ZONES = [
    zone("g", "gates"),
    zone("s", "spaces", 5),
    zone("c", "counts", 50, **{"class": "ev"}),
    zone("f", "flag"),
]
TIMELINE = ((None, {"operator": "op", "zones": ZONES}),)
LISTS = ((None, "s", SPACES),)
_READY = re.compile(r"ready: (\d+) lots, (\d+) entries after the snapshot")


def event(id_: str, ago: timedelta, **what: object) -> Json:
    at = oracle.shown(now() - ago)
    return {"lot": "p1", "id": id_, "observed_at": at, **what}


def told() -> list[Json]:
    """Give a bit of everything, up to what is yet to happen."""
    second, hour = timedelta(seconds=1), timedelta(hours=1)
    driven = [
        event(f"in{n}", n * 7 * second, type="passage", direction="in", count=n % 5 + 1)
        for n in range(20)
    ]
    return [
        *driven,
        event("base", 60 * second, type="recount", occupied=40, zone="g", sensor="guard"),
        event("wrong", 30 * second, type="recount", occupied=77, zone="g"),
        event("not-wrong", 3 * hour, type="void", event="wrong"),
        event("void-to-come", hour, type="void", event="never"),
        event("old", 70 * hour, type="count", occupied=49, zone="c"),
        event("count", hour, type="count", free=20, zone="c"),
        event("s1", hour, type="space", space="s1", occupied=True, sensor="m1"),
        event("s2", hour, type="space", space="s2", occupied=False),
        event("beat", second, type="heartbeat", zone="s", battery_pct=71),
        event("level", hour, type="flag", level="limited"),
        event("soon", -5 * second, type="space", space="s2", occupied=True),
        event("later", -200 * second, type="passage", direction="out", count=9),
        event("unwanted", -250 * second, type="passage", direction="in", count=9),
        event("not-wanted", second, type="void", event="unwanted"),
    ]


async def check(wire: Wire, events: list[Json]) -> Json:
    """Hold that the lot shows what the oracle says; gives that."""
    while True:
        before = oracle.availability(TIMELINE, LISTS, events, now())
        shown = await wire.availability("p1")
        if before == oracle.availability(TIMELINE, LISTS, events, now()):
            assert shown == before
            return shown  # else something changed by itself meanwhile


def readiness(service: RunningService) -> list[tuple[int, int]]:
    """Give (lots in the snapshot, entries read after it) of each start."""
    return [(int(lots), int(tail)) for lots, tail in _READY.findall(service.said())]


async def test_shows_the_same_after_a_stop_and_after_a_kill(service: RunningService) -> None:
    async with connected(service, lasting=False) as (wire,):
        for lot in ("p1", "retired", "revived"):
            await wire.put_lot(lot, ZONES, opening_hours="24/7")
        await wire.put_spaces("p1", "s", SPACES)
        events = told()
        assert (await wire.push(events))["accepted"] == len(events)
        for lot in ("retired", "revived"):
            count = {"type": "count", "occupied": 3, "zone": "c"}
            await wire.push([{**event("c", timedelta(seconds=5)), **count, "lot": lot}])
            await wire.ask("DELETE", f"/v1/lots/{lot}")
        await wire.put_lot("revived", ZONES)
        revived = await wire.availability("revived")
        assert revived["classes"]["ev"]["occupied"] == 3
        await check(wire, events)
        for how in (service.terminate, service.kill):
            sensors = await sensors_of(wire)
            how()
            service.start()
            await check(wire, events)
            assert await wire.availability("revived") == revived
            items = (await wire.ask("GET", "/v1/availability"))["items"]
            assert [item["lot"] for item in items] == ["p1", "revived"]
            assert await sensors_of(wire) == sensors
        # what was told before the restart happens after it
        soon = next(item for item in events if item["id"] == "soon")

        async def s2_is_taken() -> bool:
            return bool((await check(wire, events))["zones"][1]["occupied"] == 2)

        await until(s2_is_taken)
        assert oracle.shown(now()) >= soon["observed_at"]
        # and voids still meet their targets, and late bases their passages
        events += [
            event("never", timedelta(seconds=1), type="recount", occupied=99, zone="g"),
            event("late", timedelta(seconds=100), type="recount", occupied=5, zone="c"),
            event("not-base", timedelta(0), type="void", event="base"),
        ]
        assert (await wire.push(events[-3:]))["accepted"] == 3
        await check(wire, events)


async def test_only_the_end_of_the_log_is_read(service: RunningService) -> None:
    async with connected(service, lasting=False) as (wire,):
        await wire.put_lot("p1", [zone("g", "gates", 100_000)])
        await wire.put_lot("quiet", ZONES)
        many = [
            event(f"in{n}", timedelta(seconds=n / 10), type="passage", direction="in")
            for n in range(20_000)
        ]
        base = event("base", timedelta(hours=1), type="recount", occupied=0, zone="g")
        assert (await wire.push([base, *many], lines=True, zipped=True))["accepted"] == 20_001
        await until(lambda: shows(wire, 20_000))
        assert service.terminate() == 0
        service.start()
        assert readiness(service)[-1] == (2, 0)
        assert await shows(wire, 20_000)
        more = [event(f"out{n}", timedelta(0), type="passage", direction="out") for n in range(123)]
        assert (await wire.push(more))["accepted"] == 123
        service.kill()
        await asyncio.to_thread(service.start)
        lots, tail = readiness(service)[-1]
        assert lots == 2
        assert tail <= 123  # less when a snapshot was just due
        assert await shows(wire, 20_000 - 123)


async def shows(wire: Wire, occupied: int) -> bool:
    """Tell whether so many cars are inside."""
    return bool((await wire.availability("p1"))["zones"][0]["occupied"] == occupied)


async def sensors_of(wire: Wire) -> list[Json]:
    """Give a lot's sensors but for what was found of them, which is judged anew by the clock."""
    answer = await wire.ask("GET", "/v1/lots/p1/sensors")
    return [{name: item[name] for name in item if name != "findings"} for item in answer["items"]]
