"""Keys: stored as hashes; a change counts as one of the log's head, for all instances to notice."""

import secrets

import asyncpg

from parking.domain.access import Key, Role, hashed, new_secret
from parking.domain.instants import micros, moment
from parking.store import audit
from parking.store.lots import lock

_LIST = """
SELECT id, hash, role, operator, label, created_at, expires_at, revoked_at FROM api_key
ORDER BY created_at, id
"""
_INSERT = """
INSERT INTO api_key (id, hash, role, operator, label, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_REVOKE = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id"


async def list_keys(connection: asyncpg.Connection) -> list[Key]:
    """List all keys, revoked ones too, oldest first."""
    return [
        Key(
            id=row["id"],
            role=row["role"],
            operator=row["operator"],
            label=row["label"],
            created_at=micros(row["created_at"]),
            expires_at=None if row["expires_at"] is None else micros(row["expires_at"]),
            revoked_at=None if row["revoked_at"] is None else micros(row["revoked_at"]),
            hash=row["hash"],
        )
        for row in await connection.fetch(_LIST)
    ]


async def create_key(
    connection: asyncpg.Connection,
    *,
    role: Role,
    operator: str | None,
    label: str,
    expires_at: int | None,
    now: int,
    by: str = audit.COMMAND_LINE,
    request: str | None = None,
) -> tuple[Key, str]:
    """Make a key in the caller's transaction; gives it with its secret, which is kept nowhere.

    `by` is the id of the key that asks for it, in the request of that id.
    """
    change = await lock(connection)
    secret = new_secret()
    key = Key(
        id="key_" + secrets.token_hex(8),
        role=role,
        operator=operator,
        label=label,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
        hash=hashed(secret),
    )
    await connection.execute(
        _INSERT,
        key.id,
        key.hash,
        role,
        operator,
        label,
        moment(now),
        None if expires_at is None else moment(expires_at),
    )
    await audit.record(
        connection, change, now, key=by, action="key_created", target=key.id, request=request
    )
    return key, secret


async def revoke_key(
    connection: asyncpg.Connection,
    key_id: str,
    now: int,
    by: str = audit.COMMAND_LINE,
    request: str | None = None,
) -> bool:
    """Revoke a key in the caller's transaction; False when there is no valid one of that id."""
    change = await lock(connection)
    if await connection.fetchval(_REVOKE, key_id, moment(now)) is None:
        return False
    await audit.record(
        connection, change, now, key=by, action="key_revoked", target=key_id, request=request
    )
    return True
