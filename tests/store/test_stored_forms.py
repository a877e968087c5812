"""What is stored in a form of our own stays readable for the version before and after.

A state gets a new field at its end, with a default: then either version reads what the other one
stored. Any other change of these forms needs a migration without `-- serves:` that deletes what is
stored in the old form (it is made anew from the log), and only then new fingerprints here.
"""

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.domain.moves import Moves
from parking.domain.quality.reports import Report
from parking.domain.quality.sheets import Sheet
from parking.domain.states import LotState
from parking.store import states
from parking.store.packing import DAY, HOUR, STAY
from parking.store.snapshots import LotSnapshot


def stored_as(kind: type) -> dict[str, Any]:
    """Give the schema of what moves are stored as: a list of pairs."""
    assert kind is Moves
    said = msgspec.json.schema(list[tuple[int, int]])
    assert msgspec.msgpack.decode(states.encode(Moves([(1, -2)]))) == [[1, -2]]
    return {**said, "default": []}


FORMS = {
    "snapshot": (msgspec.json.schema(LotSnapshot, schema_hook=stored_as), "b807439615776b4a"),
    "checkpoint": (msgspec.json.schema(LotState, schema_hook=stored_as), "019bbda4f1bf5128"),
    "sheet": (msgspec.json.schema(Sheet), "759e51baef030290"),
    "report": (msgspec.json.schema(Report), "cdf2d654032d23c5"),
    "usage": ([str(form.descr) for form in (HOUR, DAY, STAY)], "6fe9c540c91432cb"),
}


def fingerprint(form: Any) -> str:
    said = json.dumps(shape(form), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def shape(form: Any) -> Any:
    """Leave out what is only words."""
    if isinstance(form, dict):
        return {name: shape(form[name]) for name in form if name not in {"title", "description"}}
    return [shape(part) for part in form] if isinstance(form, list) else form


@pytest.mark.parametrize("name", FORMS)
def test_the_form_is_that_of_the_version_before(name: str) -> None:
    form, known = FORMS[name]
    assert fingerprint(form) == known, f"{name}: {__doc__}"


def test_either_version_reads_what_the_other_stored() -> None:
    """A field at the end, with a default, as in the rule above."""

    class Before(msgspec.Struct, array_like=True):
        at: int

    class After(msgspec.Struct, array_like=True):
        at: int
        more: str = ""

    def read(form: type[Any], stored: Any) -> Any:
        return msgspec.msgpack.decode(msgspec.msgpack.encode(stored), type=form)

    assert read(After, Before(1)) == After(1)
    assert read(Before, After(1, "x")) == Before(1)


of_64_bits = st.integers(-(2**63), 2**63 - 1)


@given(
    st.lists(st.tuples(of_64_bits, st.integers(-130, 130)))
    | st.lists(st.tuples(of_64_bits, of_64_bits))
)
def test_moves_are_a_list_of_pairs_whatever_they_are(moves: list[tuple[int, int]]) -> None:
    """As the version before wrote them and reads them."""
    stored = states.encode({"p1": Moves(moves)})
    assert msgspec.msgpack.decode(stored, type=dict[str, list[tuple[int, int]]]) == {"p1": moves}
    read = states.decoder(dict[str, Moves]).decode
    assert read(stored) == read(msgspec.msgpack.encode({"p1": moves})) == {"p1": Moves(moves)}
