r"""Paths into JSON: a small part of JSONPath, with exact errors.

`data.free` are names one within the other, `rows[0]` is a place in a list from 0, `["odd name"]` a
name with any characters. `$` is the whole document, wherever the path is read from; `@key` the name
or place under which `[*]` has found the item. `[*]` goes through a list, or through the values of
an object.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]"'\s$@*]+)|\[(?P<index>[0-9]{1,6})\]|\["(?P<quoted>[^"]*)"\]|(?P<each>\[\*\])"""
)


_FORMS = 'names such as a.b, [0], [*] and ["a b"]'


class _Each:
    """The step `[*]`."""


EACH: Final = _Each()
MISSING: Final = object()
"""What a path leads to where nothing is."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value with its place, and the last name or index of `[*]` on the way.

    The place is a JSON pointer, with `[0]`, `[1]` and so on for the values of an object that `[*]`
    goes through: names that no path has may hold anything, and places are told to others.
    """

    value: Any
    pointer: str = ""
    key: str | int | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path."""

    text: str
    steps: tuple[str | int | _Each, ...]
    from_root: bool = False
    is_key: bool = False

    def one(self, item: Found, root: Any) -> Any:
        """Give what the path leads to from an item, MISSING where nothing is."""
        if self.is_key:
            return MISSING if item.key is None else item.key
        value = root if self.from_root else item.value
        for step in self.steps:
            value = inner(value, step)
            if value is MISSING:
                return MISSING
        return value

    def all(self, root: Any) -> Iterator[Found]:
        """Give all that the path leads to in a document."""
        yield from _walk(Found(root), self.steps)


def compile_path(text: str, *, many: bool = False) -> Path:
    """Read a path; ValueError tells what is wrong with it. `many`: it may hold `[*]`."""
    if text == "@key":
        return Path(text, (), is_key=True)
    from_root = text.startswith("$")
    at = 1 if from_root else 0
    if text[at : at + 1] not in ("", ".", "[") and from_root:
        raise ValueError(f"not a path, from {text[at:]!r} on: a dot is missing")
    steps: list[str | int | _Each] = []
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (at == 0 and text[0] == "."):
            raise ValueError(f"not a path, from {text[at:]!r} on: {_FORMS} are known")
        if found["each"]:
            if not many:
                raise ValueError("[*] belongs into `each`: a field is read from one place")
            steps.append(EACH)
        elif found["index"] is not None:
            steps.append(int(found["index"]))
        else:
            steps.append(found["name"] or found["quoted"])
        at = found.end()
        if at < len(text) and text[at] not in ".[":
            raise ValueError(f"not a path, from {text[at:]!r} on: a dot is missing")
    return Path(text, tuple(steps), from_root)


def inner(value: Any, step: str | int | _Each) -> Any:
    """Give what a step leads to, MISSING where nothing is."""
    if isinstance(step, str) and isinstance(value, dict):
        return value.get(step, MISSING)
    if isinstance(step, int) and isinstance(value, list) and step < len(value):
        return value[step]
    return MISSING


def _walk(found: Found, steps: tuple[str | int | _Each, ...]) -> Iterator[Found]:
    if not steps:
        yield found
        return
    step, rest = steps[0], steps[1:]
    if not isinstance(step, _Each):
        value = inner(found.value, step)
        if value is not MISSING:
            yield from _walk(Found(value, f"{found.pointer}/{_escaped(step)}", found.key), rest)
        return
    if isinstance(found.value, list):
        entries: Any = enumerate(found.value)
    elif isinstance(found.value, dict):
        entries = found.value.items()
    else:
        return
    by_name = isinstance(found.value, dict)
    for number, (key, value) in enumerate(entries):
        place = f"[{number}]" if by_name else number  # a name found there may be a plate
        yield from _walk(Found(value, f"{found.pointer}/{place}", key), rest)


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
