"""Keys, and what each role may do."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.web.client import Client, ago, described, now, unique, until, zone


async def make(client: Client, **wish: Any) -> Any:
    answer = await client.ask("POST", "/v1/keys", json=wish)
    assert answer.status == 201, answer
    return answer.json


async def all_keys(client: Client) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await client.ask("GET", "/v1/keys?limit=3" + (f"&cursor={cursor}" if cursor else ""))
        found += page.json["items"]
        assert len(page.json["items"]) <= 3
        cursor = page.json["next"]
    return found


async def test_shown_once(client: Client) -> None:
    wish = {"role": "operator", "operator": "zd-parking", "label": "ramp gateway"}
    made = await make(client, **wish, expires_at=None)
    assert {name: made[name] for name in wish} == wish
    assert len(made["key"]) >= 32
    listed = [key for key in await all_keys(client) if key["id"] == made["id"]]
    assert listed == [{name: value for name, value in made.items() if name != "key"}]
    assert made["key"] not in str(await all_keys(client))


async def test_listed_in_pages(client: Client) -> None:
    made = [(await make(client, role="planner", label=str(n)))["id"] for n in range(7)]
    found = [key["id"] for key in await all_keys(client)]
    assert [key for key in found if key in made] == made
    assert len(found) == len(set(found))


async def test_revoked_at_once(client: Client) -> None:
    made = await make(client, role="admin")
    probe = "/v1/keys?limit=1"
    assert (await client.ask("GET", probe, key=made["key"])).status == 200
    assert (await client.ask("DELETE", f"/v1/keys/{made['id']}")).status == 204
    assert (await client.ask("GET", probe, key=made["key"])).status == 401
    (listed,) = [key for key in await all_keys(client) if key["id"] == made["id"]]
    assert listed["revoked_at"] is not None


async def test_expires(client: Client) -> None:
    expiry = (now() + timedelta(seconds=1)).isoformat()
    made = await make(client, role="admin", expires_at=expiry)

    async def status() -> int:
        return (await client.ask("GET", "/v1/keys?limit=1", key=made["key"])).status

    assert await status() == 200
    assert await until(status, lambda found: found != 200) == 401
    assert now().isoformat() >= expiry


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({}, "/role"),
        ({"role": "root"}, "/role"),
        ({"role": "admin", "colour": "red"}, "/colour"),
        ({"role": "admin", "label": 7}, "/label"),
        ({"role": "admin", "label": "a\0b"}, "/label"),
        ({"role": "admin", "expires_at": 4_000_000_000}, "/expires_at"),
        ({"role": "admin", "expires_at": 0}, "/expires_at"),
        ({"role": "admin", "expires_at": "4000000000"}, "/expires_at"),
        ({"role": "admin", "expires_at": "2100-01-01T00:00:00"}, "/expires_at"),
        ({"role": "admin", "expires_at": "2100-01-01"}, "/expires_at"),
        ({"role": "admin", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"role": "admin", "expires_at": "0001-01-01T00:00:00+08:00"}, "/expires_at"),
        ({"role": "admin", "expires_at": "9999-12-31T23:59:59-08:00"}, "/expires_at"),
        ({"role": "operator", "operator": "a b"}, "/operator"),
        ({"role": "operator"}, None),
        ({"role": "planner", "operator": "zd-parking"}, None),
        ({"role": "admin", "operator": "zd-parking"}, None),
    ],
)
async def test_keys_that_cannot_be(client: Client, wish: Any, pointer: str | None) -> None:
    answer = await client.ask("POST", "/v1/keys", json=wish)
    assert answer.status == 400, answer
    assert pointer is None or answer.pointers == {pointer}


@pytest.mark.parametrize("name", ["key_none", "%00", "%ff", "a" * 2000, "a%0ab", "%E4%B8%9C"])
async def test_keys_that_are_not(client: Client, name: str) -> None:
    assert (await client.ask("DELETE", f"/v1/keys/{name}")).status == 404


async def test_without_a_good_key(client: Client) -> None:
    lot = await client.new_lot(zone("ev", "spaces"))
    for method, path in (
        ("PUT", f"/v1/lots/{lot}"),
        ("DELETE", f"/v1/lots/{lot}"),
        ("PUT", f"/v1/lots/{lot}/zones/ev/spaces"),
        ("POST", "/v1/events"),
        ("GET", f"/v1/lots/{lot}/events"),
        ("GET", f"/v1/lots/{lot}/sensors"),
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys"),
        ("DELETE", "/v1/keys/some"),
    ):
        admin = client.service.admin_key
        for header in (
            None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {admin}", admin, admin[:-1],
            f"Bearer {admin}x", "Bearer ключ", f"Bearer {admin} {admin}",
        ):  # fmt: skip
            headers = {} if header is None else {"Authorization": header}
            answer = await client.ask(method, path, key=None, headers=headers, json={})
            assert answer.status == 401, (method, path, header)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await client.get(f"/v1/lots/{lot}"))["lot"] == lot


async def test_an_operator_has_its_own_lots(client: Client) -> None:
    mine, other = unique("operator"), unique("operator")
    key, foreign = await client.new_key("operator", mine), await client.new_key("operator", other)
    lot, path = unique("lot"), ""
    path = f"/v1/lots/{lot}"
    wanted = described(zone("ev", "spaces"), operator=mine)
    event = {"type": "status", "lot": lot, "status": "open", "observed_at": ago(9), "id": "a"}

    async def statuses(key: str) -> list[int]:
        spaces = {"spaces": [{"id": "a"}]}
        calls: list[tuple[str, str, Any]] = [
            ("PUT", path, wanted),
            ("PUT", f"{path}/zones/ev/spaces", spaces),
            ("GET", f"{path}/events", None),
            ("GET", f"{path}/sensors", None),
        ]
        return [
            (await client.ask(method, url, json=body, key=key)).status
            for method, url, body in calls
        ]

    assert (await client.ask("PUT", path, json=wanted, key=foreign)).status == 403
    assert (await client.ask("PUT", path, json=wanted, key=key)).status == 201
    assert await statuses(key) == [200, 200, 200, 200]
    assert await statuses(foreign) == [403, 403, 403, 403]
    stolen = {**wanted, "operator": other}
    assert (await client.ask("PUT", path, json=stolen, key=foreign)).status == 403
    assert (await client.ask("PUT", path, json=stolen, key=key)).status == 403  # nor given away
    refused = await client.push(event, key=foreign)
    assert [item["code"] for item in refused["rejected"]] == ["forbidden_lot"]
    assert await client.log(lot) == []
    assert (await client.push(event, key=key))["accepted"] == 1
    for held in (key, foreign):
        assert (await client.ask("DELETE", path, key=held)).status == 403
        assert (await client.ask("GET", "/v1/keys", key=held)).status == 403
        assert (await client.ask("POST", "/v1/keys", json={}, key=held)).status == 403
        assert (await client.ask("DELETE", "/v1/keys/x", key=held)).status == 403
    assert (await client.get(path))["operator"] == mine
    assert (await client.ask("DELETE", path)).status == 204
    assert (await client.ask("PUT", path, json=stolen, key=foreign)).status == 403  # no revival
    assert (await client.ask("PUT", path, json=stolen)).status == 201  # the admin may give it away
    assert await statuses(key) == [403, 403, 403, 403]


async def test_a_planner_writes_nothing(client: Client) -> None:
    key = await client.new_key("planner")
    lot = await client.new_lot(zone("ev", "spaces"))
    path = f"/v1/lots/{lot}"
    for method, url in (
        ("PUT", path),
        ("DELETE", path),
        ("PUT", f"{path}/zones/ev/spaces"),
        ("POST", "/v1/events"),
        ("GET", f"{path}/events"),
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys"),
        ("DELETE", "/v1/keys/x"),
    ):
        answer = await client.ask(method, url, json={}, key=key)
        assert answer.status == 403, (method, url)
    assert (await client.ask("GET", path, key=key)).status == 200


async def test_public_reads_take_no_notice_of_keys(client: Client) -> None:
    lot = await client.new_lot()
    for path in ("/v1/lots?limit=1", f"/v1/lots/{lot}", f"/v1/lots/{lot}/availability"):
        assert (await client.ask("GET", path, key="wrong")).status == 200


async def test_a_lot_described_by_many_at_once_is_made_once(client: Client) -> None:
    lot = unique("lot")
    answers = await asyncio.gather(
        *(
            client.ask("PUT", f"/v1/lots/{lot}", json=described(zone(capacity=n)))
            for n in range(1, 9)
        )
    )
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]


async def test_a_key_is_told_whom_it_stands_for(client: Client) -> None:
    operator = unique("operator")
    secret = await client.new_key("operator", operator)
    own = (await client.ask("GET", "/v1/key", key=secret)).json
    assert own.pop("id").startswith("key_")
    assert own == {"role": "operator", "operator": operator, "label": "test", "expires_at": None}
    admin = (await client.ask("GET", "/v1/key")).json
    assert (admin["id"], admin["role"], admin["operator"]) == ("environment", "admin", None)
    assert (await client.ask("GET", "/v1/key", key=None)).status == 401
