"""Streams: what changed since a version of the board, told to everyone who follows.

Nothing is queued for anyone. A reader asks what changed since the version it has; one that was slow
gets the newest state of each lot that changed meanwhile, and holds nobody up.
"""

import asyncio
import contextlib

from parking.live.changes import Changes
from parking.live.followers import Followers
from parking.live.replica import Replica

_TICK_SECONDS = 0.05
_LONGEST_SLEEP = 1.0  # those who went are noticed after so long


class Stream:
    """Wakes those who follow the board, at most every 50 ms."""

    def __init__(self, replica: Replica) -> None:
        """Follow `replica`'s board."""
        self._replica = replica
        self._board = replica.board
        self._told = 0
        self._epoch = replica.board.epoch
        self._news = asyncio.Event()
        self._followers: list[Followers] = []
        self.changes = Changes(replica.board)

    def add(self, followers: Followers) -> None:
        """Tell these too, from now on."""
        self._followers.append(followers)

    async def run(self) -> None:
        """Refresh the board when entries came or time has passed, and tell, until cancelled."""
        while True:
            self._replica.changed.clear()
            self._board.refresh(self._replica.clock())
            if self._board.version != self._told:
                self._told = self._board.version
                news, self._news = self._news, asyncio.Event()
                news.set()
            if self._board.epoch != self._epoch:
                self._epoch = self._board.epoch
                for followers in self._followers:
                    followers.end()
            for followers in self._followers:
                await followers.tell()
            await asyncio.sleep(_TICK_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._replica.changed.wait()

    def _patience(self) -> float:
        """Give the seconds until something changes by itself."""
        wake = self._board.next_wake
        if wake is None:
            return _LONGEST_SLEEP
        return min(max((wake - self._replica.clock()) / 1e6, 0), _LONGEST_SLEEP)

    async def wait(self, version: int, seconds: float) -> bool:
        """Wait until there is news after `version`; False when there was none for so long."""
        if self._told > version:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True
