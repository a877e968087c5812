"""A real MQTT broker, mosquitto, in a process and a folder of its own, and a gateway."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import gmqtt
import pytest

from tests.service import free_port

PATIENCE_S = 60.0
PROGRAM = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
Json = dict[str, Any]


def require_broker() -> None:
    """Skip where there is no mosquitto; where tests must be whole, that is a failure."""
    if PROGRAM is None:
        text = "no mosquitto: apt-get install mosquitto, to test what comes by MQTT"
        skip_unless_whole(text)


def skip_unless_whole(text: str) -> None:
    """Skip a test that lacks something, or fail it where all must run."""
    if os.environ.get("CI") or os.environ.get("PARKING_TEST_ALL"):
        pytest.fail(text)
    pytest.skip(text)


class Broker:
    """One mosquitto; `more` are further lines of its configuration."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._file = folder / "mosquitto.conf"
        self._store = folder / "mosquitto.db"
        self._log = folder / "mosquitto.log"
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            "max_queued_messages 0",
            "max_inflight_messages 500",
            "log_type error",
            "log_type warning",
            "log_type debug",
            *(["user root"] if os.geteuid() == 0 else []),
            *(more or ("allow_anonymous true",)),
        ]
        self._file.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again; return when it listens."""
        assert PROGRAM is not None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own configuration
                [PROGRAM, "-c", str(self._file)], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to stop, which saves its sessions."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)

    def forget(self) -> None:
        """Start it again with nothing in store."""
        self.stop()
        self._store.unlink(missing_ok=True)
        self.start()

    def said(self) -> str:
        return self._log.read_text(errors="replace")


@contextlib.contextmanager
def running_broker(*more: str) -> Iterator[Broker]:
    require_broker()
    folder = Path(tempfile.mkdtemp(prefix="parking-broker-"))
    broker = Broker(folder, *more)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Gateway:
    """Publishes events of lots, and reads the receipts."""

    def __init__(self, client: gmqtt.Client) -> None:
        self._client = client
        self._storage = client._persistent_storage
        self.receipts: list[tuple[str, Json, bytes | None]] = []
        self._came = asyncio.Event()
        self._subscribed = asyncio.Event()
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe

    async def publish(self, lot: str, payload: object, **more: Any) -> None:
        """Publish to a lot's topic; returns when the broker has it."""
        await self.publish_to(f"parking/v1/{lot}/events", payload, **more)

    async def publish_to(self, topic: str, payload: object, **more: Any) -> None:
        self._start(topic, payload, **more)
        await self.drained()

    def start(self, lot: str, payload: object, **more: Any) -> None:
        """Publish to a lot's topic, and do not wait."""
        self._start(f"parking/v1/{lot}/events", payload, **more)

    def _start(self, topic: str, payload: object, **more: Any) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self._client.publish(topic, body, **{"qos": 1, **more})

    async def drained(self) -> None:
        """Wait until the broker has all."""
        async with asyncio.timeout(PATIENCE_S):
            await self._storage.wait_empty()

    async def listen(self) -> None:
        """Read all receipts from now on."""
        self._client.subscribe("parking/v1/+/receipts", qos=1)
        await asyncio.wait_for(self._subscribed.wait(), PATIENCE_S)

    async def receipt(self, count: int = 1) -> list[Json]:
        """Wait until so many receipts came; gives all."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.receipts) < count:
                self._came.clear()
                await self._came.wait()
        return [told for _, told, _ in self.receipts]

    def _on_message(
        self, _: Any, topic: str, payload: bytes, __: int, properties: dict[str, Any]
    ) -> None:
        known = properties.get("correlation_data", [None])[0]
        self.receipts.append((topic, json.loads(payload), known))
        self._came.set()

    def _on_subscribe(self, *_: Any) -> None:
        self._subscribed.set()


@contextlib.asynccontextmanager
async def gateway_of(
    broker: Broker,
    user: str | None = None,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Gateway]:
    client = gmqtt.Client(None)
    client.reconnect_delay = 1
    gateway = Gateway(client)
    if user is not None:
        client.set_auth_credentials(user, password)
    await asyncio.wait_for(client.connect("127.0.0.1", broker.port, ssl=tls or False), PATIENCE_S)
    try:
        yield gateway
    finally:
        await client.disconnect()
