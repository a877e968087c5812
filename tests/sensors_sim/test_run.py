import pytest

from sensors_sim.faults import FAULTS
from sensors_sim.moments import DAY, HOUR, MINUTE, SECOND, rfc3339
from sensors_sim.places import list_places
from sensors_sim.progress import Progress
from sensors_sim.run import Outcome, Plan, Run, newest_event_us, step_us
from tests.sensors_sim.conftest import NOW_US, World

PLACES = list_places(["east-station-coach", "wisdom-island-b", "longhu-park", "hospital-children"])
QUIET = [name for name, fault in FAULTS.items() if not fault.loses]


def plan(
    rates: dict[str, float] | None = None,
    *,
    hours: int = 6,
    seed: str = "1",
    start: int | None = None,
) -> Plan:
    begin = NOW_US - hours * HOUR if start is None else start
    return Plan(PLACES, seed, begin, begin + hours * HOUR, 10_000.0, rates or {})


async def go(world: World, what: Plan, progress: Progress) -> Outcome:
    return await Run(what, world.service(), progress).go()


async def test_service_and_truth_agree(world: World, progress: Progress) -> None:
    outcome = await go(world, plan(), progress)
    assert outcome.ok
    assert outcome.agrees
    assert outcome.receipts["sent"] == outcome.receipts["accepted"] > 500
    facts = outcome.facts()
    assert facts["end"] == rfc3339(NOW_US)
    assert {row["lot"] for row in facts["lots"]} == {place.id for place in PLACES}
    assert outcome.lines()[-1] == "all 4 lots agree"


async def test_the_same_run_again_is_all_duplicates(world: World, progress: Progress) -> None:
    first = await go(world, plan(), progress)
    faulty = plan(dict.fromkeys(QUIET, 0.1))
    second = await go(world, faulty, progress)
    assert second.receipts["accepted"] == 0
    assert second.receipts["duplicates"] > first.receipts["sent"]
    assert second.ok


async def test_a_later_run_goes_on_from_what_is_known(world: World, progress: Progress) -> None:
    await go(world, plan(start=NOW_US - 18 * HOUR), progress)
    lots = [place.id for place in PLACES]
    newest = await newest_event_us(world.service(), lots, NOW_US - DAY)
    assert newest == NOW_US - 12 * HOUR
    outcome = await go(world, plan(seed="2", start=newest + SECOND), progress)
    assert outcome.ok
    assert outcome.receipts["duplicates"] == 0


@pytest.mark.parametrize("name", QUIET)
async def test_faults_that_lose_nothing_leave_the_truth(
    world: World, progress: Progress, name: str
) -> None:
    outcome = await go(world, plan({name: 0.2}), progress)
    assert outcome.hits[name] > 0
    assert outcome.ok
    assert outcome.agrees
    extra = outcome.hits["duplicates"] if name == "duplicates" else 0
    assert outcome.receipts["duplicates"] == extra


@pytest.mark.parametrize("name", ["lost-passages", "stuck", "clock-ahead"])
async def test_losing_faults_may_disagree(world: World, progress: Progress, name: str) -> None:
    outcome = await go(world, plan({name: 1.0}), progress)
    assert not outcome.agrees
    assert outcome.ok
    assert "loses data" in outcome.lines()[-1]


async def test_a_service_that_loses_is_found_out(world: World, progress: Progress) -> None:
    run = Run(plan(), world.service(), progress)

    def lose() -> None:
        log = world.fake.log["east-station-coach"]
        del log[next(name for name in log if ":bus:p" in name)]

    world.time.at[world.time.seconds + 2] = lose
    outcome = await run.go()
    assert not outcome.ok
    assert [row.lot for row in outcome.rows if not row.ok] == ["east-station-coach"]
    assert outcome.lines()[-1] == "1 of 4 lots disagree"


async def test_a_past_run_is_compared_as_of_its_end(world: World, progress: Progress) -> None:
    outcome = await go(world, plan(hours=3, start=NOW_US - 9 * DAY), progress)
    assert outcome.ok


async def test_following_goes_on_at_real_time_until_stopped(
    world: World, progress: Progress
) -> None:
    service = world.service()
    start = NOW_US - 30 * MINUTE
    following = Plan(PLACES[:2], "1", start, None, 1000.0, {"delay": 0.2})
    world.time.at[world.time.seconds + 600] = service.stop.set
    outcome = await Run(following, service, progress).go()
    assert outcome.ok
    assert abs(outcome.end_us - round(world.time.seconds * SECOND)) < 5 * SECOND
    assert not outcome.receipts["rejected"]


async def test_sensors_with_a_clock_ahead_are_refused_when_live(
    world: World, progress: Progress
) -> None:
    live = Plan(PLACES, "1", NOW_US, NOW_US + 10 * MINUTE, 1.0, {"clock-ahead": 0.5})
    outcome = await go(world, live, progress)
    assert set(outcome.receipts["rejected"]) == {"future"}
    assert outcome.ok


def test_steps_are_a_quarter_second_and_fine_at_the_present() -> None:
    assert step_us(1, NOW_US, NOW_US) == SECOND
    assert step_us(100, NOW_US - DAY, NOW_US) == 25 * SECOND
    assert step_us(10_000, NOW_US - DAY, NOW_US) == 15 * MINUTE
    assert step_us(10_000, NOW_US - 3 * SECOND, NOW_US) == 3 * SECOND
