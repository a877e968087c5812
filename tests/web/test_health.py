"""Whether it lives, whether it can serve, and what it counts."""

import re

from tests.web.client import Client, ago, zone


async def test_alive_and_ready(client: Client) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await client.ask("GET", path, key=None)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"


async def test_metrics(client: Client) -> None:
    lot = await client.new_lot(zone("c", "counts", capacity=10))
    silent = await client.new_lot(zone("c", "counts", capacity=7))
    event = {"type": "count", "lot": lot, "observed_at": ago(1), "free": 4}
    await client.push(event, {**event, "lot": "none"}, {})
    answer = await client.ask("GET", "/metrics", key=None)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    for line in text.splitlines():
        assert re.fullmatch(r"#.*|[a-z_]+(\{.*\})? [-+0-9.eInfNa]+", line), line
    assert f'parking_lot_free{{lot="{lot}"}} 4.0' in text
    assert f'parking_lot_unknown{{lot="{lot}"}} 0.0' in text
    assert f'parking_lot_unknown{{lot="{silent}"}} 7.0' in text
    assert f'parking_lot_free{{lot="{silent}"}}' not in text
