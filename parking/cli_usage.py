"""`parking usage`: work out stored usage once more, and print a month's report."""

import argparse
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from parking import app
from parking.config import Settings
from parking.domain.instants import rfc3339
from parking.errors import InvalidInput, NotFound
from parking.jobs.check import Difference, check
from parking.jobs.walk import walk_all
from parking.live.replica import Replica
from parking.store.database import open_database
from parking.store.migrate import migrate
from parking.web import monthly
from parking.web.report.page import render


def add_arguments(parser: argparse.ArgumentParser, instant: Callable[[str], int]) -> None:
    """Add the subcommands; `instant` reads a time as us."""
    actions = parser.add_subparsers(dest="action", required=True)
    rebuilding = actions.add_parser(
        "rebuild", help="work usage out again from the log, print what was stored wrong, mend it"
    )
    rebuilding.add_argument(
        "--from", dest="start", type=instant, required=True, help="RFC 3339; hours from then on"
    )
    rebuilding.add_argument("--to", dest="end", type=instant, required=True, help="until then")
    rebuilding.add_argument("--lots", type=_ids, help="ids, separated by commas; all if left out")
    rebuilding.set_defaults(run=_rebuild)
    reporting = actions.add_parser(
        "report", help="write a month's report as one HTML file that prints well"
    )
    reporting.add_argument("--month", required=True, help="2026-11, by each lot's calendar")
    reporting.add_argument("--lots", type=_ids, help="ids, separated by commas; all if left out")
    reporting.add_argument("--district", help="only the lots of this one")
    reporting.add_argument("--language", choices=("zh", "en"), default="zh")
    reporting.add_argument(
        "--output", type=Path, help="the file; usage-MONTH.html if left out, - for the output"
    )
    reporting.set_defaults(run=_report)


def _ids(value: str) -> list[str]:
    ids = value.split(",")
    if not all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", lot) for lot in ids):
        raise argparse.ArgumentTypeError("ids of lots, separated by commas")
    return ids


@contextlib.asynccontextmanager
async def _replica(settings: Settings) -> AsyncIterator[Replica]:
    """Give what the database holds; a service may run on it meanwhile."""
    async with app.database_url(settings) as dsn:
        await migrate(dsn)
        async with open_database(dsn) as database:
            replica = Replica(database, app.clock)
            await replica.start()
            yield replica


async def _rebuild(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.start >= arguments.end:
        raise InvalidInput("--from must be before --to.")
    number = 0
    async with _replica(settings) as replica:
        timelines = {live.id: live.timeline for live in replica.board.all_lots()}
        wanted = sorted(timelines if arguments.lots is None else arguments.lots)
        missing = set(wanted) - timelines.keys()
        if missing:
            raise NotFound(f"There is no lot {min(missing)}.")
        await walk_all(replica)  # what is not worked up yet cannot be checked
        for lot in wanted:
            for difference in await check(replica, timelines[lot], arguments.start, arguments.end):
                print(_line(difference))
                number += 1
    if number:
        print(f"{number} differed, and were stored anew", file=sys.stderr)
    else:
        print(f"nothing differed ({len(wanted)} lots)", file=sys.stderr)
    return 0


def _line(difference: Difference) -> str:
    hour = difference.hour
    columns = "  ".join(
        f"{name} {was} -> {should}" for name, was, should in difference.list_columns()
    )
    scope = " ".join(part for part in hour.scope if part)
    return f"{difference.lot}  {rfc3339(hour.start)}  {scope} ({hour.hours})  {columns}"


async def _report(arguments: argparse.Namespace, settings: Settings) -> int:
    async with _replica(settings) as replica:
        report = await monthly.gather(
            replica,
            arguments.month,
            lots=arguments.lots,
            district=arguments.district,
            language=arguments.language,
        )
    page = render(report)
    if str(arguments.output) == "-":
        sys.stdout.write(page)
        return 0
    path = arguments.output or Path(f"usage-{arguments.month}.html")
    path.write_text(page, encoding="utf-8")
    print(path)
    return 0
