"""Bodies of `POST /v1/events`: whatever they are, each event is judged or the body is refused."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from parking.domain.access import Principal
from parking.domain.events import canonical, decode, decode_many, identity, observed
from parking.domain.lots import Lot, Space
from parking.domain.timeline import Described, Listed, Timeline
from parking.errors import InvalidInput, TooLarge, UnsupportedMedia
from parking.ingest.intake import Chunk, Intake
from parking.ingest.judging import AHEAD
from parking.ingest.lists import MOST_EVENTS, read_events
from parking.ingest.rejections import DeadLetters
from parking.live.replica import Replica
from parking.web.calls import pieces
from parking.web.events import _chunks, _read_list
from tests.entries import NOW
from tests.fuzz.material import Json, changed, cut, encoded, fuzz, texts, torn, values
from tests.web.client import described, zone

EVER = -(1 << 60)
LOT = described(
    zone("b1", "gates"), zone("ev", "spaces", 2), zone("c1", "counts"), zone("roof", "flag")
)
OWN = Principal("key_1", "operator", "zd-parking")
encode = msgspec.json.Encoder().encode


def new_intake() -> Intake:
    """An intake that knows a lot of all countings, p1, and a foreign one, p2."""
    replica = Replica(cast("Any", None), lambda: NOW)
    for name, operator in (("p1", "zd-parking"), ("p2", "another")):
        lot = msgspec.convert({**LOT, "operator": operator}, Lot)
        listed = Listed(EVER + 1, "ev", (Space("e1"), Space("e2")))
        replica.board.describe(Timeline(name, [Described(EVER, lot), listed]))
    return Intake(replica, cast("Any", None), DeadLetters(replica), None)


@st.composite
def events(draw: st.DrawFn) -> Json:
    """Draw an event that is right."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    made = {
        "lot": draw(st.sampled_from(["p1", "p1", "p1", "p2", "p3"])),
        "type": kind,
        "observed_at": draw(st.sampled_from(MOMENTS)),
        **{name: draw(strategy) for name, strategy in KINDS[kind].items()},
    }
    if draw(st.booleans()):
        made["id"] = draw(st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True))
    return made


MOMENTS = [
    "2026-11-23T00:31:07Z", "2026-11-23T08:31:06.000001+08:00", "2026-11-23T00:36:07Z",
    "2026-11-23T00:36:07.000001Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999Z", "2026-11-21T00:00:00-11:59",
]  # fmt: skip
_counts = st.integers(0, 10**9)
KINDS: dict[str, dict[str, st.SearchStrategy[Json]]] = {
    "space": {"space": st.sampled_from(["e1", "e2", "e3"]), "occupied": st.booleans()},
    "passage": {"direction": st.sampled_from(["in", "out"]), "count": st.integers(1, 1000)},
    "count": {"free": _counts, "zone": st.sampled_from(["c1", "b1", "ev"])},
    "flag": {"level": st.sampled_from(["available", "limited", "full"])},
    "recount": {"occupied": _counts, "zone": st.sampled_from(["c1", "b1"]), "reason": texts},
    "heartbeat": {"zone": st.sampled_from(["roof", "ev"]), "battery_pct": st.floats(0, 100)},
    "status": {"status": st.sampled_from(["open", "closed"])},
    "void": {"event": st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True)},
}
some_events = st.lists(st.one_of(events(), changed(events()), values), max_size=6)


def check(chunk: Chunk, count: int) -> None:
    """Hold what became of events against what must be true whatever they were."""
    told = [rejection.index for rejection in chunk.rejections]
    assert sorted([*chunk.indexes, *told]) == list(range(count))
    assert encode(chunk.rejections)
    for entry in chunk.entries:
        again = decode(entry.body)
        assert canonical(again, observed(again)) == entry.body
        assert again.lot == entry.lot == "p1", "a foreign lot"
        assert entry.at == observed(again) <= NOW + AHEAD
        if entry.event.id is msgspec.UNSET:
            assert identity(again, entry.body) == entry.id
        assert "\0" not in entry.body.decode()


def judged(intake: Intake, raws: list[bytes]) -> Chunk:
    chunk = intake.judge(raws, OWN)
    check(chunk, len(raws))
    # together as one by one
    alone = [intake.judge([raw], OWN, at) for at, raw in enumerate(raws)]
    assert [entry for one in alone for entry in one.entries] == chunk.entries
    assert [wrong for one in alone for wrong in one.rejections] == chunk.rejections
    for seq, entry in enumerate(chunk.entries, 1):
        entry.seq = seq
    intake._replica.board.take(chunk.entries, NOW)
    intake._replica.board.refresh(NOW)
    for live in intake._replica.board.shown():
        assert live.view is not None
        numbers = live.view.availability
        known = (numbers.occupied or 0) + (numbers.free or 0)
        assert known + numbers.unknown == numbers.capacity
    return chunk


@fuzz
@given(some_events)
def test_whatever_is_pushed_is_judged(pushed: list[Json]) -> None:
    raws = [encoded(event) for event in pushed]
    chunk = judged(new_intake(), raws)
    again = judged(new_intake(), [bytes(raw) for raw in raws])
    assert [entry.body for entry in chunk.entries] == [entry.body for entry in again.entries]


@fuzz
@given(torn(st.builds(encoded, st.fixed_dictionaries({"events": some_events}))))
def test_a_body_is_a_list_of_events_or_refused(body: bytes) -> None:
    try:
        raws = _read_list(body)
    except (InvalidInput, TooLarge):
        return
    assert len(raws) <= MOST_EVENTS
    judged(new_intake(), [bytes(raw) for raw in raws])
    assert "events" in json.loads(body.decode("utf-8", "replace"), strict=False)


@fuzz
@given(torn(st.builds(encoded, st.fixed_dictionaries({"events": some_events}))))
def test_what_is_read_in_one_go_is_what_is_read_one_by_one(body: bytes) -> None:
    events = read_events(body)
    if events is not None:
        assert events == [decode(raw) for raw in _read_list(body)]


@fuzz
@given(
    st.lists(events(), min_size=1, max_size=4),
    st.sampled_from([b",", b",\n", b",\nnull,\n", b",null,", b"],["]),
    st.data(),
)
def test_no_text_reaches_into_another(
    pushed: list[Json], between: bytes, data: st.DataObject
) -> None:
    """Texts that are events only where they are put together are none."""
    whole = between.join(map(encoded, pushed))
    edge = data.draw(st.sampled_from([b",", between]))
    parts = whole.split(edge)
    raws = [parts[0]]
    for part in parts[1:]:
        if data.draw(st.booleans()):
            raws.append(part)
        else:
            raws[-1] += edge + part
    read = decode_many(raws)
    if read is not None:
        assert read == [decode(raw) for raw in raws]


class Body:
    """A request's body, as it comes."""

    def __init__(self, parts: list[bytes], encoding: str = "identity") -> None:
        self.headers = CIMultiDict({"Content-Encoding": encoding})
        self.content = SimpleNamespace(iter_any=self._parts)
        self._list = parts

    async def _parts(self) -> AsyncIterator[bytes]:
        for part in self._list:
            yield part

    def read(self) -> bytes:
        async def gather() -> bytes:
            return b"".join([piece async for piece in pieces(cast("Any", self))])

        found: bytes = run(gather())
        return found

    def lines(self) -> list[bytes]:
        """Read lines, each at its index."""

        async def gather() -> list[bytes]:
            found: list[bytes] = []
            async for start, some in _chunks(cast("Any", self)):
                assert start == len(found)
                found += some
            return found

        lines: list[bytes] = run(gather())
        return lines


def run(coroutine: Any) -> Any:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(coroutine)


places = st.lists(st.integers(0, 10_000), max_size=6)


@fuzz
@given(torn(st.builds(lambda made: b"\n".join(map(encoded, made)), some_events)), places)
def test_lines_are_the_same_however_they_come(body: bytes, where: list[int]) -> None:
    whole = Body([body]).lines()
    assert Body(cut(body, where)).lines() == whole
    assert whole == (body.split(b"\n") if body.split(b"\n")[-1] else body.split(b"\n")[:-1])
    judged(new_intake(), [line for line in whole if line.strip()])


@fuzz
@given(st.lists(st.binary(max_size=200), max_size=3), places)
def test_gzip_gives_back_what_was_packed(members: list[bytes], where: list[int]) -> None:
    packed = b"".join(gzip.compress(member, mtime=0) for member in members)
    for encoding in ("gzip", "x-gzip", " GZIP "):
        assert Body(cut(packed, where), encoding).read() == b"".join(members)


@fuzz
@given(torn(st.builds(gzip.compress, st.binary(max_size=300))), places)
def test_torn_gzip_is_refused_or_read(packed: bytes, where: list[int]) -> None:
    """What is read of it is what another reader reads."""
    try:
        read = Body(cut(packed, where), "gzip").read()
    except InvalidInput:
        return
    assert read == _members(packed)


def _members(packed: bytes) -> bytes:
    found = b""
    while packed:
        inflater = zlib.decompressobj(31)
        found += inflater.decompress(packed)
        assert inflater.eof
        packed = inflater.unused_data
    return found


@fuzz
@given(texts, st.binary(max_size=50))
def test_other_encodings_are_refused(encoding: str, body: bytes) -> None:
    if encoding.strip().lower() in ("identity", "gzip", "x-gzip"):
        return
    with pytest.raises(UnsupportedMedia):
        Body([body], encoding).read()
