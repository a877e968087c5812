"""Rows of the way in: batches, single events, repetitions and disorder."""

import itertools
from collections.abc import Callable, Sequence

from tests.bench import loads
from tests.bench.ceilings import copy_rows
from tests.bench.client import Target
from tests.bench.figures import Finding, Reading, at_least, at_most, interleave, samples
from tests.bench.grounds import Grounds

_COPIED = 200_000
"""Rows a second that are packed for the bare COPY: more than it can store here."""
_REPEATED = 0.3
_DISORDER = 5_000


def batches(grounds: Grounds) -> list[Finding]:
    """Measure batches of 500 over 16 connections against a bare COPY of rows, 5,000 at a time."""
    seeds, seconds = itertools.count(), grounds.pace.seconds
    with grounds.service() as service, grounds.rowwise() as rowwise:
        target = grounds.database()
        found = interleave(
            {
                "service": _pushing(grounds, service, loads.push_batches),
                "copy": lambda: grounds.aside(
                    copy_rows, target, next(seeds), int(_COPIED * seconds), 5_000, seconds
                ),
                "rowwise": _pushing(grounds, rowwise, loads.push_batches),
            },
            grounds.pace.rounds,
        )
    own, notes = samples(found["service"]), noted(found["service"])
    return [
        Finding("batches", "events/s", own, "bare COPY", samples(found["copy"]), at_least(0.7),
                notes),
        Finding("batches", "events/s", own, "row a request", samples(found["rowwise"]),
                at_least(3)),
    ]  # fmt: skip


def singles(grounds: Grounds) -> list[Finding]:
    """Measure single-event posts over 64 connections against a handler that reads the body."""
    with (
        grounds.service() as service,
        grounds.ceiling() as ceiling,
        grounds.rowwise() as rowwise,
    ):
        found = interleave(
            {
                "service": _pushing(grounds, service, loads.push_singles),
                "ceiling": _pushing(grounds, ceiling, loads.push_singles),
                "rowwise": _pushing(grounds, rowwise, loads.push_singles),
            },
            grounds.pace.rounds,
        )
    own, notes = samples(found["service"]), noted(found["service"])
    return [
        Finding("singles", "posts/s", own, "aiohttp, {}", samples(found["ceiling"]),
                at_least(0.7), notes),
        Finding("singles", "posts/s", own, "row a request", samples(found["rowwise"]),
                at_least(5)),
        Finding("singles: ack p99", "ms", samples(found["service"], "p99_ms"), reach=at_most(30)),
    ]  # fmt: skip


def disorder(grounds: Grounds) -> list[Finding]:
    """Measure batches with repetitions, out of the order of time, against ones without."""
    with grounds.service() as service:
        found = interleave(
            {
                "mixed": _pushing(grounds, service, loads.push_batches,
                                  disorder=_DISORDER, repeated=_REPEATED),
                "plain": _pushing(grounds, service, loads.push_batches),
            },
            grounds.pace.rounds,
        )  # fmt: skip
    mixed, plain = samples(found["mixed"]), samples(found["plain"])
    return [Finding("disorder", "events/s", mixed, "batches", plain, at_least(0.4),
                    noted(found["mixed"]))]  # fmt: skip


_seeds = itertools.count(1000)


def _pushing(
    grounds: Grounds, target: Target, job: Callable[..., Reading], **more: float
) -> Callable[[], Reading]:
    """Give a side that pushes other events each time."""

    def push() -> Reading:
        return grounds.side(target, job, next(_seeds), grounds.pace.seconds, **more)()

    return push


def noted(readings: Sequence[Reading]) -> dict[str, float]:
    """Give the medians of what was measured beside the rate."""
    names = [name for name in readings[0] if name != "rate"]
    return {name: samples(readings, name).median for name in names}
