"""Rows of the way in: batches, single events, repetitions and disorder."""

import itertools
from collections.abc import Callable, Sequence

from tests.bench import loads
from tests.bench.bulk import commit_least, copy_rows
from tests.bench.client import Target
from tests.bench.figures import Finding, Reading, Rounds, Samples, at_least, at_most, samples
from tests.bench.grounds import Grounds

_COPIED = 150_000
"""Rows a second that are packed for the bare COPY."""
_UNKNOWN = 40_000
"""Events a second that are made before it is known how many it takes."""
_SPARE = 1.5
_REPEATED = 0.3
_FLAT_MB = 16
"""What memory may grow by and still be called flat: less than a tenth of what is sent."""
_DISORDER = 5_000


def batches(grounds: Grounds) -> list[Finding]:
    """Measure batches of 500 over 16 connections against a bare COPY of rows, 5,000 at a time."""
    seconds = grounds.pace.seconds
    with grounds.service() as service, grounds.rowwise() as rowwise:
        target = grounds.database()
        found = grounds.measure(
            service,
            {
                "service": _pushing(grounds, service, loads.push_batches),
                "copy": lambda: grounds.aside(
                    copy_rows, target, next(_seeds), int(_COPIED * seconds), 5_000, seconds
                ),
                "rowwise": _pushing(grounds, rowwise, loads.push_batches),
            },
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
        target = grounds.database()
        found = grounds.measure(
            service,
            {
                "service": _pushing(grounds, service, loads.push_singles),
                "ceiling": _pushing(grounds, ceiling, loads.push_singles),
                "commit": lambda: grounds.aside(commit_least, target, grounds.pace.seconds / 5),
                "rowwise": _pushing(grounds, rowwise, loads.push_singles),
            },
        )
    own, notes = samples(found["service"]), beside(found)
    notes["commit_ms"] = samples(found["commit"], "p50_ms").median
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
        found = grounds.measure(
            service,
            {
                "mixed": _pushing(grounds, service, loads.push_batches,
                                  disorder=_DISORDER, repeated=_REPEATED),
                "plain": _pushing(grounds, service, loads.push_batches),
            },
        )  # fmt: skip
    mixed, plain = samples(found["mixed"]), samples(found["plain"])
    return [Finding("disorder", "events/s", mixed, "batches", plain, at_least(0.4),
                    noted(found["mixed"]))]  # fmt: skip


def stream(grounds: Grounds) -> list[Finding]:
    """Measure NDJSON streams against batches, and what one of a million events does to memory."""
    lines, whole = (10_000, 100_000) if grounds.pace.quick else (100_000, 1_000_000)
    with grounds.service() as service:
        found = grounds.measure(
            service,
            {
                "stream": lambda: grounds.load(loads.push_lines, service, next(_seeds), lines),
                "batches": _pushing(grounds, service, loads.push_batches),
            },
        )
        long = grounds.load(loads.push_lines, service, next(_seeds), whole)
    grown = Samples((long["grown_mb"],))
    return [
        Finding("NDJSON stream", "events/s", samples(found["stream"]), "batches",
                samples(found["batches"]), at_least(1), noted(found["stream"])),
        Finding(f"NDJSON of {whole:,}: growth", "MB", grown, reach=at_most(_FLAT_MB), notes=long),
    ]  # fmt: skip


_seeds = itertools.count(1000)


def _pushing(
    grounds: Grounds, target: Target, job: Callable[..., Reading], **more: float
) -> Callable[[], Reading]:
    """Give a side that pushes other events each time; as many are made as may be needed."""
    known: list[float] = []

    def push() -> Reading:
        most = int(_SPARE * max(known, default=_UNKNOWN) * grounds.pace.seconds)
        reading = grounds.side(target, job, next(_seeds), most, grounds.pace.seconds, **more)()
        known.append(reading["rate"])
        return reading

    return push


def beside(found: Rounds) -> dict[str, float]:
    """Give what was measured beside the rate, and what an answer costs the ceiling.

    CPU times tell more than rates where other processes disturb.
    """
    ceiling = noted(found["ceiling"])
    return noted(found["service"]) | {
        "ceiling_cpu_us": ceiling["cpu_us"],
        "ceiling_busy": ceiling["busy"],
    }


def noted(readings: Sequence[Reading]) -> dict[str, float]:
    """Give the medians of what was measured beside the rate."""
    names = [name for name in readings[0] if name != "rate"]
    return {name: samples(readings, name).median for name in names}
