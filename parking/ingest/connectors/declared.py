"""The TOML file of connectors as it is written: its tables and keys, checked one by one."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from parking.domain.events import TYPES
from parking.ingest.connectors.connector import STANDARD, Format
from parking.ingest.formats.message import find_encoding
from parking.ingest.formats.parkapi import PARTS
from parking.ingest.formats.scalars import check_pattern
from parking.ingest.formats.tables import DELIMITERS

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"there is no time zone {name!r}; one such as Asia/Shanghai") from None
    return name


def _encoding(name: str) -> str:
    found = find_encoding(name)
    if found is None:
        raise ValueError(f"{name!r} is not an encoding that is read; utf-8, gb18030, cp1252 are")
    return found


def _header(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    return name


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError("an id is 1-64 of A-Z a-z 0-9 . _ -")
    return value


def _user(value: str) -> str:
    if not value.isprintable() or ":" in value or not 1 <= len(value) <= 100:
        raise ValueError("a user is 1-100 characters without a colon")
    return value


Id = Annotated[str, AfterValidator(_id)]
Zone = Annotated[str, AfterValidator(_zone)]
Header = Annotated[str, AfterValidator(_header)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Scalar = bool | int | float | str


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ValueTable(_Table):
    """Where the value of a field comes from, and how it is read."""

    from_: Annotated[Text | None, Field(alias="from")] = None
    value: Scalar | None = None
    template: Text | None = None
    map: Annotated[dict[str, Scalar] | None, Field(min_length=1)] = None
    default: Scalar | None = None
    format: str | None = None
    timezone: Zone | None = None
    comes: Literal["now", "last_modified"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "ValueTable":
        sources = (self.from_, self.value, self.template, self.comes)
        given = [source is not None for source in sources]
        if given.count(True) != 1:
            raise ValueError("exactly one of from, value and template is needed")
        if self.from_ is None and (self.map is not None or self.default is not None):
            raise ValueError("map and default go with from")
        return self

    @field_validator("format")
    @classmethod
    def _known_form(cls, value: str | None) -> str | None:
        if value is not None:
            check_pattern(value)
        return value


def _place(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


def _time(value: Any) -> Any:
    return {"comes": value} if value in ("now", "last_modified") else _place(value)


Value = Annotated[ValueTable, BeforeValidator(_place)]
"""Where a field's value comes from; a text alone is a place in the message."""


class EventTable(BaseModel):
    """How events of one type are made; what is not a key here is a field of the event."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, Value]

    type: str
    each: Text | None = None
    when: dict[str, list[str]] = Field(default_factory=dict)
    observed_at: Annotated[ValueTable, BeforeValidator(_time)]

    @field_validator("type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        if value not in TYPES:
            raise ValueError(f"one of {', '.join(TYPES)}")
        return value


class LotTable(_Table):
    """What a system's id of a car park means here."""

    lot: Id
    zone: Id | None = None
    zones: dict[str, Id] = Field(default_factory=dict)


class ConnectorTable(_Table):
    """What pushes and polls have in common."""

    name: Id
    operator: Id
    format: Format
    timezone: Zone | None = None
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    delimiter: str | None = None
    columns: Annotated[list[Text] | None, Field(min_length=1)] = None
    only: Annotated[list[str] | None, Field(min_length=1)] = None
    lots: dict[str, LotTable] | None = None
    event: Annotated[list[EventTable], Field(max_length=100)] = Field(default_factory=list)

    @field_validator("delimiter")
    @classmethod
    def _known_delimiter(cls, value: str | None) -> str | None:
        if value is not None and (len(value) != 1 or value not in DELIMITERS):
            raise ValueError("one of , ; | and a tab")
        return value

    @field_validator("only")
    @classmethod
    def _known_types(cls, value: list[str] | None) -> list[str] | None:
        if value is not None and not set(value) <= set(TYPES):
            raise ValueError(f"types of events are {', '.join(TYPES)}")
        return value

    @model_validator(mode="after")
    def _of_the_format(self) -> "ConnectorTable":
        if self.format in STANDARD:
            if self.event:
                raise ValueError(f"event is for the formats json and csv: {self.format} is known")
        elif not self.event:
            raise ValueError(f"the format {self.format} needs at least one table of event")
        elif self.lots is not None:
            raise ValueError("lots is for the formats that are known; a mapping has maps of fields")
        if self.format not in ("csv", "parkapi") and (self.delimiter or self.columns):
            raise ValueError("delimiter and columns are for CSV")
        self._check_parts()
        return self

    def _check_parts(self) -> None:
        for site, table in (self.lots or {}).items():
            if table.zones and self.format == "spdp":
                raise ValueError(f"lots.{site}.zones: spdp tells of no parts")
            unknown = set(table.zones) - set(PARTS)
            if unknown and self.format == "parkapi":
                raise ValueError(
                    f"lots.{site}.zones: parts are {', '.join(PARTS)}, not {min(unknown)}"
                )


class WebhookTable(ConnectorTable):
    """A system that pushes."""

    secret_header: Header | None = None
    basic_user: Annotated[str, AfterValidator(_user)] | None = None
    signed: Literal[True] | None = None
    secret_env: Text | None = None
    secret_file: Text | None = None

    @model_validator(mode="after")
    def _whole_secret(self) -> "WebhookTable":
        ways = [self.secret_header, self.basic_user, self.signed]
        shown = sum(way is not None for way in ways)
        kept = (self.secret_env is not None) + (self.secret_file is not None)
        if (shown, kept) not in ((0, 0), (1, 1)):
            raise ValueError(
                "a secret needs one of secret_header, basic_user and signed, and one of secret_env "
                "and secret_file; without any, the sender needs a key"
            )
        if self.signed and self.format != "fourpyun":
            raise ValueError("signed is for the format fourpyun")
        return self


class PollTable(ConnectorTable):
    """A system that is asked."""

    url: Text
    interval_s: Annotated[float, Field(ge=1, le=86_400)] = 60
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 20
    most_bytes: Annotated[int, Field(ge=1, le=64 * 1024 * 1024)] = 8 * 1024 * 1024
    header_env: dict[Header, Text] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            told = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            told = None
        if not told:
            raise ValueError("an address such as https://host/path is needed")
        if parts.username is not None or parts.password is not None:
            raise ValueError("no password belongs into the file: header_env names a variable")
        return value

    @model_validator(mode="after")
    def _asked(self) -> "PollTable":
        if self.format == "fourpyun":
            raise ValueError("fourpyun pushes: it is a webhook")
        return self


class File(_Table):
    """The whole file."""

    webhook: list[WebhookTable] = Field(default_factory=list)
    poll: list[PollTable] = Field(default_factory=list)
