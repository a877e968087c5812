"""Followers: connections that are told what changed, all in one go.

No task wakes for a follower. Those who are at the same version and want the same get the same
bytes, made once and written straight to each transport. One whose connection is full gets nothing
until it has taken what it was sent, and then the newest state of what changed meanwhile.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from parking.live.changes import Change, Changes, Filter

Form = Callable[[list[Change]], bytes]
Frame = Callable[[bytes], bytes]

_FULL = 1 << 16  # bytes that a follower has not taken
_AT_ONCE = 500  # followers, before others have a turn


@dataclass(slots=True, eq=False)
class Follower:
    """A connection that follows from a version of the board on.

    `frame` makes what is to be sent fit the protocol. `gone` is set when the connection ended.
    """

    transport: asyncio.WriteTransport
    wanted: Filter
    version: int
    frame: Frame
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    heard_at: float = 0.0


class Followers:
    """Everyone who follows in one form."""

    def __init__(self, changes: Changes, make: Form, comment: bytes, every_s: float) -> None:
        """Tell of `changes` what `make` makes of them, a `comment` after so long of nothing."""
        self._changes = changes
        self._make = make
        self._comment = comment
        self._every_s = every_s
        self._all: set[Follower] = set()

    def add(self, follower: Follower) -> None:
        """Tell a newcomer what it lacks, and further on what changes."""
        follower.heard_at = asyncio.get_running_loop().time()
        self._all.add(follower)
        self._tell(follower, {})

    def remove(self, follower: Follower) -> None:
        """Tell one nothing more."""
        self._all.discard(follower)

    def end(self) -> None:
        """Let go of everyone, for them to come again and hear of all lots: the log is another."""
        for follower in self._all:
            follower.gone.set()
        self._all.clear()

    async def tell(self) -> None:
        """Tell everyone what is new to them; let go of those whose connection ended."""
        made: dict[tuple[int, Filter, Frame], tuple[int, bytes]] = {}
        for number, follower in enumerate(list(self._all), 1):
            self._tell(follower, made)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
                made.clear()  # the board may have gone on

    def _tell(
        self, follower: Follower, made: dict[tuple[int, Filter, Frame], tuple[int, bytes]]
    ) -> None:
        transport = follower.transport
        if transport.is_closing():
            follower.gone.set()
            self._all.discard(follower)
            return
        if transport.get_write_buffer_size() > _FULL:
            return
        key = (follower.version, follower.wanted, follower.frame)
        found = made.get(key)
        if found is None:
            version, told = self._changes.since(follower.version, follower.wanted, self._make)
            found = made[key] = version, follower.frame(told) if told else b""
        follower.version, frames = found
        now = asyncio.get_running_loop().time()
        if frames:
            transport.write(frames)
            follower.heard_at = now
        elif now - follower.heard_at >= self._every_s:
            transport.write(follower.frame(self._comment))
            follower.heard_at = now
