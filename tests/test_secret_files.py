"""Settings that stand in files: as Docker, Kubernetes and systemd hand secrets to a service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from parking.config import Settings
from tests.service import CHECKOUT

KEY = "k" * 40


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("PARKING_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PARKING_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_files_are_settings(folder: Path) -> None:
    folder.joinpath("PARKING_DATABASE_URL").write_text("postgresql://db/parking\n")
    folder.joinpath("parking_admin_key").write_text(f"{KEY}\r\n")
    folder.joinpath("parking_port").write_text("8081")
    folder.joinpath("parking_trusted_proxies").write_text("10.0.0.0/8,::1")
    folder.joinpath("something_else").write_text("")
    settings = Settings()
    assert settings.database_url == "postgresql://db/parking"
    assert settings.admin_key is not None
    assert settings.admin_key.get_secret_value() == KEY
    assert settings.port == 8081
    assert settings.trusted_proxies is not None
    assert len(settings.trusted_proxies) == 2
    assert settings.migration_url is None


def test_as_kubernetes_mounts_them(folder: Path) -> None:
    """By links into a folder that is exchanged as a whole."""
    folder.joinpath("..now").mkdir()
    folder.joinpath("..now", "PARKING_ADMIN_KEY").write_text(KEY)
    folder.joinpath("..data").symlink_to("..now")
    folder.joinpath("PARKING_ADMIN_KEY").symlink_to("..data/PARKING_ADMIN_KEY")
    assert Settings().admin_key is not None


def test_variables_come_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.joinpath("parking_port").write_text("8081")
    folder.joinpath("parking_host").write_text("::1")
    monkeypatch.setenv("PARKING_PORT", "8082")
    monkeypatch.setenv("PARKING_HOST", "")  # as good as unset
    assert (Settings().port, Settings().host) == (8082, "::1")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"parking_admin_key": "\n"}, "parking_admin_key is empty"),
        ({"parking_port": "1", "PARKING_PORT": "2"}, "PARKING_PORT stands in two files"),
        ({"parking_admin_key": "short"}, "at least 32 characters"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, files: dict[str, str], said: str) -> None:
    for name, value in files.items():
        folder.joinpath(name).write_text(value)
    with pytest.raises(ValidationError, match=said):
        Settings()


def test_no_secret_is_told(folder: Path) -> None:
    folder.joinpath("parking_admin_key").write_text("too short to be one")
    folder.joinpath("parking_migration_url").write_text("postgresql://owner:hidden@db/parking")
    done = subprocess.run(
        [sys.executable, "-m", "parking", "migrate"],
        cwd=CHECKOUT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "PARKING_ADMIN_KEY: " in done.stderr
    assert "too short to be one" not in done.stderr
    assert "hidden" not in done.stderr


def test_a_folder_that_is_not_there_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKING_SECRETS_DIR", str(folder / "absent"))
    done = subprocess.run(
        [sys.executable, "-m", "parking", "keys", "list"],
        cwd=CHECKOUT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("parking: Value error, PARKING_SECRETS_DIR: ")
    assert "absent" in done.stderr
