import json

import pytest

from sensors_sim.client import (
    Answer,
    RefusedError,
    Target,
    UnreachableError,
    backoff,
    problem,
    retry_after,
)
from sensors_sim.wire import Event
from tests.sensors_sim.conftest import NOW_US, World

EVENTS = [Event("a", f"{n:03d}", "count", NOW_US - n, {"zone": "z", "free": n}) for n in range(50)]
LOT: dict[str, object] = {"zones": []}


@pytest.mark.parametrize("kind", ["json", "ndjson"])
async def test_all_events_arrive_in_batches(world: World, kind: str) -> None:
    world.fake.lots["a"] = LOT
    service = world.service(format=kind, batch=20)
    await service.send(EVENTS)
    assert [event["id"] for event in world.fake.received] == [event.id for event in EVENTS]
    assert service.tally.facts() == {
        "sent": 50,
        "accepted": 50,
        "duplicates": 0,
        "rejected": {},
        "rejected_total": 0,
        "unaccounted": 0,
        "requests": 3,
        "retries": 0,
    }


async def test_what_fails_is_sent_again_until_it_is_known_to_be_stored(world: World) -> None:
    world.fake.lots["a"] = LOT
    world.fake.troubles = [(503, {}), (0, {}), (429, {"Retry-After": "7"}), (500, {}), (502, {})]
    world.fake.forgets = 1
    service = world.service()
    await service.send(EVENTS)
    assert service.tally.accepted == 0
    assert service.tally.duplicates == 50
    assert service.tally.retries >= 6
    assert len(world.fake.log["a"]) == 50


async def test_retry_after_is_honoured(world: World) -> None:
    world.fake.lots["a"] = LOT
    world.fake.troubles = [(429, {"Retry-After": "700"})]
    before = world.time.seconds
    await world.service().send(EVENTS)
    assert 700 <= world.time.seconds - before < 702


async def test_too_large_a_batch_is_halved(world: World) -> None:
    world.fake.lots["a"] = LOT
    world.fake.largest = 10
    service = world.service()
    await service.send(EVENTS)
    assert service.tally.accepted == 50


async def test_a_refusal_ends_it_with_the_reason(world: World) -> None:
    world.fake.troubles = [(400, {})]
    with pytest.raises(RefusedError, match="400 busy"):
        await world.service().send(EVENTS)
    world.fake.troubles = [(500, {})] * 10
    with pytest.raises(RefusedError, match="500 busy"):
        await world.service().send(EVENTS)


async def test_it_gives_up_only_when_told_to(world: World) -> None:
    world.fake.troubles = [(503, {})] * 200
    with pytest.raises(UnreachableError, match="gave up"):
        await world.service(give_up_after_s=60.0).send(EVENTS)
    assert len(world.fake.troubles) < 200


async def test_a_stop_leaves_a_last_chance_only(world: World) -> None:
    world.fake.troubles = [(503, {})] * 200
    service = world.service()
    world.time.at[world.time.seconds + 20] = service.stop.set
    with pytest.raises(UnreachableError, match="asked to stop"):
        await service.send(EVENTS)


async def test_nobody_listening_is_a_trouble_like_others(world: World) -> None:
    service = world.service(give_up_after_s=5.0)
    troubles: list[str] = []
    service._trouble = troubles.append
    object.__setattr__(service, "target", Target("http://127.0.0.1:9", give_up_after_s=5.0))
    with pytest.raises(UnreachableError, match=r"no answer from http://127\.0\.0\.1:9"):
        await service.get("/v1/lots/a")
    assert troubles


def test_waits() -> None:
    assert retry_after("12", 0) == 12
    assert retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 20) == 40
    assert retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 200) == 0
    assert retry_after("soon", 0) is None
    assert retry_after(None, 0) is None
    assert 0 < backoff(1) < backoff(20) <= 30


def test_a_key_is_never_shown() -> None:
    assert "hidden" not in repr(Target("http://x", "hidden-key"))
    with pytest.raises(ValueError, match="the key holds") as caught:
        Target("http://x", "hidden\nkey")
    assert "hidden" not in str(caught.value)


def test_problems_are_one_line() -> None:
    data = {"title": "invalid", "detail": "no", "errors": [{"pointer": "/name", "detail": "empty"}]}
    assert problem(Answer(422, data, {})) == "422 invalid; no; /name empty"
    assert problem(Answer(401, json.loads("null"), {})) == "401 is --key right?"
