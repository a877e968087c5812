"""Who is told what: everyone the same, newcomers what they lack, slow ones the newest only."""

import asyncio
from collections.abc import Sequence

import pytest

from parking.live import followers as module
from parking.live.board import Board
from parking.live.changes import Change, Changes, Filter
from parking.live.followers import Follower, Followers
from tests.live.test_board import NOW, described, reading

_EVERY_S = 15.0


class Wire(asyncio.WriteTransport):
    """A connection that keeps what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.held = 0
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.held

    def is_closing(self) -> bool:
        return self.closing

    def take(self) -> list[bytes]:
        """Give what was written since the last time."""
        said, self.said = self.said, []
        return said


class Scene:
    """A board of some lots, and followers at a time that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.board = Board()
        for lot in ("a", "b"):
            self.board.describe(described(lot))
        self.board.refresh(NOW)
        self.followers = Followers(Changes(self.board), _listed, b"still here", _EVERY_S)
        self.at = NOW
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self.now)

    def follow(self, *lots: str, version: int = 0, frame: module.Frame = bytes) -> "Following":
        wanted = Filter(frozenset(lots)) if lots else Filter()
        one = Following(Follower(Wire(), wanted, version, frame))
        self.followers.add(one.follower)
        return one

    def change(self, lot: str, occupied: int) -> None:
        self.at += 1
        self.board.take([reading(occupied, self.at, lot)], self.at)
        assert self.board.refresh(self.at)

    async def told(self, *some: "Following") -> list[list[bytes]]:
        """Tell, and give what each was told by that."""
        await self.followers.tell()
        return [one.wire.take() for one in some]


class Following:
    """A follower and its connection."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        assert isinstance(follower.transport, Wire)
        self.wire = follower.transport


def _listed(changes: Sequence[Change]) -> bytes:
    """Give lots and their numbers of cars."""
    return b" ".join(
        change.lot.encode() + b":" + (change.body or b"").split(b'"occupied":')[1].split(b",")[0]
        for change in changes
    )


def _bracketed(data: bytes) -> bytes:
    return b"<" + data + b">"


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


async def test_everyone_is_told_what_it_wants_in_its_frame(scene: Scene) -> None:
    some = [scene.follow(), scene.follow(), scene.follow("a"), scene.follow(frame=_bracketed)]
    assert [one.wire.take() for one in some] == [
        [b"a:null b:null"], [b"a:null b:null"], [b"a:null"], [b"<a:null b:null>"],
    ]  # fmt: skip
    scene.change("b", 3)
    assert await scene.told(*some) == [[b"b:3"], [b"b:3"], [], [b"<b:3>"]]
    scene.change("a", 1)
    scene.change("b", 2)
    scene.change("b", 4)
    assert await scene.told(*some) == [[b"a:1 b:4"], [b"a:1 b:4"], [b"a:1"], [b"<a:1 b:4>"]]
    assert await scene.told(*some) == [[], [], [], []]


async def test_a_newcomer_is_told_what_it_lacks_and_then_what_all_are(scene: Scene) -> None:
    early = scene.follow()
    scene.change("a", 1)
    late, known = scene.follow(), scene.follow(version=scene.board.version)
    early.wire.take()
    assert [late.wire.take(), known.wire.take()] == [[b"b:null a:1"], []]
    scene.change("b", 2)
    assert await scene.told(early, late, known) == [[b"a:1 b:2"], [b"b:2"], [b"b:2"]]
    scene.change("b", 3)
    assert await scene.told(early, late, known) == [[b"b:3"]] * 3


async def test_a_full_one_skips_to_the_newest_and_holds_nobody_up(scene: Scene) -> None:
    slow, swift = scene.follow(), scene.follow()
    slow.wire.take()
    slow.wire.held = 1 << 20
    for occupied in (1, 2, 3):
        scene.change("a", occupied)
        scene.change("b", 9 - occupied)
        swift.wire.take()
        assert await scene.told(slow, swift) == [[], [b"a:%d b:%d" % (occupied, 9 - occupied)]]
    slow.wire.held = 0
    assert await scene.told(slow, swift) == [[b"a:3 b:6"], []]
    scene.change("a", 5)
    assert await scene.told(slow, swift) == [[b"a:5"], [b"a:5"]]


async def test_who_was_told_nothing_for_long_gets_a_comment(scene: Scene) -> None:
    one = scene.follow()
    scene.now += _EVERY_S / 2
    other = scene.follow()
    assert await scene.told(one, other) == [[b"a:null b:null"]] * 2
    scene.now += _EVERY_S / 2
    # those who go together are told together: a comment may come early, never late
    assert await scene.told(one, other) == [[b"still here"]] * 2
    scene.now += _EVERY_S - 0.1
    assert await scene.told(one, other) == [[], []]
    scene.change("a", 1)
    assert await scene.told(one, other) == [[b"a:1"]] * 2
    scene.now += _EVERY_S - 0.1
    assert await scene.told(one, other) == [[], []]
    scene.now += 0.1
    assert await scene.told(one, other) == [[b"still here"]] * 2


async def test_a_comment_waits_too_for_one_that_is_full(scene: Scene) -> None:
    slow, swift = scene.follow(), scene.follow(frame=_bracketed)
    assert await scene.told(slow, swift) == [[b"a:null b:null"], [b"<a:null b:null>"]]
    slow.wire.held = 1 << 20
    scene.now += _EVERY_S
    assert await scene.told(slow, swift) == [[], [b"<still here>"]]
    slow.wire.held = 0
    assert await scene.told(slow, swift) == [[b"still here"], []]


async def test_those_who_went_are_let_go(scene: Scene) -> None:
    gone, there, full = scene.follow(), scene.follow(), scene.follow()
    full.wire.held = 1 << 20
    scene.change("a", 1)
    await scene.followers.tell()
    gone.wire.closing = full.wire.closing = True
    await scene.followers.tell()
    assert [one.follower.gone.is_set() for one in (gone, there, full)] == [True, False, True]
    scene.followers.remove(gone.follower)
    scene.followers.remove(full.follower)
    scene.followers.remove(there.follower)
    there.wire.take()
    scene.change("a", 2)
    assert await scene.told(there) == [[]]


async def test_one_that_is_removed_while_others_are_told_is_told_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    some = [scene.follow() for _ in range(4)]
    for one in some:
        one.wire.take()
    scene.change("a", 1)
    telling = asyncio.create_task(scene.followers.tell())
    await asyncio.sleep(0)
    assert [len(one.wire.said) for one in some] == [1, 0, 0, 0]
    scene.followers.remove(some[3].follower)
    late = scene.follow()
    scene.change("b", 2)  # the board goes on meanwhile
    later = scene.follow()
    await telling
    assert [one.wire.take() for one in (*some[:3], late)] == [[b"a:1"]] * 3 + [[b"b:null a:1"]]
    assert [some[3].wire.take(), later.wire.take()] == [[], [b"a:1 b:2"]]
    assert await scene.told(*some, late, later) == [[b"b:2"]] * 3 + [[], [b"b:2"], []]


async def test_in_the_end_all_are_let_go(scene: Scene) -> None:
    some = [scene.follow(), scene.follow("a")]
    scene.change("a", 1)
    some[1].wire.held = 1 << 20
    await scene.followers.tell()
    scene.followers.end()
    assert all(one.follower.gone.is_set() for one in some)
    scene.change("a", 2)
    for one in some:
        one.wire.take()
    assert await scene.told(*some) == [[], []]
