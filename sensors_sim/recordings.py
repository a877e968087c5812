"""Recordings of real car parks: CSV files, wide (a column each) or long (a row a reading).

A reading is what a row says, true or not: negative and too great values are passed on, only
what is no reading at all (an empty cell, a word) is left out and counted.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sensors_sim.moments import from_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Measure = Literal["occupied", "free"]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns say what; `lot` None means a wide file, `values` are then its car parks.

    `capacity` is a column of a long file, `capacities` names the capacities in a wide one.
    """

    time: str
    lot: str | None
    measure: Measure
    values: tuple[str, ...]
    capacity: str | None = None
    capacities: Mapping[str, int] | None = None
    timezone: str = "UTC"
    time_format: str | None = None
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: its row (from 1), the car park's name, the moment (µs), the number."""

    row: int
    lot: str
    at_us: int
    value: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class CarPark:
    """A car park of a recording: its capacity, its readings and their first and last moment."""

    name: str
    capacity: int
    readings: int
    first_us: int
    last_us: int


class Recording:
    """The readings of a file, read anew by each iteration; `skipped` counts what is none."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self.path = path
        self.columns = columns
        self.skipped = 0
        try:
            self._zone = ZoneInfo(columns.timezone)
        except ZoneInfoNotFoundError as error:
            raise ValueError(f"no time zone {columns.timezone!r}") from error

    def __iter__(self) -> Iterator[Reading]:
        """Read the file, row by row; a missing column is a ValueError."""
        self.skipped = 0
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            header = list(rows.fieldnames or [])
            self._check(header)
            wide = self._wide_columns(header)
            for number, row in enumerate(rows, 1):
                if all(row.get(name) == value for name, value in self.columns.filters):
                    yield from self._readings(number, row, wide)

    def _check(self, header: list[str]) -> None:
        columns = self.columns
        named = {columns.time, columns.lot, columns.capacity, *columns.values, None, "*"}
        missing = named.union(name for name, _ in columns.filters) - {None, "*"} - set(header)
        if missing:
            absent = ", ".join(sorted(str(name) for name in missing))
            raise ValueError(f"{self.path.name} has no column {absent}; it has {', '.join(header)}")

    def _wide_columns(self, header: list[str]) -> tuple[str, ...]:
        if self.columns.lot is not None:
            return ()
        if self.columns.values != ("*",):
            return self.columns.values
        other = {self.columns.time, *(name for name, _ in self.columns.filters)}
        return tuple(name for name in header if name not in other)

    def _readings(
        self, number: int, row: Mapping[str, str | None], wide: tuple[str, ...]
    ) -> Iterator[Reading]:
        columns = self.columns
        at_us = self._moment(row.get(columns.time))
        if columns.lot is not None:
            capacity = whole(row.get(columns.capacity)) if columns.capacity else None
            cells = [(row.get(columns.lot) or "", row.get(columns.values[0]), capacity)]
        else:
            known = columns.capacities or {}
            cells = [(name, row.get(name), known.get(name)) for name in wide]
        for lot, text, capacity in cells:
            value = whole(text)
            if at_us is None or value is None or not lot:
                self.skipped += 1
            else:
                yield Reading(number, lot, at_us, value, capacity)

    def _moment(self, text: str | None) -> int | None:
        """Return the moment (µs) of a cell; a time without an offset is the time zone's."""
        form = self.columns.time_format
        try:
            moment = (
                datetime.strptime(text or "", form)  # noqa: DTZ007 - the zone follows below
                if form
                else datetime.fromisoformat(text or "")
            )
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return from_datetime(moment)


def whole(text: str | None) -> int | None:
    """Return the whole number a cell says, or None."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def survey(recording: Recording) -> dict[str, CarPark]:
    """Return the car parks by name; a capacity is the greatest said, else the greatest reading."""
    parks: dict[str, CarPark] = {}
    greatest: dict[str, int] = {}
    for reading in recording:
        seen = parks.get(reading.lot)
        capacity = max(reading.capacity or 0, seen.capacity if seen else 0)
        parks[reading.lot] = CarPark(
            reading.lot,
            capacity,
            (seen.readings if seen else 0) + 1,
            min(reading.at_us, seen.first_us) if seen else reading.at_us,
            max(reading.at_us, seen.last_us) if seen else reading.at_us,
        )
        greatest[reading.lot] = max(reading.value, greatest.get(reading.lot, 1))
    return {
        name: CarPark(
            name, park.capacity or greatest[name], park.readings, park.first_us, park.last_us
        )
        for name, park in parks.items()
    }
