"""Following changes: server-sent events, and the same over WebSocket."""

import asyncio
from typing import Annotated

import msgspec
from aiohttp import HttpVersion11, WSCloseCode, WSMsgType, web
from pydantic import Field, ValidationError

from parking import metrics
from parking.domain.lots import Class
from parking.live.changes import Change, Filter
from parking.live.followers import Follower, Followers
from parking.live.replica import Replica
from parking.live.stream import Stream
from parking.web.availability import wanted_lots
from parking.web.calls import Call, pointer
from parking.web.models import Id, Model
from parking.web.params import MOST_ITEMS
from parking.web.replies import PUBLIC, encode

_COMMENT_SECONDS = 15.0
_MOST_MESSAGE = 128 * 1024
_HEADERS = {
    **PUBLIC,
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class Subscription(Model):
    """Which lots a WebSocket client wants, and where to go on from."""

    lots: Annotated[list[Id], Field(max_length=MOST_ITEMS)] | None = None
    district: Id | None = None
    class_: Annotated[Class | None, Field(alias="class")] = None
    cursor: Annotated[str | None, Field(max_length=100)] = None

    def filter(self) -> Filter:
        """Give the filter that it asks for."""
        lots = None if self.lots is None else frozenset(self.lots)
        return Filter(lots, self.district, self.class_)


class Subscribe(Model):
    """What a WebSocket client sends."""

    subscribe: Subscription


class Streams:
    """`/v1/stream` and `/v1/ws`."""

    def __init__(self, replica: Replica, stream: Stream) -> None:
        """Tell what `stream` tells of `replica`'s board."""
        self._replica = replica
        self._board = replica.board
        self._stream = stream
        self._open: set[asyncio.Task[object]] = set()
        self._followers = Followers(stream.changes, _sse, b": still here\n\n", _COMMENT_SECONDS)
        stream.add(self._followers)

    async def get_stream(self, call: Call) -> web.StreamResponse:
        """Send the state of each matching lot, then each change, until the client goes."""
        request, query = call.request, call.query
        cursor = request.headers.get("Last-Event-ID") or query.cursor
        version = self._start(cursor)
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        with self._counted("sse"):
            await response.write(b": the newest state of each lot\n\n")
            transport = request.transport
            if transport is None:
                return response
            frame = _chunk if request.version >= HttpVersion11 else _plain
            follower = Follower(transport, wanted_lots(query), version, frame)
            self._followers.add(follower)
            try:
                await follower.gone.wait()
            finally:
                self._followers.remove(follower)
        return response

    def _start(self, cursor: str | None) -> int:
        """Give the version to go on from; 0, for the full state, for a cursor of another board."""
        self._board.refresh(self._replica.clock())
        return (self._board.read_cursor(cursor) or 0) if cursor else 0

    async def get_ws(self, call: Call) -> web.StreamResponse:
        """Serve a WebSocket: each `subscribe` replaces the one before."""
        socket = web.WebSocketResponse(
            heartbeat=30, max_msg_size=_MOST_MESSAGE, writer_limit=1 << 16
        )
        socket.headers.update(PUBLIC)
        await socket.prepare(call.request)
        telling: asyncio.Task[None] | None = None
        with self._counted("ws"):
            try:
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        subscription = await self._read(socket, message.data)
                        if subscription is None:
                            continue
                        if telling is not None:
                            telling.cancel()
                        telling = asyncio.create_task(self._tell(socket, subscription))
                    elif message.type is WSMsgType.BINARY:
                        await socket.send_str(_complaint("Send text."))
            finally:
                if telling is not None:
                    telling.cancel()
                    await asyncio.gather(telling, return_exceptions=True)
        return socket

    @staticmethod
    async def _read(socket: web.WebSocketResponse, text: str) -> Subscription | None:
        try:
            return Subscribe.model_validate_json(text).subscribe
        except ValidationError as error:
            faults = [f"{pointer(item['loc'])}: {item['msg']}" for item in error.errors()]
            await socket.send_str(_complaint("; ".join(faults[:10])))
            return None

    async def _tell(self, socket: web.WebSocketResponse, wish: Subscription) -> None:
        """Tell what is wished for, until the log is another: who comes again hears of all lots."""
        version, wanted = self._start(wish.cursor), wish.filter()
        epoch = self._board.epoch
        while not socket.closed and _goes_on():
            if self._board.epoch != epoch:
                await socket.close(code=WSCloseCode.SERVICE_RESTART)
                return
            version, messages = self._stream.changes.since(version, wanted, _ws)
            for message in messages.splitlines():
                await socket.send_str(message.decode())
            while not socket.closed and not await self._stream.wait(version, _COMMENT_SECONDS):
                continue

    def _counted(self, protocol: str) -> "_Counted":
        return _Counted(self._open, protocol)

    async def close(self) -> None:
        """End all streams, for the service to stop."""
        for task in list(self._open):
            task.cancel()


class _Counted:
    """Counts a client for as long as it is there, and knows its task."""

    def __init__(self, tasks: set[asyncio.Task[object]], protocol: str) -> None:
        self._tasks = tasks
        self._gauge = metrics.stream_clients.labels(protocol)
        self._task: asyncio.Task[object] | None = asyncio.current_task()

    def __enter__(self) -> None:
        self._gauge.inc()
        if self._task is not None:
            self._tasks.add(self._task)

    def __exit__(self, *_: object) -> None:
        self._gauge.dec()
        if self._task is not None:
            self._tasks.discard(self._task)


def _goes_on() -> bool:
    """Whether this task is not to end; until Python 3.12 `wait_for` can swallow a cancellation."""
    task = asyncio.current_task()
    return task is None or not task.cancelling()


def _chunk(data: bytes) -> bytes:
    """Give a chunk of an answer of HTTP/1.1."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def _plain(data: bytes) -> bytes:
    return data


def _sse(changes: list[Change]) -> bytes:
    frames = []
    for change in changes:
        if change.body is None:
            name, body = b"retired", encode({"lot": change.lot})
        else:
            name, body = b"availability", change.body
        frames.append(b"event: %s\nid: %s\ndata: %s\n\n" % (name, change.cursor.encode(), body))
    return b"".join(frames)


def _ws(changes: list[Change]) -> bytes:
    """Give one message a line."""
    return b"\n".join(
        encode({"cursor": change.cursor, "retired": change.lot})
        if change.body is None
        else encode({"cursor": change.cursor, "availability": msgspec.Raw(change.body)})
        for change in changes
    )


def _complaint(detail: str) -> str:
    return encode({"error": detail}).decode()
