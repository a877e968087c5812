"""Whose request it is: the peer's, or what a proxy that is trusted tells of it.

Anyone can write these headers, so they count only as far as trusted proxies wrote them: read from
the right, up to the first address that is no trusted proxy's. What cannot be read is the peer's.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from multidict import CIMultiDictProxy

from parking.config import Network

Address = IPv4Address | IPv6Address
_ELEMENT = re.compile(r'((?:[^",]|"(?:[^"\\]|\\.)*")*)(?:,|$)')
_FOR = re.compile(r'(?:^|;)\s*for=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+))\s*(?:;|$)', re.IGNORECASE)
_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?")


class Proxies:
    """The proxies that are trusted to tell whose request they pass on."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        """Trust peers in these networks; none if there are none."""
        self._trusted = tuple(trusted)

    def client(self, peer: str, headers: CIMultiDictProxy[str]) -> str:
        """Give the address of who makes a request, an IPv6 network of 64 bits for one of IPv6.

        Where the two headers contradict each other, one of them is the client's own: then it is
        the peer's.
        """
        direct = _read(peer)
        if direct is None:
            return peer
        if not self._trusts(direct):
            return _name(direct)
        told = {
            self._first(direct, hops)
            for hops in (
                _forwarded(headers.getall("Forwarded", ())),
                _listed(headers.getall("X-Forwarded-For", ())),
            )
            if hops is not None
        }
        return _name(told.pop() if len(told) == 1 else direct)

    def _trusts(self, address: Address) -> bool:
        return any(
            network.version == address.version and address in network for network in self._trusted
        )

    def _first(self, direct: Address, hops: Sequence[str]) -> Address:
        """Give the last of the hops, from the right, that a trusted proxy vouches for."""
        found = direct
        for hop in reversed(hops):
            address = _read(hop)
            if address is None:
                return direct
            found = address
            if not self._trusts(address):
                break
        return found


def _forwarded(lines: Iterable[str]) -> list[str] | None:
    """Give the `for` of each hop of RFC 7239's header, "" where there is none; None without it."""
    found: list[str] | None = None
    for line in lines:
        found = [] if found is None else found
        at = 0
        while at < len(line):
            element = _ELEMENT.match(line, at)
            if element is None:  # a quote that is not closed
                return [""]
            place = _FOR.search(element[1].strip())
            found.append("" if place is None else place[1] or place[2] or "")
            at = element.end()
    return found


def _listed(lines: Iterable[str]) -> list[str] | None:
    found = [hop.strip() for line in lines for hop in line.split(",")]
    return found or None


@lru_cache(4096)
def _read(text: str) -> Address | None:
    """Give the address in a text, which may bear a port; None where there is none."""
    if (port := _PORT.fullmatch(text)) is not None:
        text = port["six"] or port["four"]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(4096)
def _name(address: Address) -> str:
    """Give what a client is known by: one who has an IPv6 address has 2^64 of them."""
    if address.version == 4:
        return str(address)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
