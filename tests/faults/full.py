"""A disk that is full: a small one of its own, in memory, that only one database server sees.

The server runs in a mount namespace, where a small tmpfs lies over its folder; the test reaches its
socket, and the disk, through /proc. An ordinary user may do that where user namespaces are allowed.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.store.serving import PATIENCE_S, Serving

SIZE_MB = 256
_MOUNTED = f'mount -t tmpfs -o size={SIZE_MB}m tmpfs "$0" && exec "$@"'


class SmallDisk:
    """A folder on a disk of its own, and the PostgreSQL that lives there."""

    def __init__(self, folder: Path) -> None:
        python = (*_enclosed(folder), sys.executable)
        self._serving = Serving(folder, python)
        self._folder = Path(f"/proc/{self._serving.process.pid}/root{folder}")
        self._ballast = self._folder / "ballast"
        self.did, dsn = self._serving.wait()
        self.database_url = dsn.replace(f"host={folder}", f"host={self._folder}")

    def fill(self, left: int) -> None:
        """Take all the room but for so many bytes."""
        room = os.statvfs(self._folder)
        with self._ballast.open("ab") as ballast:
            size = room.f_bavail * room.f_frsize - left
            if size > 0:
                os.posix_fallocate(ballast.fileno(), ballast.tell(), size)

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    def close(self) -> None:
        self._serving.close()


def why_not(folder: Path) -> str | None:
    """Tell why there can be no small disk here."""
    if not sys.platform.startswith("linux"):
        return "there are no mount namespaces here"
    tried = subprocess.run(  # noqa: S603 - our own command
        [*_enclosed(folder), "true"],
        check=False,
        capture_output=True,
        timeout=PATIENCE_S,
        text=True,
    )
    return None if tried.returncode == 0 else f"a disk cannot be mounted here: {tried.stderr}"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(folder)
    try:
        yield disk
    finally:
        disk.close()


def _enclosed(folder: Path) -> Sequence[str]:
    """Give what to put before a command for it to run with the disk mounted."""
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *user, "--mount", "sh", "-c", _MOUNTED, str(folder))
