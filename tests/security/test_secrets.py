"""Keys are kept as hashes, compared in constant time, and stand in no log and no answer."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from unittest.mock import Mock

import asyncpg
import pytest

from parking.domain.access import SECRET, Key, Keyring, hashed, new_secret
from tests.service import RunningService, running_services
from tests.web.client import Client, client_of, described, unique


def a_key(secret: str, *, expires_at: int | None = None, revoked_at: int | None = None) -> Key:
    return Key("key_1", "planner", None, "", 0, expires_at, revoked_at, hashed(secret))


def test_a_key_is_256_random_bits() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(SECRET.fullmatch(secret) for secret in made)


def test_what_is_kept_is_a_hash() -> None:
    assert hashed("pk_x") == hashlib.sha256(b"pk_x").digest()
    assert hashed("ключ\udcff")  # whatever a header may hold


def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    secret, admin = new_secret(), new_secret()
    compare = Mock(side_effect=hmac.compare_digest)
    monkeypatch.setattr("parking.domain.access.hmac.compare_digest", compare)
    ring = Keyring([a_key(secret)], admin)
    assert ring.find(secret, 0)
    assert ring.find(admin, 0)
    assert ring.find("pk_other", 0) is None
    compared = [call.args for call in compare.call_args_list]
    assert (hashed(admin), hashed(secret)) in compared
    assert (hashed(secret), hashed(secret)) in compared
    assert all(len(part) == 32 for pair in compared for part in pair)


def test_a_key_ends_to_the_microsecond() -> None:
    ring = Keyring([a_key("one", expires_at=1_000)])
    assert ring.find("one", 999)
    assert ring.find("one", 1_000) is None
    assert Keyring([a_key("one", revoked_at=1)]).find("one", 0) is None


async def use_everywhere(client: Client, secret: str) -> None:
    """Use a key well, badly, and where it does not belong."""
    lot = unique("lot")
    await client.ask("PUT", f"/v1/lots/{lot}", key=secret, json=described())
    await client.ask("PUT", f"/v1/lots/{lot}", key=secret, data=b"{" + secret.encode())
    await client.ask("GET", "/v1/keys", key=secret)
    await client.ask("GET", f"/v1/lots?key={secret}", key=secret)
    await client.ask("GET", f"/v1/lots/{secret}", key=secret)
    await client.ask("DELETE", f"/v1/keys/{secret}", key=secret)
    await client.ask("GET", f"/{secret}", key=secret, headers={"X-Request-Id": "mine"})
    await client.ask("GET", "/v1/lots", key=secret, headers={"Cookie": f"key={secret}"})
    events = {"events": [{"id": secret, "lot": lot, "type": secret, "key": secret}]}
    await client.ask("POST", "/v1/events", key=secret, json=events)


@pytest.fixture
def talkative(database_url: str) -> Iterator[RunningService]:
    with running_services(database_url, PARKING_LOG_LEVEL="debug") as (one,):
        yield one


async def test_no_key_is_logged(talkative: RunningService) -> None:
    async with client_of(talkative) as client:
        secrets = [await client.new_key("operator", "zd-parking"), await client.new_key("admin")]
        unheard = new_secret()
        for secret in (*secrets, unheard):
            await use_everywhere(client, secret)
        listed = await client.ask("GET", "/v1/keys")
    said = talkative.said()
    assert said.count("DELETE /v1/keys/pk_… ") == 3, "the log tells of the requests"
    for secret in (*secrets, unheard, talkative.admin_key):
        for form in (secret, hashed(secret).hex()):
            assert form not in said
            assert form.encode() not in listed.body


async def test_no_key_is_in_the_database(service: RunningService, database_url: str) -> None:
    async with client_of(service) as client:
        secrets = [await client.new_key("operator", "zd-parking"), service.admin_key]
        for secret in secrets:
            await use_everywhere(client, secret)
    connection = await asyncpg.connect(database_url)
    try:
        names = await connection.fetch(
            "SELECT format('%I', relname) AS name FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
        for (name,) in names:
            for row in await connection.fetch(f"SELECT t::text AS line FROM {name} t"):
                for secret in secrets:
                    assert secret not in row["line"], name
        kept = await connection.fetchval("SELECT hash FROM api_key")
    finally:
        await connection.close()
    assert len(names) > 5
    assert kept == hashed(secrets[0])


async def test_the_metrics_name_no_key(service: RunningService) -> None:
    async with client_of(service) as client:
        secret = await client.new_key("admin")
        await use_everywhere(client, secret)
        told = (await client.ask("GET", "/metrics", key=None)).body.decode()
    assert "parking_request_seconds" in told
    assert not re.search(r"pk_|key_[0-9a-f]{16}", told)
