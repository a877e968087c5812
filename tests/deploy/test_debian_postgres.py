"""The system's PostgreSQL, set up as deploy/install.md has it; it may be older than ours."""

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from parking.store import programs
from parking.store.embedded import EmbeddedPostgres
from tests.e2e.gateways import Gateway, check_log, describe, progress, sending
from tests.e2e.wire import connected, until
from tests.service import CHECKOUT, running_services

PSQL = sorted(programs.DEBIAN.glob("*/bin/psql"))
NONE = pytest.mark.skipif(
    not sorted(programs.DEBIAN.glob("*/bin/initdb")) and "CI" not in os.environ,
    reason="Debian's PostgreSQL is not installed: apt-get install postgresql",
)


@pytest.fixture
async def address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Run the newest server of Debian's that is installed; gives its superuser's address."""
    monkeypatch.setattr(programs, "WHEEL", "no_such_package")
    monkeypatch.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    folder = Path(tempfile.mkdtemp(prefix="parking-test-"))
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        yield server.dsn
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def prepare(address: str, passwords: dict[str, str]) -> None:
    """Do what the installation does: passwords by variables, then the file."""
    given = "".join(f"\\set {name}_password '{said}'\n" for name, said in passwords.items())
    script = given + CHECKOUT.joinpath("deploy", "database.sql").read_text("utf-8")
    subprocess.run(  # noqa: S603 - our own command
        [PSQL[-1], "-X", "-q", "-v", "ON_ERROR_STOP=1", address.replace("/parking?", "/postgres?")],
        input=script,
        text=True,
        check=True,
        capture_output=True,
    )


@NONE
async def test_the_service_works_on_it(address: str, tmp_path: Path) -> None:
    passwords = {"owner": secrets.token_hex(), "serve": secrets.token_hex()}
    connection = await asyncpg.connect(address.replace("/parking?", "/postgres?"))
    await connection.execute("DROP DATABASE parking")  # Debian's has none yet
    version = connection.get_server_version().major
    await connection.close()
    assert version >= 14
    await asyncio.to_thread(prepare, address, passwords)
    urls = {
        name: address.replace("//parking@", f"//parking_{name}:{passwords[name]}@")
        for name in passwords
    }
    tmp_path.joinpath("parking_database_url").write_text(urls["serve"] + "\n")
    tmp_path.joinpath("parking_migration_url").write_text(urls["owner"] + "\n")
    migrated = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parking", "migrate"),
        env={"PATH": os.environ["PATH"], "PARKING_SECRETS_DIR": str(tmp_path)},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
    )
    said, _ = await migrated.communicate()
    assert b"the role parking_serve has what it needs to serve" in said
    with running_services("", PARKING_SECRETS_DIR=str(tmp_path)) as (one,):
        async with connected(one) as (wire,):
            await describe(wire, ["d1"])
            gateways = [Gateway(wire, "d1", number) for number in range(2)]
            async with sending(gateways):
                await progress(gateways, 60)
            await check_log(urls["serve"], wire, gateways)
            # the hours are walked and stored, as arrays in columns of their own
            await until(lambda: ask(urls["serve"], "SELECT count(*) FROM usage_hours"))
            usage = await wire.ask("GET", "/v1/usage", params=window())
            assert usage["items"]
        assert one.terminate() == 0
        assert "Traceback" not in one.said()


async def ask(address: str, sql: str) -> object:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def window() -> dict[str, str]:
    now = datetime.now(UTC)
    since = (now - timedelta(days=3)).isoformat()
    return {"from": since, "to": now.isoformat(), "bucket": "day", "lots": "d1"}
