"""Where the embedded server's socket lies.

The rule that must hold: every process on a data folder finds the same place, and only the data
folder's owner can get at it, as the server trusts whoever connects.
"""

import hashlib
import os
import stat
from pathlib import Path

PORT = 5432  # only a part of the socket's name
LONGEST_SOCKET_FOLDER = 107 - len(f"/.s.PGSQL.{PORT}")  # sun_path, less its closing zero


def socket_folder(folder: Path) -> Path:
    """Return the data folder itself, or a short name made from it where a socket's may not be long.

    Made from it: every process on this data folder finds the same.
    """
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]
    return Path("/tmp") / f"parking-pg-{digest}"  # noqa: S108 - `is_private` is asked before use


def is_private(sockets: Path, folder: Path) -> bool:
    """Whether the sockets' folder is a real one, of the data folder's owner, closed to others."""
    try:
        found, owner = sockets.lstat(), folder.stat().st_uid
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077
