"""`GET /v1/usage`: pages, CSV, what rows tell, and lots whose description changed."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyarrow import parquet

from parking.domain.instants import HOUR, micros
from parking.errors import NotAcceptable
from parking.live.reports import Reports
from parking.web import usage
from parking.web.calls import Call
from parking.web.params import UsageQuery, read_query
from tests.nodes import Node, started
from tests.service import RunningService
from tests.web.client import Client, ago, client_of, described, event, now, unique, until, zone
from tests.web.usage_asking import DAY_S, ask, rows

COUNTED = ("b1", "c1", "ev", "roof")


# -- pages and CSV -------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["lot", "zone", "class", "district"])
@pytest.mark.parametrize("bucket", ["hour", "hour_of_week"])
async def test_pages_and_files_hold_the_same(client: Client, by: str, bucket: str) -> None:
    district = unique("district")
    for _ in range(2):
        lot = await client.new_lot(
            zone("b1"), zone("c1", "counts"), zone("roof", "flag", class_="bus"), district=district
        )
        await client.accept(event(lot, "count", 30 * 3600, occupied=3, zone="c1"))
    query = {"district": district, "by": by, "bucket": bucket}
    query |= {"from": ago(2 * DAY_S), "to": ago(DAY_S), "measures": "turned_away"}
    whole = (await ask(client, **query, limit=1000)).json
    items, cursor = whole["items"], whole["next"]
    while cursor is not None:
        page = (await ask(client, **query, limit=1000, cursor=cursor)).json
        items, cursor = items + page["items"], page["next"]
    paged: list[Any] = []
    more: dict[str, Any] = {}
    while True:
        page = (await ask(client, **query, limit=67, **more)).json
        paged += page["items"]
        if page["next"] is None:
            break
        assert len(page["items"]) == 67
        more = {"cursor": page["next"]}
    assert paged == items
    answer = await ask(client, **query, format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    assert [
        {name: "" if row[name] is None else str(row[name]) for name in line}
        for row, line in zip(items, table, strict=True)
    ] == table
    assert list(table[0]) == list(items[0])
    answer = await ask(client, **query, format="parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    read = parquet.read_table(io.BytesIO(answer.body))
    assert read.column_names == list(items[0])
    assert read.to_pylist() == [
        row | {name: datetime.fromisoformat(row[name]) for name in ("start", "end")}
        for row in items
    ]


async def test_files_of_nothing_have_their_columns(client: Client) -> None:
    query = {"district": unique("district")}
    columns = (await ask(client, **query, format="csv")).body.decode().strip().split(",")
    read = parquet.read_table(io.BytesIO((await ask(client, **query, format="parquet")).body))
    assert read.column_names == columns
    assert read.num_rows == 0


async def test_without_its_extra_parquet_is_not_to_be_had(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "has_parquet", lambda: False)
    asked = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&format=parquet"
    call = SimpleNamespace(query=read_query(asked, UsageQuery))
    async with started(database_url) as node:
        answering = usage.Usage(node.replica, Reports(node.database))
        with pytest.raises(NotAcceptable, match="extra `parquet`"):
            await answering.get(cast("Call", call))


# -- coverage ------------------------------------------------------------------------------------


async def test_what_is_known_too_little_is_marked_and_left_out_of_means(client: Client) -> None:
    district = unique("district")
    lots = [await client.new_lot(zone("c1", "counts", 10), district=district) for _ in range(3)]
    day = {"from": ago(12 * 3600), "to": ago(11 * 3600), "bucket": "hour", "district": district}
    start = (await rows(client, **day, by="lot"))[0]["start"]
    begun = (now() - datetime.fromisoformat(start)).total_seconds()
    # half an hour before its end: known for half of the hour; stale_after_s ends the first
    await client.accept(event(lots[0], "count", begun + 60, occupied=2, zone="c1"))
    await client.accept(event(lots[1], "count", begun - 2700, occupied=8, zone="c1"))
    told = await rows(client, **day, by="lot")
    first = [row for row in told if row["start"] == start]
    assert [row["lot"] for row in first] == sorted(lots)
    first.sort(key=lambda row: lots.index(row["lot"]))
    assert [row["low_coverage"] for row in first] == [row["coverage"] < 0.5 for row in first]
    assert [row["coverage"] > 0 for row in first] == [True, True, False]
    for least, covered in ((0, 3), (0.2, 2), (0.5, 1), (1, first[0]["coverage"] == 1)):
        row = (await rows(client, **day, by="district", min_coverage=least))[0]
        assert (row["lots"], row["lots_covered"]) == (3, covered)
        counted = [part for part in first if part["coverage"] >= least]
        known = sum(part["known_s"] for part in counted)
        mean = sum(part["occupied_s"] for part in counted) / known if known else None
        assert row["covered_occupancy_mean"] == pytest.approx(mean)
        assert row["occupancy_mean"] == pytest.approx(row["occupied_s"] / row["known_s"])
        parts = [Decimal(str(part["occupied_s"])) for part in first]
        assert Decimal(str(row["occupied_s"])) == sum(parts)  # whole us, told as decimals


# -- what is told --------------------------------------------------------------------------------


async def test_what_is_known_is_told_once_it_is_accepted(client: Client, lot: str) -> None:
    await client.accept(
        event(lot, "space", 5 * 3600, space="e1", occupied=False),
        event(lot, "space", 4 * 3600, space="e1", occupied=True),
        event(lot, "space", 3 * 3600, space="e1", occupied=False),
        event(lot, "flag", 5 * 3600, level="full", zone="roof"),
        event(lot, "count", 5 * 3600, occupied=4, zone="c1"),
        event(lot, "count", 4 * 3600, occupied=1, zone="c1"),
        event(lot, "passage", 3 * 3600, direction="out", count=3, id=f"{lot}:out"),
    )
    query = {"lots": lot, "by": "zone", "bucket": "week", "from": ago(6 * 3600)}
    answer = await rows(client, **query)
    found = {name: [row for row in answer if row["zone"] == name] for name in COUNTED}

    def add(name: str, column: str) -> Any:
        values = [row[column] for row in found[name]]
        return None if None in values else sum(values)

    assert [add(name, "arrivals") for name in COUNTED] == [0, 0, 1, None]
    assert [add(name, "departures") for name in COUNTED] == [3, 3, 1, None]
    kinds = [found[name][0]["arrivals_are"] for name in COUNTED]
    assert kinds == ["exact", "lower_bound", "exact", None]
    roof = found["roof"][-1]
    assert (roof["coverage"], roof["occupancy_mean"], roof["turnover"]) == (0, None, None)
    ended = [row for row in found["ev"] if row["departures"]]
    assert ended[0]["dwell_p50_min"] == pytest.approx(60, rel=0.05)
    assert ended[0]["dwell_p85_min"] == pytest.approx(60, rel=0.05)
    assert {row["dwell_p50_min"] for name in ("b1", "c1", "roof") for row in found[name]} == {None}

    await client.accept(event(lot, "void", event=f"{lot}:out"))
    found = {"b1": [row for row in await rows(client, **query) if row["zone"] == "b1"]}
    assert add("b1", "departures") == 0


# -- lots that have a history --------------------------------------------------------------------


@pytest.fixture
async def past(database_url: str, service: RunningService) -> AsyncIterator[tuple[Node, Client]]:
    """Give a writer whose clock can be set back, and a client of a service on its database."""
    async with started(database_url) as node, client_of(service) as client:
        node.now = micros(now()) // HOUR * HOUR
        yield node, client


async def known(client: Client, lot: str, /, **shown: Any) -> None:
    """Wait for the service to have taken a lot up, with these numbers."""

    async def listed() -> Any:
        return (await client.ask("GET", f"/v1/lots/{lot}/availability", key=None)).json

    await until(listed, lambda found: found | shown == found)


async def test_capacity_holds_from_its_moment_on(past: tuple[Node, Client]) -> None:
    node, client = past
    present = node.now
    for hours_ago, capacity in ((50, 4), (30, 10), (10, 6)):
        node.now = present // HOUR * HOUR - hours_ago * HOUR + HOUR // 2
        await node.describe("p1", described(zone(capacity=capacity)))
    node.now = present
    await known(client, "p1", capacity=6)
    node_start = datetime.fromtimestamp(present / 1_000_000, UTC)
    query = {"lots": "p1", "bucket": "hour", "from": "2026-11-01T00:00:00Z"}
    query |= {"from": (node_start - timedelta(hours=60)).isoformat(), "to": node_start.isoformat()}
    found = await rows(client, **query)
    assert [row["capacity"] for row in found] == [4] * 30 + [10] * 20 + [6] * 10
    wanted = [4 * 3600] * 30 + [7 * 3600] + [10 * 3600] * 19 + [8 * 3600] + [6 * 3600] * 9
    assert [row["capacity_s"] for row in found] == wanted
    assert {row["coverage"] for row in found} == {0}
    assert {row["occupancy_mean"] for row in found} == {None}
    assert {(row["arrivals"], row["arrivals_are"], row["turnover"]) for row in found} == {
        (0, "exact", 0)
    }


async def test_what_an_old_reading_says_again(past: tuple[Node, Client]) -> None:
    """A reading that went stale is known again by a description that is more patient."""
    node, client = past
    present = node.now
    node.now = present - 60 * HOUR
    await node.describe("p1", described(zone(stale_after_s=3600)))
    await node.describe("p2", described(zone(stale_after_s=30 * DAY_S)))
    moment = datetime.fromtimestamp((present - 50 * HOUR) / 1_000_000, UTC).isoformat()
    recount = {"type": "recount", "observed_at": moment, "zone": "b1", "occupied": 5}
    node.now = present - 40 * HOUR
    await node.take([{**recount, "lot": "p1", "id": "1"}, {**recount, "lot": "p2", "id": "2"}])
    await node.describe("p2", None)
    node.now = present - 20 * HOUR
    await node.describe("p1", described(zone(stale_after_s=30 * DAY_S)))
    await node.describe("p2", described(zone(stale_after_s=30 * DAY_S)))
    node.now = present
    for lot in ("p1", "p2"):
        await known(client, lot, lot=lot)
    end = datetime.fromtimestamp(present / 1_000_000, UTC)
    query = {"from": (end - timedelta(hours=60)).isoformat(), "to": end.isoformat()}

    async def known_hours(lot: str) -> int:
        found = await rows(client, lots=lot, bucket="hour", **query)
        return int(sum(row["known_s"] for row in found) / 36_000)

    async def both() -> tuple[int, int]:
        return await known_hours("p1"), await known_hours("p2")

    # First from the replica, as soon as it has followed the writer, then from stored rows.
    await until(both, lambda hours: hours == (1 + 20, 10 + 20))
    await until(lambda: worked_up(node), lambda lots: lots == 2, patience=20)
    assert await both() == (1 + 20, 10 + 20)


async def worked_up(node: Node) -> int:
    """Tell how many lots the service has worked up to the present hour, some minutes aside."""
    async with node.database.connection() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM lot_progress WHERE through > now() - interval '2 hours'"
        )
        return count
