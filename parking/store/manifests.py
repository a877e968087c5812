"""PostgreSQL's own list of a backup's files, held against the files.

The rule that must hold: what passes is what the server sent, byte for byte, and the part of the
write-ahead log that makes it consistent is whole. (PostgreSQL's `pg_verifybackup` does the same; it
is not in every package.)
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from parking.store.backups import BackupError
from parking.store.programs import Programs, Way, run

MANIFEST = "backup_manifest"
ALGORITHM = "SHA256"
_BUFFER = 1 << 20
_WAL = "pg_wal"


class _File(msgspec.Struct, rename="pascal"):
    size: int
    checksum_algorithm: str = msgspec.field(name="Checksum-Algorithm")
    checksum: str
    path: str | None = None
    encoded_path: str | None = msgspec.field(name="Encoded-Path", default=None)

    @property
    def name(self) -> str:
        if self.path is not None:
            return self.path
        return bytes.fromhex(self.encoded_path or "").decode(errors="surrogateescape")


class _Range(msgspec.Struct, rename="pascal"):
    timeline: int
    start: str = msgspec.field(name="Start-LSN")
    end: str = msgspec.field(name="End-LSN")


class _Document(msgspec.Struct):
    files: list[_File] = msgspec.field(name="Files")
    ranges: list[_Range] = msgspec.field(name="WAL-Ranges")
    checksum: str = msgspec.field(name="Manifest-Checksum")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The list, checked against its own checksum. `end`: the place in the write-ahead log, bytes.

    A commit whose record ends before that is in the backup.
    """

    files: dict[str, tuple[int, str]]
    ranges: tuple[tuple[int, str, str], ...]
    digest: str
    end: int


def read_place(lsn: str) -> int:
    """Give a place in the write-ahead log, such as `0/16B3748`, in bytes."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) | int(low, 16)


def read(folder: Path) -> Manifest:
    """Read the list of the database folder `folder`; BackupError when it is damaged."""
    try:
        content = (folder / MANIFEST).read_bytes()
        document = msgspec.json.decode(content, type=_Document)
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupError(f"{folder / MANIFEST} cannot be read: {error}") from error
    listed, _, _ = content.rpartition(b'"Manifest-Checksum"')
    if hashlib.sha256(listed).hexdigest() != document.checksum:
        raise BackupError(f"{folder / MANIFEST} is damaged")
    if any(file.checksum_algorithm != ALGORITHM for file in document.files):
        raise BackupError(f"{folder / MANIFEST} has other checksums than {ALGORITHM}")
    return Manifest(
        {file.name: (file.size, file.checksum) for file in document.files},
        tuple((part.timeline, part.start, part.end) for part in document.ranges),
        hashlib.sha256(content).hexdigest(),
        max(read_place(part.end) for part in document.ranges),
    )


async def verify(folder: Path, programs: Programs, way: Way) -> Manifest:
    """Hold every file of a database folder that was not started yet against its list.

    BackupError, naming the first file that differs, lacks or is one too many;
    EmbeddedPostgresError where the write-ahead log is not whole.
    """
    manifest = read(folder)
    _verify_files(folder, manifest)
    for timeline, start, end in manifest.ranges:
        limits = (f"--timeline={timeline}", f"--start={start}", f"--end={end}")
        await run(
            way, (programs.folder / "pg_waldump", "--quiet", f"--path={folder / _WAL}", *limits)
        )
    return manifest


def _verify_files(folder: Path, manifest: Manifest) -> None:
    found = set(_list_files(folder))
    for name in sorted(manifest.files.keys() | found):
        if name not in found:
            raise BackupError(f"{folder / name} is missing")
        if name not in manifest.files:
            raise BackupError(f"{folder / name} does not belong to the backup")
        size, digest = manifest.files[name]
        if (folder / name).stat().st_size != size or _digest(folder / name) != digest:
            raise BackupError(f"{folder / name} is damaged")


def _list_files(folder: Path) -> Iterator[str]:
    """List the files that a list names: all but itself and the write-ahead log."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if not path.is_dir() and name.parts[0] not in {MANIFEST, _WAL}:
            yield str(name)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_BUFFER):
            digest.update(part)
    return digest.hexdigest()
