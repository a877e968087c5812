"""The link to something that is no broker, or says what no broker should."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from parking.config import Broker
from parking.ingest.mqtt import link
from parking.ingest.mqtt.link import BrokerAway, linked
from parking.ingest.mqtt.subscription import Subscription
from tests.service import free_port

GREETING = bytes((0x20, 3, 0, 0, 0))
"""CONNACK: welcome, without properties."""


@asynccontextmanager
async def pretender(answers: list[bytes], *, hangs: bool) -> AsyncIterator[Subscription]:
    """Something that answers whatever comes by these bytes, and then hangs or closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.read(65_536)
            writer.write(answer)
        if hangs:
            await reader.read()  # until the other side goes
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Subscription(Broker("127.0.0.1", port, tls=False), "me", None, None)
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "_CONNECT_SECONDS", 1.0)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("answers", "hangs"),
    [
        ([], True),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], False),
        ([b"\xff" * 100], True),
        ([bytes((0x20, 2, 0))], True),
        ([bytes((0x20, 3, 0, 0x87, 0))], False),
        ([GREETING, b""], True),
        ([GREETING, bytes((0x90, 4, 0, 1, 0, 0x87))], True),
        ([GREETING, bytes((0xE0, 2, 0x8E, 0))], False),
        ([GREETING, bytes((0x90, 4, 0, 9, 0, 1))], False),
    ],
)
async def test_it_is_away(answers: list[bytes], *, hangs: bool) -> None:
    async with pretender(answers, hangs=hangs) as subscription:
        with pytest.raises(BrokerAway):
            async with linked(subscription) as one:
                await one.receive()


async def test_nobody_there() -> None:
    broker = Broker("127.0.0.1", free_port(), tls=False)
    with pytest.raises(BrokerAway):
        async with linked(Subscription(broker, "me", None, None)):
            pass
