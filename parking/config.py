"""Settings, by environment, or each by a file of its own where they are secrets."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    FilePath,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network
_ADMIN_KEY_LENGTH = 32
_NAME = r"^[A-Za-z0-9._-]{1,64}$"
_BROKER_FORM = "mqtt://user:password@host:1883 is needed, or mqtts:// for TLS"
_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})")
# A host's letters alone before the path: it becomes part of the pages' policy.
_TILES = re.compile(r"^https?://(\{s\}\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]*$")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where an MQTT broker listens, and as whom to greet it; `tls` for `mqtts`."""

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: SecretStr | None = None

    @property
    def name(self) -> str:
        """Host and port, for people: never the password."""
        return f"{self.host}:{self.port}"


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    requests: int
    seconds: int


def _rate(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _RATE.fullmatch(value)
    if found is None:
        raise ValueError("requests/seconds is needed, such as 600/60")
    return Rate(int(found[1]), int(found[2]))


def _broker(value: Any) -> Any:
    """Read a broker's URL; the message never shows it, as it may hold a password."""
    if not isinstance(value, str):
        return value
    try:
        url = urlsplit(value)
        tls = {"mqtt": False, "mqtts": True}[url.scheme]
        port = url.port or (8883 if tls else 1883)
        rest = (url.path.rstrip("/"), url.query, url.fragment)
    except (KeyError, ValueError):
        raise ValueError(_BROKER_FORM) from None
    if not url.hostname or any(rest) or (url.username is None and url.password is not None):
        raise ValueError(_BROKER_FORM)
    user = None if url.username is None else unquote(url.username)
    password = None if url.password is None else SecretStr(unquote(url.password))
    return Broker(url.hostname, port, tls, user, password)


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _read_secrets(folder: Path, names: dict[str, str]) -> dict[str, str]:
    """Give the settings that files of a folder hold; ValueError says which is not to be had.

    Files are named `PARKING_ADMIN_KEY` or `parking_admin_key`; space around a value is not meant.
    """
    values = {}
    try:
        files = [file for file in folder.iterdir() if file.name.upper() in names]
        for file in files:
            value = file.read_text("utf-8").strip()
            if not value:
                raise ValueError(f"{file} is empty")
            if names[file.name.upper()] in values:
                raise ValueError(f"{file.name.upper()} stands in two files of {folder}")
            values[names[file.name.upper()]] = value
    except OSError as error:
        raise ValueError(f"PARKING_SECRETS_DIR: {error}") from error
    return values


BrokerSetting = Annotated[Broker | None, NoDecode, BeforeValidator(_broker)]
RateSetting = Annotated[Rate | None, NoDecode, BeforeValidator(_rate)]


class Settings(BaseSettings):
    """What can be set, with the prefix `PARKING_`."""

    model_config = SettingsConfigDict(env_prefix="PARKING_", env_ignore_empty=True)

    host: Annotated[str, Field(description="the address it listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="the port it listens on")] = 8080
    database_url: Annotated[
        str | None, Field(description="a PostgreSQL ≥ 14; unset: the embedded one")
    ] = None
    migration_url: Annotated[
        str | None,
        Field(description="the same by a role that may change the schema: for `parking migrate`"),
    ] = None
    data_dir: Annotated[
        Path, Field(description="where the embedded PostgreSQL lives, in its subfolder `pg`")
    ] = Path("~/.local/share/parking")
    retention_days: Annotated[
        int | None, Field(ge=1, le=36_500, description="how long events are kept; unset: for ever")
    ] = None
    audit_days: Annotated[
        int | None,
        Field(ge=30, le=36_500, description="how long it is kept who did what; unset: for ever"),
    ] = None
    admin_key: Annotated[
        SecretStr | None,
        Field(
            description="a key with the role admin beside those in the database; ≥ 32 characters"
        ),
    ] = None
    rate_per_key: Annotated[
        RateSetting,
        Field(description="requests/seconds a key may make, such as 600/60; unset: any"),
    ] = None
    rate_per_address: Annotated[
        RateSetting,
        Field(description="the same for requests without a valid key, by the client's address"),
    ] = None
    trusted_proxies: Annotated[
        tuple[Network, ...] | None,
        NoDecode,
        BeforeValidator(_listed),
        Field(description="networks of the proxies that tell the client's address"),
    ] = None
    path_prefix: Annotated[
        str | None,
        Field(
            pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$",
            description="where a proxy has put the service, such as /parking",
        ),
    ] = None
    https: Annotated[
        bool, Field(description="whether people come by https alone: browsers are told so")
    ] = False
    tiles_url: Annotated[
        str | None,
        Field(
            pattern=_TILES.pattern,
            description="map tiles for the pages, such as https://tiles.example/{z}/{x}/{y}.png",
        ),
    ] = None
    tiles_crs: Annotated[
        Literal["wgs84", "gcj02", "bd09"], Field(description="the datum of these tiles")
    ] = "wgs84"
    tiles_attribution: Annotated[
        str | None, Field(description="whose map they are, as plain text in its corner")
    ] = None
    mqtt_url: Annotated[
        BrokerSetting,
        Field(description="an MQTT 5 broker to take events from, mqtt:// or mqtts://; unset: none"),
    ] = None
    mqtt_ca: Annotated[
        FilePath | None,
        Field(description="certificates that the broker's is checked by; unset: the system's"),
    ] = None
    mqtt_group: Annotated[
        str | None,
        Field(
            pattern=_NAME,
            description="instances of one group share the broker's messages; unset: each has all",
        ),
    ] = None
    mqtt_client: Annotated[
        str | None,
        Field(
            pattern=_NAME,
            description="the instance's name at the broker, which keeps messages under it; "
            "unset: made of the host's name and the port",
        ),
    ] = None
    connectors: Annotated[
        Path | None, Field(description="a TOML file of operators' systems; unset: none")
    ] = None
    log_level: Annotated[str, Field(description="debug, info, warning or error")] = "info"
    secrets_dir: Annotated[
        Path | None, Field(description="a folder of files named as settings, each with its value")
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: Any) -> Any:
        """Take what the environment leaves out from the files of `secrets_dir`."""
        folder = given.get("secrets_dir") if isinstance(given, dict) else None
        if folder is None:
            return given
        names = {f"PARKING_{name}".upper(): name for name in cls.model_fields}
        del names["PARKING_SECRETS_DIR"]
        return _read_secrets(Path(folder), names) | given

    @field_validator("admin_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _ADMIN_KEY_LENGTH:
            raise ValueError(f"at least {_ADMIN_KEY_LENGTH} characters are needed")
        return value

    @field_validator("tiles_url")
    @classmethod
    def _places_tiles(cls, value: str | None) -> str | None:
        if value is not None and not all(part in value for part in ("{z}", "{x}", "{y}")):
            raise ValueError("{z}, {x} and {y} are needed")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("one of debug, info, warning, error")
        return value.lower()

    @field_validator("data_dir")
    @classmethod
    def _expanded(cls, value: Path) -> Path:
        return value.expanduser().absolute()
