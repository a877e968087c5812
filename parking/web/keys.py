"""Keys: made, listed, revoked; the secret is shown once, when it is made."""

from typing import Any

from aiohttp import web

from parking.domain.access import Key
from parking.domain.instants import micros, rfc3339
from parking.errors import Fault, InvalidInput, NotFound
from parking.live.replica import Replica
from parking.store import keys
from parking.web.calls import Call, read_model
from parking.web.models import KeyRequest
from parking.web.pages import make_cursor, read_cursor
from parking.web.params import PageQuery
from parking.web.replies import reply_value


class Keys:
    """`/v1/keys`."""

    def __init__(self, replica: Replica) -> None:
        """Write through `replica`'s database; its keyring follows at once."""
        self._replica = replica

    async def post(self, call: Call) -> web.StreamResponse:
        """Make a key."""
        wish = await read_model(call.request, KeyRequest)
        now = self._replica.clock()
        expires = None if wish.expires_at is None else micros(wish.expires_at)
        if expires is not None and expires <= now:
            fault = Fault("/expires_at", "not in the future")
            raise InvalidInput("The body is not valid.", faults=[fault])
        async with self._replica.database.transaction() as connection:
            key, secret = await keys.create_key(
                connection,
                role=wish.role,
                operator=wish.operator,
                label=wish.label,
                expires_at=expires,
                now=now,
                by=call.who.key_id,
                request=call.name,
            )
        await self._replica.sync()
        return reply_value({**_shown(key), "key": secret}, status=201)

    async def list(self, call: Call) -> web.StreamResponse:
        """List keys, oldest first."""
        query: PageQuery = call.query
        after = ("", "") if query.cursor is None else tuple(read_cursor(query.cursor, 2))
        found = [key for key in self._replica.keys if _place(key) > after]
        page = found[: query.limit]
        following = make_cursor(*_place(page[-1])) if len(found) > len(page) else None
        return reply_value({"items": [_shown(key) for key in page], "next": following})

    async def get_own(self, call: Call) -> web.StreamResponse:
        """Tell whom the key stands for that is sent with the request."""
        who = call.who
        key = next((key for key in self._replica.keys if key.id == who.key_id), None)
        expires = None if key is None else key.expires_at
        return reply_value(
            {
                "id": who.key_id,
                "role": who.role,
                "operator": who.operator,
                "label": "" if key is None else key.label,
                "expires_at": None if expires is None else rfc3339(expires),
            }
        )

    async def delete(self, call: Call) -> web.StreamResponse:
        """Revoke a key."""
        key_id = call.part("key")
        now = self._replica.clock()
        if "\0" in key_id:
            raise NotFound("There is no such key.")
        async with self._replica.database.transaction() as connection:
            if not await keys.revoke_key(connection, key_id, now, call.who.key_id, call.name):
                raise NotFound("There is no such key.")
        await self._replica.sync()
        return web.Response(status=204)


def _place(key: Key) -> tuple[str, str]:
    return (f"{key.created_at:020d}", key.id)


def _shown(key: Key) -> dict[str, Any]:
    """Give a key as it is answered, without hash or secret."""
    return {
        "id": key.id,
        "role": key.role,
        "operator": key.operator,
        "label": key.label,
        "created_at": rfc3339(key.created_at),
        "expires_at": None if key.expires_at is None else rfc3339(key.expires_at),
        "revoked_at": None if key.revoked_at is None else rfc3339(key.revoked_at),
    }
