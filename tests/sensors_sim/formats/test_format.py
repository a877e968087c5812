"""Formats: every one can be asked for, and its requests are delivered until they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensors_sim import options as command_line
from sensors_sim.client import RefusedError
from sensors_sim.formats import FORMATS
from sensors_sim.formats.events import AsEvents
from sensors_sim.formats.format import Request, deliver
from sensors_sim.receipts import Receipt
from sensors_sim.wire import Event, body, pack
from tests.sensors_sim.conftest import NOW_US

if TYPE_CHECKING:
    from tests.sensors_sim.conftest import World

EVENTS = [
    Event("p1", f"e{n}", "passage", NOW_US, {"direction": "in", "zone": "b1"}) for n in range(5)
]


def request(*events: Event, path: str = "/v1/events") -> Request:
    return Request("POST", path, body([pack(event) for event in events], "json")[0], len(events))


def test_the_command_line_knows_them_all() -> None:
    parser = command_line.parser()
    for name in FORMATS:
        options = parser.parse_args(["city", "--as", name])
        assert hasattr(command_line.format_of(options), "send")
    assert isinstance(command_line.format_of(parser.parse_args(["city"])), AsEvents)
    with pytest.raises(SystemExit):
        parser.parse_args(["city", "--as", "carrier-pigeon"])


async def test_requests_are_delivered_until_they_are_answered(world: World) -> None:
    await world.session.put(world.url + "/v1/lots/p1", json={"zones": [{"id": "b1"}]})
    world.fake.troubles = [(503, {}), (429, {})]
    service = world.service()
    await deliver(service, [request(*EVENTS[:3]), request(*EVENTS[3:]), request(EVENTS[0])])
    assert (service.tally.sent, service.tally.accepted, service.tally.duplicates) == (6, 5, 1)
    assert service.tally.retries == 2


async def test_a_refused_request_ends_the_run(world: World) -> None:
    with pytest.raises(RefusedError, match="/v1/nothing: 404"):
        await deliver(world.service(), [request(EVENTS[0], path="/v1/nothing")])
    world.fake.troubles = [(202, {})]
    with pytest.raises(RefusedError, match="no receipt"):
        await deliver(world.service(), [request(EVENTS[0])])


async def test_an_answer_may_be_read_in_the_format_s_own_way(world: World) -> None:
    world.fake.troubles = [(204, {})]
    service = world.service()
    await deliver(service, [request(EVENTS[0])], lambda _: Receipt(1, 0, (), 0))
    assert service.tally.accepted == 1
