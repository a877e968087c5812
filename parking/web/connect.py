"""Operators' systems that push in formats of their own: `/v1/connect/…`.

Who sends is known by a connector's secret, or by a key of ours. A secret is looked at before the
body is read, but for signatures, which are of the body.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from aiohttp import web
from msgspec import Struct

from parking.domain.access import Principal
from parking.errors import Fault, Forbidden, InvalidInput, NotFound, ParkingError, Unauthorized
from parking.ingest.connectors.connector import Connector, Connectors, Format, Webhook
from parking.ingest.decoded import NotDecodable
from parking.ingest.delivery import Delivered, Delivery
from parking.ingest.formats.fourpyun import is_signed
from parking.ingest.formats.message import Message
from parking.ingest.formats.places import Places
from parking.live.replica import Replica
from parking.web.calls import JSON_TYPES, Call, read_body
from parking.web.credentials import find_basic
from parking.web.replies import reply_value

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
CSV_TYPES = ("text/csv", "text/plain", "application/csv", "application/octet-stream",
             "application/x-www-form-urlencoded")  # fmt: skip
_CHALLENGE = 'Bearer realm="parking", Basic realm="parking", charset="UTF-8"'


class FourpyunAnswer(Struct):
    """What a gateway of 4pyun's kind looks for in an answer, and what became of its post."""

    code: str
    message: str
    hint: str | None
    seqno: str
    receipt: Delivered


class FindPrincipal(Protocol):
    """Finds who a request's key stands for; None without a valid one."""

    def __call__(self, request: web.Request) -> Principal | None:
        """Give it."""


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who sends, and how what it sends is read."""

    connector: Connector
    principal: Principal


class Connect:
    """`/v1/connect/…`."""

    def __init__(
        self,
        replica: Replica,
        delivery: Delivery,
        connectors: Connectors,
        find_principal: FindPrincipal,
    ) -> None:
        """Deliver what `connectors` and keys let in."""
        self._replica = replica
        self._delivery = delivery
        self._connectors = connectors
        self._find_principal = find_principal

    async def post_sites_json(self, call: Call) -> web.StreamResponse:
        """Take realtime data of ParkAPI v3 as JSON."""
        return await self._take_known(call, "parkapi", "json", JSON_TYPES)

    async def post_sites_csv(self, call: Call) -> web.StreamResponse:
        """Take realtime data of ParkAPI v3 as CSV."""
        return await self._take_known(call, "parkapi", "csv", CSV_TYPES)

    async def put_facility(self, call: Call) -> web.StreamResponse:
        """Take the state of a facility in SPDP v2."""
        return await self._take_known(call, "spdp", call.part("facility"), JSON_TYPES)

    async def post_enter(self, call: Call) -> web.StreamResponse:
        """Take that a car has entered."""
        return await self._take_post(call, "enter")

    async def post_leave(self, call: Call) -> web.StreamResponse:
        """Take that a car has left."""
        return await self._take_post(call, "leave")

    async def post_space(self, call: Call) -> web.StreamResponse:
        """Take how many spaces remain."""
        return await self._take_post(call, "space")

    async def post_mapped(self, call: Call) -> web.StreamResponse:
        """Take a message of a system that a mapping describes."""
        hook = self._connectors.find(call.part("connector"))
        if hook is None:
            self._authenticated(call.request)
            raise NotFound("There is no connector of that name.")
        sender = self._by_secret(call.request, (hook,))
        if sender is None:
            principal = self._authenticated(call.request)
            if hook.secret is not None or not principal.may_write_lot(hook.connector.operator):
                raise Forbidden("The connector is not for this key.")
            sender = _as_operator(hook.connector, principal)
        media = (*JSON_TYPES, *CSV_TYPES)
        body = await read_body(call.request, media)
        return reply_value(await self._deliver(sender, self._message(call, body, "")))

    async def _take_known(
        self, call: Call, format_: Format, part: str, media: Collection[str]
    ) -> web.StreamResponse:
        sender = self._by_secret(call.request, self._connectors.of_format(format_))
        if sender is None:
            sender = self._by_key(call.request, format_)
        body = await read_body(call.request, media)
        return reply_value(await self._deliver(sender, self._message(call, body, part)))

    async def _take_post(self, call: Call, part: str) -> web.StreamResponse:
        """Take a post of a 4pyun gateway, and answer as such gateways understand."""
        try:
            receipt = await self._take_signed(call, part)
        except ParkingError as error:
            error.extra |= {"code": str(error.status), "message": error.detail}
            raise
        hint = None
        if receipt.rejected or receipt.unread:
            told = [item.detail for item in receipt.rejected]
            told += [f"{item.place}: {item.reason}" for item in receipt.unread]
            hint = "; ".join(told[:3])
        return reply_value(FourpyunAnswer("200", "OK", hint, call.name, receipt))

    async def _take_signed(self, call: Call, part: str) -> Delivered:
        request, hooks = call.request, self._connectors.of_format("fourpyun")
        signing = [hook for hook in hooks if hook.secret is not None and hook.secret.signed]
        sender = self._by_secret(request, hooks)
        if sender is None and not (signing and "Authorization" not in request.headers):
            sender = self._by_key(request, "fourpyun")
        body = await read_body(request, (*JSON_TYPES, *FORM_TYPES))
        message = self._message(call, body, part)
        if sender is None:
            sender = await asyncio.to_thread(_by_signature, message, signing)
        if sender is None:
            raise _unauthorized("The signature is not that of a connector.")
        return await self._deliver(sender, message)

    def _message(self, call: Call, body: bytes, part: str) -> Message:
        media = call.request.headers.get("Content-Type", "")
        return Message(body, self._replica.clock(), media, part)

    async def _deliver(self, sender: _Sender, message: Message) -> Delivered:
        connector = self._discreet(sender.connector)
        try:
            return await self._delivery.take(connector, sender.principal, message)
        except NotDecodable as error:
            raise InvalidInput(
                f"The body is not what {sender.connector.name} sends.",
                faults=[Fault("", str(error))],
            ) from None

    def _discreet(self, connector: Connector) -> Connector:
        """Have it read only ids that are lots', where it tells of cars: others may be a plate."""
        reading = connector.reading
        if connector.format != "fourpyun" or reading.places.sites is not None:
            return connector
        places = Places(is_lot=lambda lot: self._replica.board.find(lot) is not None)
        return replace(connector, reading=replace(reading, places=places))

    @staticmethod
    def _by_secret(request: web.Request, hooks: Sequence[Webhook]) -> _Sender | None:
        """Give who shows a secret in a header or by Basic; None when nobody does."""
        basic = find_basic(request.headers)
        for hook in hooks:
            secret = hook.secret
            if secret is None or secret.signed:
                continue
            if secret.header is not None:
                given = request.headers.get(secret.header)
            else:
                given = basic[1] if basic is not None and basic[0] == secret.user else None
            if secret.fits(given):
                return _Sender(hook.connector, hook.connector.principal)
        return None

    def _by_key(self, request: web.Request, format_: Format) -> _Sender:
        """Give who a key stands for, with the connector that it is for, or with identical ids."""
        principal = self._authenticated(request)
        fitting = [
            hook.connector
            for hook in self._connectors.of_format(format_)
            if hook.secret is None and principal.may_write_lot(hook.connector.operator)
        ]
        basic = find_basic(request.headers)
        named = [one for one in fitting if basic is not None and one.name == basic[0]]
        found = named or (fitting if principal.role == "operator" else [])
        if len(found) > 1:
            names = ", ".join(one.name for one in found)
            raise InvalidInput(f"Name one of {names} as the user of HTTP Basic.")
        if found:
            return _as_operator(found[0], principal)
        return _Sender(Connector(format_, principal.operator or "", format_), principal)

    def _authenticated(self, request: web.Request) -> Principal:
        """Give who a key stands for; Unauthorized without one, Forbidden for a planner's."""
        principal = self._find_principal(request)
        if principal is None:
            raise _unauthorized("Send the connector's secret, or a valid key.")
        if principal.role not in ("admin", "operator"):
            raise Forbidden(f"The role {principal.role} may not do that.")
        return principal


def _as_operator(connector: Connector, principal: Principal) -> _Sender:
    """Give a sender whose key speaks, for this once, for the connector's operator alone."""
    return _Sender(connector, Principal(principal.key_id, "operator", connector.operator))


def _by_signature(message: Message, hooks: Sequence[Webhook]) -> _Sender | None:
    for hook in hooks:
        secret, encoding = hook.secret, hook.connector.reading.encoding
        if secret is not None and is_signed(message, secret.value, encoding):
            return _Sender(hook.connector, hook.connector.principal)
    return None


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, headers={"WWW-Authenticate": _CHALLENGE})
