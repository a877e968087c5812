"""A key gives way to another without a gap: both hold together, the old one ends at its expiry."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.service import running_services
from tests.web.client import NDJSON, Client, client_of, event, unique, until, zone


async def made(client: Client, operator: str, expires_at: datetime | None) -> str:
    wish = {
        "role": "operator",
        "operator": operator,
        "label": "ramp gateway",
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
    answer = await client.ask("POST", "/v1/keys", json=wish)
    assert answer.status == 201, answer
    secret: str = answer.json["key"]
    return secret


async def works(client: Client, lot: str, key: str) -> bool:
    answer = await client.ask("GET", f"/v1/lots/{lot}/sensors", key=key)
    assert answer.status in (200, 401, 404), answer  # the other instance may have yet to hear
    return answer.status == 200


async def test_rotation_without_a_gap(database_url: str) -> None:
    with running_services(database_url, 2) as (one, other):
        async with client_of(one) as here, client_of(other) as there:
            operator = unique("operator")
            lot = await here.new_lot(zone("b1"), operator=operator)
            end = datetime.now(UTC) + timedelta(seconds=6)
            old = await made(here, operator, end)
            await until(lambda: works(there, lot, old), bool)
            new = await made(there, operator, None)
            await until(lambda: works(here, lot, new), bool)
            assert await works(here, lot, old)  # both hold together
            assert await works(there, lot, old)
            held, ended = set[bool](), set[bool]()
            while not ended:
                for client in (here, there):
                    assert await works(client, lot, new), "the new one holds all the while"
                    asked = datetime.now(UTC)
                    found = await works(client, lot, old)
                    answered = datetime.now(UTC)
                    if answered < end:
                        held.add(found)
                    elif asked > end:
                        ended.add(found)
                await asyncio.sleep(0.05)
            assert held <= {True}
            assert ended == {False}
            listed = (await there.ask("GET", "/v1/keys")).json["items"]
            assert [key["expires_at"] is None for key in listed] == [False, True]
            assert {key["revoked_at"] for key in listed} == {None}


@pytest.mark.parametrize("way", ["revoked", "expired"])
async def test_a_stream_of_lines_ends_with_its_key(client: Client, way: str) -> None:
    """What came before is stored and told; no line after it is."""
    operator = unique("operator")
    lot = await client.new_lot(zone("b1"), operator=operator)
    end = datetime.now(UTC) + timedelta(seconds=3) if way == "expired" else None
    key = await made(client, operator, end)
    (name,) = [
        item["id"]
        for item in (await client.ask("GET", "/v1/keys?limit=1000")).json["items"]
        if item["operator"] == operator
    ]

    async def lines() -> AsyncIterator[bytes]:
        yield json.dumps(event(lot, zone="b1", id="before")).encode() + b"\n"
        await until(lambda: client.log(lot), bool)
        if way == "revoked":
            assert (await client.ask("DELETE", f"/v1/keys/{name}")).status == 204

        async def holds() -> bool:
            return await works(client, lot, key)

        await until(holds, lambda found: not found)
        for number in range(3):
            yield json.dumps(event(lot, zone="b1", id=f"after{number}")).encode() + b"\n"
            await asyncio.sleep(0.01)

    async with client.session.post(
        client.service.url + "/v1/events",
        data=lines(),
        headers={"Content-Type": NDJSON, "Authorization": f"Bearer {key}"},
    ) as answer:
        problem = await answer.json(content_type=None)
    assert answer.status == 401
    assert problem["receipt"]["accepted"] == 1
    assert [item["id"] for item in await client.log(lot)] == ["before"]


async def test_a_key_without_an_end_holds_until_it_is_revoked(client: Client) -> None:
    operator = unique("operator")
    lot = await client.new_lot(zone("b1"), operator=operator)
    key = await made(client, operator, None)
    assert await works(client, lot, key)
    listed = (await client.ask("GET", "/v1/keys?limit=1000")).json["items"]
    (name,) = [item["id"] for item in listed if item["operator"] == operator]
    assert (await client.ask("DELETE", f"/v1/keys/{name}")).status == 204
    assert not await works(client, lot, key)
    assert (await client.ask("DELETE", f"/v1/keys/{name}")).status == 404
