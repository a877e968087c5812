"""`python -m tests.bench`: measure rows, print a table, write it all as JSON."""

import argparse
import json
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import ingest, machine, planners, reads, sizes, streams
from tests.bench.figures import Finding, table
from tests.bench.grounds import Grounds, Pace

Row = Callable[[Grounds], list[Finding]]
ROWS: Mapping[str, Row] = {
    "batches": ingest.batches,
    "singles": ingest.singles,
    "disorder": ingest.disorder,
    "ndjson": ingest.stream,
    "one-lot": reads.one_lot,
    "all-lots": reads.all_lots,
    "not-modified": reads.not_modified,
    "nearby": reads.nearby,
    "fan-out": streams.fan_out,
    "lag": streams.lag,
    "memory": sizes.memory,
    "near-many": sizes.near_many,
    "usage": planners.usage,
}
HEAVY: Mapping[str, Row] = {
    "crowd": streams.crowd,
    "start": sizes.start,
    "many-spaces": sizes.many_spaces,
}

_DISTURBED = 0.1
"""Cores that others may use before it is told."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    rows = {**ROWS, **HEAVY}
    names = given.rows.split(",") if given.rows else list(rows if given.heavy else ROWS)
    unknown = set(names) - set(rows)
    if unknown:
        sys.exit(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(rows)}")
    pace = Pace(3, 0.5, quick=True) if given.quick else Pace()
    pace = replace(pace, profiles=given.profile)
    record = Record(given.json, pace)
    # a run that is ended from outside leaves no servers and no gigabytes behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with Grounds(pace) as grounds:
        for name in names:
            record.take(name, grounds, rows[name])
    print(table(record.findings))
    for line in record.warnings:
        print(line)
    return 1 if record.failed else 0


class Record:
    """What was found, in a file that holds all of it after each row."""

    def __init__(self, file: Path, pace: Pace) -> None:
        self.findings: list[Finding] = []
        self.failed: list[str] = []
        self.warnings: list[str] = []
        self._file = file
        self._made: dict[str, Any] = {
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine.described(),
            "rounds": pace.rounds,
            "seconds": pace.seconds,
            "rows": {},
        }

    def take(self, name: str, grounds: Grounds, row: Row) -> None:
        """Measure a row; one that fails costs no other."""
        grounds.row = name
        print(f"{name} ...", end="", flush=True, file=sys.stderr)
        began, busy, own = time.monotonic(), machine.busy_seconds(), grounds.own_cpu_seconds()
        found: list[Finding] = []
        try:
            found = row(grounds)
        except Exception:  # noqa: BLE001 - it is told, and the other rows are still to come
            self.failed.append(name)
            self.warnings.append(f"{name} failed")
            traceback.print_exc()
        elapsed = time.monotonic() - began
        others = machine.busy_seconds() - busy - (grounds.own_cpu_seconds() - own)
        print(f" {elapsed:.0f} s", file=sys.stderr)
        self.findings += found
        if others > _DISTURBED * elapsed:
            cores = others / elapsed
            self.warnings.append(f"{name}: other processes used {cores:.1f} cores meanwhile")
        self._made["rows"][name] = {
            "seconds": round(elapsed, 1),
            "cores_used_by_others": round(others / elapsed, 2),
            "failed": name in self.failed,
            "findings": [finding.as_json() for finding in found],
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self._made, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", help="only these, by name: " + ",".join([*ROWS, *HEAVY]))
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds")
    parser.add_argument("--heavy", action="store_true", help="these too: " + ", ".join(HEAVY))
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="watch with py-spy")
    parser.add_argument("--json", type=Path, default=Path(".data/bench.json"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
