"""The PostgreSQL that fits the data is found, and runs whoever we are."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from parking.store import programs
from parking.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, running
from tests.store.serving import Serving, environment, kept, remember, run, server_is_gone


async def test_version_that_is_not_installed(data_dir: Path) -> None:
    version = data_dir / "pg" / "PG_VERSION"
    was = version.read_text()
    version.write_text("9\n")
    newest = next(programs._list_installed()).version
    try:
        with pytest.raises(EmbeddedPostgresError, match=rf"PostgreSQL 9; installed: {newest}"):
            async with running(data_dir):
                pass
    finally:
        version.write_text(was)


async def test_version_of_the_folder_is_chosen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = list(programs._list_installed())
    oldest = min(installed, key=lambda each: int(each.major))
    assert oldest.major != installed[0].major, "the wheel brings more than one version"
    with monkeypatch.context() as patch:
        patch.setattr(programs, "_list_installed", lambda: iter([oldest]))
        await remember(folder)
    async with running(folder) as dsn:
        assert str(await run(dsn, "SHOW server_version")).startswith(oldest.major)
        assert await kept(dsn)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_every_way_for_root_works_on_the_same_data(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for way in programs._list_ways():
        monkeypatch.setattr(programs, "_list_ways", lambda way=way: iter([way]))
        chosen = programs.choose_programs(data_dir / "pg")
        try:
            programs.choose_way(chosen, data_dir / "pg")
        except EmbeddedPostgresError:
            continue  # user namespaces may be off, or the checkout closed to others
        serving = EmbeddedPostgres(data_dir)
        await serving.start()
        assert await kept(serving.dsn)
        await serving.stop()
        assert (data_dir / "pg").stat().st_uid == way.uid


@pytest.mark.skipif(os.geteuid() != 0, reason="runs as an ordinary user already")
async def test_ordinary_user(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = find_python_of(nobody)
    if python is None:
        pytest.skip("this checkout, or every Python of this version, is closed to other users")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    for _ in range(2):
        serving = Serving(folder, python)
        did, dsn = serving.wait()
        assert did == "started"
        assert await run(dsn, "SELECT 1") == 1
        serving.close()
        assert server_is_gone(folder)
    assert (folder / "pg").stat().st_uid == nobody.pw_uid


def find_python_of(user: pwd.struct_passwd) -> list[str] | None:
    """Return a command that runs this version of Python, with the product, as an ordinary user."""
    become = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    # By a program of its own: the one that setpriv starts may pass folders that others may not.
    trial = 'exec "$0" -c "import sys, parking.store.embedded; print(sys.executable)"'
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(name, path="/usr/local/bin:/usr/bin")):
        if python is not None:
            command = [*become, "sh", "-c", trial, python]
            tried = subprocess.run(  # noqa: S603
                command, cwd="/", env=environment(), check=False, capture_output=True
            )
            if tried.returncode == 0:
                return [*become, python]
    return None
