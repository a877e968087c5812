"""The command line, as an operator of the service uses it."""

import os
import subprocess
import sys

from tests.service import CHECKOUT


def parking(database_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "parking", *words],
        env={**os.environ, "PARKING_DATABASE_URL": database_url},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_migrate_says_what_it_applied_and_then_that_there_is_nothing(
    empty_database_url: str,
) -> None:
    first, again = (parking(empty_database_url, "migrate") for _ in range(2))
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("applied: foundations")
    assert again.stdout == "the schema is up to date\n"


def test_keys_are_made_listed_without_secret_and_revoked(database_url: str) -> None:
    made = parking(database_url, "keys", "create", "--role", "operator", "--operator", "op")
    secret, key_id = made.stdout.strip(), made.stderr.split(":")[0].strip().splitlines()[-1]
    listed = parking(database_url, "keys", "list").stdout
    assert key_id in listed
    assert secret not in listed
    assert parking(database_url, "keys", "revoke", key_id).stdout == "revoked\n"
    assert parking(database_url, "keys", "revoke", key_id).returncode == 1
    assert "revoked" in parking(database_url, "keys", "list").stdout
    assert parking(database_url, "keys", "create", "--role", "operator").returncode == 2


def test_a_setting_that_is_wrong_is_named(database_url: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "parking", "migrate"],
        env={**os.environ, "PARKING_DATABASE_URL": database_url, "PARKING_ADMIN_KEY": "short"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "PARKING_ADMIN_KEY" in ended.stderr
    assert "short" not in ended.stderr
