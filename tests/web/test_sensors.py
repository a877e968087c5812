"""A lot's sensors: when each was last heard, and how it is."""

from typing import Any

from tests.web.client import Client, Json, ago, event, zone

DAY_S = 86_400


async def sensors(client: Client, lot: str) -> list[Json]:
    answer = await client.ask("GET", f"/v1/lots/{lot}/sensors")
    assert answer.status == 200, answer
    items: list[Json] = answer.json["items"]
    return items


async def test_what_should_be_heard_and_never_was(client: Client, lot: str) -> None:
    found = [
        (item["zone"], item["space"], item["state"], item["heard_at"])
        for item in await sensors(client, lot)
    ]
    assert sorted(found, key=str) == sorted(
        [(name, None, "never_heard", None) for name in ("b1", "c1", "roof")]
        + [("ev", name, "never_heard", None) for name in ("e1", "e2")],
        key=str,
    )


async def test_heard_with_battery_and_signal(client: Client, lot: str) -> None:
    heard = ago(5)
    newest = event(lot, "space", space="e1", occupied=False, sensor="geomag-1")
    health: dict[str, Any] = {"battery_pct": 87.5, "rssi_dbm": -70, "temperature_c": -3}
    await client.accept(
        event(lot, "space", 60, space="e1", occupied=True, sensor="geomag-1"),
        event(lot, "heartbeat", 30, space="e1", sensor="geomag-1", **health),
        {**newest, "observed_at": heard},
        event(lot, "passage", 20, zone="b1", sensor="loop-7"),
    )
    by_name = {item["sensor"]: item for item in await sensors(client, lot)}
    named = by_name["geomag-1"]
    assert (named["state"], named["heard_at"]) == ("ok", heard)
    assert (named["zone"], named["space"]) == ("ev", "e1")
    assert {name: named[name] for name in health} == health
    assert (by_name["loop-7"]["zone"], by_name["loop-7"]["space"]) == ("b1", None)
    assert by_name["loop-7"]["battery_pct"] is None


async def test_silent(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", stale_after_s=100))
    await client.accept(event(lot, "count", 101, free=1, sensor="a"))
    (item,) = await sensors(client, lot)
    assert (item["sensor"], item["state"]) == ("a", "silent")
    await client.accept(event(lot, "heartbeat", 50, sensor="a"))
    (item,) = await sensors(client, lot)
    assert item["state"] == "ok"
