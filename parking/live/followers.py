"""Followers: connections that are told what changed, all in one go.

No task wakes for a follower. Those who want the same in the same frame are an audience, and most of
an audience is at one version: what they lack is made once, and each of them costs a write to its
transport and hardly anything else. One whose connection is full gets nothing until it has taken
what it was sent, and then the newest state of what changed meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
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


@dataclass(slots=True, eq=False)
class _Audience:
    """Followers who want the same in the same frame.

    Those of `level` are where it is, at `version`, and were last written to at `heard_at`, whatever
    they say themselves; `others`, who have just come or were full, are where they say.
    """

    wanted: Filter
    frame: Frame
    version: int = 0
    heard_at: float = 0.0
    level: dict[asyncio.WriteTransport, Follower] = field(default_factory=dict)
    others: dict[asyncio.WriteTransport, Follower] = field(default_factory=dict)

    def settle(self, follower: Follower) -> None:
        """Count one of the others to the level, if that is where it is."""
        if not self.level:
            self.version, self.heard_at = follower.version, follower.heard_at
        if follower.version == self.version:
            del self.others[follower.transport]
            self.level[follower.transport] = follower
            self.heard_at = min(self.heard_at, follower.heard_at)

    def send(
        self, some: Sequence[asyncio.WriteTransport], data: bytes, version: int, heard_at: float
    ) -> None:
        """Write to some of the level; who is full stays behind, where the level was before."""
        level = self.level
        for transport in some:
            if transport.is_closing():
                self.forget(transport)
            elif data and transport in level:
                if transport.get_write_buffer_size() > _FULL:
                    follower = self.others[transport] = level.pop(transport)
                    follower.version, follower.heard_at = version, heard_at
                else:
                    transport.write(data)

    def forget(self, transport: asyncio.WriteTransport) -> None:
        """Let go of one."""
        follower = self.level.pop(transport, None) or self.others.pop(transport, None)
        if follower is not None:
            follower.gone.set()


class Followers:
    """Everyone who follows in one form."""

    def __init__(self, changes: Changes, make: Form, comment: bytes, every_s: float) -> None:
        """Tell of `changes` what `make` makes of them, a `comment` after so long of nothing."""
        self._changes = changes
        self._make = make
        self._comment = comment
        self._every_s = every_s
        self._audiences: dict[tuple[Filter, Frame], _Audience] = {}
        self._told = 0

    def add(self, follower: Follower) -> None:
        """Tell a newcomer what it lacks, and further on what changes."""
        key = (follower.wanted, follower.frame)
        audience = self._audiences.get(key)
        if audience is None:
            audience = self._audiences[key] = _Audience(*key)
        audience.others[follower.transport] = follower
        follower.heard_at = asyncio.get_running_loop().time()
        self._tell_one(audience, follower, follower.heard_at)

    def remove(self, follower: Follower) -> None:
        """Tell one nothing more."""
        key = (follower.wanted, follower.frame)
        audience = self._audiences.get(key)
        if audience is not None:
            audience.forget(follower.transport)
            if not audience.level and not audience.others:
                del self._audiences[key]

    def end(self) -> None:
        """Let go of everyone, for them to come again and hear of all lots: the log is another."""
        for audience in self._audiences.values():
            for transport in [*audience.level, *audience.others]:
                audience.forget(transport)
        self._audiences.clear()

    async def tell(self) -> None:
        """Tell everyone what is new to them; let go of those whose connection ended."""
        now = asyncio.get_running_loop().time()
        for audience in list(self._audiences.values()):
            level, before, heard_at = list(audience.level), audience.version, audience.heard_at
            data = self._go_on(audience, now)
            for follower in list(audience.others.values()):
                if not follower.gone.is_set():
                    self._tell_one(audience, follower, now)
                await self._give_way(1)
            for start in range(0, len(level), _AT_ONCE):
                some = level[start : start + _AT_ONCE]
                audience.send(some, data, before, heard_at)
                await self._give_way(len(some))

    async def _give_way(self, told: int) -> None:
        """Let others have a turn now and then; they may add and remove followers."""
        self._told += told
        if self._told >= _AT_ONCE:
            self._told = 0
            await asyncio.sleep(0)

    def _go_on(self, audience: _Audience, now: float) -> bytes:
        """Take an audience's level to the present; gives what is to be written to all of it."""
        if not audience.level:
            return b""
        audience.version, told = self._changes.since(audience.version, audience.wanted, self._make)
        if not told and now - audience.heard_at >= self._every_s:
            told = self._comment
        if not told:
            return b""
        audience.heard_at = now
        return audience.frame(told)

    def _tell_one(self, audience: _Audience, follower: Follower, now: float) -> None:
        """Tell one of the others, unless it is full."""
        transport = follower.transport
        if transport.is_closing():
            audience.forget(transport)
        elif transport.get_write_buffer_size() <= _FULL:
            follower.version, told = self._changes.since(
                follower.version, follower.wanted, self._make
            )
            if not told and now - follower.heard_at >= self._every_s:
                told = self._comment
            if told:
                transport.write(follower.frame(told))
                follower.heard_at = now
            audience.settle(follower)
