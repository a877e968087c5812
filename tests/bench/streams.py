"""Rows of the way out: to everyone who follows, and how soon."""

from collections.abc import Callable, Mapping

from tests.bench import stream_loads
from tests.bench.changing import counting_places
from tests.bench.client import Target
from tests.bench.figures import Finding, Reach, Reading, Rounds, at_least, at_most, samples
from tests.bench.grounds import Grounds
from tests.bench.ingest import noted

_LISTENERS = 1_000
_REST_S = 0.06
_CROWDS = (2_500, 5_000, 10_000)
_CROWD_S = 4.0
_CROWD_ROUNDS = 3
_FULL = 0.85
"""Of a core: others need the rest."""
_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": "*", "X-Accel-Buffering": "no"}  # fmt: skip


def fan_out(grounds: Grounds) -> list[Finding]:
    """Measure deliveries to 1,000 clients against a loop that writes the same bytes to as many.

    The loop goes on and on, while the service rests between its rounds so as to be at other things
    too; after a rest its caches are cold, and the machine is slow to wake. What comes of it when
    both rest for as long stands beside.
    """
    places = counting_places(grounds.places)
    lots = [place.id for place in places]

    def hearing(target: Target, pause: float) -> Callable[[], Reading]:
        seconds = grounds.pace.seconds
        return lambda: grounds.load(stream_loads.fan_out, target, lots, _LISTENERS, seconds, pause)

    with grounds.service(places=places) as service:
        piece = grounds.load(stream_loads.one_change, service, lots)
        with grounds.ceiling({"/v1/stream": (200, _HEADERS, piece)}) as ceiling:
            targets = {"service": service, "ceiling": ceiling}
            sides = {name: hearing(target, 0) for name, target in targets.items()}
            going_on = grounds.measure(service, sides)
            sides = {name: hearing(target, _REST_S) for name, target in targets.items()}
            rested = grounds.measure(service, sides)
    return [
        _compared("fan-out to 1,000", going_on, {"bytes": len(piece)}, at_least(0.8)),
        _compared("fan-out to 1,000, both rested", rested, {}, None),
    ]


def _compared(row: str, found: Rounds, notes: Mapping[str, float], reach: Reach | None) -> Finding:
    own, loop = samples(found["service"], "wall"), samples(found["ceiling"], "wall")
    all_notes = {**noted(found["service"]), **notes, "per_cpu_s": samples(found["service"]).median}
    return Finding(row, "deliveries/s", own, "transport.write", loop, reach, all_notes)


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
