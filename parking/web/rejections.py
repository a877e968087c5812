"""Dead letters over HTTP: what was refused of what an operator's systems sent, newest first."""

import re
from typing import Any

from aiohttp import web

from parking.domain.instants import rfc3339
from parking.live.replica import Replica
from parking.live.turns import Turns
from parking.store import rejections
from parking.store.rejections import Rejected
from parking.web.calls import Call
from parking.web.models import Id
from parking.web.pages import end_page, invalid_cursor, read_cursor
from parking.web.params import PageQuery
from parking.web.replies import reply_value

_NUMBER = re.compile(r"[0-9]{1,18}")


class RejectionsQuery(PageQuery):
    """`GET /v1/rejections`."""

    lot: Id | None = None


class Rejections:
    """`/v1/rejections`."""

    def __init__(self, replica: Replica) -> None:
        """Read through `replica`'s database."""
        self._replica = replica
        self._turns = Turns(2, 50)

    async def list(self, call: Call) -> web.StreamResponse:
        """List what was refused; an operator sees what is its own."""
        query: RejectionsQuery = call.query
        async with self._turns.turn(), self._replica.database.connection() as connection:
            found = await rejections.list_page(
                connection,
                operator=call.who.operator,
                lot=query.lot,
                before=None if query.cursor is None else _read_number(query.cursor),
                limit=query.limit + 1,
            )
        following = end_page(found, query.limit, lambda one: (one.number,))
        return reply_value({"items": [_shown(one) for one in found], "next": following})


def _read_number(cursor: str) -> int:
    [number] = read_cursor(cursor, 1)
    if not _NUMBER.fullmatch(number):
        raise invalid_cursor()
    return int(number)


def _shown(one: Rejected) -> dict[str, Any]:
    """Give something refused as it is answered."""
    return {
        "received_at": rfc3339(one.received_at),
        "source": one.source,
        "key": one.key,
        "operator": one.operator,
        "lot": one.lot,
        "event": one.event,
        "code": one.code,
        "detail": one.detail,
        "item": one.item,
    }
