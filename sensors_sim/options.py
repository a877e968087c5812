"""The command line: what can be asked for, and what it means as plain values."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sensors_sim.client import Target
from sensors_sim.faults import FAULTS, parse_fault
from sensors_sim.formats import FORMATS
from sensors_sim.moments import DAY, HOUR, parse_rfc3339, parse_span
from sensors_sim.recordings import Columns, Measure
from sensors_sim.replay import Naming, read_sites
from sensors_sim.wire import MAX_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from sensors_sim.formats.format import Format

    T = TypeVar("T")

KEY_VARIABLE = "SENSORS_SIM_KEY"


def _typed(read: Callable[[str], T]) -> Callable[[str], T]:
    """Return a reader whose ValueError becomes argparse's own message."""

    def typed(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return typed


def _speed(text: str) -> float:
    speed = float(text)
    if not 1 <= speed <= 10_000:
        raise ValueError("a speed is 1 to 10,000 simulated seconds a second")
    return speed


def _batch(text: str) -> int:
    batch = int(text)
    if not 1 <= batch <= MAX_EVENTS:
        raise ValueError(f"a batch is 1 to {MAX_EVENTS} events")
    return batch


def _many(unit_us: int) -> Callable[[str], int]:
    def many(text: str) -> int:
        span = round(float(text) * unit_us)
        if span < 0:
            raise ValueError("a span is not negative")
        return span

    return many


def _position(text: str) -> tuple[float, float]:
    lat, lon = (float(part) for part in text.split(","))
    return lat, lon


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return name, value


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="sensors-sim",
        description="Simulated sensors and real recordings, sent to the parking service.",
        epilog="Exit status: 0 all agrees; 1 service and truth differ; 2 wrong usage, refused or "
        "unreachable; 130 stopped before a recording was through.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    city = commands.add_parser(
        "city",
        help="simulate the district's 24 sample lots",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="faults (--fault NAME=RATE, several times):\n"
        + "\n".join(
            f"  {name:<14} {fault.meaning}{'; loses data' if fault.loses else ''}"
            for name, fault in FAULTS.items()
        ),
    )
    _add_city(city)
    replay = commands.add_parser("replay", help="send a recording (CSV) as counts")
    _add_recording(replay)
    replay.add_argument(
        "--check", action="store_true", help="afterwards check the service against the file"
    )
    verify = commands.add_parser("verify", help="check a replayed recording against its file")
    _add_recording(verify)
    for command in (city, replay, verify):
        _add_service(command)
    return top


def _add_service(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("service")
    group.add_argument("--url", default="http://127.0.0.1:8080", help="default: %(default)s")
    group.add_argument(
        "--key",
        help=f"admin or operator key; default: ${KEY_VARIABLE}, which no process list shows",
    )
    group.add_argument(
        "--as",
        dest="as_",
        choices=FORMATS,
        default="events",
        help="how to tell what happens: "
        + "; ".join(f"{name}: {spec.meaning}" for name, spec in FORMATS.items()),
    )
    for spec in FORMATS.values():
        spec.add_options(group.add_argument)
    group.add_argument(
        "--batch", type=_typed(_batch), default=5_000, help="events a request (default 5000)"
    )
    group.add_argument(
        "--give-up-after",
        type=float,
        metavar="S",
        help="seconds without an answer after which to fail (default: never)",
    )
    group.add_argument("--json", type=Path, metavar="FILE", help="also write the summary here")


def _add_city(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--seed", default="1", help="the same seed and start give the same events (default 1)")
    add(
        "--speed",
        type=_typed(_speed),
        default=1_000.0,
        help="simulated seconds a real second, 1 to 10,000 (default 1000)",
    )
    span = command.add_mutually_exclusive_group()
    span.add_argument("--days", dest="span", type=_typed(_many(DAY)), help="how long to simulate")
    span.add_argument("--hours", dest="span", type=_typed(_many(HOUR)))
    span.add_argument(
        "--duration", dest="span", type=_typed(parse_span), help="like 90m, 36h, 2d, 1d12h"
    )
    add(
        "--start",
        type=_typed(parse_rfc3339),
        metavar="TIME",
        help="RFC 3339; default: so long ago that the run ends at the present (a day), or where "
        "what the service has already ends",
    )
    add("--follow", action="store_true", help="go on in real time until SIGINT or SIGTERM")
    add("--fault", action="append", type=_typed(parse_fault), default=[], metavar="NAME=RATE")
    add("--operator", help="only this operator's lots")
    add("--lots", type=lambda text: text.split(","), metavar="A,B", help="only these lots")
    add(
        "--settle",
        type=float,
        default=15.0,
        metavar="S",
        help="seconds to wait for the service to agree at the end (default 15)",
    )


def _add_recording(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("file", type=Path, metavar="FILE")
    columns = command.add_argument_group("columns")
    columns.add_argument("--time", required=True, metavar="COLUMN")
    columns.add_argument("--lot", metavar="COLUMN", help="none: a wide file, a column a car park")
    value = columns.add_mutually_exclusive_group(required=True)
    for measure in ("occupied", "free"):
        value.add_argument(
            f"--{measure}", metavar="COLUMN", help="wide: the car parks' columns A,B,C or '*'"
        )
    columns.add_argument(
        "--capacity",
        action="append",
        default=[],
        metavar="COLUMN",
        help="none: the greatest reading; wide: NAME=SPACES, several times",
    )
    columns.add_argument(
        "--filter", action="append", type=_typed(_pair), default=[], metavar="COLUMN=VALUE"
    )
    columns.add_argument("--timezone", default="UTC", help="of times without an offset")
    columns.add_argument("--time-format", metavar="STRPTIME", help="default: ISO 8601")
    lots = command.add_argument_group("lots")
    lots.add_argument("--operator", default="replay")
    lots.add_argument("--prefix", default="", help="before each car park's name in the lot's id")
    lots.add_argument("--district", default="replay")
    lots.add_argument("--lot-timezone", help="default: --timezone")
    lots.add_argument("--language", default="en", help="of the car parks' names")
    lots.add_argument("--lots-csv", type=Path, help="CSV of id, name, latitude, longitude")
    lots.add_argument("--position", type=_typed(_position), default=(0.0, 0.0), metavar="LAT,LON")
    lots.add_argument("--stale-after", type=int, default=31_536_000, metavar="S")
    shift = command.add_mutually_exclusive_group()
    shift.add_argument(
        "--shift-to-now", action="store_true", help="move the times so that the last is now"
    )
    shift.add_argument("--shift", type=int, default=0, metavar="S", help="move them by seconds")
    add("--moments", type=int, default=100, help="to check of each car park (default 100)")


def target(options: argparse.Namespace) -> Target:
    """Return where and how to send; the key may come from the environment."""
    key = options.key if options.key is not None else os.environ.get(KEY_VARIABLE, "")
    return Target(options.url, key.strip(), options.format, options.batch, options.give_up_after)


def format_of(options: argparse.Namespace) -> Format:
    """Return the format that `--as` names."""
    return FORMATS[options.as_].make(options)


def columns(options: argparse.Namespace) -> Columns:
    """Return which columns of a recording say what."""
    measure: Measure = "occupied" if options.occupied is not None else "free"
    said: str = options.occupied if options.occupied is not None else options.free
    wide = options.lot is None
    if not wide and len(options.capacity) > 1:
        raise ValueError("a long file has one capacity column")
    return Columns(
        time=options.time,
        lot=options.lot,
        measure=measure,
        values=tuple(said.split(",")) if wide else (said,),
        capacity=None if wide or not options.capacity else options.capacity[0],
        capacities={name: int(n) for name, n in map(_pair, options.capacity)} if wide else None,
        timezone=options.timezone,
        time_format=options.time_format,
        filters=tuple(options.filter),
    )


def naming(options: argparse.Namespace) -> Naming:
    """Return how the car parks of a recording become lots."""
    return Naming(
        operator=options.operator,
        prefix=options.prefix,
        district=options.district,
        timezone=options.lot_timezone or options.timezone,
        language=options.language,
        stale_after_s=options.stale_after,
        position=options.position,
        sites=read_sites(options.lots_csv) if options.lots_csv else {},
    )
