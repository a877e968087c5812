"""Folders for embedded servers, and a writer of a log: at once, by COPY, or claimed."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from parking.store import at_once
from parking.store.database import Database, open_database
from parking.store.log import LogWriter
from tests.store.serving import remember


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="parking-test-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """Make one data folder for all tests that leave a sound one behind: making it takes longest."""
    path = Path(tempfile.mkdtemp(prefix="parking-test-"))
    asyncio.run(remember(path / "data"))
    yield path / "data"
    shutil.rmtree(path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
async def writer(database_url: str) -> AsyncIterator[LogWriter]:
    writer = LogWriter(database_url)
    yield writer
    await writer.close()


@pytest.fixture(params=["at once", "copied", "suspected"])
def suspects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether some are thought to be there already; where not, both ways that small ones go."""
    if request.param == "copied":
        monkeypatch.setattr(at_once, "MOST", 0)
    return bool(request.param == "suspected")
