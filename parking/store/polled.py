"""What was last had from systems that are polled."""

from dataclasses import dataclass

import asyncpg

from parking.domain.instants import micros, moment

_LOAD = "SELECT source, content, at, etag, last_modified, newest FROM polled WHERE connector = $1"
_SAVE = """
INSERT INTO polled (connector, source, content, etag, last_modified, at, newest)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (connector) DO UPDATE SET source = EXCLUDED.source, content = EXCLUDED.content,
    etag = EXCLUDED.etag, last_modified = EXCLUDED.last_modified, at = EXCLUDED.at,
    newest = EXCLUDED.newest
"""


@dataclass(frozen=True, slots=True)
class Polled:
    """An answer that was used: digests of its source and content, when it came, what validates it.

    `at` in us, of the first time that this content came. `newest`: the newest moment that the
    source has told of, us.
    """

    source: bytes
    content: bytes
    at: int
    etag: str | None = None
    last_modified: str | None = None
    newest: int | None = None


async def find(connection: asyncpg.Connection, connector: str) -> Polled | None:
    """Give what was last had; None before the first time."""
    row = await connection.fetchrow(_LOAD, connector)
    if row is None:
        return None
    source, content, at, etag, last_modified, newest = row
    told = None if newest is None else micros(newest)
    return Polled(source, content, micros(at), etag, last_modified, told)


async def save(connection: asyncpg.Connection, connector: str, polled: Polled) -> None:
    """Remember what was had."""
    await connection.execute(
        _SAVE,
        connector,
        polled.source,
        polled.content,
        polled.etag,
        polled.last_modified,
        moment(polled.at),
        None if polled.newest is None else moment(polled.newest),
    )
