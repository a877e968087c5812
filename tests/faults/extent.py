"""How much is tried: a little in `make test`, much more in `make soak`.

What is left to chance comes from the seed alone, so that what failed can be done again:
`SEED=… pytest tests/faults/…`, with `SOAK=1` where it was the long form.
"""

import os
from typing import TypeVar

SOAK = os.environ.get("SOAK", "0") not in ("", "0")
SEED = os.environ.get("SEED") or "1"

Extent = TypeVar("Extent", int, float)


def extent(short: Extent, soak: Extent) -> Extent:
    """Give how much of something is tried in the form that runs."""
    return soak if SOAK else short
