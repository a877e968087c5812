"""Streams: what changed since a version of the board, told to everyone who follows.

Nothing is queued for anyone. A reader asks what changed since the version it has; one that was slow
gets the newest state of each lot that changed meanwhile, and holds nobody up.
"""

import asyncio
import contextlib

from parking.live.changes import Changes
from parking.live.followers import Followers
from parking.live.replica import Replica

_PAUSES = 0.005, 0.05
"""The shortest and the longest between two rounds, s: what changes meanwhile is told together."""
_PER_REFRESH = 40.0
_PER_TELLING = 4.0
"""How often a pause is as long as that took, up to the longest."""
_LONGEST_SLEEP = 1.0  # those who went are noticed after so long


class Stream:
    """Tells those who follow the board, in rounds: soon where that costs little.

    Who waits for news has a task to be woken, which nobody here sees the cost of: it is woken at
    most as often as the longest pause allows.
    """

    def __init__(self, replica: Replica) -> None:
        """Follow `replica`'s board."""
        self._replica = replica
        self._board = replica.board
        self._told = 0
        self._told_at = 0.0
        self._epoch = replica.board.epoch
        self._news = asyncio.Event()
        self._followers: list[Followers] = []
        self.changes = Changes(replica.board)

    def add(self, followers: Followers) -> None:
        """Tell these too, from now on."""
        self._followers.append(followers)

    async def run(self) -> None:
        """Refresh the board when entries came or time has passed, and tell, until cancelled."""
        time = asyncio.get_running_loop().time
        while True:
            self._replica.changed.clear()
            began = time()
            self._board.refresh(self._replica.clock())
            refreshed = time()
            if self._board.version != self._told and refreshed >= self._told_at + _PAUSES[1]:
                self._told, self._told_at = self._board.version, refreshed
                news, self._news = self._news, asyncio.Event()
                news.set()
            if self._board.epoch != self._epoch:
                self._epoch = self._board.epoch
                for followers in self._followers:
                    followers.end()
            for followers in self._followers:
                await followers.tell()
            wanted = max(_PER_REFRESH * (refreshed - began), _PER_TELLING * (time() - refreshed))
            shortest, longest = _PAUSES
            await asyncio.sleep(min(max(wanted, shortest), longest))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience(time())):
                    await self._replica.changed.wait()

    def _patience(self, now: float) -> float:
        """Give the seconds until something changes by itself, or is to be told; it is `now`."""
        wake = self._board.next_wake
        seconds = _LONGEST_SLEEP
        if wake is not None:
            seconds = min(max((wake - self._replica.clock()) / 1e6, 0), seconds)
        if self._board.version == self._told:
            return seconds
        return max(min(seconds, self._told_at + _PAUSES[1] - now), 0)

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
