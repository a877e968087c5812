"""Folders for embedded servers: a new one, and one that has served before."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

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
