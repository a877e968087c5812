from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from sensors_sim.client import Service, Target
from sensors_sim.clock import Clock
from sensors_sim.moments import SECOND, parse_rfc3339
from sensors_sim.progress import Progress
from tests.sensors_sim.fake import FakeService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

NOW_US = parse_rfc3339("2026-11-17T12:00:00Z")


@dataclass
class Time:
    """Time that passes only while somebody sleeps."""

    seconds: float = NOW_US / SECOND
    slept: list[float] = field(default_factory=list)
    at: dict[float, Callable[[], None]] = field(default_factory=dict)

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += max(seconds, 0.001)
        for moment in [moment for moment in self.at if moment <= self.seconds]:
            self.at.pop(moment)()
        await asyncio.sleep(0)


@dataclass
class World:
    """A fake service, its clock, and a client of it."""

    time: Time
    clock: Clock
    fake: FakeService
    url: str
    session: aiohttp.ClientSession

    def service(self, **options: object) -> Service:
        target = Target(self.url, "a-key-that-is-secret", **options)  # type: ignore[arg-type]
        return Service(self.session, target, clock=self.clock)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    time = Time()
    fake = FakeService(time.now)
    async with (
        TestServer(fake.app(), host="127.0.0.1") as server,
        aiohttp.ClientSession() as session,
    ):
        yield World(time, Clock(time.now, time.sleep), fake, str(server.make_url("")), session)


@pytest.fixture
def progress() -> Progress:
    return Progress(io.StringIO())
