"""Rows of drivers' reads, against an aiohttp handler that gives the same from memory."""

from collections.abc import Callable

from tests.bench import loads
from tests.bench.client import Target, ask
from tests.bench.figures import Finding, Reading, Rounds, at_least, samples
from tests.bench.grounds import Grounds
from tests.bench.ingest import beside

_CONNECTIONS = 32
_LOT = "/v1/lots/east-station-p1/availability"
_ALL = "/v1/availability"
_NEAR = "/v1/nearby?lat=34.7602&lon=113.7708"
_OWN = ("date", "server", "content-length")
"""Headers that aiohttp sets itself."""


def one_lot(grounds: Grounds) -> list[Finding]:
    """Measure the availability of one lot."""
    return _measured(grounds, "availability of a lot", _LOT, 0.85)


def all_lots(grounds: Grounds) -> list[Finding]:
    """Measure the availability of all 24 lots at once."""
    return _measured(grounds, "availability of all", _ALL, 0.85)


def nearby(grounds: Grounds) -> list[Finding]:
    """Measure the lots near a point."""
    return _measured(grounds, "nearby", _NEAR, 0.7)


def not_modified(grounds: Grounds) -> list[Finding]:
    """Measure the availability of one lot for who has it already."""
    service, _ = grounds.reading()
    tag = ask(service.port, "GET", _LOT)[1]["ETag"]
    found = _sides(grounds, service, _LOT, headers={"If-None-Match": tag})
    return [_against_memory("304", found, 0.85)]


def _measured(grounds: Grounds, row: str, path: str, reach: float) -> list[Finding]:
    service, rowwise = grounds.reading()
    found = _sides(grounds, service, path, rowwise=rowwise)
    own, first = samples(found["service"]), samples(found["rowwise"])
    return [
        _against_memory(row, found, reach),
        Finding(row, "answers/s", own, "row a request", first, at_least(8)),
    ]


def _against_memory(row: str, found: Rounds, reach: float) -> Finding:
    own, ceiling = found["service"], samples(found["ceiling"])
    limit = at_least(reach)
    return Finding(row, "answers/s", samples(own), "aiohttp, memory", ceiling, limit, beside(found))


def _sides(
    grounds: Grounds,
    service: Target,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    rowwise: Target | None = None,
) -> Rounds:
    """Read a path of the service, of a ceiling that answers the same, and of another."""
    status, given, body = ask(service.port, "GET", path, headers=headers)
    kept = {name: value for name, value in given.items() if name.lower() not in _OWN}

    def side(of: Target) -> Callable[[], Reading]:
        return grounds.side(
            of, loads.read, path, grounds.pace.seconds,
            connections=_CONNECTIONS, headers=headers or {}, status=status,
        )  # fmt: skip

    with grounds.ceiling({path.partition("?")[0]: (status, kept, body)}) as ceiling:
        sides = {"service": side(service), "ceiling": side(ceiling)}
        if rowwise is not None:
            sides["rowwise"] = side(rowwise)
        return grounds.measure(service, sides)
