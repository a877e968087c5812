"""The audit over HTTP: for admins, newest first."""

import re
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from parking.domain.instants import rfc3339
from parking.live.replica import Replica
from parking.live.turns import Turns
from parking.store import audit
from parking.store.audit import Act, Action, Place
from parking.web.calls import Call
from parking.web.models import Id
from parking.web.pages import end_page, invalid_cursor, read_cursor
from parking.web.params import Instant, PageQuery
from parking.web.replies import reply_value

_PLACE = re.compile(r"[0-9]{1,17}")


class AuditQuery(PageQuery):
    """`GET /v1/audit`."""

    from_: Annotated[Instant | None, Field(alias="from", description="done then or later")] = None
    to: Annotated[Instant | None, Field(description="done before then")] = None
    lot: Id | None = None
    key: Annotated[Id | None, Field(description="the key that did it")] = None
    action: Action | None = None


class Audit:
    """`/v1/audit`."""

    def __init__(self, replica: Replica) -> None:
        """Read through `replica`'s database."""
        self._replica = replica
        self._turns = Turns(2, 50)

    async def list(self, call: Call) -> web.StreamResponse:
        """List what was done."""
        query: AuditQuery = call.query
        before = None if query.cursor is None else _read_place(query.cursor)
        async with self._turns.turn(), self._replica.database.connection() as connection:
            acts = await audit.list_page(
                connection,
                start=query.from_,
                end=query.to,
                lot=query.lot,
                key=query.key,
                action=query.action,
                before=before,
                limit=query.limit + 1,
            )
        following = end_page(acts, query.limit, lambda act: act.place)
        return reply_value({"items": [_shown(act) for act in acts], "next": following})


def _read_place(cursor: str) -> Place:
    parts = read_cursor(cursor, 3)
    if not all(_PLACE.fullmatch(part) for part in parts) or parts[1] not in "01":
        raise invalid_cursor()
    at, source, number = (int(part) for part in parts)
    return at, source, number


def _shown(act: Act) -> dict[str, Any]:
    """Give an act as it is answered."""
    return {
        "at": rfc3339(act.place[0]),
        "key": act.key,
        "action": act.action,
        "lot": act.lot,
        "zone": act.zone,
        "target": act.target,
        "event": act.event,
        "request": act.request,
    }
