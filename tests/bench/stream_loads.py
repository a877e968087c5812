"""Jobs of following and changing, for the process that loads a service."""

import asyncio
import gc
import os
import re
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import numpy as np
import uvloop

from tests.bench.changing import Readings, change_steadily, connect
from tests.bench.client import Target, ask
from tests.bench.figures import Reading
from tests.bench.following import Follower, Pieces, following
from tests.bench.machine import cpu_seconds, resident_mb, wanted_seconds

_ALONE = re.compile(rb'^parking_stream_clients\{protocol="sse"\} 0', re.MULTILINE)
T = TypeVar("T")
_PATIENCE_S = 30.0
_SETTLE_S = 1.0


def _calmly(target: Target, lots: Sequence[str], work: Coroutine[Any, Any, T]) -> T:
    gc.collect()
    gc.disable()
    try:
        return uvloop.run(work)
    finally:
        gc.enable()
        _until_alone(target, lots)


def _until_alone(target: Target, lots: Sequence[str]) -> None:
    """Wait until the service knows that its followers are gone: the next round is not to pay.

    It may learn that only when it has something to tell them.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        body = Readings(lots, {}).take(1)[0]
        ask(target.port, "POST", "/v1/events", body=body, key=target.key)
        status, _, said = ask(target.port, "GET", "/metrics")
        if status != 200 or _ALONE.search(said):
            return
        time.sleep(0.1)
    raise TimeoutError("the service does not let its followers go")


class Hearing:
    """Counts who has heard of a change, and knows when the first and the last did."""

    def __init__(self, listeners: int) -> None:
        self._listeners = listeners
        self._missing = 0
        self._all = asyncio.Event()
        self.first = self.last = 0.0

    def expect(self) -> None:
        """Wait for all of them anew."""
        self._missing = self._listeners
        self.first = 0.0
        self._all.clear()

    def heard(self) -> None:
        """One has heard it."""
        if not self.first:
            self.first = time.perf_counter()
        self._missing -= 1
        if self._missing == 0:
            self.last = time.perf_counter()
            self._all.set()

    async def all(self) -> None:
        """Return when all have heard it."""
        async with asyncio.timeout(_PATIENCE_S):
            await self._all.wait()


def one_change(target: Target, lots: Sequence[str]) -> bytes:
    """Give what a follower is sent when one lot changes, as it came through the socket."""

    async def run() -> bytes:
        hearing = Hearing(1)
        async with following(target, 1, hearing.heard) as (followers, pieces):
            readings = _going_on(followers, pieces, lots)
            hearing.expect()
            poster = await connect(target)
            await poster.post(readings.take(1)[0])
            await hearing.all()
            poster.close()
            return pieces.newest()

    return _calmly(target, lots, run())


def fan_out(
    target: Target, lots: Sequence[str], listeners: int, seconds: float, pause: float = 0
) -> Reading:
    """Change one lot, wait until all have heard of it and a pause (s) is over, change the next.

    `rate` is deliveries a second of the server's CPU time; `wall`, from the first who hears of a
    change to the last.
    """

    async def run() -> Reading:
        hearing = Hearing(listeners)
        spans, delays = [], []
        async with following(target, listeners, hearing.heard) as (followers, pieces):
            readings = _going_on(followers, pieces, lots)
            poster = await connect(target)
            used, began, busy = cpu_seconds(target.pid), time.perf_counter(), time.process_time()
            while time.perf_counter() < began + seconds:
                hearing.expect()
                sent = time.perf_counter()
                await poster.post(readings.take(1)[0])
                await hearing.all()
                spans.append(hearing.last - hearing.first)
                delays.append(hearing.last - sent)
                await asyncio.sleep(pause)
            elapsed = time.perf_counter() - began
            cpu = cpu_seconds(target.pid) - used
            poster.close()
        return {
            "rate": listeners * len(spans) / cpu,
            "wall": listeners / float(np.median(spans)),
            "last_ms": float(np.median(delays)) * 1000,
            "busy": (time.process_time() - busy) / elapsed,
        }

    return _calmly(target, lots, run())


def lag_of_one(target: Target, lots: Sequence[str], count: int) -> Reading:
    """Change lots one after the other, at odd times, and see how soon one follower knows.

    From the moment the request is sent, and from that of its answer; the commit is in between.
    """

    async def run() -> Reading:
        hearing = Hearing(1)
        sent, answered = [], []
        async with following(target, 1, hearing.heard) as (followers, pieces):
            readings = _going_on(followers, pieces, lots)
            poster = await connect(target)
            for turn in range(count):
                await asyncio.sleep(0.02 + 0.06 * (turn * 0.618 % 1))
                hearing.expect()
                began = time.perf_counter()
                await poster.post(readings.take(1)[0])
                known = time.perf_counter()
                await hearing.all()
                sent.append((hearing.first - began) * 1000)
                answered.append((hearing.first - known) * 1000)
            poster.close()
        return {
            "p50_ms": float(np.percentile(sent, 50)),
            "p99_ms": float(np.percentile(sent, 99)),
            "after_answer_p50_ms": float(np.percentile(answered, 50)),
        }

    return _calmly(target, lots, run())


def lag_of_many(
    target: Target,
    lots: Sequence[str],
    listeners: int,
    seconds: float,
    *,
    a_second: int = 1000,
    at_once: int = 10,
) -> Reading:
    """Change all lots steadily and see how old each listener's picture of each lot gets.

    Of each piece at each listener and each lot in it the delay of the oldest reading counts that
    was not known there before: how long it took until it, or a newer one, was shown.
    """

    async def run() -> Reading:
        async with following(target, listeners, _nothing) as (followers, pieces):
            readings = _going_on(followers, pieces, lots)
            for follower in followers:
                follower.notes.clear()
            before = _clocks(target)
            await change_steadily(target, readings, a_second, at_once, seconds)
            spans = zip(_clocks(target), before, strict=True)
            elapsed, used, wanted, own = (now - then for now, then in spans)
            await _silence(followers)
            held = resident_mb(target.pid)
        delays = np.sort(_delays(followers, pieces, readings))
        heard = [len(follower.notes) for follower in followers]
        return {
            "p50_ms": float(delays[len(delays) // 2]) * 1000,
            "p99_ms": float(delays[int(len(delays) * 0.99)]) * 1000,
            "worst_ms": float(delays[-1]) * 1000,
            "changes_a_second": readings.count / elapsed,
            "pieces_a_second": float(np.mean(heard)) / elapsed,
            "cpu_share": used / elapsed,
            "wanted_share": wanted / elapsed,
            "load_wanted_share": own / elapsed,
            "rss_mb": held,
            "blind": float(_blind(followers, pieces, readings)),
        }

    return _calmly(target, lots, run())


def _clocks(target: Target) -> tuple[float, float, float, float]:
    """Give the time, and in seconds what the service used of its core, wanted, and we wanted."""
    own = wanted_seconds(os.getpid())
    return time.perf_counter(), cpu_seconds(target.pid), wanted_seconds(target.pid), own


async def _silence(followers: Sequence[Follower]) -> None:
    """Wait until nobody has heard anything for a while: what is late is to count too."""
    deadline = time.perf_counter() + _PATIENCE_S
    before, heard = -1, 0
    while before != heard:
        if time.perf_counter() > deadline:
            raise TimeoutError("the stream does not come to rest")
        await asyncio.sleep(_SETTLE_S)
        before, heard = heard, sum(len(follower.notes) for follower in followers)


def _nothing() -> None:
    """Hear it, and do nothing about it now."""


def _going_on(followers: Sequence[Follower], pieces: Pieces, lots: Sequence[str]) -> Readings:
    """Go on counting from what the newest follower was shown at first."""
    shown: dict[str, int] = {}
    told = pieces.occupied()
    for _, number in followers[-1].notes:
        shown.update(told[number])
    return Readings(lots, shown)


def _tables(pieces: Pieces, readings: Readings) -> "np.ndarray[Any, Any]":
    """Give by piece and lot the place of the newest reading in it, -1 without one."""
    column = {lot: at for at, lot in enumerate(readings.lots)}
    told = pieces.occupied()
    places = np.full((len(told), len(column)), -1)
    for row, shown in enumerate(told):
        for lot, occupied in shown.items():
            places[row, column[lot]] = occupied - readings.first[lot]
    return places


def _delays(
    followers: Sequence[Follower], pieces: Pieces, readings: Readings
) -> "np.ndarray[Any, Any]":
    """Give how long each stretch of news took to each listener, in seconds, from its sending."""
    places = _tables(pieces, readings)
    most = max(len(times) for times in readings.sent.values())
    sent = np.full((len(readings.lots), most + 1), np.nan)
    for row, lot in enumerate(readings.lots):
        sent[row, : len(readings.sent[lot])] = readings.sent[lot]
    rows = np.arange(len(readings.lots))
    found = []
    for follower in followers:
        last = np.full(len(rows), -1)
        for at, number in follower.notes:
            shown = places[number]
            new = shown > last
            found.append(at - sent[rows[new], last[new] + 1])
            last = np.maximum(last, shown)
    return np.concatenate(found)


def _blind(followers: Sequence[Follower], pieces: Pieces, readings: Readings) -> int:
    """Count listeners that in the end did not know the newest reading of every lot."""
    places = _tables(pieces, readings)
    newest = np.array([len(readings.sent[lot]) - 1 for lot in readings.lots])
    count = 0
    for follower in followers:
        numbers = [number for _, number in follower.notes]
        known = places[numbers].max(axis=0) if numbers else np.full(len(newest), -1)
        count += bool((known < newest).any())
    return count
