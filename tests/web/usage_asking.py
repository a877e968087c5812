"""Asking for usage."""

from typing import Any

from tests.web.client import Answer, Client, ago

DAY_S = 86_400


async def ask(client: Client, key: str | None = "", **query: Any) -> Answer:
    """Ask for usage of the last two days unless told otherwise."""
    given_ = {name.rstrip("_"): value for name, value in query.items()}
    asked = {"from": ago(2 * DAY_S), "to": ago(0), **given_}
    given = "&".join(f"{name}={value}" for name, value in asked.items())
    return await client.ask("GET", "/v1/usage?" + given.replace("+", "%2B"), key=key)


async def rows(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await ask(client, **query)
    assert answer.status == 200, answer
    assert answer.json["next"] is None
    items: list[dict[str, Any]] = answer.json["items"]
    return items
