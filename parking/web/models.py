"""What goes over the wire besides events: descriptions, lists of spaces, keys. No coercion."""

import re
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from parking.domain import hours, instants
from parking.domain.geo import Crs, from_wgs84, to_wgs84
from parking.domain.lots import Class, Counting, Kind, Lot, Payment, Space
from parking.domain.lots import Position as Point

ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"
Id = Annotated[str, Field(pattern=ID_PATTERN, description="1-64 of A-Z a-z 0-9 . _ -")]
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)]
Names = Annotated[
    dict[Language, Text],
    Field(min_length=1, max_length=50, description="texts by language, at least one"),
]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
Money = Annotated[int, Field(ge=0, le=1_000_000_000, description="minor units, e.g. fen")]


def is_id(value: str) -> bool:
    """Whether this can be the id of a lot, zone, space, operator or sensor."""
    return re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value) is not None


def read_instant(text: str) -> int:
    """Give the us of an RFC 3339 time; ValueError for anything else, and outside UTC's years."""
    us = instants.parse(text)
    try:
        instants.moment(us)
    except OverflowError:
        raise ValueError("a time outside the years 1 to 9999") from None
    return us


def _moment(value: Any) -> Any:
    """Read a time from text alone: left to itself, pydantic takes numbers in quotes for one."""
    return instants.moment(read_instant(value)) if isinstance(value, str) else value


def _timezone(value: str) -> str:
    hours.check_timezone(value)
    return value


def _opening_hours(value: str | None) -> str | None:
    if value is not None:
        hours.check(value)
    return value


class Model(BaseModel):
    """Strict: no coercion, no unknown fields, no NaN."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        populate_by_name=False,
        serialize_by_alias=True,
    )


class Position(Model):
    """A point in the request's `crs`, degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class Entrance(Model):
    """Where cars or people come in."""

    id: Id
    for_: Annotated[Literal["cars", "people"], Field(alias="for")]
    location: Position


class TariffStep(Model):
    """Price of a stay of up to so many minutes."""

    up_to_minutes: Minutes
    price: Money


class Tariff(Model):
    """What a stay costs."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
    free_minutes: Annotated[int, Field(ge=0, le=525_600)] = 0
    steps: Annotated[list[TariffStep], Field(max_length=100)] = []
    then_per_minutes: Minutes | None = None
    then_price: Money | None = None
    daily_cap: Money | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        limits = [step.up_to_minutes for step in self.steps]
        if any(a >= b for a, b in pairwise(limits)):
            raise ValueError("steps must rise in up_to_minutes")
        if (self.then_per_minutes is None) != (self.then_price is None):
            raise ValueError("then_per_minutes and then_price go together")
        return self


class Zone(Model):
    """A set of spaces of one class that is counted in one way."""

    id: Id
    name: Annotated[dict[Language, Text], Field(max_length=50)] = {}
    class_: Annotated[Class, Field(alias="class")]
    capacity: Annotated[int, Field(ge=1, le=1_000_000)]
    counting: Counting
    stale_after_s: Annotated[int, Field(ge=1, le=31_536_000, description="seconds")]


MOST_SPACES = 100_000_000
"""Of a lot: a day of so many is still counted in 63 bits of space-microseconds."""


class LotDescription(Model):
    """A lot as its operator describes it."""

    name: Names
    operator: Id
    kind: Kind
    location: Position
    timezone: Annotated[
        str,
        Field(description="IANA, e.g. Asia/Shanghai", max_length=64),
        AfterValidator(_timezone),
    ]
    zones: Annotated[list[Zone], Field(min_length=1, max_length=1000)]
    entrances: Annotated[list[Entrance], Field(max_length=1000)] = []
    payment: Annotated[list[Payment], Field(max_length=20)] = []
    address: Names | None = None
    district: Id | None = None
    opening_hours: Annotated[
        Annotated[
            str,
            Field(max_length=1000, pattern=r"^[^\x00]*$", description="OSM opening_hours"),
        ]
        | None,
        AfterValidator(_opening_hours),
    ] = None
    max_height_m: Annotated[float, Field(gt=0, le=100)] | None = None
    tariff: Tariff | None = None

    @model_validator(mode="after")
    def _unique(self) -> Self:
        for what, ids in (
            ("zones", [zone.id for zone in self.zones]),
            ("entrances", [entrance.id for entrance in self.entrances]),
        ):
            if len(set(ids)) < len(ids):
                raise ValueError(f"{what} must have different ids")
        return self

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if sum(zone.capacity for zone in self.zones) > MOST_SPACES:
            raise ValueError(f"a lot has {MOST_SPACES} spaces at most, all zones together")
        return self

    def to_lot(self, crs: Crs) -> Lot:
        """Give the description as kept, in WGS-84."""
        return relocated(msgspec.convert(self.model_dump(), Lot), to_wgs84, crs)


def relocated(lot: Lot, convert: object, crs: Crs) -> Lot:
    """Give the lot with every position converted by `to_wgs84` or `from_wgs84`."""
    if crs == "wgs84":
        return lot

    def moved(point: Point) -> Point:
        return Point(*convert(point.lat, point.lon, crs))  # type: ignore[operator]

    return msgspec.structs.replace(
        lot,
        location=moved(lot.location),
        entrances=tuple(
            msgspec.structs.replace(entrance, location=moved(entrance.location))
            for entrance in lot.entrances
        ),
    )


class SpaceItem(Model):
    """One space."""

    id: Id
    label: Text | None = None


class SpaceList(Model):
    """The complete list of a zone's spaces."""

    spaces: Annotated[list[SpaceItem], Field(max_length=1_000_000)]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        if len({space.id for space in self.spaces}) < len(self.spaces):
            raise ValueError("spaces must have different ids")
        return self

    def to_spaces(self) -> tuple[Space, ...]:
        """Give the list as kept."""
        return tuple(Space(space.id, space.label) for space in self.spaces)


class KeyRequest(Model):
    """A key to be made; `operator` is for the role operator, and only for it."""

    role: Literal["admin", "operator", "planner"]
    operator: Id | None = None
    label: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    expires_at: Annotated[AwareDatetime, BeforeValidator(_moment)] | None = None

    @model_validator(mode="after")
    def _bound(self) -> Self:
        if (self.role == "operator") != (self.operator is not None):
            raise ValueError("operator is needed for the role operator, and only there")
        return self


def shown(lot: Lot, crs: Crs) -> Lot:
    """Give a kept description with its positions in `crs`."""
    return relocated(lot, from_wgs84, crs)
