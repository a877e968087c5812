"""Rate limits: a request with a valid key counts against that key, any other against its address.

Each has a bucket of tokens that fills evenly. Buckets are kept for this instance alone, in bounded
memory: of a full one nothing needs to be known, and of too many the one that rested longest goes.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from parking.config import Rate, Settings
from parking.domain.access import Principal
from parking.errors import ParkingError
from parking.web.proxies import Proxies

MOST_BUCKETS = 50_000
RATE = web.RequestKey("RATE", dict[str, str])
UNLIMITED = frozenset(("/healthz", "/readyz", "/metrics"))
"""What watches the service: it must not be refused when the service is asked too much."""


class TooManyRequests(ParkingError):
    """Too many requests came in too short a time."""

    status = 429


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for a token: how long to wait for it (0: it was there), and what is left.

    `left` tokens are there, and in `full_s` seconds as many as the bucket holds.
    """

    wait_s: float
    left: int
    full_s: float


class Buckets:
    """One bucket of `rate.requests` tokens a name, which fills from empty in `rate.seconds`."""

    def __init__(
        self,
        rate: Rate,
        most: int = MOST_BUCKETS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold at most so many buckets; all others are full."""
        self.rate = rate
        self._a_token_s = rate.seconds / rate.requests
        self._most = most
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """How many buckets are held."""
        return len(self._full_at)

    def take(self, name: str) -> Taken:
        """Take a token from the bucket of that name, if there is one in it."""
        now = self._clock()
        held = self._full_at
        full_at = max(held.get(name, now), now)
        wait = full_at + self._a_token_s - now - self.rate.seconds
        if wait > 1e-9:
            return Taken(wait, 0, full_at - now)
        full_at += self._a_token_s
        held[name] = full_at
        held.move_to_end(name)
        for _ in range(2):  # one comes at most, so all that are full are gone in time
            oldest = next(iter(held))
            if held[oldest] > now and len(held) <= self._most:
                break
            del held[oldest]
        left = (self.rate.seconds - (full_at - now)) / self._a_token_s
        return Taken(0.0, max(0, math.floor(left + 1e-6)), full_at - now)


class Limits:
    """Admits requests while their key's or address's bucket has tokens."""

    def __init__(self, keys: Rate | None, addresses: Rate | None, proxies: Proxies) -> None:
        """Limit keys, addresses, or both; `proxies` tells the address."""
        self._keys = None if keys is None else Buckets(keys)
        self._addresses = None if addresses is None else Buckets(addresses)
        self._proxies = proxies

    def admit(self, request: web.Request, principal: Principal | None) -> None:
        """Take a token and note for the answer what is left; TooManyRequests without one."""
        if principal is not None:
            policy, buckets, name = "key", self._keys, principal.key_id
        else:
            policy, buckets, name = "address", self._addresses, ""
        if buckets is None:
            return
        if principal is None:
            name = self._proxies.client(request.remote or "", request.headers)
        taken = buckets.take(name)
        rate = buckets.rate
        request[RATE] = {
            "RateLimit-Policy": f'"{policy}";q={rate.requests};w={rate.seconds}',
            "RateLimit": f'"{policy}";r={taken.left};t={math.ceil(taken.full_s)}',
        }
        if taken.wait_s > 0:
            seconds = math.ceil(taken.wait_s)
            raise TooManyRequests(
                f"At most {rate.requests} requests in {rate.seconds} s; try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )


def limits_of(settings: Settings) -> Limits | None:
    """Give the limits that are set; None if there are none."""
    keys, addresses = settings.rate_per_key, settings.rate_per_address
    if keys is None and addresses is None:
        return None
    return Limits(keys, addresses, Proxies(settings.trusted_proxies or ()))
