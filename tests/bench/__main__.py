"""`python -m tests.bench`: measure rows, print a table, write it all as JSON."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import ingest, machine, reads, streams
from tests.bench.figures import Finding, table
from tests.bench.grounds import Grounds, Pace

Row = Callable[[Grounds], list[Finding]]
ROWS: Mapping[str, Row] = {
    "batches": ingest.batches,
    "singles": ingest.singles,
    "disorder": ingest.disorder,
    "one-lot": reads.one_lot,
    "all-lots": reads.all_lots,
    "not-modified": reads.not_modified,
    "nearby": reads.nearby,
    "fan-out": streams.fan_out,
    "lag": streams.lag,
    "crowd": streams.crowd,
}


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    pace = Pace(3, 0.5, quick=True) if given.quick else Pace()
    pace = replace(pace, heavy=given.heavy, profiles=given.profile)
    names = given.rows.split(",") if given.rows else list(ROWS)
    unknown = set(names) - set(ROWS)
    if unknown:
        sys.exit(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    about = machine.described()
    findings: list[Finding] = []
    with Grounds(pace) as grounds:
        for name in names:
            began, grounds.row = time.monotonic(), name
            print(f"{name} ...", end="", flush=True, file=sys.stderr)
            findings += ROWS[name](grounds)
            print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table(findings))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    made = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about,
        "rounds": pace.rounds,
        "seconds": pace.seconds,
        "findings": [finding.as_json() for finding in findings],
    }
    given.json.write_text(json.dumps(made, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", help="only these, by name: " + ",".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds")
    parser.add_argument("--heavy", action="store_true", help="the heaviest rows too")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="watch with py-spy")
    parser.add_argument("--json", type=Path, default=Path(".data/bench.json"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
