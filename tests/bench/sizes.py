"""Rows of size: how the service starts with a long log, what it holds in memory, how far it finds.

Heavy ones make their past first, by COPY, and let a service work it up once before it is measured.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import asyncpg
import msgspec

from parking.domain.instants import DAY
from parking.domain.lots import Lot, Space
from parking.store import lots
from sensors_sim.places import Place, ZoneSpec
from tests.bench import bulk, loads
from tests.bench.client import Target
from tests.bench.figures import Finding, Reading, Samples, at_most, interleave, samples
from tests.bench.grounds import Grounds, until_worked_up
from tests.bench.ingest import noted
from tests.bench.machine import peak_mb, resident_mb
from tests.service import RunningService

_AT_ONCE = 200
"""Changes in a transaction: within one, each makes the next one dearer."""
_DISTRICT_DEGREES = 0.06
_POINTS = 200


def memory(grounds: Grounds) -> list[Finding]:
    """Measure what the service holds with 24 lots, after batches, single events and reads."""
    seconds = grounds.pace.seconds
    with grounds.service() as service:
        before = resident_mb(service.pid)
        for seed in range(grounds.pace.rounds):
            grounds.load(loads.push_batches, service, seed, int(100_000 * seconds), seconds)
            grounds.load(loads.push_singles, service, 1000 + seed, int(10_000 * seconds), seconds)
            grounds.load(loads.read_near, service, [(34.76, 113.77)], seconds)
        held, most = resident_mb(service.pid), peak_mb(service.pid)
    return [Finding("memory, 24 lots", "MB", Samples((held,)), reach=at_most(150),
                    notes={"before_mb": before, "peak_mb": most})]  # fmt: skip


def many_spaces(grounds: Grounds) -> list[Finding]:
    """Measure what the service holds of a million spaces in 2,000 lots, each of them heard of."""
    count, spaces = (100 if grounds.pace.quick else 2_000), 500
    places = [_of_spaces(grounds.places[0], number, spaces) for number in range(count)]
    url = grounds.database()
    grounds.run(describe(url, places))
    with grounds.service(url) as service:
        told = grounds.load(loads.push_every_space, service, places)
        until_worked_up(service)
        held, most = resident_mb(service.pid), peak_mb(service.pid)
    row = f"memory, {count * spaces:,} spaces in {count:,} lots"
    limit = at_most(1_500)
    notes = {"peak_mb": most, "events_a_second": told["rate"] * spaces}
    return [Finding(row, "MB", Samples((held,)), reach=limit, notes=notes)]


def near_many(grounds: Grounds) -> list[Finding]:
    """Measure `nearby` among 24,000 lots against 24, at the same density of lots."""
    districts = 20 if grounds.pace.quick else 1_000
    side = math.ceil(math.sqrt(districts))
    with contextlib.ExitStack() as stack:
        sides: dict[str, Callable[[], Reading]] = {}
        for name, number in (("few", 1), ("many", districts)):
            places = [_moved(place, at, side) for at in range(number) for place in grounds.places]
            url = grounds.database()
            grounds.run(describe(url, places))
            service = stack.enter_context(grounds.service(url))
            until_worked_up(service)
            points = [_position(place) for place in places[:: max(1, len(places) // _POINTS)]]
            sides[name] = grounds.side(service, loads.read_near, points, grounds.pace.seconds)
        found = grounds.measure(service, sides)
    few, many = (_times(found[name]) for name in ("few", "many"))
    row = f"nearby, {24 * districts:,} lots"
    return [Finding(row, "us an answer", many, "24 lots", few, at_most(2), noted(found["many"]))]


def _times(readings: Sequence[Reading]) -> Samples:
    return Samples(tuple(1e6 / reading["rate"] for reading in readings))


def start(grounds: Grounds) -> list[Finding]:
    """Measure how soon a service is ready with ten million events in its log, and with 10,000."""
    many = 500_000 if grounds.pace.quick else 10_000_000
    with contextlib.ExitStack() as stack:
        few_home = stack.enter_context(_home(grounds, "few", 10_000))
        many_home = stack.enter_context(_home(grounds, "many", many))
        found = interleave({"few": few_home.start, "many": many_home.start}, grounds.pace.rounds)
    few, long = samples(found["few"], "seconds"), samples(found["many"], "seconds")
    row, against = f"start, {many:,} events", "10,000 events"
    return [
        Finding(row, "s", long, against, few, at_most(1.5), noted(found["many"])),
        Finding(row, "s", long, reach=at_most(3)),
    ]


@dataclass(frozen=True)
class _Home:
    """A data folder with a past, and the service that lives there, embedded database and all."""

    service: RunningService

    def start(self) -> Reading:
        """Start the service and stop it again; gives the seconds until it was ready."""
        began = time.monotonic()
        self.service.start()
        elapsed = time.monotonic() - began
        held = resident_mb(self.service.process.pid)
        assert self.service.terminate() == 0, self.service.said()
        return {"seconds": elapsed, "rss_mb": held}


@contextlib.contextmanager
def _home(grounds: Grounds, name: str, count: int) -> Iterator[_Home]:
    """Make a past of 30 days, and a service that has worked it up and saved what it knows."""
    folder = grounds.folder / name
    with grounds.other_database(folder) as url:
        grounds.run(describe(url, grounds.places))
        now = time.time_ns() // 1000
        step, half = 30 * DAY // count, count // 2
        middle = now - (count - half) * step
        early = grounds.load_pool.submit(bulk.copy_past, url, 1, half, ending=middle, step=step)
        grounds.aside(bulk.copy_past, url, 2, count - half, first=half + 1, ending=now, step=step)
        early.result()
    key = "k" * 40
    service = RunningService("", key, {"PARKING_DATA_DIR": str(folder)})
    try:
        service.start(wait=False)
        service.wait_ready(1_800)
        until_worked_up(Target(service.port, service.process.pid, key))
        assert service.terminate() == 0, service.said()
        yield _Home(service)
    finally:
        service.close()


# -- places ----------------------------------------------------------------------------------------


async def describe(url: str, places: Sequence[Place]) -> None:
    """Store descriptions and lists of spaces, as PUTs would, in a database that nobody uses."""
    wishes = [wish for place in places for wish in _wishes(place)]
    connection = await asyncpg.connect(url)
    try:
        changes = await connection.fetchval("SELECT changes FROM log_head")
        now = time.time_ns() // 1000
        last: dict[str, int] = {}
        for at in range(0, len(wishes), _AT_ONCE):
            async with connection.transaction():
                some = []
                for wish in wishes[at : at + _AT_ONCE]:
                    some.append(replace(wish, after=last.get(wish.lot, 0)))
                    changes += 1
                    last[wish.lot] = changes
                await lots.append(connection, some, now, "admin")
    finally:
        await connection.close()


def _wishes(place: Place) -> Iterator[lots.Wish]:
    yield lots.Wish(place.id, msgspec.convert(place.description, Lot), 0)
    for zone in place.zones:
        if zone.counting == "spaces":
            spaces = tuple(Space(space) for space in zone.space_ids())
            yield lots.Wish(place.id, (zone.id, spaces), 0)


def _of_spaces(place: Place, number: int, spaces: int) -> Place:
    """Give a lot of one zone with so many sensors."""
    zone = ZoneSpec("a", "general", spaces, "spaces", "station")
    described = {"id": "a", "class": "general", "capacity": spaces, "counting": "spaces",
                 "stale_after_s": 86_400}  # fmt: skip
    description = {**place.description, "zones": [described]}
    return replace(place, id=f"lot-{number:05}", description=description, zones=(zone,))


def _moved(place: Place, district: int, side: int) -> Place:
    """Give the same lot in the n-th of the districts that lie side by side in a square."""
    if district == 0:
        return place
    east, north = district % side, district // side
    lat, lon = _position(place)
    location = {"lat": lat + north * _DISTRICT_DEGREES, "lon": lon + east * _DISTRICT_DEGREES}
    description = {**place.description, "location": location, "district": f"d-{district}"}
    return replace(place, id=f"{place.id}-{district}", description=description)


def _position(place: Place) -> tuple[float, float]:
    at = place.description["location"]
    return at["lat"], at["lon"]
