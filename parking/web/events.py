"""Events: pushed by operators, and read back from the log."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import cache, partial
from typing import Any

import msgspec
from aiohttp import web

from parking.domain.access import Principal
from parking.domain.instants import rfc3339
from parking.errors import (
    DatabaseAway,
    Fault,
    InvalidInput,
    Overloaded,
    ParkingError,
    TooLarge,
    Unauthorized,
)
from parking.ingest.intake import Chunk, Intake
from parking.ingest.lists import MOST_EVENTS, NotEvents, Raws, read_events, read_object
from parking.ingest.receipts import Receipt, add
from parking.ingest.rejections import DeadLetters
from parking.live.replica import Replica
from parking.live.turns import Turns
from parking.store import history
from parking.web.calls import Call, holding, pieces, read_body
from parking.web.pages import invalid_cursor, make_cursor, read_cursor
from parking.web.params import LogQuery
from parking.web.replies import reply_value

Authenticate = Callable[[web.Request], Principal]
_MOST_LISTED = 1_000
_LINES_A_CHUNK = 1_000
_LONGEST_LINE = 64 * 1024
_CHUNKS_IN_FLIGHT = 16
_CHUNKS_OF_ALL = 48
"""Of all streams together: they wait for each other, and leave half of the queue to all others."""
NDJSON = ("application/x-ndjson", "application/ndjson")


class Events:
    """`/v1/events` and `/v1/lots/{lot}/events`."""

    def __init__(
        self, replica: Replica, intake: Intake, letters: DeadLetters, authenticate: Authenticate
    ) -> None:
        """Store through `intake`; read the log through `replica`'s database.

        What is no list of events goes to `letters`, what is no event there by `intake`.

        `authenticate` is asked again while a stream goes on: its key may be revoked.
        """
        self._replica = replica
        self._intake = intake
        self._letters = letters
        self._authenticate = authenticate
        self._turns = Turns(2, 50)
        self._room = asyncio.Semaphore(_CHUNKS_OF_ALL)
        self._stopping = asyncio.Event()

    def close(self) -> None:
        """Have streams end with what was stored of them, for the service to stop."""
        self._stopping.set()

    async def post(self, call: Call) -> web.StreamResponse:
        """Store events; answers when they are committed."""
        if call.request.content_type in NDJSON:
            receipt = await self._store_lines(call)
        else:
            body = await read_body(call.request)
            try:
                with holding(call.request, body):
                    chunk = await self._judge_list(body, call.who)
            except (InvalidInput, TooLarge) as error:
                self._keep(error, call.who)
                raise
            receipt = await self._intake.store(chunk)
        return reply_value(receipt)

    async def _judge_list(self, body: bytes, who: Principal) -> Chunk:
        events = read_events(body)
        if events is None:
            return await self._intake.judge_many(_read_list(body), who)
        return await self._intake.judge_read(events, cache(partial(_read_list, body)), who)

    def _keep(self, error: ParkingError, who: Principal) -> None:
        """Keep that a body held no events, for its operator to see; nothing of the body."""
        more = (fault.detail for fault in error.faults if fault.detail not in error.detail)
        why = " ".join([error.detail, *more])
        self._letters.put(source="http", code="unreadable", detail=why, principal=who)

    def judge(self, body: bytes, who: Principal) -> Chunk:
        """Judge the events of a JSON body; InvalidInput or TooLarge when it is no list of them."""
        return self._intake.judge(_read_list(body), who)

    def store_soon(self, chunk: Chunk, told: Callable[[Receipt | Exception], None]) -> None:
        """Commit what was judged, and tell the receipt, or why it is not known to be stored."""
        self._intake.store_soon(chunk, told)

    async def _store_lines(self, call: Call) -> Receipt:
        """Store a stream chunk by chunk as it comes; a failure tells what was stored before."""
        flying: deque[asyncio.Task[Receipt]] = deque()
        receipts: list[Receipt] = []

        def land(receipt: Receipt) -> None:
            receipts[:] = [add([*receipts, receipt], _MOST_LISTED)]

        try:
            async for start, lines in _until(self._stopping, _chunks(call.request)):
                while flying and (flying[0].done() or len(flying) == _CHUNKS_IN_FLIGHT):
                    land(await flying.popleft())
                flying.append(await self._begin_chunk(call.request, start, lines))
            while flying:
                land(await flying.popleft())
        except (DatabaseAway, Overloaded, InvalidInput, Unauthorized) as error:
            for done in await asyncio.gather(*flying, return_exceptions=True):
                if isinstance(done, Receipt):
                    land(done)
            error.extra["receipt"] = add(receipts, _MOST_LISTED)
            raise
        finally:
            await asyncio.gather(*flying, return_exceptions=True)
        return add(receipts, _MOST_LISTED)

    async def _begin_chunk(
        self, request: web.Request, start: int, lines: list[bytes]
    ) -> asyncio.Task[Receipt]:
        """Judge lines when there is room for them, and begin to store them."""
        await self._room.acquire()
        try:
            who = self._authenticate(request)  # its key may have been revoked while it waited
            chunk = await self._judge_lines(start, lines, who)
        except BaseException:
            self._room.release()
            raise
        storing = asyncio.create_task(self._intake.store(chunk))
        storing.add_done_callback(lambda _: self._room.release())
        return storing

    async def _judge_lines(self, start: int, lines: list[bytes], who: Principal) -> Chunk:
        """Judge lines of which blank ones are skipped but counted."""
        if not _has_blank(lines):
            return await self._intake.judge_many(lines, who, start)
        places = [place for place, line in enumerate(lines, start) if line.strip()]
        chunk = await self._intake.judge_many([lines[at - start] for at in places], who)
        chunk.indexes = [places[index] for index in chunk.indexes]
        for rejection in chunk.rejections:
            rejection.index = places[rejection.index]
        return chunk

    async def list_log(self, call: Call) -> web.StreamResponse:
        """List a lot's events as they stand in the log, newest first."""
        query: LogQuery = call.query
        before = None
        if query.cursor is not None:
            at, seq = read_cursor(query.cursor, 2)
            if not (at.isdecimal() and seq.isdecimal() and len(at) < 18 and len(seq) < 18):
                raise invalid_cursor()
            before = (int(at), int(seq))
        async with self._turns.turn(), self._replica.database.connection() as connection:
            lines = await history.list_page(
                connection,
                call.part("lot"),
                start=query.from_,
                end=query.to,
                type_=query.type,
                before=before,
                limit=query.limit + 1,
            )
        following = None
        if len(lines) > query.limit:
            del lines[query.limit :]
            last = lines[-1].entry
            following = make_cursor(str(last.at), str(last.seq))
        return reply_value({"items": [_logged(line) for line in lines], "next": following})


def _read_list(body: bytes) -> Raws:
    """Read the body of a JSON push down to its events, still encoded."""
    try:
        events = read_object(body)
    except NotEvents as error:
        text = 'not {"events": [...]}' if error.is_json else "not JSON"
        raise InvalidInput(f"The body is {text}.", faults=[Fault("", error.detail)]) from None
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"At most {MOST_EVENTS} events fit a JSON body; NDJSON takes any number.")
    return events


async def _until(
    stop: asyncio.Event, chunks: AsyncIterator[tuple[int, list[bytes]]]
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Give what comes, until it is to stop: Overloaded then."""
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while True:
            coming = asyncio.ensure_future(_next(chunks))
            await asyncio.wait((coming, stopped), return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                coming.cancel()
                await asyncio.wait((coming,))
                raise Overloaded("The service is stopping.", headers={"Retry-After": "1"})
            chunk = coming.result()
            if chunk is None:
                return
            yield chunk
    finally:
        stopped.cancel()


async def _next(chunks: AsyncIterator[tuple[int, list[bytes]]]) -> tuple[int, list[bytes]] | None:
    return await anext(chunks, None)


async def _chunks(request: web.Request) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Give (index of the first line, lines) as they arrive.

    A line longer than any event is cut, so that nothing gathers in memory.
    """
    start = 0
    rest = b""
    async for piece in pieces(request):
        lines = (rest + piece).split(b"\n")
        if max(map(len, lines)) > _LONGEST_LINE:
            lines = list(map(_cut, lines))
        rest = lines.pop()
        for first in range(0, len(lines), _LINES_A_CHUNK):
            yield start + first, lines[first : first + _LINES_A_CHUNK]
        start += len(lines)
    if rest:
        yield start, [rest]


def _has_blank(lines: list[bytes]) -> bool:
    return b"" in lines or any(map(bytes.isspace, lines))


def _cut(line: bytes) -> bytes:
    """Shorten a line that is too long, and end it so that it is no event however it began."""
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + b"\0"


def _logged(line: history.Line) -> dict[str, Any]:
    """Give an entry of the log as it is answered."""
    entry = line.entry
    sent: dict[str, Any] = msgspec.json.decode(entry.body)
    return {
        **sent,
        "id": entry.id,
        "observed_at": rfc3339(entry.at),
        **({} if entry.zone is None else {"zone": entry.zone}),
        "received_at": rfc3339(entry.received_at),
        "key": entry.key,
        "voided_by": line.voided_by,
    }
