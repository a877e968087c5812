"""A connector: whose messages it reads, in which format, and how it knows their sender."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from parking.domain.access import Principal
from parking.ingest.decoded import Decoded
from parking.ingest.formats import fourpyun, mapped, parkapi, spdp
from parking.ingest.formats.gathering import PLAIN, Reading
from parking.ingest.formats.message import Message

Format = Literal["json", "csv", "parkapi", "spdp", "fourpyun"]
STANDARD: Mapping[str, Callable[[Message, Reading], Decoded]] = {
    "parkapi": parkapi.decode,
    "spdp": spdp.decode,
    "fourpyun": fourpyun.decode,
}
"""Formats that are known; the others are read as a mapping tells."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What a sender shows: in a header of its own, as the password of `user`, or by signing.

    Exactly one of `header`, `user` and `signed` is set.
    """

    value: str = field(repr=False)
    header: str | None = None
    user: str | None = None
    signed: bool = False

    def fits(self, given: str | None) -> bool:
        """Whether that is the secret, compared in constant time."""
        known, told = _digest(self.value), _digest(given or "")
        return hmac.compare_digest(known, told) and given is not None


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Connector:
    """How an operator's messages are read; `rules` are those of the formats json and csv."""

    name: str
    operator: str
    format: Format
    reading: Reading = PLAIN
    rules: Sequence[mapped.Rule] = ()

    @property
    def principal(self) -> Principal:
        """Give as whom its events are judged: a key of its operator, with the connector's name."""
        return Principal(f"connector.{self.name}", "operator", self.operator)

    def decode(self, message: Message) -> Decoded:
        """Give the events of a message; NotDecodable when it is not in the format."""
        if self.format in ("json", "csv"):
            return mapped.decode(message, self.rules, self.format, self.reading)
        return STANDARD[self.format](message, self.reading)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A connector whose system pushes; without a secret its sender needs one of our keys."""

    connector: Connector
    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A connector whose system is asked: where, how often, and what for how long is waited."""

    connector: Connector
    url: str
    interval_s: float
    timeout_s: float
    most_bytes: int
    source: bytes
    """A digest of its table: what was had from another source, or read otherwise, is not this."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    by_change: bool = False
    """Whether its source gives no time, so that its events are of when this content came first."""
    by_header: bool = False
    """Whether its time is what the answer's head says of it."""


@dataclass(frozen=True, slots=True)
class Connectors:
    """All that a file declares."""

    webhooks: Sequence[Webhook] = ()
    polls: Sequence[Poll] = ()

    @property
    def asked(self) -> frozenset[str]:
        """Name the keys of those that are asked."""
        return frozenset(poll.connector.principal.key_id for poll in self.polls)

    def of_format(self, format_: Format) -> Sequence[Webhook]:
        """List the webhooks of a known format."""
        return [hook for hook in self.webhooks if hook.connector.format == format_]

    def find(self, name: str) -> Webhook | None:
        """Give the webhook of a mapping of that name; None when there is none."""
        for hook in self.webhooks:
            if hook.connector.name == name and hook.connector.format not in STANDARD:
                return hook
        return None


NO_CONNECTORS = Connectors()
