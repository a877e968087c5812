"""Messages of any system, read as a mapping tells: JSON paths or CSV columns to fields of events.

A mapping is one or more rules; each goes through the items of a message and makes an event of every
item that has what it needs. What an item lacks, or has in another form, is an unread part.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from parking.domain.instants import rfc3339
from parking.ingest.decoded import Decoded
from parking.ingest.formats.gathering import PLAIN, Gathering, Reading
from parking.ingest.formats.message import Message, json_of, text_of
from parking.ingest.formats.paths import MISSING, Found, Path, inner
from parking.ingest.formats.scalars import TimeForm, Unreadable, number, text, truth, whole
from parking.ingest.formats.tables import rows

Kind = Literal["text", "whole", "number", "truth", "time", "id"]
_AS_AGREED = TimeForm()
Where = Path | str
"""A path into JSON, or the name of a column."""
_READERS = {"text": text, "whole": whole, "number": number, "truth": truth}
_GREATEST = 10**15
_EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a message: in JSON found in a document, in CSV a row."""

    found: Found
    root: Any

    def read(self, where: Where) -> Any:
        """Give what is there; MISSING for nothing, and for null."""
        if isinstance(where, Path):
            value = where.one(self.found, self.root)
        else:
            value = self.found.value.get(where, MISSING)
        return MISSING if value is None else value


@dataclass(frozen=True, slots=True)
class Place:
    """A value that stands in the message; `mapped` gives ours for theirs, written as text.

    `default` is for what is not there, MISSING for none.
    """

    where: Where
    name: str
    mapped: Mapping[str, Any] | None = None
    default: Any = MISSING

    def read(self, item: Item) -> Any:
        """Give the value; MISSING where there is none."""
        value = item.read(self.where)
        if value is MISSING:
            return self.default
        if self.mapped is None:
            return value
        key = as_text(value)
        if key is not None and key in self.mapped:
            return self.mapped[key]
        raise Unreadable(f"what {self.name} says is not in its map")


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in each event."""

    value: Any

    def read(self, _: Item) -> Any:
        """Give it."""
        return self.value


@dataclass(frozen=True, slots=True)
class Template:
    """A text put together of constant parts and of what stands in the message."""

    parts: Sequence[str | tuple[Where, str]]

    def read(self, item: Item) -> Any:
        """Give the text; Unreadable when a part of it is not there."""
        return "".join(part if isinstance(part, str) else _part(item, *part) for part in self.parts)


class ComesNow:
    """The moment a message came: its source tells none."""


class Modified:
    """When the source says that the message was last changed."""


Source = Place | Constant | Template | ComesNow | Modified


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event: its name, where its value comes from, and of what kind it is."""

    name: str
    source: Source
    kind: Kind
    needed: bool
    time: TimeForm = _AS_AGREED

    def read(self, item: Item, message: Message) -> Any:
        """Give the value, None for none that is not needed; Unreadable names the field."""
        try:
            value = self._found(item, message)
            return None if value is MISSING else self._formed(value, message.now)
        except Unreadable as unreadable:
            raise Unreadable(f"{self.name}: {unreadable}") from None

    def _found(self, item: Item, message: Message) -> Any:
        value: Any
        if isinstance(self.source, ComesNow):
            value = rfc3339(message.now)
        elif isinstance(self.source, Modified):
            value = MISSING if message.modified is None else rfc3339(message.modified)
        else:
            value = self.source.read(item)
        if value is MISSING and self.needed:
            raise Unreadable(_absent(self.source))
        return value

    def _formed(self, value: Any, now: int) -> Any:
        if isinstance(self.source, ComesNow | Modified | Constant):
            return value
        if self.kind == "time":
            return self.time.read(value, now)
        if self.kind == "id":
            return event_id(text(value))
        return _READERS[self.kind](value)


@dataclass(frozen=True, slots=True)
class Rule:
    """How events of one type are made: of which items, and field by field.

    `conditions` are places whose values, written as text, must be among those given.
    """

    type: str
    fields: Sequence[Field]
    each: Path | None = None
    conditions: Sequence[tuple[Where, frozenset[str]]] = ()

    def columns(self) -> Iterator[str]:
        """Give the columns without which it makes no event."""
        for field in self.fields:
            source = field.source
            if isinstance(source, Template):
                yield from (part[1] for part in source.parts if not isinstance(part, str))
            elif isinstance(source, Place) and field.needed and source.default is MISSING:
                yield source.name
        yield from (str(where) for where, _ in self.conditions)

    def applies(self, item: Item) -> bool:
        """Whether an item is one of this rule's."""
        return all(
            (value := item.read(where)) is not MISSING and as_text(value) in wanted
            for where, wanted in self.conditions
        )


def decode(
    message: Message, rules: Sequence[Rule], form: Literal["json", "csv"], reading: Reading = PLAIN
) -> Decoded:
    """Give the events that the rules make of a message."""
    gathering = Gathering(reading.only)
    if form == "csv":
        table = list(
            rows(
                text_of(message, reading.encoding),
                delimiter=reading.delimiter,
                columns=reading.columns,
                needed=[name for rule in rules for name in rule.columns()],
            )
        )
        lines = [(f"line {line}", Item(Found(row), None)) for line, row in table]
        for rule in rules:
            _make(rule, lines, message, gathering)
        return gathering.result()
    root = json_of(message, reading.encoding)
    for rule in rules:
        found = _items(rule, root, gathering)
        _make(rule, ((item.pointer, Item(item, root)) for item in found), message, gathering)
    return gathering.result()


def _items(rule: Rule, root: Any, gathering: Gathering) -> Iterator[Found]:
    if rule.each is None:
        yield Found(root)
        return
    none = True
    for found in rule.each.all(root):
        none = False
        yield found
    if none and not _is_empty(rule.each, root):
        gathering.unread("", f"{rule.each.text}: nothing is there")


def _is_empty(each: Path, root: Any) -> bool:
    """Whether the first list on the path is there and has nothing in it."""
    value = root
    for step in each.steps:
        if not isinstance(step, str | int):
            return value in ([], {})
        value = inner(value, step)
    return False


def _make(
    rule: Rule,
    items: Iterator[tuple[str, Item]] | Sequence[tuple[str, Item]],
    message: Message,
    gathering: Gathering,
) -> None:
    for place, item in items:
        if not rule.applies(item):
            continue
        try:
            made = {field.name: field.read(item, message) for field in rule.fields}
        except Unreadable as unreadable:
            gathering.unread(place, str(unreadable))
            continue
        gathering.event(rule.type, made)


def as_text(value: Any) -> str | None:
    """Write a value as maps and conditions name it: true, false, and numbers as JSON has them.

    None for what cannot be named: lists, objects, and numbers beyond all measure.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, int | float) or not abs(value) < _GREATEST:
        return None
    return str(int(value) if value == int(value) else value)


def event_id(made: str) -> str:
    """Give what can be an event's id: the text itself, or a digest of one that cannot be."""
    if _EVENT_ID.fullmatch(made):
        return made
    return "h:" + sha256(made.encode("utf-8", "replace")).hexdigest()[:40]


def _part(item: Item, where: Where, name: str) -> str:
    value = item.read(where)
    told = None if value is MISSING else as_text(value)
    if told is None:
        raise Unreadable(f"nothing is at {name} to put it together")
    return told


def _absent(source: Source) -> str:
    if isinstance(source, Place):
        return f"nothing is at {source.name}"
    return "the answer does not say when it was last modified"
