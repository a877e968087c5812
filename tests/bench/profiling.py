"""Where the service's time goes: py-spy beside it while a row is measured, if it is asked for.

It must be on PATH, and slows what it watches by some percent: rows that are watched are not for the
record.
"""

import contextlib
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_SAMPLES_A_SECOND = "200"
_SHOWN = 25


@contextlib.contextmanager
def watched(pid: int, file: Path | None) -> Iterator[None]:
    """Write the stacks of a process that were seen at work, one a line, and tell the hottest."""
    if file is None:
        yield
        return
    command = ["py-spy", "record", "--pid", str(pid), "--format", "raw", "--output", str(file)]
    spy = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--rate", _SAMPLES_A_SECOND, "--function"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        spy.send_signal(signal.SIGINT)
        spy.wait(30)
    sys.stderr.write(f"\n{_hottest(file)}\n")


def _hottest(file: Path) -> str:
    """Give the functions that used most time themselves, and with what they called, in percent."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in file.read_text().splitlines():
        stack, _, times = line.rpartition(" ")
        frames = stack.split(";")
        own[frames[-1]] += int(times)
        for frame in set(frames):
            whole[frame] += int(times)
    total = sum(own.values()) or 1
    rows = [
        f"{100 * times / total:5.1f} {100 * whole[name] / total:5.1f}  {name}"
        for name, times in own.most_common(_SHOWN)
    ]
    return "\n".join([f"{file.stem}: {total} samples\n  own  with", *rows])
