"""Random histories drawn once and for all, for tests that tell many of them to one database."""

from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

Drawn = TypeVar("Drawn")


def draw(strategy: st.SearchStrategy[Drawn], number: int) -> Drawn:
    """Draw the same one each time for a number."""
    found: list[Drawn] = []

    @seed(number)
    @settings(
        max_examples=2,  # the first is the simplest there is, further ones only vary the second
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(drawn: Drawn) -> None:
        found.append(drawn)

    collect()
    return found[-1]
