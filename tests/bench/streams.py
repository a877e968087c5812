"""Rows of the way out: to everyone who follows, and how soon."""

from collections.abc import Callable, Mapping

from tests.bench import stream_loads
from tests.bench.changing import counting_places
from tests.bench.client import Target
from tests.bench.figures import Finding, Reading, at_least, at_most, samples
from tests.bench.grounds import Grounds
from tests.bench.ingest import noted

_LISTENERS = 1_000
_CROWDS = (2_500, 5_000, 10_000)
_CROWD_S = 4.0
_CROWD_ROUNDS = 3
_FULL = 0.85
"""Of a core: others need the rest."""
_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": "*", "X-Accel-Buffering": "no"}  # fmt: skip


def fan_out(grounds: Grounds) -> list[Finding]:
    """Measure deliveries to 1,000 clients against a loop that writes the same bytes to as many.

    A second of the processor's tells less: between its rounds the service rests and finds its
    caches cold, where the loop goes on and on.
    """
    places = counting_places(grounds.places)
    lots = [place.id for place in places]

    def hearing(target: Target) -> Callable[[], Reading]:
        seconds = grounds.pace.seconds
        return lambda: grounds.load(stream_loads.fan_out, target, lots, _LISTENERS, seconds)

    with grounds.service(places=places) as service:
        piece = grounds.load(stream_loads.one_change, service, lots)
        with grounds.ceiling({"/v1/stream": (200, _HEADERS, piece)}) as ceiling:
            sides = {"service": hearing(service), "ceiling": hearing(ceiling)}
            found = grounds.measure(service, sides)
    own, loop = found["service"], found["ceiling"]
    notes = noted(own) | {"bytes": len(piece)}
    return [
        Finding("fan-out to 1,000", "deliveries/CPU s", samples(own), "transport.write",
                samples(loop), None, notes),
        Finding("fan-out to 1,000", "deliveries/s", samples(own, "wall"), "transport.write",
                samples(loop, "wall"), at_least(0.8), noted(loop)),
    ]  # fmt: skip


def lag(grounds: Grounds) -> list[Finding]:
    """Measure how long a change takes to one client that follows, and to 1,000."""
    places = counting_places(grounds.places)
    lots = [place.id for place in places]
    count, seconds = int(30 * grounds.pace.seconds), 2 * grounds.pace.seconds
    with grounds.service(places=places) as service:
        found = grounds.measure(
            service,
            {
                "one": lambda: grounds.load(stream_loads.lag_of_one, service, lots, count),
                "many": lambda: grounds.load(
                    stream_loads.lag_of_many, service, lots, _LISTENERS, seconds
                ),
            },
        )
    one, many = found["one"], found["many"]
    return [
        Finding("sent to seen, 1 client: p50", "ms", samples(one, "p50_ms"), reach=at_most(10),
                notes=noted(one)),
        Finding("sent to seen, 1,000 clients: p99", "ms", samples(many, "p99_ms"),
                reach=at_most(250), notes=noted(many)),
    ]  # fmt: skip


def crowd(grounds: Grounds) -> list[Finding]:
    """Measure the same with more and more clients, and tell what was at its end first."""
    places = counting_places(grounds.places)
    lots = [place.id for place in places]
    findings = []
    with grounds.service(places=places) as service:
        for listeners in _CROWDS:
            found = [
                grounds.load(stream_loads.lag_of_many, service, lots, listeners, _CROWD_S)
                for _ in range(_CROWD_ROUNDS)
            ]
            row = f"sent to seen, {listeners:,} clients: p99"
            notes = {**noted(found), "at its end": _at_its_end(noted(found))}
            findings.append(Finding(row, "ms", samples(found, "p99_ms"), notes=notes))
    return findings


def _at_its_end(notes: Mapping[str, float]) -> str:
    shares = {
        "the service's core": notes["wanted_share"],
        "the load's core": notes["load_wanted_share"],
    }
    return ", ".join(name for name, share in shares.items() if share > _FULL) or "nothing"
