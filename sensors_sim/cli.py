"""`sensors-sim`: simulate the district, replay recordings, verify them.

Exit status: 0 all as it should be; 1 the service and the truth differ; 2 wrong usage, refused or
unreachable; 130 stopped before a recording was through.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from sensors_sim import options as command_line
from sensors_sim.client import RefusedError, Service, Target, UnreachableError
from sensors_sim.clock import Clock, default_start
from sensors_sim.moments import DAY, SECOND, rfc3339
from sensors_sim.places import list_places
from sensors_sim.progress import Progress
from sensors_sim.recordings import Recording, survey
from sensors_sim.replay import Replay, lot_ids, shift_to
from sensors_sim.run import Plan, Run, newest_event_us
from sensors_sim.verify import Check, Verdict, histories

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from sensors_sim.formats.format import Format

_STOPPED = 130


def main(arguments: Sequence[str] | None = None, *, clock: Clock | None = None) -> int:
    """Run one command and return its exit status."""
    options = command_line.parser().parse_args(arguments)
    try:
        return asyncio.run(run(options, clock or Clock()))
    except (RefusedError, UnreachableError, ValueError, OSError) as error:
        print(f"sensors-sim: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return _STOPPED


async def run(options: argparse.Namespace, clock: Clock) -> int:
    """Run one command against the service and return its exit status."""
    progress = Progress(sys.stderr)
    commands = {"city": _city, "replay": _replay, "verify": _verify}
    async with _service(command_line.target(options), clock, progress) as service:
        try:
            return await commands[options.command](options, service, progress)
        except (RefusedError, UnreachableError):
            progress.done()
            print("\n".join(["so far:", *service.tally.lines()]))
            raise


@contextlib.asynccontextmanager
async def _service(target: Target, clock: Clock, progress: Progress) -> AsyncIterator[Service]:
    """Open a session; SIGINT and SIGTERM ask the run to stop, a second one ends it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def on_signal() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)

    # a loop on Windows or off the main thread takes no signals: the run then ends by its bounds
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number in signals:
            loop.add_signal_handler(number, on_signal)
    try:
        async with aiohttp.ClientSession() as session:
            yield Service(session, target, clock=clock, stop=stop, trouble=progress.trouble)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def _format(options: argparse.Namespace) -> AsyncIterator[Format]:
    """Give the format that was asked for, and close it afterwards."""
    way = command_line.format_of(options)
    try:
        yield way
    finally:
        await way.close()


async def _city(options: argparse.Namespace, service: Service, progress: Progress) -> int:
    plan = await _plan(options, service, progress)
    async with _format(options) as way:
        outcome = await Run(plan, service, progress, way).go()
    print("\n".join(outcome.lines()))
    _write(options.json, outcome.facts())
    return 0 if outcome.ok else 1


async def _plan(options: argparse.Namespace, service: Service, progress: Progress) -> Plan:
    """Return what to simulate; without --start it goes on where the service's log ends."""
    places = tuple(list_places(options.lots, options.operator))
    now_us = service.clock.now_us()
    span_us = DAY if options.span is None else options.span
    start_us = options.start
    if start_us is None:
        start_us = default_start(now_us, span_us, options.speed)
        end_us = start_us + span_us
        known_us = await newest_event_us(service, [place.id for place in places], start_us)
        if known_us is not None:
            start_us = known_us - known_us % SECOND + SECOND
            end_us = max(start_us, end_us)
            progress.say(f"the service knows of events up to then: going on at {rfc3339(start_us)}")
    else:
        end_us = max(start_us, now_us) if options.span is None else start_us + span_us
    return Plan(
        places=places,
        seed=options.seed,
        start_us=start_us,
        end_us=None if options.follow else end_us,
        speed=options.speed,
        rates=dict(options.fault),
        settle_s=options.settle,
    )


async def _replay(options: argparse.Namespace, service: Service, progress: Progress) -> int:
    recording = Recording(options.file, command_line.columns(options))
    parks = survey(recording)
    if not parks:
        raise ValueError(f"{options.file.name} holds no reading")
    shift_us = options.shift * SECOND
    if options.shift_to_now:
        shift_us = shift_to(parks.values(), service.clock.now_us())
    replay = Replay(recording, parks, command_line.naming(options), shift_us)
    async with _format(options) as way:
        outcome = await replay.go(service, progress, way)
    verdict = Verdict(0, ())
    if options.check and not service.stop.is_set():
        found = histories(recording, parks, shift_us)
        check = Check(service, progress, options.stale_after * SECOND)
        verdict = await check.go(found, replay.ids, options.moments)
    print("\n".join([*outcome.lines(), *(verdict.lines() if options.check else [])]))
    _write(options.json, {**outcome.facts(), **verdict.facts()})
    return _status(service, outcome.wrong is None and not verdict.mismatches)


async def _verify(options: argparse.Namespace, service: Service, progress: Progress) -> int:
    if options.shift_to_now:
        raise ValueError("verify needs the shift the replay printed: --shift SECONDS")
    recording = Recording(options.file, command_line.columns(options))
    parks = survey(recording)
    ids = lot_ids(parks, options.prefix)
    found = histories(recording, parks, options.shift * SECOND)
    check = Check(service, progress, options.stale_after * SECOND)
    verdict = await check.go(found, ids, options.moments)
    print("\n".join([f"{options.file.name}: {len(parks)} car parks", *verdict.lines()]))
    _write(options.json, verdict.facts())
    return _status(service, bool(verdict.moments) and not verdict.mismatches)


def _status(service: Service, ok: bool) -> int:
    if service.stop.is_set():
        return _STOPPED
    return 0 if ok else 1


def _write(path: Path | None, facts: dict[str, Any]) -> None:
    """Write a summary, when one is asked for."""
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")
