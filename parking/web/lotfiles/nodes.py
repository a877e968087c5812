"""Values that know where they stand, and the JSON text they are read from.

The rule that must hold: `Node.value` is what `json.loads` gives, for texts that are JSON by RFC
8259; what is not (NaN, a lone surrogate, a name given twice, a comma too many) is a fault.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from parking.web.lotfiles.source import Source

MOST_DEEP = 64
"""Levels of nesting; a description has six."""
_MOST_DIGITS = 400

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"-?\w+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_read_string = json.JSONDecoder().raw_decode

Loc = tuple[int | str, ...]
"""The way from a value to one inside it: names of members and places in lists."""


@dataclass(slots=True)
class Node:
    """A value that begins at offset `at`; `keys` says where each member's name stands."""

    at: int
    value: Any
    members: "Mapping[str, Node]"
    items: "Sequence[Node]" = ()
    keys: Mapping[str, int] | None = None

    def child(self, part: int | str) -> "Node | None":
        """Give a member or an item; None when there is none."""
        if isinstance(part, str):
            return self.members.get(part)
        return self.items[part] if 0 <= part < len(self.items) else None

    def without(self, names: Sequence[str]) -> "Node":
        """Give an object without some of its members."""
        members = {name: node for name, node in self.members.items() if name not in names}
        value = {name: node.value for name, node in members.items()}
        return Node(self.at, value, members, (), self.keys)

    def find(self, loc: Loc) -> "Node | None":
        """Give the value at the end of the way; None when there is none."""
        node: Node | None = self
        for part in loc:
            if node is None:
                return None
            node = node.child(part)
        return node

    def offset(self, loc: Loc) -> int:
        """Give where the value at the end of the way stands, or should."""
        node = self
        for part in loc:
            child = node.child(part)
            if child is None:
                return node.named_at(part)
            node = child
        return node.at

    def key_at(self, loc: Loc) -> int:
        """Give where the name of the member at the end of the way stands."""
        parent = self.find(loc[:-1])
        return self.offset(loc) if parent is None else parent.named_at(loc[-1])

    def named_at(self, part: int | str) -> int:
        """Give where a member's name stands, or should."""
        return self.at if self.keys is None else self.keys.get(str(part), self.at)


_NO_MEMBERS: Mapping[str, Node] = {}


def leaf(at: int, value: Any) -> Node:
    """Give a value without parts."""
    return Node(at, value, _NO_MEMBERS)


def scan(source: Source) -> Node | None:
    """Read the text as JSON; None, and a fault, where that cannot be gone on with."""
    reader = _Reader(source)
    try:
        return reader.document()
    except json.JSONDecodeError as error:
        source.fault(error.pos, "", f"not JSON: {error.msg.rstrip(': ')}")
        return None


class _Reader:
    """Goes over a text once; `_at` is the next character."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._at = 0

    def document(self) -> Node:
        node = self._value(MOST_DEEP)
        if self._peek():
            self._fail("nothing may follow the value")
        return node

    def _peek(self) -> str:
        """Skip white space; give the next character, "" at the end."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _fail(self, message: str) -> NoReturn:
        raise json.JSONDecodeError(message, self._text, self._at)

    def _value(self, depth: int) -> Node:
        first = self._peek()
        at = self._at
        if first in ("{", "["):
            if depth == 0:
                self._fail(f"nested more than {MOST_DEEP} deep")
            self._at += 1
            return self._object(at, depth - 1) if first == "{" else self._array(at, depth - 1)
        if first == '"':
            return leaf(at, self._string())
        return leaf(at, self._number_or_word())

    def _object(self, at: int, depth: int) -> Node:
        members: dict[str, Node] = {}
        keys: dict[str, int] = {}
        more = self._peek() != "}"
        while more:
            if self._peek() != '"':
                self._fail("a member's name in double quotes is expected")
            key_at = self._at
            name = self._string()
            if self._peek() != ":":
                self._fail("':' is expected")
            self._at += 1
            member = self._value(depth)
            if name in keys:
                other = self._source.named(keys[name])
                self._source.fault(key_at, "", f'"{name}" is given twice, see {other}')
            members[name], keys[name] = member, key_at
            more = self._comma("}")
        self._at += 1
        return Node(at, {name: node.value for name, node in members.items()}, members, (), keys)

    def _array(self, at: int, depth: int) -> Node:
        items: list[Node] = []
        more = self._peek() != "]"
        while more:
            items.append(self._value(depth))
            more = self._comma("]")
        self._at += 1
        return Node(at, [node.value for node in items], _NO_MEMBERS, items)

    def _comma(self, end: str) -> bool:
        """Whether another part follows."""
        found = self._peek()
        if found == end:
            return False
        if found != ",":
            self._fail(f"',' or '{end}' is expected")
        comma = self._at
        self._at += 1
        if self._peek() == end:
            self._source.fault(comma, "", f"not JSON: a comma before '{end}'")
            return False
        return True

    def _string(self) -> str:
        at = self._at
        text, self._at = _read_string(self._text, at)
        if _SURROGATE.search(text):
            self._source.fault(at, "", "not JSON: half of a surrogate pair, which is no character")
            text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
        return str(text)

    def _number_or_word(self) -> Any:
        at = self._at
        number = _NUMBER.match(self._text, at)
        word = _WORD.match(self._text, at)
        if number is not None and (word is None or number.end() >= word.end()):
            self._at = number.end()
            if self._at - at > _MOST_DIGITS:
                self._source.fault(at, "", f"a number of more than {_MOST_DIGITS} characters")
                return 0
            whole = number[1] is None and number[2] is None
            return int(number[0]) if whole else float(number[0])
        if word is None:
            self._fail("a value is expected")
        if word[0] not in _WORDS:
            self._fail(f"{word[0][:40]!r} is no value")
        self._at = word.end()
        return _WORDS[word[0]]
