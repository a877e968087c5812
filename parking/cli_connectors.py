"""`parking connectors`: check the file of connectors, and try it on samples before going live.

Neither needs a database, nor the secrets that the file names.
"""

import argparse
import mimetypes
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from parking.config import Settings
from parking.domain import events
from parking.ingest.connectors.connector import Connector, Connectors
from parking.ingest.connectors.loading import BadConnectors, load
from parking.ingest.decoded import Decoded, NotDecodable
from parking.ingest.formats.fourpyun import POSTS
from parking.ingest.formats.message import Message

_encode = msgspec.json.Encoder().encode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what can be asked for."""
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="say whether a file of connectors can be used")
    check.add_argument("file", type=Path, metavar="FILE")
    check.set_defaults(run=_check)
    trying = actions.add_parser(
        "try",
        help="show the events that a message gives, and what of it is not read",
        epilog="Events go to standard output, one a line; the rest to standard error. "
        "Exit status: 0 there are events; 1 there are none; 2 the file cannot be used.",
    )
    trying.add_argument("file", type=Path, metavar="FILE")
    trying.add_argument("sample", type=Path, metavar="SAMPLE", help="a message as it is sent")
    trying.add_argument("--name", help="which connector; needed when there are several")
    trying.add_argument(
        "--part",
        choices=("json", "csv", *POSTS),
        help="of parkapi: json or csv; of fourpyun: enter, leave or space",
    )
    trying.add_argument("--media", help="the sample's media type; by default by its file's name")
    trying.set_defaults(run=_try)


async def _check(arguments: argparse.Namespace, _: Settings) -> int:
    connectors = load(arguments.file, secrets=False)
    for kind, connector in _listed(connectors):
        print(f"{kind} {connector.name}: {connector.format}, for {connector.operator}")
    try:
        load(arguments.file)
    except BadConnectors as error:
        print(f"not to be found here, and needed to serve:\n{error}", file=sys.stderr)
    return 0


async def _try(arguments: argparse.Namespace, _: Settings) -> int:
    connector = _chosen(load(arguments.file, secrets=False), arguments)
    media = arguments.media or mimetypes.guess_type(arguments.sample.name)[0] or ""
    part = arguments.part or ("csv" if media == "text/csv" else "json")
    if connector.format == "spdp":
        part = ""
    now = int(arguments.sample.stat().st_mtime) * 1_000_000
    message = Message(arguments.sample.read_bytes(), now, media, part, now)
    try:
        decoded = connector.decode(message)
    except NotDecodable as error:
        print(f"{arguments.sample}: {error}", file=sys.stderr)
        return 1
    return 0 if _show(decoded) else 1


def _show(decoded: Decoded) -> int:
    """Print events and what is not read; gives how many events would be looked at further."""
    fit = 0
    for event in decoded.events:
        print(_encode(event).decode())
        try:
            events.decode(_encode(event))
        except msgspec.ValidationError as error:
            print(f"would be refused: {error}", file=sys.stderr)
        else:
            fit += 1
    for part in decoded.unread:
        print(f"not read: {part.place} {part.reason}".replace("  ", " "), file=sys.stderr)
    print(f"{fit} events, {len(decoded.unread)} parts not read", file=sys.stderr)
    return fit


def _listed(connectors: Connectors) -> Iterator[tuple[str, Connector]]:
    yield from (("webhook", hook.connector) for hook in connectors.webhooks)
    yield from (("poll", poll.connector) for poll in connectors.polls)


def _chosen(connectors: Connectors, arguments: argparse.Namespace) -> Connector:
    """Give the connector that is asked for; BadConnectors when it is not clear which."""
    there = {connector.name: connector for _, connector in _listed(connectors)}
    names = ", ".join(there) or "none"
    if arguments.name is None and len(there) != 1:
        raise BadConnectors(f"{arguments.file}: --name is needed, one of {names}")
    name = arguments.name or next(iter(there))
    if name not in there:
        raise BadConnectors(f"{arguments.file}: there is no connector {name}, but {names}")
    return there[name]
