"""How often those who follow are told: soon where it costs little, tasks not too often."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any, cast

from parking.live.board import Board
from parking.live.followers import Followers
from parking.live.stream import Stream
from tests.live.test_board import NOW, described, reading

LASTING_S = 0.5


class Rounds:
    """Counts how often followers would be told."""

    def __init__(self) -> None:
        self.number = 0

    async def tell(self) -> None:
        self.number += 1


async def test_tasks_are_woken_less_often_than_connections_are_written_to() -> None:
    board = Board()
    board.describe(described("a"))
    board.refresh(NOW)
    replica = SimpleNamespace(board=board, changed=asyncio.Event(), clock=lambda: NOW + 10**6)
    stream, rounds = Stream(cast("Any", replica)), Rounds()
    stream.add(cast("Followers", rounds))
    woken = 0

    async def wait() -> None:
        nonlocal woken
        version = 0
        while True:
            if await stream.wait(version, 10):
                woken, version = woken + 1, board.version

    tasks = [asyncio.create_task(stream.run()), asyncio.create_task(wait())]
    loop = asyncio.get_running_loop()
    began = loop.time()
    number = 0
    while loop.time() < began + LASTING_S:
        number += 1
        board.take([reading(number, NOW + number, "a")], NOW + number)
        replica.changed.set()
        await asyncio.sleep(0.001)
    last = board.version
    assert await stream.wait(last - 1, 1)  # the last of it is told too
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    elapsed = loop.time() - began
    assert 2 <= woken <= elapsed / 0.05 + 2
    assert rounds.number > woken
