"""What decoders are fed with: values and bytes that are nearly right, wrong, and hostile.

A run of `make test` takes some seconds of it. `FUZZ_EXAMPLES=100000 pytest tests/fuzz` goes on for
long, each time with other examples; whatever it finds, it shrinks and shows.
"""

import json
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
LONG = EXAMPLES > 1000
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
    database=None,
)
Json = Any

texts = st.one_of(
    st.text(max_size=12),
    st.text(st.characters(categories=["Cs", "Cc", "Lo", "Nd", "Zs"]), max_size=6),
    st.sampled_from(
        ["", "\0", "\ud800", "é\u0301", "１２", "0" * 5000, "a" * 65, "2026-11-23T00:31:07Z",
         "2026-11-23T00:31:07+24:00", "0001-01-01T00:00:00+08:00", "1e400", "-0", "true", "null"]
    ),
)  # fmt: skip
numbers = st.one_of(
    st.integers(-2, 12),
    st.integers(),
    st.floats(),
    st.sampled_from([10**9, 10**9 + 1, 1 << 63, -(1 << 63) - 1, 10**400, 1e308, 5e-324, -0.0]),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, texts)
values: st.SearchStrategy[Json] = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


def encoded(value: Json) -> bytes:
    """Give JSON, with halves of surrogate pairs escaped, NaN and all."""
    return json.dumps(value).encode()


@st.composite
def changed(draw: st.DrawFn, right: st.SearchStrategy[Json]) -> Json:
    """Draw a right object with a field or two that are missing, too many or wrong."""
    made = dict(draw(right))
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.one_of(st.sampled_from([*made, "x"]), texts))
        if draw(st.booleans()):
            made.pop(name, None)
        else:
            inner = made.get(name)
            wrong = changed(st.just(inner)) if isinstance(inner, dict) and inner else values
            made[name] = draw(wrong)
    return made


_PIECES = (
    b"", b"\0", b"\xff", b"\xed\xa0\x80", b'"', b"\\", b"\\u", b"\\ud800", b"{", b"}", b"[", b"]",
    b",", b":", b"\n", b"\r", b"\r\n", b" ", b"-", b"e", b"9" * 400, b"null", b"NaN",
    b"\xef\xbb\xbf", b"[" * 2000, b'{"a":' * 2000, b";", b"=", b"'", b"\x1f\x8b\x08\x00",
)  # fmt: skip


@st.composite
def torn(draw: st.DrawFn, right: st.SearchStrategy[bytes]) -> bytes:
    """Draw right bytes, cut and patched in a few places."""
    made = bytearray(draw(right))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(made)))
        end = min(len(made), start + draw(st.integers(0, 12)))
        made[start:end] = draw(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=4)))
    return bytes(made[: draw(st.integers(0, len(made)))] if draw(st.integers(0, 9)) == 0 else made)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at some places, as packets would."""
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
