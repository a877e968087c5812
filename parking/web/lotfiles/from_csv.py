"""Lots in CSV: a header, then a row for every zone; the rows of one lot share its `id`.

The rule that must hold: each fact is told once, or the same each time. What holds for the whole lot
may be repeated in all of its rows or stand in any of them.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from parking.web.lotfiles.cells import Cell, rows
from parking.web.lotfiles.described import Checker, Draft
from parking.web.lotfiles.nodes import Loc, Node, leaf
from parking.web.lotfiles.source import Source

_LOT: Mapping[str, Loc] = {
    "operator": ("operator",),
    "kind": ("kind",),
    "lat": ("location", "lat"),
    "lon": ("location", "lon"),
    "timezone": ("timezone",),
    "district": ("district",),
    "opening_hours": ("opening_hours",),
    "max_height_m": ("max_height_m",),
    "payment": ("payment",),
}
_ZONE: Mapping[str, Loc] = {
    "zone_id": ("id",),
    "class": ("class",),
    "capacity": ("capacity",),
    "counting": ("counting",),
    "stale_after_s": ("stale_after_s",),
}
_NAMES: Mapping[str, str] = {"zone_name": "name", "name": "name", "address": "address"}
_LANGUAGE = r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
_NAMED = re.compile(rf"(zone_name|name|address)_({_LANGUAGE})")
_REQUIRED = ("operator", "kind", "lat", "lon", "timezone", *_ZONE)
_WHOLE, _DECIMAL = (
    frozenset({"capacity", "stale_after_s"}),
    frozenset({"lat", "lon", "max_height_m"}),
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")


def read(source: Source, checker: Checker) -> None:
    """Take every lot of a CSV file."""
    table = (row for row in rows(source) if any(cell.text for cell in row))
    header = next(table, None)
    if header is None:
        return
    columns = _Header(source, header)
    if not columns.has_id:
        return
    lots: dict[str, _LotRows] = {}
    for row in table:
        cells = columns.cells(row)
        id_ = cells["id"]
        if not id_.text:
            source.fault(id_.at, "id", "every row has its lot's id")
            continue
        lots.setdefault(id_.text, _LotRows(source, columns, id_)).add(row[0].at, cells)
    for lot in lots.values():
        checker.take(lot.draft())


class _Header:
    """Which column stands where."""

    def __init__(self, source: Source, row: list[Cell]) -> None:
        self._source = source
        self._names: list[str | None] = []  # None: no name, "": passed over
        self.at = row[0].at
        self.lot: dict[str, Loc] = {}
        self.zone: dict[str, Loc] = {}
        seen: dict[str, int] = {}
        for cell in row[:-1]:
            if cell.text in seen:
                other = source.named(seen[cell.text])
                source.fault(cell.at, cell.text[:80], f"this column is there twice, see {other}")
                self._names.append("")
                continue
            if cell.text:
                seen[cell.text] = cell.at
                if not self._take(cell.text):
                    close = get_close_matches(cell.text, ("id", *_LOT, *_ZONE), 1)
                    hint = f", did you mean {close[0]}?" if close else ""
                    source.fault(cell.at, cell.text[:80], f"there is no such column{hint}")
            self._names.append(cell.text or None)
        self.has_id = "id" in seen
        if not self.has_id:
            source.fault(self.at, "id", "this column is required")

    def _take(self, name: str) -> bool:
        named = _NAMED.fullmatch(name)
        if name in _LOT:
            self.lot[name] = _LOT[name]
        elif name in _ZONE:
            self.zone[name] = _ZONE[name]
        elif named is not None:
            columns = self.zone if named[1] == "zone_name" else self.lot
            columns[name] = (_NAMES[named[1]], named[2])
        return name == "id" or name in self.lot or name in self.zone

    def cells(self, row: list[Cell]) -> dict[str, Cell]:
        """Give a row's cells by column; those that a short row lacks are empty, at its end."""
        cells = {name: row[-1] for name in self._names if name is not None}
        for index, cell in enumerate(row[:-1]):
            name = self._names[index] if index < len(self._names) else None
            if name is not None:
                cells[name] = cell
            elif cell.text:
                self._source.fault(cell.at, "", f"there is no column name above {cell.text[:80]!r}")
        return cells


_Facts = dict[Loc, tuple[int, Node | None]]
"""Where each fact stands and what it says; None: nothing, and it stands where it should be."""


class _LotRows:
    """The rows of one lot."""

    def __init__(self, source: Source, header: _Header, id_: Cell) -> None:
        self._source = source
        self._header = header
        self._id = id_
        self._zones: list[Node] = []
        self._facts: _Facts = {_LOT[name]: (header.at, None) for name in _REQUIRED if name in _LOT}
        self._facts["name", ""] = (header.at, None)

    def add(self, at: int, cells: Mapping[str, Cell]) -> None:
        """Take a row that begins at `at`: a zone, and perhaps facts of the lot."""
        zone: _Facts = {_ZONE[name]: (self._header.at, None) for name in _REQUIRED if name in _ZONE}
        for column, loc in self._header.zone.items():
            zone[loc] = (cells[column].at, _read(column, cells[column]))
        self._zones.append(_nested(at, zone))
        for column, loc in self._header.lot.items():
            cell, node = cells[column], _read(column, cells[column])
            told_at, told = self._facts.get(loc, (0, None))
            if told is None and (node is not None or len(self._zones) == 1):
                self._facts[loc] = (cell.at, node)
            elif told is not None and node is not None and node.value != told.value:
                line, _ = self._source.place(told_at)
                message = f"{cell.text[:80]!r} contradicts line {line}, of the same lot"
                self._source.fault(cell.at, column, message)

    def draft(self) -> Draft:
        """Give the lot as far as it can be read."""
        zones = Node(self._id.at, [zone.value for zone in self._zones], {}, self._zones)
        lot = _nested(self._id.at, {**self._facts, ("zones",): (self._id.at, zones)})
        return Draft(self._id.text, self._id.at, lot, _column)


def _read(column: str, cell: Cell) -> Node | None:
    """Read a cell; text that is not the number it should be stays text, which the model refuses."""
    text = cell.text
    if not text:
        return None
    value: Any = text
    if column == "payment":
        items = [leaf(cell.at, item) for item in re.split(r"[;\s]+", text) if item]
        return Node(cell.at, [item.value for item in items], {}, items)
    if column in _WHOLE and _INTEGER.fullmatch(text):
        value = int(text)
    if column in _DECIMAL and _NUMBER.fullmatch(text):
        value = float(text)
    return leaf(cell.at, value)


def _nested(at: int, facts: _Facts) -> Node:
    """Give the object that has these facts; its parts know where they stand."""
    members: dict[str, Node] = {}
    keys: dict[str, int] = {}
    parts: dict[str, _Facts] = {}
    for loc, (fact_at, node) in facts.items():
        name = str(loc[0])
        if len(loc) > 1:
            parts.setdefault(name, {})[loc[1:]] = (fact_at, node)
        elif node is not None:
            members[name] = node
        keys[name] = fact_at if name not in keys else max(keys[name], fact_at)
    for name, part in parts.items():
        node = _nested(keys[name], part)
        if node.members or name == "location":
            members[name] = node
    value = {name: node.value for name, node in members.items()}
    return Node(at, value, members, (), keys)


def _column(loc: Loc) -> str:
    """Name the column that tells what stands at a way into a description."""
    in_zone = loc[:1] == ("zones",)
    path = loc[2:] if in_zone else loc
    for column, way in (_ZONE if in_zone else _LOT).items():
        if path[: len(way)] == way:
            return column
    return ("zone_" if in_zone and path else "") + "_".join(map(str, path))
