"""Jobs for the process that loads a service: what to send is made first, and only then measured."""

import itertools
from collections.abc import Iterable

from sensors_sim.places import list_places
from tests.bench import client
from tests.bench.client import Target
from tests.bench.figures import Reading
from tests.bench.traffic import Traffic, bodies

_MOST_BATCHED = 260_000
"""Events a second that batches are made for: more than can be stored here."""
_MOST_SINGLE = 25_000


class UnexpectedAnswer(Exception):
    """A path that was to be measured did not do its work."""


def read(
    target: Target,
    path: str,
    seconds: float,
    *,
    connections: int,
    headers: dict[str, str],
    status: int,
) -> Reading:
    """Ask for one path over and over; gives answers a second."""
    request = client.get(path, **headers)
    return _reading(
        client.call(target.port, itertools.repeat(request), connections, seconds), status
    )


def read_near(
    target: Target, points: list[tuple[float, float]], connections: int, seconds: float
) -> Reading:
    """Ask what is near these points, in turns; gives answers a second."""
    requests = [client.get(f"/v1/nearby?lat={lat:.5f}&lon={lon:.5f}") for lat, lon in points]
    return _reading(client.call(target.port, itertools.cycle(requests), connections, seconds), 200)


def push_batches(
    target: Target,
    seed: int,
    seconds: float,
    *,
    size: int = 500,
    connections: int = 16,
    disorder: int = 0,
    repeated: float = 0.0,
) -> Reading:
    """Post batches; gives events a second, as acknowledged."""
    traffic = Traffic(list_places(), seed)
    count = int(_MOST_BATCHED * seconds) // size * size
    events = traffic.take(count, disorder=disorder)
    if repeated:
        events = traffic.repeat(events, repeated)
    requests = [client.post("/v1/events", body, target.key) for body in bodies(events, size)]
    return _pushed(
        client.call(target.port, requests, connections, seconds), size, exact=not repeated
    )


def push_singles(target: Target, seed: int, seconds: float, *, connections: int = 64) -> Reading:
    """Post events one by one; gives events a second, as acknowledged, and their delays."""
    events = Traffic(list_places(), seed).take(int(_MOST_SINGLE * seconds))
    requests = [client.post("/v1/events", body, target.key) for body in bodies(events, 1)]
    return _pushed(client.call(target.port, requests, connections, seconds), 1, exact=True)


def _pushed(tally: client.Tally, size: int, *, exact: bool) -> Reading:
    """Give events a second; what answers is a service, or a ceiling, which says nothing."""
    accepted = b'200{"accepted":%d' % size if exact else b'200{"accepted":'
    reading = _reading(tally, 200, (accepted + b",", accepted + b"}", accepted, b"200{}"))
    return {**reading, "rate": reading["rate"] * size, "count": reading["count"] * size}


def _reading(tally: client.Tally, status: int, wanted: Iterable[bytes] = ()) -> Reading:
    starts = tuple(wanted) or (b"%d" % status,)
    odd = [answer for answer in tally.answers if not answer.startswith(starts)]
    if odd:
        raise UnexpectedAnswer(odd[:3])
    return {
        "rate": tally.rate,
        "count": len(tally.delays),
        "p50_ms": tally.delay_ms(0.5),
        "p99_ms": tally.delay_ms(0.99),
        "busy": tally.busy,
    }
