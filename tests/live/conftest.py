"""Two instances on one database."""

from collections.abc import AsyncIterator

import pytest

from tests.nodes import Node, started


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with started(database_url) as node:
        yield node


@pytest.fixture
async def other(node: Node, database_url: str) -> AsyncIterator[Node]:
    """Start a second instance on the same database."""
    async with started(database_url) as other:
        yield other
