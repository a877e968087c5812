"""Whose a request is: only what trusted proxies wrote is believed."""

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from parking.web.proxies import Proxies

PROXIES = Proxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])
NOBODY = Proxies([])
PEER = "10.0.0.1"


def client(*headers: tuple[str, str], peer: str = PEER, by: Proxies = PROXIES) -> str:
    return by.client(peer, CIMultiDictProxy(CIMultiDict(headers)))


FORWARDED = {
    "for=192.0.2.60": "192.0.2.60",
    "for=192.0.2.60;proto=https;by=203.0.113.43": "192.0.2.60",
    "proto=https; FOR=192.0.2.60": "192.0.2.60",
    'for="192.0.2.60:4711"': "192.0.2.60",
    'for="[2001:db8:cafe::17]:4711"': "2001:db8:cafe::/64",
    'For="[2001:db8:cafe:0:1:2:3:4]"': "2001:db8:cafe::/64",
    "for=198.51.100.1, for=192.0.2.60": "192.0.2.60",  # the first is what the client said
    "for=192.0.2.60, for=10.0.0.2, for=10.0.0.3": "192.0.2.60",
    'for=192.0.2.60;x="a,b;for=1.1.1.1"': "192.0.2.60",
    'for="::ffff:192.0.2.60"': "192.0.2.60",
    "for=10.0.0.9": "10.0.0.9",
    # nothing to be believed: it is the proxy's own
    "for=unknown": PEER,
    "for=_hidden": PEER,
    "for=192.0.2.60, proto=https": PEER,
    "for=192.0.2.60, for=unknown": PEER,
    'for=", for=192.0.2.60': PEER,
    'for="192.0.2.60': PEER,
    "": PEER,
    ",": PEER,
    "for=": PEER,
    "for=999.1.1.1": PEER,
    "nonsense": PEER,
}


@pytest.mark.parametrize("value", FORWARDED)
def test_forwarded(value: str) -> None:
    assert client(("Forwarded", value)) == FORWARDED[value]


LISTED = {
    "192.0.2.60": "192.0.2.60",
    "198.51.100.1, 192.0.2.60": "192.0.2.60",
    "192.0.2.60 , 10.0.0.2": "192.0.2.60",
    "192.0.2.60:5678": "192.0.2.60",
    "2001:db8::1": "2001:db8::/64",
    "[2001:db8::1]:443": "2001:db8::/64",
    "fe80::1%eth0": "fe80::/64",
    "192.0.2.60, ": PEER,
    "192.0.2.60, unknown": PEER,
    "": PEER,
}


@pytest.mark.parametrize("value", LISTED)
def test_x_forwarded_for(value: str) -> None:
    assert client(("X-Forwarded-For", value)) == LISTED[value]


def test_lines_are_one_list() -> None:
    lines = [("X-Forwarded-For", "198.51.100.1"), ("x-forwarded-for", "192.0.2.60")]
    assert client(*lines) == "192.0.2.60"
    assert client(("Forwarded", "for=198.51.100.1"), ("Forwarded", "for=192.0.2.60")) == (
        "192.0.2.60"
    )


def test_nobody_else_is_believed() -> None:
    headers = ("Forwarded", "for=192.0.2.60"), ("X-Forwarded-For", "192.0.2.60")
    for peer, by in (("192.0.2.1", PROXIES), (PEER, NOBODY)):
        assert client(*headers, peer=peer, by=by) == peer
    assert client(*headers, peer="2001:db8::1") == "2001:db8::/64"
    assert client(*headers, peer="") == ""


def test_headers_that_contradict_each_other_are_not_believed() -> None:
    """A proxy writes one of them; the other then is its client's invention."""
    one, other = ("Forwarded", "for=192.0.2.60"), ("X-Forwarded-For", "192.0.2.61")
    assert client(one, other) == PEER
    assert client(one, ("X-Forwarded-For", "192.0.2.60")) == "192.0.2.60"


def test_peers_by_either_version_are_known() -> None:
    told = ("X-Forwarded-For", "192.0.2.60")
    assert client(told, peer="::ffff:10.0.0.1") == "192.0.2.60"
    assert client(told, peer="fd00::5") == "192.0.2.60"


@given(st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None)
def test_what_a_client_invents_changes_nothing(invented: str, other: str) -> None:
    """A proxy adds to the right of what came; the client is always who spoke to the proxy."""
    assert client(("X-Forwarded-For", f"{invented}, 192.0.2.60")) == "192.0.2.60"
    lines = ("X-Forwarded-For", invented), ("X-Forwarded-For", "192.0.2.60"), ("Via", other)
    assert client(*lines) == "192.0.2.60"
    assert client(("Forwarded", invented), ("X-Forwarded-For", "192.0.2.60")) in (
        "192.0.2.60",
        PEER,
    )
    assert client(("Forwarded", f"{invented}, for=192.0.2.60")) in ("192.0.2.60", PEER)
