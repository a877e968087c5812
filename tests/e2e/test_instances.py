"""Two services on one database: each shows within a second what came to the other."""

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import timedelta

import aiohttp
import pytest

from tests import oracle
from tests.conftest import PostgresServer
from tests.e2e.gateways import (
    LISTS,
    TIMELINE,
    ZONES,
    Gateway,
    check_log,
    describe,
    progress,
    sending,
)
from tests.e2e.wire import Refusal, Wire, connected, now, until, zone
from tests.oracle_events import Json
from tests.service import RunningService, running_services

SOON_S = 1.0
Two = tuple[RunningService, RunningService]


@pytest.fixture(scope="module")
def shared_url(migrated_server: PostgresServer) -> Iterator[str]:
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    yield migrated_server.url(name)
    migrated_server.drop_database(name)


@pytest.fixture(scope="module")
def two(shared_url: str) -> Iterator[Two]:
    """Run two services for all tests, each of which has lots of its own."""
    with running_services(shared_url, 2) as (one, other):
        yield one, other


async def test_events_show_on_both_within_a_second(two: Two) -> None:
    chance = random.Random(4)
    async with connected(*two) as wires:
        await describe(wires[0], ["b1"])
        await until(lambda: knows(wires[1], "b1"), SOON_S)
        events = []
        for number in range(30):
            at = oracle.shown(now() - timedelta(seconds=chance.randrange(100)))
            event: Json = {"lot": "b1", "id": f"e{number}", "observed_at": at}
            if number % 5:
                event |= {"type": "passage", "direction": "in"}
            else:
                event |= {"type": "recount", "occupied": number}
            events.append(event)
            sender, other = chance.sample(wires, 2)
            assert (await sender.push([event]))["accepted"] == 1
            wanted = oracle.availability(TIMELINE, LISTS, events, now(), lot="b1")
            assert await sender.availability("b1") == wanted  # at once where it was answered

            async def shows(wire: Wire = other, wanted: object = wanted) -> bool:
                return await wire.availability("b1") == wanted

            await until(shows, SOON_S)
            assert (await other.push([event]))["duplicates"] == 1
            conflict = await other.push([{**event, "sensor": "other"}])
            assert [item["code"] for item in conflict["rejected"]] == ["conflict"]


async def test_streams_of_both_tell(two: Two) -> None:
    async with connected(*two) as wires, wires[1].following() as stream:
        await wires[0].put_lot("c1", ZONES)
        await _told(stream, None)
        count = {"lot": "c1", "type": "recount", "occupied": 7, "zone": "ramp"}
        await wires[0].push([{**count, "observed_at": oracle.shown(now())}])
        await _told(stream, 7)


async def _told(stream: aiohttp.StreamReader, occupied: int | None) -> None:
    """Wait until the stream tells of so many cars."""
    async with asyncio.timeout(SOON_S):
        while True:
            line = await stream.readline()
            if line.startswith(b"data:"):
                shown = json.loads(line[5:])
                if (shown["lot"], shown["occupied"]) == ("c1", occupied):
                    return


async def test_both_are_sent_to_at_once(two: Two, shared_url: str) -> None:
    async with connected(*two) as wires:
        await describe(wires[0], ["d1", "d2"])
        await until(lambda: knows(wires[1], "d2"), SOON_S)
        gateways = [Gateway(wires[n % 2], ("d1", "d1", "d2")[n % 3], n) for n in range(6)]
        async with sending(gateways):
            await progress(gateways, 300)
            # what came to one comes again to the other, while both are busy
            for gateway in gateways:
                again = [event for event in gateway.sent if event["id"] in gateway.answered]
                receipts = await asyncio.gather(*(wire.push(again) for wire in wires))
                assert [receipt["duplicates"] for receipt in receipts] == [len(again)] * 2
        await until(lambda: _equal(wires, "d1"), SOON_S)
        await until(lambda: _equal(wires, "d2"), SOON_S)
        for wire in wires:
            await check_log(shared_url, wire, gateways)


async def _equal(wires: tuple[Wire, ...], lot: str) -> bool:
    one, other = [await wire.availability(lot) for wire in wires]
    return one == other


async def test_the_same_batch_to_both_at_once_counts_once(two: Two) -> None:
    async with connected(*two) as wires:
        await describe(wires[0], ["e1"])
        await until(lambda: knows(wires[1], "e1"), SOON_S)
        for turn in range(20):
            passage = {"lot": "e1", "type": "passage", "direction": "in"}
            at = oracle.shown(now())
            batch = [{**passage, "observed_at": at, "id": f"{turn}:{n}"} for n in range(50)]
            receipts = await asyncio.gather(*(wire.push(batch) for wire in wires))
            assert sum(receipt["accepted"] for receipt in receipts) == 50
            assert sum(receipt["duplicates"] for receipt in receipts) == 50


async def test_descriptions_and_retirement_are_known_within_a_second(two: Two) -> None:
    async with connected(*two) as (one, other):
        await one.put_lot("f1", [zone("a", "spaces", 3)])
        await until(lambda: knows(other, "f1"), SOON_S)
        await other.put_spaces("f1", "a", ["s1", "s2"])

        async def has_list() -> bool:
            spaces = await one.ask("GET", "/v1/lots/f1/zones/a/spaces")
            return [space["id"] for space in spaces["spaces"]] == ["s1", "s2"]

        await until(has_list, SOON_S)
        event = {"lot": "f1", "type": "space", "space": "s2", "occupied": True}
        receipt = await one.push([{**event, "observed_at": oracle.shown(now())}])
        assert receipt["accepted"] == 1
        await one.put_lot("f1", [zone("a", "spaces", 1)])  # s2 is beyond the capacity now

        async def has_one_unknown() -> bool:
            shown = await other.availability("f1")
            return (shown["capacity"], shown["unknown"]) == (1, 1)

        await until(has_one_unknown, SOON_S)
        await other.ask("DELETE", "/v1/lots/f1")

        async def is_gone() -> bool:
            return not await knows(one, "f1")

        await until(is_gone, SOON_S)
        receipt = await one.push([{**event, "observed_at": oracle.shown(now())}])
        assert [item["code"] for item in receipt["rejected"]] == ["unknown_lot"]


async def test_a_revoked_key_is_refused_by_both_within_a_second(two: Two) -> None:
    async with connected(*two) as (one, other):
        wish = {"role": "operator", "operator": "op", "label": "ramp", "expires_at": None}
        key = await one.ask("POST", "/v1/keys", body=wish)
        holders = [wire.as_holder_of(key["key"]) for wire in (one, other)]

        async def serves_all() -> bool:
            return not any([await refused(holder) for holder in holders])

        await until(serves_all, SOON_S)
        await other.ask("DELETE", f"/v1/keys/{key['id']}")

        async def refused_by_all() -> bool:
            return all([await refused(holder) for holder in holders])

        await until(refused_by_all, SOON_S)


async def lists(wire: Wire, lot: str, zone_id: str) -> bool:
    """Tell whether an instance knows the spaces of a zone."""
    try:
        found = await wire.ask("GET", f"/v1/lots/{lot}/zones/{zone_id}/spaces")
    except Refusal:
        return False
    return bool(found["spaces"])


async def test_a_device_is_known_to_both_within_a_second(two: Two) -> None:
    eui = "0004a30b000000e1"
    async with connected(*two) as (one, other):
        await one.put_lot("d1", [zone("a", "spaces", 3)])
        await until(lambda: knows(other, "d1"), SOON_S)
        await one.put_spaces("d1", "a", ["s1", "s2"])
        await until(lambda: lists(other, "d1", "a"), SOON_S)

        async def heard_of_by_one() -> list[str]:
            uplink = {"received_at": oracle.shown(now()), "f_port": 1, "frm_payload": "AQ=="}
            message = {"end_device_ids": {"dev_eui": eui}, "uplink_message": uplink}
            receipt = await one.ask("POST", "/v1/lorawan/tts", body=message)
            return [item["code"] for item in receipt["rejected"]]

        assert await heard_of_by_one() == ["unknown_device"]
        device = {"lot": "d1", "space": "s1", "model": "bosch-tps110"}
        await other.ask("PUT", f"/v1/devices/{eui}", body=device)

        async def taken() -> bool:
            return await heard_of_by_one() == []

        await until(taken, SOON_S)
        await other.ask("PUT", f"/v1/devices/{eui}", body={**device, "space": "s2"})

        async def both_occupied() -> bool:
            await heard_of_by_one()
            return bool((await one.availability("d1"))["occupied"] == 2)

        await until(both_occupied, SOON_S)
        await one.ask("DELETE", f"/v1/devices/{eui}")  # what another instance put, too
        assert await heard_of_by_one() == ["unknown_device"]


async def test_one_goes_and_comes_back(two: Two) -> None:
    one, other = two
    async with connected(one, other, lasting=False) as wires:
        await describe(wires[0], ["h1"])
        await until(lambda: knows(wires[1], "h1"), SOON_S)
        one.kill()
        hour = oracle.shown(now() - timedelta(hours=5))
        count = {"lot": "h1", "type": "recount", "occupied": 7, "observed_at": hour}
        assert (await wires[1].push([count]))["accepted"] == 1
        assert (await wires[1].availability("h1"))["occupied"] == 7
        one.start()
        shown = await wires[0].availability("h1")
        assert shown == await wires[1].availability("h1")


async def knows(wire: Wire, lot: str) -> bool:
    try:
        await wire.availability(lot)
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        return False
    return True


async def refused(wire: Wire) -> bool:
    """Tell whether the key is not taken."""
    try:
        await wire.push([])
    except Refusal as refusal:
        if refusal.status != 401:
            raise
        return True
    return False
