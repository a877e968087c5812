"""What may stand behind the `?` of each path: read from text, checked, unknown names refused."""

import re
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from yarl import URL

from parking.domain.geo import Box, Crs
from parking.domain.lots import Class
from parking.errors import Fault, InvalidInput
from parking.web.models import Id, read_instant

MOST_ITEMS = 1000
_SHORT = 300
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
Q = TypeVar("Q", bound="Query")


def _instant(value: Any) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError("time", "not a time")
    try:
        # a plus that was not escaped arrives as a space; no time has one there
        return read_instant(value[:11] + value[11:].replace(" ", "+"))
    except ValueError as error:
        raise PydanticCustomError("time", "not an RFC 3339 time with an offset") from error


def _number(value: Any) -> Any:
    """Take what JSON would take as a number: no blanks, no underscores, no nan."""
    if isinstance(value, str) and not _JSON_NUMBER.fullmatch(value):
        raise PydanticCustomError("number", "not a number")
    return value


def _csv(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


def _box(value: Any) -> Box:
    try:
        west, south, east, north = (float(_number(part)) for part in str(value).split(","))
    except ValueError:
        raise PydanticCustomError("bbox", "four numbers: minlon,minlat,maxlon,maxlat") from None
    inside = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    if not inside:
        raise PydanticCustomError("bbox", "longitudes in ±180, latitudes in ±90, south first")
    return Box(min_lon=west, min_lat=south, max_lon=east, max_lat=north)


Instant = Annotated[
    int,
    BeforeValidator(_instant, json_schema_input_type=str),
    Field(json_schema_extra={"type": "string", "format": "date-time"}),
]
"""An RFC 3339 time in the query, kept in us."""

Ids = Annotated[
    list[Id],
    BeforeValidator(_csv),
    Field(min_length=1, max_length=MOST_ITEMS, description="ids, separated by commas"),
]
Measures = Annotated[
    list[Literal["turned_away"]], BeforeValidator(_csv), Field(min_length=1, max_length=1)
]
_LONGITUDE: dict[str, Any] = {"type": "number", "minimum": -180, "maximum": 180}
_LATITUDE: dict[str, Any] = {"type": "number", "minimum": -90, "maximum": 90}
Bbox = Annotated[
    Any,
    AfterValidator(_box),
    Field(
        description="minlon,minlat,maxlon,maxlat in the request's crs",
        json_schema_extra={
            "type": "array",
            "prefixItems": [_LONGITUDE, _LATITUDE, _LONGITUDE, _LATITUDE],
            "items": False,
            "minItems": 4,
            "maxItems": 4,
        },
    ),
]
_AS_JSON = BeforeValidator(_number)  # after its Field, for the schema to know the bounds
Limit = Annotated[int, Field(ge=1, le=MOST_ITEMS, description="items in a page"), _AS_JSON]
Cursor = Annotated[str, Field(max_length=500, description="`next` of the page before")]
CrsParam = Annotated[Crs, Field(description="datum of all positions in request and answer")]


class Query(BaseModel):
    """Parameters of a path."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=False
    )


class NoQuery(Query):
    """A path without parameters."""


class SiteQuery(Query):
    """A page for people: apps that pass links on add parameters of their own, which say nothing."""

    model_config = ConfigDict(extra="ignore")


class CrsQuery(Query):
    """A path that shows positions."""

    crs: CrsParam = "wgs84"


class LotsQuery(CrsQuery):
    """`GET /v1/lots`."""

    bbox: Bbox | None = None
    district: Id | None = None
    class_: Annotated[Class | None, Field(alias="class")] = None
    operator: Id | None = None
    limit: Limit = 100
    cursor: Cursor | None = None


class AtQuery(Query):
    """`GET /v1/lots/{lot}/availability`."""

    at: Annotated[Instant | None, Field(description="a past moment")] = None


class FilterQuery(Query):
    """Which lots."""

    lots: Ids | None = None
    district: Id | None = None
    class_: Annotated[Class | None, Field(alias="class")] = None


class AvailabilityQuery(FilterQuery, AtQuery):
    """`GET /v1/availability`."""


class StreamQuery(FilterQuery):
    """`GET /v1/stream`."""

    cursor: Annotated[str | None, Field(max_length=100, description="where to go on from")] = None


class NearbyQuery(CrsQuery):
    """`GET /v1/nearby`."""

    lat: Annotated[float, Field(ge=-90, le=90, description="degrees"), _AS_JSON]
    lon: Annotated[float, Field(ge=-180, le=180, description="degrees"), _AS_JSON]
    radius_m: Annotated[float, Field(ge=0, le=50_000, description="metres"), _AS_JSON] = 2_000
    limit: Annotated[int, Field(ge=1, le=100), _AS_JSON] = 10
    class_: Annotated[Class | None, Field(alias="class")] = None
    min_free: Annotated[
        int | None, Field(ge=0, description="free spaces, of the class if one is given"), _AS_JSON
    ] = None
    height_m: Annotated[
        float | None, Field(gt=0, le=100, description="the car's, metres"), _AS_JSON
    ] = None


class LogQuery(Query):
    """`GET /v1/lots/{lot}/events`."""

    from_: Annotated[Instant | None, Field(alias="from", description="observed then or later")] = (
        None
    )
    to: Annotated[Instant | None, Field(description="observed before then")] = None
    type: (
        Literal["space", "passage", "count", "flag", "recount", "heartbeat", "status", "void"]
        | None
    ) = None
    limit: Limit = 100
    cursor: Cursor | None = None


class UsageQuery(Query):
    """`GET /v1/usage`."""

    from_: Annotated[Instant, Field(alias="from", description="widened to a whole bucket")]
    to: Annotated[Instant, Field(description="widened to a whole bucket; the running one ends now")]
    bucket: Annotated[
        Literal["hour", "day", "week", "month", "hour_of_week"],
        Field(description="of the lot's local calendar; weeks from Monday"),
    ] = "day"
    by: Annotated[
        Literal["lot", "zone", "class", "district"], Field(description="what has a row")
    ] = "lot"
    lots: Ids | None = None
    district: Id | None = None
    hours: Annotated[
        Literal["all", "open"], Field(description="open leaves out the time a lot was closed")
    ] = "all"
    format: Annotated[
        Literal["json", "csv", "parquet"],
        Field(description="json in pages; csv and parquet are files of all rows"),
    ] = "json"
    measures: Annotated[
        Measures | None, Field(description="further columns, which take longer")
    ] = None
    min_coverage: Annotated[
        float,
        Field(ge=0, le=1, description="rows below are marked, and left out of districts' means"),
        _AS_JSON,
    ] = 0.5
    limit: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="rows in a page"), _AS_JSON] = 1000
    cursor: Cursor | None = None


class PageQuery(Query):
    """A list without filters."""

    limit: Limit = 100
    cursor: Cursor | None = None


def read_query(text: str, shape: type[Q]) -> Q:
    """Read the query string of a request; InvalidInput names each parameter that is wrong."""
    read = _read_again if len(text) <= _SHORT else _read
    return cast("Q", read(text, shape))


def _read(text: str, shape: type[Query]) -> Query:
    given: dict[str, str] = {}
    for name, value in URL(f"?{text}", encoded=True).query.items():
        if name in given:
            raise InvalidInput("A parameter is given twice.", faults=[Fault(f"?{name}", "twice")])
        given[name] = value
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        faults = [Fault(f"?{_name(item['loc'])}", item["msg"]) for item in error.errors()]
        raise InvalidInput("A parameter is not valid.", faults=faults) from None


_read_again = lru_cache(maxsize=4096)(_read)  # what is read does not change, nor is it long


def _name(location: tuple[int | str, ...]) -> str:
    return str(location[0]) if location else ""
