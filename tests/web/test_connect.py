"""Operators' systems that push: who is let in, what becomes of it, what is never written down."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import pytest
from yarl import URL

from tests.conftest import PostgresServer
from tests.service import RunningService, running_services
from tests.web.client import Answer, Client, Json, ago, client_of, now, unique, until, zone

SECRET = "a-secret-of-20-bytes"
OTHER = "another-secret-of-20"
FILE = """
[[webhook]]
name = "counter"
operator = "garage"
format = "json"
secret_header = "X-Api-Key"
secret_env = "COUNTER_SECRET"
[[webhook.event]]
each = "rows[*]"
type = "count"
lot = { value = "mapped" }
free = "left"
observed_at = "at"

[[webhook]]
name = "thief"
operator = "elsewhere"
format = "csv"
encoding = "cp1252"
basic_user = "thief"
secret_env = "OTHER_SECRET"
[[webhook.event]]
type = "count"
lot = "lot"
free = "left"
observed_at = "at"

[[webhook]]
name = "keyed"
operator = "garage"
format = "csv"
[[webhook.event]]
type = "count"
lot = { value = "mapped" }
free = "left"
observed_at = "at"

[[webhook]]
name = "source"
operator = "garage"
format = "parkapi"
basic_user = "source_uid"
secret_env = "COUNTER_SECRET"
timezone = "Europe/Berlin"
[webhook.lots.altmarkt]
lot = "mapped"

[[webhook]]
name = "dutch"
operator = "garage"
format = "spdp"
[webhook.lots.5829fb06-ee4a-4762-946c-ed6209edf7d5]
lot = "mapped"

[[webhook]]
name = "signing"
operator = "garage"
format = "fourpyun"
signed = true
secret_env = "OTHER_SECRET"
[webhook.lots.park-1]
lot = "gated"
zone = "b1"

[[webhook]]
name = "cars"
operator = "garage"
format = "json"
[[webhook.event]]
each = "cars[*]"
type = "passage"
lot = { value = "gated" }
direction = { from = "way", map = { "1" = "in" } }
id = "serial"
observed_at = "at"
"""
FORM = "application/x-www-form-urlencoded"
PLATES = ("测A·T7391", "ZZ7391Q")


@pytest.fixture(scope="module")
def connected(
    migrated_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """Run a service with a file of connectors."""
    file = tmp_path_factory.mktemp("connectors") / "connectors.toml"
    file.write_text(FILE, "utf-8")
    name = migrated_server.new_name()
    migrated_server.create_database(name)
    env = {"PARKING_CONNECTORS": str(file), "COUNTER_SECRET": SECRET, "OTHER_SECRET": OTHER}
    with running_services(migrated_server.url(name), 1, **env, PARKING_LOG_LEVEL="debug") as (one,):
        asyncio.run(describe(one))
        yield one
    migrated_server.drop_database(name)


async def describe(service: RunningService) -> None:
    async with client_of(service) as client:
        lot = described_lot("garage")
        await client.put_lot("mapped", {**lot, "zones": [zone("c1", "counts", 500)]}, 201)
        await client.put_lot("gated", {**lot, "zones": [zone("b1", "gates", 500)]}, 201)


def described_lot(operator: str) -> Json:
    from tests.web.client import described

    return described(operator=operator)


@pytest.fixture
async def client(connected: RunningService) -> Any:
    async with client_of(connected) as one:
        yield one


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


async def push(
    client: Client, path: str, body: Any, headers: dict[str, str] | None = None, **more: Any
) -> Answer:
    """Push without a key, as JSON unless it is bytes."""
    given = {"data": body} if isinstance(body, bytes) else {"json": body}
    method = more.pop("method", "POST")
    return await client.ask(
        method, f"/v1/connect/{path}", key=more.pop("key", None), headers=headers, **given
    )


def site(uid: str, free: Any, at: str | None = None) -> Json:
    at = at or ago(60)
    return {"uid": uid, "realtime_data_updated_at": at, "realtime_free_capacity": free}


def facility(identifier: str, **status: Any) -> Json:
    told = {"lastUpdated": int(now().timestamp()) - 5, **status}
    return {
        "parkingFacilityDynamicInformation": {
            "identifier": identifier,
            "facilityActualStatus": told,
        }
    }


def car(park: str, serial: str, **more: Any) -> dict[str, str]:
    at = str(int(now().timestamp() - 90) * 1000)
    return {"park_uuid": park, "parking_serial": serial, "enter_time": at, **more}


def signed(fields: dict[str, str], secret: str = OTHER) -> dict[str, str]:
    plain = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    made = md5(f"{plain}&app_secret={secret}".encode(), usedforsecurity=False).hexdigest()
    return {**fields, "sign": made}


async def test_a_mapping_takes_what_its_sender_sends(client: Client) -> None:
    at = ago(50)
    rows = {"rows": [{"left": 7, "at": at}, {"left": "?", "at": at}]}
    answer = await push(client, "counter", rows, {"X-Api-Key": SECRET})
    assert answer.status == 200
    told = answer.json
    assert (told["accepted"], told["rejected_total"], told["unread_total"]) == (1, 0, 1)
    assert told["unread"] == [{"place": "/rows/1", "reason": "free: it is not a whole number"}]
    again = await push(client, "counter", rows, {"X-Api-Key": SECRET})
    assert (again.json["accepted"], again.json["duplicates"]) == (0, 1)
    [logged] = [one for one in await client.log("mapped") if one["id"] == told["ids"][0]["id"]]
    assert (logged["key"], logged["free"]) == ("connector.counter", 7)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": OTHER},
        {"X-Api-Key": ""},
        {"X-Api-Key": SECRET + "x"},
        {"Authorization": f"Bearer {SECRET}"},
        basic("counter", SECRET),
    ],
)
async def test_a_wrong_secret_is_401(client: Client, headers: dict[str, str]) -> None:
    answer = await push(client, "counter", {"rows": []}, headers)
    assert answer.status == 401
    assert "basic" in answer.headers["www-authenticate"].lower()
    for path in ("none", "parkapi/json", "parkapi/csv", "fourpyun/enter"):
        assert (await push(client, path, {}, headers)).status == 401
    assert (await push(client, "spdp/dynamic/a", {}, headers, method="PUT")).status == 401


async def test_secrets_open_their_own_door_alone(client: Client) -> None:
    for path in ("thief", "keyed", "none"):
        assert (await push(client, path, {}, {"X-Api-Key": SECRET})).status == 401
    assert (await push(client, "counter", {}, basic("thief", OTHER))).status == 401
    assert (await push(client, "parkapi/json", {}, basic("source_uid", OTHER))).status == 401
    assert (await push(client, "parkapi/json", {}, basic("other_uid", SECRET))).status == 401


async def test_a_connector_speaks_for_its_operator_alone(client: Client) -> None:
    table = f"lot;left;at\nmapped;1;{ago(40)}\nnöne;1;{ago(40)}\n".encode("cp1252")
    headers = {"Content-Type": "text/csv", **basic("thief", OTHER)}
    told = (await push(client, "thief", table, headers)).json
    assert told["accepted"] == 0
    assert [one["code"] for one in told["rejected"]] == ["forbidden_lot", "invalid"]


async def test_a_connector_without_a_secret_needs_a_key_of_its_operator(client: Client) -> None:
    table = f"left,at\n3,{ago(30)}\n".encode()
    csv = {"Content-Type": "text/csv"}
    own = await client.new_key("operator", "garage")
    foreign = await client.new_key("operator", "elsewhere")
    planner = await client.new_key("planner")
    for key, status in ((foreign, 403), (planner, 403), (own, 200), ("", 200)):
        assert (await push(client, "keyed", table, csv, key=key)).status == status
    table = f"left,at\n4,{ago(29)}\n".encode()
    assert (await push(client, "keyed", table, {**csv, **basic("any", own)})).status == 200
    for key in (own, ""):
        assert (await push(client, "counter", {"rows": []}, key=key)).status == 403
        assert (await push(client, "none", {}, key=key)).status == 404


async def test_parkapi_with_the_uid_of_its_source(client: Client) -> None:
    local = ago(20)[:-1]  # an hour or two to come on Berlin's clocks, were it UTC
    sites = {"items": [site("altmarkt", 11), site("unknown", 1), site("altmarkt", 12, local)]}
    answer = await push(client, "parkapi/json", sites, basic("source_uid", SECRET))
    told = answer.json
    assert told["accepted"] == 2
    assert told["unread"] == [{"place": "/items/1", "reason": "uid: no lot is named for it"}]


async def test_parkapi_with_a_key_and_identical_ids(client: Client) -> None:
    lot = await client.new_lot(zone("c1", "counts", 50), operator=unique("operator"))
    operator = (await client.get(f"/v1/lots/{lot}"))["operator"]
    key = await client.new_key("operator", operator)
    sites = {"items": [site(lot, 30), site("mapped", 1)]}
    told = (await push(client, "parkapi/json", sites, basic("whoever", key))).json
    assert (told["accepted"], told["rejected"][0]["code"]) == (1, "forbidden_lot")
    head = "uid;realtime_data_updated_at;realtime_free_capacity"
    table = f"\ufeff{head}\r\n{lot};{ago(10)};29\r\n".encode()
    told = (await push(client, "parkapi/csv", table, {"Content-Type": "text/csv"}, key=key)).json
    assert told["accepted"] == 1
    assert (await client.availability(lot))["free"] == 29


async def test_spdp_is_put_by_its_uuid(client: Client) -> None:
    key = await client.new_key("operator", "garage")
    uuid = "5829fb06-ee4a-4762-946c-ed6209edf7d5"
    state = facility(uuid, vacantSpaces=22, open=True, full=False)
    answer = await push(client, f"spdp/dynamic/{uuid}", state, key=key, method="PUT")
    assert answer.json["accepted"] == 2
    assert (await client.availability("mapped"))["free"] == 22
    again = await push(client, f"spdp/dynamic/{uuid}", state, key=key, method="PUT")
    assert again.json["duplicates"] == 2
    other = await push(client, "spdp/dynamic/other", state, key=key, method="PUT")
    assert other.status == 400
    assert other.json["errors"][0]["detail"] == "identifier: it is not that of the path"


async def test_a_gateway_of_4pyun_is_known_by_its_signature(client: Client) -> None:
    async def post(fields: dict[str, str], name: str = "enter") -> Answer:
        body = urlencode(fields).encode()
        return await push(client, f"fourpyun/{name}", body, {"Content-Type": FORM})

    fields = car("park-1", unique("serial"), plate=PLATES[0], remain_parking_space="400")
    answer = await post(signed(fields))
    assert (answer.status, answer.json["code"]) == (200, "200")
    assert answer.json["seqno"] == answer.headers["x-request-id"]
    assert answer.json["receipt"]["accepted"] == 2
    assert (await client.availability("gated"))["occupied"] == 100
    assert (await post(signed(fields))).json["receipt"]["duplicates"] == 2
    for wrong in (fields, signed(fields, SECRET), {**signed(fields), "plate": "x"}):
        refused = await post(wrong)
        assert refused.status == 401
        assert (refused.json["code"], bool(refused.json["message"])) == ("401", True)
    left = {**fields, "leave_time": str(int(now().timestamp()) * 1000)}
    del left["remain_parking_space"]
    assert (await post(signed(left), "leave")).json["receipt"]["accepted"] == 1
    assert (await client.availability("gated"))["occupied"] == 99
    bad = await post(signed({**fields, "enter_time": PLATES[0]}))
    assert (bad.status, bad.json["code"]) == (400, "400")


async def test_basic_is_a_key_of_ours_for_machines(client: Client) -> None:
    key = await client.new_key("operator", "garage")
    path = "/v1/lots/mapped/events"
    cases = [
        (basic("", key), 200),
        (basic("any:user", key), 401),  # the user ends at the first colon
        (basic("any", key + "x"), 401),
        ({"Authorization": f"Basic {key}"}, 401),
        ({"Authorization": "Basic " + b64encode(key.encode()).decode()}, 401),
        ({"Authorization": "basic " + b64encode(f":{key}".encode()).decode()}, 200),
        ({**basic("any", key), "Origin": "https://evil.example"}, 401),
        ({"Authorization": f"Bearer {key}", "Origin": "https://app.example"}, 200),
    ]
    for headers, status in cases:
        assert (await client.ask("GET", path, key=None, headers=headers)).status == status, headers


@pytest.mark.parametrize(
    ("path", "body", "media", "status"),
    [
        ("counter", b"{", "application/json", 400),
        ("counter", b'{"rows": [', "application/json", 400),
        ("counter", b"\xff\xfe", "application/json", 400),
        ("counter", b"", "application/json", 400),
        ("counter", b"[]", "application/json", 200),
        ("counter", b"{}", "application/xml", 415),
        ("counter", b'{"rows": [' + b"{}," * 3_000_000 + b"{}]}", "application/json", 413),
    ],
)
async def test_bodies_that_are_none(
    client: Client, path: str, body: bytes, media: str, status: int
) -> None:
    headers = {"X-Api-Key": SECRET, "Content-Type": media}
    answer = await push(client, path, body, headers)
    assert answer.status == status
    if status == 400:
        assert answer.json["errors"][0]["pointer"] == ""


async def test_what_cannot_be_read_is_kept_for_its_operator(client: Client) -> None:
    good = {"rows": [{"left": 8, "at": ago(45)}]}
    assert (await push(client, "counter", good, {"X-Api-Key": SECRET})).json["accepted"] == 1
    await push(client, "counter", b"{", {"X-Api-Key": SECRET, "Content-Type": "application/json"})
    await push(client, "counter", {"rows": [{"at": "x"}]}, {"X-Api-Key": SECRET})
    key = await client.new_key("operator", "garage")

    async def kept() -> list[Json]:
        answer = await client.ask("GET", "/v1/rejections?limit=1000", key=key)
        return [one for one in answer.json["items"] if one["source"] == "counter"]

    wanted = {"it is not JSON", "/rows/0 observed_at: it is not a time as rfc3339 has it"}
    await until(kept, lambda items: wanted <= {one["detail"] for one in items})
    metrics = (await client.ask("GET", "/metrics", key=None)).body.decode()
    assert 'parking_connector_messages_total{connector="counter",outcome="unreadable"}' in metrics
    assert 'parking_connector_newest_observed_timestamp_seconds{connector="counter"}' in metrics


def every_way(plate: str, serial: str) -> list[tuple[str, bytes, str]]:
    """Give posts with a plate: good ones, broken ones, and ones with it in the wrong places."""
    good = {**car("gated", serial), "plate": plate, "remain_parking_space": "9"}
    found: list[tuple[str, bytes, str]] = []
    for fields in (
        good,
        {**good, "parking_serial": f"{serial}-{plate}"},
        {**good, "park_uuid": "nowhere"},
        {**good, "park_uuid": "mapped"},
        {**good, "park_uuid": plate},
        {**good, "park_uuid": plate, "plate": ""},
        {**good, "park_uuid": f"park-{plate}", "plate": ""},
        {**good, "enter_time": plate},
        {**good, "enter_time": "1"},
        {**good, "remain_parking_space": plate},
        {**good, "area_space": f'[{{"area_name": "{plate}", "remain_space": 1}}]'},
        {**good, plate: plate},
        {"plate": plate},
    ):
        form, told = urlencode(fields).encode(), json.dumps(fields, ensure_ascii=False).encode()
        found += [("enter", form, FORM), ("enter", told, "application/json")]
        found += [("leave", form, FORM), ("space", told, "application/json")]
        found += [("enter", told[:-9], "application/json"), ("enter", form + b"&" + told, FORM)]
        part = f'--x\r\nContent-Disposition: form-data; name="plate"\r\n\r\n{plate}\r\n'.encode()
        found.append(("enter", part + b"--x", "multipart/form-data; boundary=x"))
        found.append(("enter", told, "multipart/form-data; boundary=" + "y" * 5))
        found.append(("enter", told.decode().encode("utf-16"), "application/json; charset=big5"))
    return found


def elsewhere(plate: str) -> list[tuple[str, str, bytes, dict[str, str]]]:
    """Give posts with a plate all around them: method, path, body, headers."""
    good, quoted = urlencode({**car("gated", "around"), "plate": plate}).encode(), quote(plate)
    form, json_ = {"Content-Type": FORM}, {"Content-Type": "application/json"}
    enter, mapped = "/v1/connect/fourpyun/enter", f'{{"cars": {{"{plate}": {{"way": "{plate}"}}}}}}'
    named = ("X-Plate", "X-Request-Id", "User-Agent", "Referer", "Cookie", "X-Api-Key", "Origin")
    medias = (f"text/{quoted}", f"{FORM}; charset={quoted}", f"multipart/form-data; x={quoted}")
    return [
        ("POST", f"{enter}?plate={quoted}", good, form),
        ("POST", f"{enter}/{quoted}", good, form),
        ("PUT", f"{enter}?{quoted}", good, form),
        ("POST", f"/v1/connect/{quoted}", good, form),
        ("POST", f"/v1/connect{quoted}", good, form),
        ("PUT", f"/v1/connect/spdp/dynamic/{quoted}", b'{"a": "%s"}' % plate.encode(), json_),
        ("POST", "/v1/connect/cars", mapped.encode(), json_),
        *(("POST", enter, good, {**form, name: quoted}) for name in named),
        *(("POST", enter, good, {"Content-Type": media}) for media in medias),
        ("POST", enter, good, {**form, "Content-Encoding": "gzip"}),
        ("POST", enter, good, {**form, "Authorization": f"Bearer {quoted}"}),
        ("POST", enter, good, {**form, **basic(plate, "pk_wrong")}),
    ]


async def everything_stored(database_url: str) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I', relname) AS name FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
        return [
            row["line"]
            for table in tables
            for row in await connection.fetch(f"SELECT t::text AS line FROM {table['name']} t")
        ]
    finally:
        await connection.close()


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    file = tmp_path / "c.toml"
    file.write_text(FILE, "utf-8")
    return file


async def test_no_plate_is_written_down(
    migrated_server: PostgresServer, database_url: str, own_file: Path
) -> None:
    """Whatever is wrong with a post, or with the database, its plate ends here."""
    env = {"PARKING_CONNECTORS": str(own_file), "COUNTER_SECRET": SECRET, "OTHER_SECRET": OTHER}
    server, [name] = migrated_server.url("parking"), re.findall(r"/(test_\d+)\?", database_url)
    services = running_services(database_url, 1, **env, PARKING_LOG_LEVEL="debug")
    with services as (service,):
        await describe(service)
        async with client_of(service) as client:
            statuses = await post_all(client, "first")
            assert {200, 400, 401} <= statuses
            statuses = await post_elsewhere(client)
            assert {200, 400, 401, 404, 405, 415} <= statuses
            await until(lambda: rejections(client), lambda items: len(items) > 10)
            await cut_off(server, name)
            statuses = await post_all(client, "second", away=True)
            assert 503 in statuses
            await restore(server, name)
            shown = await until(lambda: readable(client), lambda answer: answer is not None)
            metrics = (await client.ask("GET", "/metrics", key=None)).body.decode()
        assert service.terminate() == 0
        said = service.said()
    stored = await everything_stored(database_url)
    assert len(stored) > 50
    assert "in:" in "".join(stored), "the cars themselves are there"
    assert "POST /v1/connect/fourpyun/enter 200" in said
    for plate in PLATES:
        for form in (plate, json.dumps(plate)[1:-1], quote(plate), plate.encode().hex()):
            assert not any(form in line for line in stored), form
            assert form not in said
            assert form not in shown
            assert form not in metrics


async def post_all(client: Client, serial: str, *, away: bool = False) -> set[int]:
    """Post each of them with a key, and with a wrong one; gives the statuses."""
    statuses = set()
    for plate in PLATES:
        for post, body, media in every_way(plate, serial):
            for key in ("", "pk_wrong"):
                url = f"{client.service.url}/v1/connect/fourpyun/{post}"
                key_ = key or client.service.admin_key
                headers = {"Content-Type": media, "Authorization": f"Bearer {key_}"}
                async with client.session.post(url, data=body, headers=headers) as answer:
                    told = await answer.text()
                    statuses.add(answer.status)
                assert plate not in told, (post, media)
                if away and answer.status == 503:
                    return statuses
    return statuses


async def post_elsewhere(client: Client) -> set[int]:
    """Post those with a plate around them; gives the statuses."""
    statuses = set()
    for plate in PLATES:
        for method, path, body, more in elsewhere(plate):
            headers = {"Authorization": f"Bearer {client.service.admin_key}", **more}
            url = URL(client.service.url + path, encoded=True)
            async with client.session.request(method, url, data=body, headers=headers) as answer:
                statuses.add(answer.status)
    return statuses


async def rejections(client: Client) -> list[Json]:
    answer = await client.ask("GET", "/v1/rejections?limit=1000")
    items: list[Json] = answer.json["items"]
    return items


async def readable(client: Client) -> str | None:
    """Give all that is told of what was refused, once the database is back."""
    async with client.session.get(
        f"{client.service.url}/v1/rejections?limit=1000",
        headers={"Authorization": f"Bearer {client.service.admin_key}"},
    ) as answer:
        return await answer.text() if answer.status == 200 else None


async def cut_off(server_url: str, name: str) -> None:
    """Let nobody connect to a database any more, and end those that are."""
    await on_server(
        server_url,
        f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )


async def restore(server_url: str, name: str) -> None:
    await on_server(server_url, f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


async def on_server(server_url: str, *statements: str) -> None:
    server = await asyncpg.connect(server_url)
    try:
        for statement in statements:
            await server.execute(statement)
    finally:
        await server.close()
