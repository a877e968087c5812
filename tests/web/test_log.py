"""Reading the log: what was sent, when it came, who sent it, what voids it."""

import pytest

from tests.web.client import Client, Json, ago, event, now, one_of_each, unique, zone


async def test_what_was_sent_comes_back(client: Client, lot: str) -> None:
    sent = one_of_each(lot)
    begun = ago(0)
    await client.accept(*sent)
    logged = await client.log(lot)
    assert len(logged) == len(sent)
    by_kind = {(item["type"], item["observed_at"]): item for item in logged}
    for item in sent:
        shown = by_kind[item["type"], item["observed_at"]]
        for name, value in item.items():
            assert shown[name] == value, (item, shown)
        assert begun <= shown["received_at"] <= ago(0)
        assert shown["key"]
    assert {item["voided_by"] for item in logged if item.get("id") != "one:1"} == {None}
    (voided,) = [item for item in logged if item["id"] == "one:1"]
    (void,) = [item for item in logged if item.get("event") == "one:1"]
    assert voided["voided_by"] == void["id"]


async def test_who_sent_it(client: Client) -> None:
    operator = unique("operator")
    lot = await client.new_lot(operator=operator)
    wish = {"role": "operator", "operator": operator}
    made = (await client.ask("POST", "/v1/keys", json=wish)).json
    await client.push(event(lot, id="theirs"), key=made["key"])
    await client.push(event(lot, id="ours"))
    keys = {item["id"]: item["key"] for item in await client.log(lot)}
    assert keys["theirs"] == made["id"]
    assert keys["ours"] not in ("", made["id"], client.service.admin_key)


async def pages(client: Client, lot: str, query: str, limit: int) -> list[Json]:
    found: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/v1/lots/{lot}/events?limit={limit}{query}"
        page = (await client.ask("GET", path + (f"&cursor={cursor}" if cursor else ""))).json
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next"]
    return found


async def test_in_pages_newest_first(client: Client) -> None:
    lot = await client.new_lot(zone("b1"), zone("c", "counts"))
    moments = [ago(60), ago(59), ago(58)]
    sent = [
        {**event(lot, id=f"{moment}-{n}"), "observed_at": observed_at}
        for moment, observed_at in enumerate(moments)
        for n in range(5)
    ]
    sent += [{**event(lot, "count", zone="c", free=1), "observed_at": moments[1]}]
    await client.accept(*sent[::2])
    await client.accept(*sent[1::2])
    for limit in (1, 2, 3, 5, 16, 100):
        found = await pages(client, lot, "", limit)
        assert len({item["id"] for item in found}) == 16
        times = [item["observed_at"] for item in found]
        assert times == sorted(times, reverse=True)
    one, two = moments[1], moments[2]
    for query, count in (
        (f"&from={one}", 11),
        (f"&to={one}", 5),
        (f"&from={one}&to={two}", 6),
        (f"&from={two}&to={one}", 0),
        (f"&from={one}&to={two}&type=passage", 5),
        ("&type=count", 1),
        ("&type=void", 0),
    ):
        assert len(await pages(client, lot, query, 4)) == count, query


async def test_times_are_in_utc(client: Client) -> None:
    lot = await client.new_lot()
    moment = now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
    await client.accept(
        {**event(lot, id="a"), "observed_at": "2026-01-02T08:30:00.5+08:00"},
        {**event(lot, id="b"), "observed_at": moment},
    )
    times = {item["id"]: item["observed_at"] for item in await client.log(lot)}
    assert times == {"a": "2026-01-02T00:30:00.500000Z", "b": moment}


@pytest.mark.parametrize(
    "query",
    ["from=now", "to=2026-01-01", "from=1790000000", "type=honk", "limit=1001", "cursor=x",
     "cursor=MQ", "cursor=LTEKLTE", "voided=true"],
)  # fmt: skip
async def test_wrong_parameters(client: Client, lot: str, query: str) -> None:
    answer = await client.ask("GET", f"/v1/lots/{lot}/events?{query}")
    assert (answer.status, answer.pointers) == (400, {"?" + query.partition("=")[0]})
