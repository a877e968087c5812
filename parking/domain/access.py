"""Who may do what: keys, roles, and the rules of both in one place."""

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Role = Literal["admin", "operator", "planner"]
ROLES: tuple[Role, ...] = ("admin", "operator", "planner")
Lots = Literal["all", "in_path", "described", "each", "shown"]
"""Where a route meets lots that an operator's key must not touch; `Rule` tells them apart."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a route, and for which lots; every route names one.

    `roles`: those that may, None for anyone without a key. `lots`: what an operator's key may do
    there with lots: `all` the same as anyone let in; `in_path` nothing unless the lot of the path
    is its own; `described` nothing unless the lot that is described, or that a device is in, is its
    own, as it was and as it is wished;
    `each` nothing with those events whose lot is another's; `shown` see its own alone.
    """

    roles: tuple[Role, ...] | None
    lots: Lots = "all"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request; `operator` is set for the role operator alone."""

    key_id: str
    role: Role
    operator: str | None = None

    def may_write_lot(self, owner: str) -> bool:
        """Whether this one may speak for lots of the operator `owner`: of tenants the one rule."""
        return self.role == "admin" or (self.role == "operator" and self.operator == owner)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept: never the key itself, only its SHA-256. Times in us."""

    id: str
    role: Role
    operator: str | None
    label: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    hash: bytes


SECRET = re.compile(r"pk_[A-Za-z0-9_-]{43}")
"""What `new_secret` makes."""


def new_secret() -> str:
    """Make a key of 256 random bits."""
    return "pk_" + secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """Give what is stored of a key. 256 random bits need no slow hash."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


class Keyring:
    """The valid keys, looked up by hash and compared in constant time."""

    def __init__(self, keys: list[Key], admin_secret: str | None = None) -> None:
        """Take the stored keys and, beside them, the admin key of the environment."""
        self._by_hash = {
            key.hash: (key, Principal(key.id, key.role, key.operator))
            for key in keys
            if key.revoked_at is None
        }
        self._admin = None if admin_secret is None else hashed(admin_secret)
        self._environment = Principal("environment", "admin")

    def find(self, secret: str, now: int) -> Principal | None:
        """Give who the key stands for; None when it is unknown, revoked or expired."""
        given = hashed(secret)
        if self._admin is not None and hmac.compare_digest(self._admin, given):
            return self._environment
        key, principal = self._by_hash.get(given, (None, None))
        if key is None or not hmac.compare_digest(key.hash, given):
            return None
        if key.expires_at is not None and now >= key.expires_at:
            return None
        return principal
