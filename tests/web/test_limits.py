"""Buckets fill evenly, in bounded memory; what is set as a rate."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parking.config import Rate, Settings
from parking.web.limits import Buckets, limits_of


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def buckets(requests: int, seconds: int, most: int = 1000) -> tuple[Buckets, Clock]:
    clock = Clock()
    return Buckets(Rate(requests, seconds), most, clock), clock


def test_a_full_bucket_can_be_emptied_at_once() -> None:
    one, _ = buckets(5, 10)
    taken = [one.take("a") for _ in range(6)]
    assert [item.wait_s > 0 for item in taken] == [False] * 5 + [True]
    assert [item.left for item in taken] == [4, 3, 2, 1, 0, 0]
    assert [item.full_s for item in taken] == pytest.approx([2, 4, 6, 8, 10, 10])


def test_it_fills_evenly() -> None:
    one, clock = buckets(5, 10)
    for _ in range(5):
        one.take("a")
    assert one.take("a").wait_s == pytest.approx(2)
    clock.now += 1.99
    assert one.take("a").wait_s == pytest.approx(0.01)
    clock.now += 0.01
    assert one.take("a").wait_s == 0
    assert one.take("a").wait_s > 0
    clock.now += 1_000_000
    assert one.take("a").left == 4  # no more than it holds


def test_to_be_refused_costs_nothing() -> None:
    one, clock = buckets(1, 10)
    one.take("a")
    for _ in range(9):
        clock.now += 1
        assert one.take("a").wait_s > 0
    clock.now += 1
    assert one.take("a").wait_s == 0


def test_names_do_not_share() -> None:
    one, _ = buckets(1, 10)
    assert one.take("a").wait_s == 0
    assert one.take("b").wait_s == 0
    assert one.take("a").wait_s > 0


@given(
    st.integers(1, 50),
    st.integers(1, 100),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200),
)
@settings(deadline=None)
def test_no_window_has_more_than_twice_the_quota(
    requests: int, seconds: int, steps: list[float]
) -> None:
    """A bucket's promise: in any time t, at most the quota and what came in t."""
    one, clock = buckets(requests, seconds)
    admitted = []
    for step in steps:
        clock.now += step
        if one.take("a").wait_s == 0:
            admitted.append(clock.now)
    for index, start in enumerate(admitted):
        for count, end in enumerate(admitted[index:], 1):
            assert count <= requests + (end - start) * requests / seconds + 1e-6


def test_memory_is_bounded() -> None:
    one, clock = buckets(1, 10, most=100)
    for number in range(10_000):
        clock.now += 0.001
        one.take(str(number))
        assert len(one) <= 100
    assert one.take("9999").wait_s > 0, "who came last is remembered"
    clock.now += 11
    for number in range(60):
        one.take(f"later {number}")
    assert len(one) == 60, "full ones are forgotten"


def test_taking_is_quick() -> None:
    one = Buckets(Rate(1_000_000, 60))
    started = time.perf_counter()
    for number in range(20_000):
        one.take(str(number % 5000))
    assert (time.perf_counter() - started) / 20_000 < 50e-6  # some 2 us; the machine may be busy


@pytest.mark.parametrize(
    "value", ["", "600", "600/", "/60", "0/60", "600/0", "-1/60", "1.5/60", "600/60s", "1 / 60"]
)
def test_rates_that_are_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKING_RATE_PER_KEY", value)
    if value:
        with pytest.raises(ValidationError, match="requests/seconds"):
            Settings()
    else:
        assert Settings().rate_per_key is None


def test_limits_are_off_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits_of(Settings()) is None
    monkeypatch.setenv("PARKING_RATE_PER_ADDRESS", "600/60")
    monkeypatch.setenv("PARKING_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    found = Settings()
    assert found.rate_per_address == Rate(600, 60)
    assert [str(network) for network in found.trusted_proxies or ()] == ["10.0.0.0/8", "::1/128"]
    assert limits_of(found) is not None


@pytest.mark.parametrize("value", ["10.0.0.1/8", "proxy.example", "10.0.0.0/33", "10.0.0.0/8,"])
def test_networks_that_are_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKING_TRUSTED_PROXIES", value)
    with pytest.raises(ValidationError):
        Settings()
