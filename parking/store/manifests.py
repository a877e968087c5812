"""PostgreSQL's own list of a backup's files, held against the files.

The rule that must hold: what passes is what the server sent, byte for byte, and the write-ahead log
that makes it consistent and leads to its end is whole. (PostgreSQL's `pg_verifybackup` does the
same; it is not in every package.)
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
WAL = "pg_wal"


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


class _Document(msgspec.Struct):
    files: list[_File] = msgspec.field(name="Files")
    ranges: list[_Range] = msgspec.field(name="WAL-Ranges")
    checksum: str = msgspec.field(name="Manifest-Checksum")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The list, checked against its own checksum.

    Files by their names, with size and checksum; from where on the write-ahead log is needed, and
    of which timeline; the checksum of the list itself.
    """

    files: dict[str, tuple[int, str]]
    timeline: int
    start: str
    digest: str


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
        document.ranges[-1].timeline,
        document.ranges[-1].start,
        hashlib.sha256(content).hexdigest(),
    )


def verify_files(folder: Path) -> Manifest:
    """Hold every file of a database folder that was not started yet against its list.

    BackupError, naming the first file that differs, lacks or is one too many.
    """
    manifest = read(folder)
    _verify_files(folder, manifest)
    return manifest


async def verify_wal(
    folder: Path, manifest: Manifest, programs: Programs, way: Way, *, until: str
) -> None:
    """Read the write-ahead log that was put to the files, up to `until`.

    EmbeddedPostgresError where it is not whole.
    """
    limits = (f"--timeline={manifest.timeline}", f"--start={manifest.start}", f"--end={until}")
    wal = folder / WAL
    await run(way, (programs.folder / "pg_waldump", "--quiet", f"--path={wal}", *limits))


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
        if not path.is_dir() and name.parts[0] not in {MANIFEST, WAL}:
            yield str(name)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_BUFFER):
            digest.update(part)
    return digest.hexdigest()
