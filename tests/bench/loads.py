"""Jobs for the process that loads a service: what to send is made first, and only then measured."""

import itertools
import json
import socket
import time
from collections.abc import Iterable, Sequence

from sensors_sim.places import Place, list_places
from tests.bench import client
from tests.bench.client import Target
from tests.bench.figures import Reading
from tests.bench.machine import resident_mb
from tests.bench.traffic import STEP_US, Traffic, bodies, first_readings, lines

_LINES_AT_ONCE = 2_000
_JOB_S = 1_800.0


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
    target: Target,
    points: Sequence[tuple[float, float]],
    seconds: float,
    *,
    connections: int = 32,
) -> Reading:
    """Ask what is near these points, in turns; gives answers a second."""
    requests = [client.get(f"/v1/nearby?lat={lat:.5f}&lon={lon:.5f}") for lat, lon in points]
    return _reading(client.call(target.port, itertools.cycle(requests), connections, seconds), 200)


def push_batches(
    target: Target,
    seed: int,
    most: int,
    seconds: float,
    *,
    size: int = 500,
    connections: int = 16,
    disorder: int = 0,
    repeated: float = 0.0,
) -> Reading:
    """Post batches of `most` events at most; gives events a second, as acknowledged."""
    traffic = Traffic(list_places(), seed)
    events = traffic.take(most // size * size, disorder=disorder)
    if repeated:
        events = traffic.repeat(events, repeated)
    requests = [client.post(body, target.key) for body in bodies(events, size)]
    return _pushed(
        client.call(target.port, requests, connections, seconds), size, exact=not repeated
    )


def push_singles(
    target: Target, seed: int, most: int, seconds: float, *, connections: int = 64
) -> Reading:
    """Post `most` events at most one by one; gives events a second, and their delays."""
    events = Traffic(list_places(), seed).take(most)
    requests = [client.post(body, target.key) for body in bodies(events, 1)]
    return _pushed(client.call(target.port, requests, connections, seconds), 1, exact=True)


def push_every_space(target: Target, places: Sequence[Place]) -> Reading:
    """Tell of every space of the places, a batch a place; gives batches a second."""
    requests = [
        client.post(json.dumps({"events": first_readings([place])}).encode(), target.key)
        for place in places
    ]
    return _reading(client.call(target.port, requests, 16, _JOB_S), 200)


def push_lines(target: Target, seed: int, count: int) -> Reading:
    """Stream events as one NDJSON body; gives events a second, and what memory the service took.

    Its growth counts from when a fifth was sent: buffers are in use by then.
    """
    traffic = Traffic(list_places(), seed)
    ending = time.time_ns() // 1000 - count * STEP_US
    pieces = []
    for at in range(0, count, _LINES_AT_ONCE):
        some = min(_LINES_AT_ONCE, count - at)
        pieces.append(lines(traffic.take(some, ending=ending + (at + some) * STEP_US)))
    head = client.post_head(target.key, "application/x-ndjson", sum(map(len, pieces)))
    held = []
    with socket.create_connection(("127.0.0.1", target.port), timeout=600) as connection:
        began = time.perf_counter()
        connection.sendall(head)
        for piece in pieces:
            connection.sendall(piece)
            held.append(resident_mb(target.pid))
        said = connection.recv(1 << 16)
        elapsed = time.perf_counter() - began
    if b'{"accepted":%d,' % count not in said:
        raise UnexpectedAnswer([said[:1000]])
    early = held[len(held) // 5]
    return {"rate": count / elapsed, "grown_mb": max(held) - early, "rss_mb": held[-1]}


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
