"""What waits to be judged is bounded: more is refused; what is small waits for nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from parking.domain.access import Principal
from parking.errors import Overloaded
from parking.ingest import intake
from parking.ingest.intake import Intake
from tests.e2e.wire import description, zone
from tests.entries import NOW, passage
from tests.nodes import started

WHO = Principal("environment", "admin")


@pytest.fixture
async def judging(database_url: str) -> AsyncIterator[Intake]:
    async with started(database_url) as node:
        await node.describe("p1", description([zone("g", "gates", 100_000)]))
        yield Intake(node.replica, cast("Any", None), cast("Any", None), None)  # it stores nothing


def encoded(count: int) -> list[bytes]:
    return [json.dumps(passage(f"e{n}", NOW - n)).encode() for n in range(count)]


async def test_more_than_may_wait_to_be_judged_is_refused(
    judging: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING", 1000)
    waiting = [asyncio.create_task(judging.judge_many(encoded(400), WHO)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await judging.judge_many(encoded(400), WHO)
    assert len(judging.judge(encoded(5), WHO).entries) == 5  # small ones wait for nothing
    assert [len(chunk.entries) for chunk in await asyncio.gather(*waiting)] == [400, 400]
    assert len((await judging.judge_many(encoded(1000), WHO)).entries) == 1000
