"""From the tables of a mapping to its rules; what makes no sense is said of the key it is at."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

import msgspec

from parking.domain import events
from parking.ingest.connectors.declared import ConnectorTable, EventTable, PollTable, ValueTable
from parking.ingest.formats.mapped import (
    ComesNow,
    Constant,
    Field,
    Kind,
    Modified,
    Place,
    Rule,
    Source,
    Template,
    Where,
)
from parking.ingest.formats.paths import MISSING, compile_path
from parking.ingest.formats.scalars import RFC3339, TimeForm

_STRUCTS: Mapping[str, type[msgspec.Struct]] = {
    str(struct.__struct_config__.tag): struct for struct in get_args(events.Event)
}
_KINDS: Mapping[str, Kind] = {
    "id": "id", "observed_at": "time", "count": "whole", "free": "whole", "occupied": "whole",
    "battery_pct": "number", "rssi_dbm": "number", "temperature_c": "number",
}  # fmt: skip
T = TypeVar("T")
_IDS = ("lot", "zone", "space")
_HOLE = re.compile(r"\{([^{}]*)\}")


class Nonsense(ValueError):
    """A key of a table that cannot be: where, from the table on, and why."""

    def __init__(self, where: tuple[str | int, ...], why: str) -> None:
        """Say it."""
        super().__init__(why)
        self.where = where
        self.why = why


def rules_of(table: ConnectorTable) -> tuple[Rule, ...]:
    """Compile the events of a connector; Nonsense names what cannot be."""
    return tuple(_rule(table, event, index) for index, event in enumerate(table.event))


def _rule(table: ConnectorTable, event: EventTable, index: int) -> Rule:
    at: tuple[str | int, ...] = ("event", index)
    values: dict[str, ValueTable] = {"observed_at": event.observed_at, **(event.model_extra or {})}
    struct = _STRUCTS[event.type]
    known = {field.name: field for field in msgspec.structs.fields(struct)}
    for name in values:
        if name not in known:
            names = ", ".join(sorted(known))
            raise Nonsense((*at, name), f"a {event.type} event has no such field, but {names}")
    for name, field in known.items():
        if field.required and name not in values:
            raise Nonsense((*at, name), f"a {event.type} event needs it")
    _check_sense(table, event, values, at)
    where = _places(table.format)
    each = None
    if event.each is not None:
        if table.format == "csv":
            raise Nonsense((*at, "each"), "each row of CSV is an item")
        each = _tried((*at, "each"), lambda: compile_path(event.each or "", many=True))
    return Rule(
        event.type,
        tuple(_field(table, known[name], value, (*at, name)) for name, value in values.items()),
        each,
        tuple(_condition(place, wanted, where, at) for place, wanted in event.when.items()),
    )


def _condition(
    place: str, wanted: list[str], where: Callable[[str], Where], at: tuple[str | int, ...]
) -> tuple[Where, frozenset[str]]:
    return _tried((*at, "when", place), lambda: where(place)), frozenset(wanted)


def _check_sense(
    table: ConnectorTable,
    event: EventTable,
    values: Mapping[str, ValueTable],
    at: tuple[str | int, ...],
) -> None:
    """Refuse what each key allows and all together do not."""
    pair = {"count": ("free", "occupied"), "heartbeat": ("space", "zone")}.get(event.type, ())
    told = sum(name in values for name in pair)
    if event.type == "count" and told != 1:
        raise Nonsense(at, "exactly one of free and occupied is needed")
    if event.type == "heartbeat" and told == 2:
        raise Nonsense(at, "only one of space and zone can be named")
    identity = values.get("id")
    if identity is not None and identity.value is not None:
        raise Nonsense((*at, "id"), "all events would have the same id")
    asked = isinstance(table, PollTable)
    if event.observed_at.comes == "now":
        if event.type == "passage" and identity is None:
            why = "a passage sent twice would count twice: it needs an id, or a time of its source"
            raise Nonsense((*at, "observed_at"), why)
        if identity is not None and asked:
            why = "the same id with another time each time it is asked for would be a conflict"
            raise Nonsense((*at, "id"), why)
    if event.observed_at.comes == "last_modified" and not asked:
        raise Nonsense((*at, "observed_at"), "last_modified is told by what is polled alone")


def _field(
    table: ConnectorTable, field: Any, value: ValueTable, at: tuple[str | int, ...]
) -> Field:
    name: str = field.name
    kind: Kind = "truth" if field.type is bool else _KINDS.get(name, "text")
    if kind != "time" and (value.format or value.timezone or value.comes):
        raise Nonsense(at, "format and timezone are for observed_at")
    for constant in _constants(value):
        _check_constant(name, field.type, constant, at)
    zone = value.timezone or table.timezone
    return Field(
        name,
        _tried(at, lambda: _source(value, _places(table.format))),
        kind,
        needed=field.required or name in ("free", "occupied", "id"),
        time=TimeForm(value.format or RFC3339, None if zone is None else ZoneInfo(zone)),
    )


def _source(value: ValueTable, where: Callable[[str], Where]) -> Source:
    if value.comes is not None:
        return ComesNow() if value.comes == "now" else Modified()
    if value.value is not None:
        return Constant(value.value)
    if value.template is not None:
        return Template(tuple(_template(value.template, where)))
    assert value.from_ is not None  # noqa: S101 - one of them is there
    default = MISSING if value.default is None else value.default
    return Place(where(value.from_), value.from_, value.map, default)


def _template(text: str, where: Callable[[str], Where]) -> Iterator[str | tuple[Where, str]]:
    at = 0
    for hole in _HOLE.finditer(text):
        if hole.start() > at:
            yield text[at : hole.start()]
        yield where(hole[1]), hole[1]
        at = hole.end()
    if at == 0 or "{" in text[at:] or "}" in text[at:]:
        raise ValueError("a template names places in braces, such as {id}:{sequence}")
    if at < len(text):
        yield text[at:]


def _places(format_: str) -> Callable[[str], Where]:
    """Give what reads the name of a place: a path into JSON, or a column as it is called."""
    return str.strip if format_ == "csv" else compile_path


def _constants(value: ValueTable) -> Iterator[Any]:
    yield from (value.map or {}).values()
    for constant in (value.value, value.default):
        if constant is not None:
            yield constant


def _check_constant(name: str, type_: Any, value: Any, at: tuple[str | int, ...]) -> None:
    try:
        msgspec.convert(value, str if name in _IDS else type_)
    except msgspec.ValidationError as error:
        raise Nonsense(at, f"{value!r} cannot be its value: {error}") from None
    if name in _IDS and not events.is_id(value):
        raise Nonsense(at, f"{value!r} cannot be its value: it is not an id")


def _tried(at: tuple[str | int, ...], make: Callable[[], T]) -> T:
    try:
        return make()
    except ValueError as error:
        raise Nonsense(at, str(error)) from None
