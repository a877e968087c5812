"""The audit: each act on lots and keys, with recounts and voids, once and in one list."""

import time
from typing import Any

import asyncpg
import pytest

from parking.domain.instants import DAY, moment
from parking.store.log import LogWriter
from tests.entries import NOW, entry, passage
from tests.service import running_services
from tests.store.serving import run
from tests.web.client import Client, Json, ago, client_of, described, event, unique, until, zone

FIELDS = ["at", "key", "action", "lot", "zone", "target", "event", "request"]


async def acts(client: Client, query: str) -> list[Json]:
    answer = await client.ask("GET", f"/v1/audit?{query}")
    assert answer.status == 200, answer
    items: list[Json] = answer.json["items"]
    return items


async def named(client: Client, method: str, path: str, name: str, **more: Any) -> Any:
    """Ask in a request of that name, which must succeed."""
    answer = await client.ask(method, path, headers={"X-Request-Id": name}, **more)
    assert answer.status < 300, answer
    return answer.json if answer.body else None


async def test_each_act_is_told_once(client: Client) -> None:
    lot, operator = unique("lot"), unique("operator")
    wish = {"role": "operator", "operator": operator}
    begun = ago(0)
    made = await named(client, "POST", "/v1/keys", "make", json=wish)
    key, mine = made["key"], made["id"]
    wanted = described(zone("b1"), zone("ev", "spaces"), operator=operator)
    path = f"/v1/lots/{lot}"
    await named(client, "PUT", path, "describe", json=wanted, key=key)
    await named(client, "PUT", path, "describe-again", json=wanted, key=key)  # changes nothing
    spaces = {"spaces": [{"id": "e1"}]}
    await named(client, "PUT", f"{path}/zones/ev/spaces", "list", json=spaces, key=key)
    await client.push(
        event(lot, "passage", zone="b1", id="in"),
        event(lot, "recount", zone="b1", occupied=3, id="round"),
        event(lot, "void", event="in", id="mistake"),
        key=key,
    )
    await named(client, "DELETE", path, "retire")
    await named(client, "DELETE", f"/v1/keys/{mine}", "revoke")
    found = [*await acts(client, f"lot={lot}"), *await acts(client, "limit=1")]
    assert all(list(act) == FIELDS and begun <= act["at"] <= ago(0) for act in found)
    told = [tuple(act[name] for name in FIELDS[1:]) for act in found]
    admin = "environment"
    assert told[0] == (admin, "lot_retired", lot, None, None, None, "retire")
    assert set(told[1:3]) == {
        (mine, "recount", lot, "b1", None, "round", None),
        (mine, "void", lot, None, "in", "mistake", None),
    }
    assert told[3:] == [
        (mine, "spaces_listed", lot, "ev", None, None, "list"),
        (mine, "lot_described", lot, None, None, None, "describe"),
        (admin, "key_revoked", None, None, mine, None, "revoke"),
    ]
    assert key not in str(found)
    of_keys = [act for act in await acts(client, "action=key_created") if act["target"] == mine]
    assert [act["request"] for act in of_keys] == ["make"]


async def test_what_was_refused_is_not_an_act(client: Client) -> None:
    lot = await client.new_lot()
    other = await client.new_key("operator", unique("operator"))
    before = await acts(client, f"lot={lot}")
    await client.ask("PUT", f"/v1/lots/{lot}", json=described(zone("c")), key=other)
    await client.ask("PUT", f"/v1/lots/{lot}", json={})
    await client.ask("DELETE", f"/v1/lots/{lot}", key=other)
    await client.ask("DELETE", f"/v1/keys/{lot}")
    await client.push(event(lot, "recount", occupied=-1), event(lot, "void", event="x"), key=other)
    assert await acts(client, f"lot={lot}") == before
    assert len(before) == 1


async def in_pages(client: Client, query: str, limit: int) -> list[Json]:
    found: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/v1/audit?limit={limit}&{query}" + (f"&cursor={cursor}" if cursor else "")
        page = (await client.ask("GET", path)).json
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next"]
    return found


async def test_pages_are_the_whole(client: Client) -> None:
    lot = await client.new_lot(zone("b1"))
    for number in range(4):
        await client.put_lot(lot, described(zone("b1", capacity=20 + number)))
        await client.push(
            *(event(lot, "recount", occupied=n, id=f"r{number}.{n}") for n in range(5))
        )
    whole = await acts(client, f"lot={lot}&limit=1000")
    assert len(whole) == 1 + 4 + 4 * 5
    assert [act["at"] for act in whole] == sorted((act["at"] for act in whole), reverse=True)
    for limit in (1, 2, 3, 7, 25, 26):
        assert await in_pages(client, f"lot={lot}", limit) == whole
    recounts = await in_pages(client, f"lot={lot}&action=recount", 6)
    assert recounts == [act for act in whole if act["action"] == "recount"]
    assert await acts(client, f"lot={lot}&key=key_none") == []
    assert await acts(client, f"lot={lot}&key=environment&limit=1000") == whole
    middle = whole[10]["at"]
    later = await acts(client, f"lot={lot}&limit=1000&from={middle}")
    sooner = await acts(client, f"lot={lot}&limit=1000&to={middle}")
    assert later + sooner == whole
    assert whole[10] in later


@pytest.mark.parametrize(
    "query", ["action=honk", "lot=a%20b", "from=2026-01-01", "cursor=x", "cursor=MQoyCjM", "zone=x"]
)
async def test_questions_that_are_none(client: Client, query: str) -> None:
    assert (await client.ask("GET", f"/v1/audit?{query}")).status == 400


async def test_it_is_written_with_the_act_or_not_at_all(database_url: str) -> None:
    """Where it cannot be recorded, nothing is done."""
    with running_services(database_url) as (one,):
        async with client_of(one) as client:
            lot = await client.new_lot()
            await run(database_url, "ALTER TABLE audit ADD CHECK (change < 0) NOT VALID")
            for method, path, body in (
                ("PUT", f"/v1/lots/{lot}", described(zone("c"))),
                ("DELETE", f"/v1/lots/{lot}", None),
                ("POST", "/v1/keys", {"role": "admin"}),
            ):
                async with client.session.request(
                    method,
                    one.url + path,
                    json=body,
                    headers={"Authorization": f"Bearer {one.admin_key}"},
                ) as answer:
                    assert answer.status == 500
            assert (await client.get(f"/v1/lots/{lot}"))["zones"][0]["id"] == "b1"
            assert (await client.ask("GET", "/v1/keys")).json["items"] == []


async def test_what_was_done_before_the_audit_is_in_it(database_url: str) -> None:
    with running_services(database_url) as (one,):
        async with client_of(one) as client:
            lot = await client.new_lot(zone("ev", "spaces"))
            await client.put_spaces(lot, "ev", "e1")
            await client.ask("DELETE", f"/v1/lots/{lot}")
            whole = await acts(client, f"lot={lot}")
            sql = migration()
            await run(database_url, "DELETE FROM audit")
            await run(database_url, sql[sql.index("INSERT INTO audit") :])
            again = await acts(client, f"lot={lot}")
    assert [{**act, "request": None, "at": ""} for act in whole] == [
        {**act, "at": ""} for act in again
    ]


def migration() -> str:
    from parking.store.migrate import list_migrations

    (sql,) = [found.sql for found in list_migrations() if found.name == "audit"]
    return sql


async def test_it_is_kept_as_long_as_it_is_said(database_url: str) -> None:
    old = "UPDATE audit SET at = at - interval '31 days'"
    with running_services(database_url) as (one,):
        async with client_of(one) as client:
            lot = await client.new_lot()
            await run(database_url, old)
            await client.ask("DELETE", f"/v1/lots/{lot}")
            assert len(await acts(client, f"lot={lot}")) == 2
        one.terminate()
    with running_services(database_url, PARKING_AUDIT_DAYS="30") as (one,):
        async with client_of(one) as client:
            left = await until(lambda: acts(client, f"lot={lot}"), lambda found: len(found) == 1)
    assert left[0]["action"] == "lot_retired"


async def test_the_command_line_is_in_it(database_url: str) -> None:
    from parking.store import audit
    from parking.store.database import open_database
    from parking.store.keys import create_key, revoke_key

    now = time.time_ns() // 1000
    async with open_database(database_url) as database, database.transaction() as connection:
        wish = {"role": "planner", "operator": None, "label": "", "expires_at": None}
        key, secret = await create_key(connection, now=now, **wish)  # type: ignore[arg-type]
        assert await revoke_key(connection, key.id, now + 1)
        assert not await revoke_key(connection, key.id, now + 2)
        page = await audit.list_page(
            connection, start=None, end=None, lot=None, key=None, action=None, before=None, limit=9
        )
    told = [(act.action, act.key, act.target, act.place[0], act.request) for act in page]
    assert told == [
        ("key_revoked", "command-line", key.id, now + 1, None),
        ("key_created", "command-line", key.id, now, None),
    ]
    assert secret not in str(page)


async def test_a_long_log_is_not_read_for_it(database_url: str) -> None:
    """Recounts among many events are found by an index of their own, month by month."""
    from parking.store.audit import _PAGE

    connection = await asyncpg.connect(database_url)
    writer = LogWriter(database_url)
    try:
        for part in range(3):
            events = [passage(f"p{part}.{n}", NOW - part * 31 * DAY) for n in range(3000)]
            await writer.commit([entry(item) for item in events], suspects=False)
        await connection.execute("ANALYZE")
        start, end = moment(0), moment(NOW + DAY)
        nothing = (None, None, None)
        plan = "\n".join(
            row[0]
            for row in await connection.fetch(
                "EXPLAIN " + _PAGE, start, end, end, 0, 0, *nothing, 100
            )
        )
    finally:
        await writer.close()
        await connection.close()
    assert plan.count("received_at_seq_idx on event_") == 3, plan
    assert "Seq Scan on event" not in plan
