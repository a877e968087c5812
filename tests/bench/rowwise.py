"""What one would write first: FastAPI, asyncpg, a row for each event in the request's own time.

It keeps what the benchmark needs and no more: events once each, the level of every gate, the state
of every space, and the free spaces of a lot, of all lots, and of those near a point.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel

_INSERT = "INSERT INTO event VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_PASS = "UPDATE zone SET occupied = occupied + $3 WHERE lot = $1 AND id = $2"
_SEE = "UPDATE space SET occupied = $3 WHERE lot = $1 AND id = $2"
_FREE = """
SELECT z.lot, z.id AS zone, z.capacity,
    CASE count(s.id) WHEN 0 THEN z.occupied ELSE count(*) FILTER (WHERE s.occupied) END
    AS occupied
FROM zone z LEFT JOIN space s ON s.lot = z.lot AND s.zone = z.id
WHERE $1::text[] IS NULL OR z.lot = ANY ($1) GROUP BY z.lot, z.id ORDER BY z.lot, z.id
"""
_NEAR = "SELECT id FROM lot ORDER BY (lat - $1) ^ 2 + (lon - $2) ^ 2 LIMIT 10"


class Event(BaseModel):
    """Either a passage or a reading of a space."""

    lot: str
    type: Literal["passage", "space"]
    observed_at: datetime
    id: str | None = None
    zone: str | None = None
    direction: Literal["in", "out"] | None = None
    space: str | None = None
    occupied: bool | None = None
    sensor: str | None = None


class Events(BaseModel):
    """A request."""

    events: list[Event]


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["ROWWISE_DATABASE_URL"], max_size=12) as pool:
        app.state.pool = pool
        yield


async def post(events: Events, request: Request) -> dict[str, int]:
    rows, passed, seen = [], [], []
    # by lot and place, so that two requests never wait for each other
    for event in sorted(events.events, key=lambda one: (one.lot, one.zone or one.space or "")):
        name = event.id or f"{event.space}:{event.observed_at.isoformat()}:{event.occupied}"
        rows.append((event.lot, name, event.observed_at, event.model_dump_json()))
        if event.type == "passage":
            passed.append((event.lot, event.zone, 1 if event.direction == "in" else -1))
        else:
            seen.append((event.lot, event.space, event.occupied))
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        for statement, values in ((_INSERT, rows), (_PASS, passed), (_SEE, seen)):
            if values:
                await connection.executemany(statement, values)
    return {"accepted": len(rows)}


async def free(pool: asyncpg.Pool, lots: list[str] | None) -> list[dict[str, Any]]:
    zones = [dict(row) for row in await pool.fetch(_FREE, lots)]
    return [zone | {"free": zone["capacity"] - zone["occupied"]} for zone in zones]


async def get_one(lot: str, request: Request) -> dict[str, Any]:
    return {"lot": lot, "zones": await free(request.app.state.pool, [lot])}


async def get_all(request: Request) -> dict[str, Any]:
    return {"items": await free(request.app.state.pool, None)}


async def get_near(lat: float, lon: float, request: Request) -> dict[str, Any]:
    pool = request.app.state.pool
    lots = [row["id"] for row in await pool.fetch(_NEAR, lat, lon)]
    return {"items": await free(pool, lots)}


app = FastAPI(lifespan=lifespan)
app.post("/v1/events")(post)
app.get("/v1/lots/{lot}/availability")(get_one)
app.get("/v1/availability")(get_all)
app.get("/v1/nearby")(get_near)
