"""Chance from a seed that is told, and folders for servers that are to be killed."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.extent import SEED, SOAK


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Give each test chance of its own; pytest shows what is printed here when the test fails."""
    print(f"to do this again: SEED={SEED} SOAK={int(SOAK)}")
    return random.Random(f"{SEED} {request.node.nodeid}")


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="parking-test-"))
    yield path
    shutil.rmtree(path)
