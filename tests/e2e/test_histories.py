"""Random histories over HTTP, in any order, batches and format, against the oracle.

Each history has a lot of its own on one service. It is told once; then the walk makes checkpoints;
then late events, voids and recounts come; then the walk goes over it again. After each of these
steps every moment that is asked for must be what the oracle works out from the whole set.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
from hypothesis import strategies as st

from parking.app import clock
from parking.jobs import walk
from parking.live.replica import Replica
from parking.store.database import open_database
from tests import histories, oracle
from tests.drawn import draw
from tests.e2e.wire import Wire, connected, now
from tests.histories import NOW, History, Lot
from tests.oracle_events import FUTURE, Json, content, identity, verdicts
from tests.service import RunningService

CASES = 24
MOMENTS = 20
AT_ONCE = 6


@dataclass
class Case:
    """A history at `NOW`; later moved to the present, onto a lot of its own."""

    lot: Lot
    told: list[Json]
    late: list[Json]
    moments: list[datetime]
    has_misfits: bool
    chance: random.Random
    accepted: dict[str, Json] = field(default_factory=dict)

    def expected(self, at: datetime) -> Json | None:
        lot = self.lot
        events = self.accepted.values()
        return oracle.availability(lot.timeline, lot.lists, events, at, lot=lot.id)


@st.composite
def cases(pick: st.DrawFn) -> Case:
    """Draw a lot that is described once, and what is told of it."""
    drawn = pick(histories.lots(max_changes=0, thefts=False))
    lot = Lot(drawn.timeline, [put for put in drawn.lists if put[0] is None])
    misfits = pick(st.booleans())
    told = pick(histories.histories(lot=lot, max_events=60, misfits=misfits)).events
    late = pick(histories.histories(lot=lot, max_events=25)).events
    instants = histories.instants(History(lot, [*told, *late]))
    moments = pick(st.lists(instants, min_size=MOMENTS, max_size=MOMENTS))
    return Case(lot, told, late, moments, misfits, random.Random(pick(st.integers(0, 1 << 30))))


def moved(events: Iterable[Json], lot: str, by: timedelta, prefix: str = "") -> list[Json]:
    """Bring events to another time and lot; voids follow those of their targets that move along."""
    given_ = list(events)
    old = {identity(event): event for event in given_}

    def move(event: Json) -> Json:
        there = {**event, "lot": lot, "observed_at": _later(event["observed_at"], by)}
        if "id" in event:
            there["id"] = prefix + event["id"]
        if event["type"] == "void" and event["event"] in old:
            target = old[event["event"]]
            there["event"] = prefix + target["id"] if "id" in target else identity(move(target))
        return there

    return [move(event) for event in given_]


def _later(spelt: str, by: timedelta) -> str:
    """Move a moment, spelt as before; what is too far ahead stays so for an hour more."""
    at = datetime.fromisoformat(spelt)
    at += by if at - NOW <= FUTURE else by + timedelta(hours=1)
    spelt_again = at.isoformat(timespec="microseconds" if "." in spelt else "auto")
    return spelt_again.replace("+00:00", "Z") if spelt.endswith("Z") else spelt_again


def bring(case: Case, number: int, by: timedelta) -> None:
    """Move a case to the present, and think of more that comes late."""
    lot = Lot(case.lot.timeline, case.lot.lists, f"lot-{number}")
    first = moved(case.told, lot.id, by)
    late = moved(case.late, lot.id, by, "late.")
    past = [NOW + by - timedelta(days=days, minutes=7) for days in (1, 3, 4)]
    for target in case.chance.sample(first, 3):
        at = oracle.shown(case.chance.choice(past))
        body = {"lot": lot.id, "type": "void", "observed_at": at, "event": identity(target)}
        late.append({**body, "reason": "传感器故障\t\\"})
    for zone in (lot.timeline[0][1] or {})["zones"]:
        if zone["counting"] in {"gates", "counts"}:
            at = oracle.shown(case.chance.choice(past))
            recount = {"lot": lot.id, "type": "recount", "observed_at": at, "zone": zone["id"]}
            late.append({**recount, "occupied": case.chance.randrange(9)})
    case.lot, case.told, case.late = lot, first, late
    case.moments = [at + by for at in case.moments]


def misfits_of(event: Json) -> list[Json]:
    """Give events that are wrong whenever they come."""
    naive = event["observed_at"].partition("+")[0].rstrip("Z")
    return [
        {**event, "colour": "red"},
        {**event, "lot": "nowhere"},
        {**event, "observed_at": naive},
    ]


async def tell(wire: Wire, case: Case, events: list[Json]) -> None:
    """Send events in a random order with repetitions, and hold the receipts against the oracle."""
    chance = case.chance
    sent = [*events, *chance.choices(events, k=len(events) // 2)]
    sent += misfits_of(chance.choice(events))
    chance.shuffle(sent)
    batches = []
    while sent:
        size = chance.choice([1, 2, 5, 15, 40])
        batches.append(sent[:size])
        del sent[:size]
    if case.has_misfits:  # which of two events keeps an id is the first that comes
        for batch in batches:
            await _push(wire, case, [batch])
    else:
        while batches:
            together = chance.randrange(1, 5)
            await _push(wire, case, batches[:together])
            del batches[:together]


async def _push(wire: Wire, case: Case, batches: list[list[Json]]) -> None:
    """Send batches at the same time and check what their receipts add up to."""
    chance = case.chance
    receipts = await asyncio.gather(
        *(
            wire.push(batch, lines=chance.random() < 0.5, zipped=chance.random() < 0.3)
            for batch in batches
        )
    )
    wanted: Counter[str] = Counter()
    for batch, receipt in zip(batches, receipts, strict=True):
        rejected = {item["index"]: item for item in receipt["rejected"]}
        assert receipt["rejected_total"] == len(rejected)
        for index, event in enumerate(batch):
            faults = _verdicts(case, event)
            if not faults or faults[0] == "duplicate":
                wanted["duplicate" if faults else "accepted"] += 1
                assert index not in rejected, (event, rejected[index])
                case.accepted.setdefault(identity(event), event)
            else:
                item = rejected.pop(index)
                assert item["code"] in faults
                assert item["id"] == event.get("id", item["id"])
        assert not rejected
    assert wanted["accepted"] == sum(receipt["accepted"] for receipt in receipts)
    assert wanted["duplicate"] == sum(receipt["duplicates"] for receipt in receipts)


def _verdicts(case: Case, event: Json) -> list[str]:
    seen = {name: content(known) for name, known in case.accepted.items()}
    lot = case.lot
    return list(verdicts(event, lot.timeline, lot.lists, now=now(), seen=seen, lot=lot.id))


async def check(wire: Wire, case: Case) -> int:
    """Compare what is shown now and was at all the moments that are past; gives their number."""
    while True:
        before = case.expected(now())
        shown = await wire.availability(case.lot.id)
        if before == case.expected(now()):
            assert shown == before
            break
    past = [at for at in case.moments if at <= now()]
    for at in past:
        assert await wire.availability(case.lot.id, at) == case.expected(at), at
    return len(past)


async def each(drawn: list[Case], work: Callable[[Case], Awaitable[int | None]]) -> int:
    """Do the same for all cases, a few at a time; gives the sum."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> int:
        async with turns:
            return await work(case) or 0

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(case)) for case in drawn]
    return sum(task.result() for task in tasks)


async def walk_all(database_url: str) -> int:
    """Make the checkpoints that are due, as the service does; gives how many there are."""
    async with open_database(database_url) as database:
        replica = Replica(database, clock)
        await replica.start()
        await walk.walk_all(replica)
        async with database.connection() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM checkpoint")
            return count


async def test_every_moment_is_what_the_oracle_says(
    database_url: str, service: RunningService
) -> None:
    strategy = cases().filter(lambda case: len(case.told) > 8)
    drawn = [draw(strategy, number) for number in range(CASES)]
    by = timedelta(seconds=(now() - NOW).total_seconds() // 1 - 5)
    for number, case in enumerate(drawn):
        bring(case, number, by)
    async with connected(service) as (wire,):

        async def describe(case: Case) -> None:
            for _, described in case.lot.timeline:
                await wire.ask("PUT", f"/v1/lots/{case.lot.id}", body=described)
            for _, zone, spaces in case.lot.lists:
                await wire.put_spaces(case.lot.id, zone, spaces)

        await each(drawn, describe)
        await each(drawn, lambda case: tell(wire, case, case.told))
        assert await each(drawn, lambda case: check(wire, case)) > CASES * MOMENTS // 2
        assert await walk_all(database_url) > CASES
        await each(drawn, lambda case: check(wire, case))
        await each(drawn, lambda case: tell(wire, case, case.late))
        await each(drawn, lambda case: check(wire, case))
        assert await walk_all(database_url) > CASES
        await each(drawn, lambda case: check(wire, case))
    await _log_holds_each_once(database_url, drawn)


async def _log_holds_each_once(database_url: str, drawn: list[Case]) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT lot, id FROM event")
        claimed = await connection.fetchval("SELECT count(*) FROM event_identity")
    finally:
        await connection.close()
    told = [(case.lot.id, name) for case in drawn for name in case.accepted]
    assert sorted((row["lot"], row["id"]) for row in rows) == sorted(told)
    assert claimed == len(told)
