"""Settings, all by environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ADMIN_KEY_LENGTH = 32


class Settings(BaseSettings):
    """What can be set, with the prefix `PARKING_`."""

    model_config = SettingsConfigDict(env_prefix="PARKING_", env_ignore_empty=True)

    host: Annotated[str, Field(description="the address it listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="the port it listens on")] = 8080
    database_url: Annotated[
        str | None, Field(description="a PostgreSQL ≥ 14; unset: the embedded one")
    ] = None
    data_dir: Annotated[
        Path, Field(description="where the embedded PostgreSQL lives, in its subfolder `pg`")
    ] = Path("~/.local/share/parking")
    retention_days: Annotated[
        int | None, Field(ge=1, le=36_500, description="how long events are kept; unset: for ever")
    ] = None
    admin_key: Annotated[
        SecretStr | None,
        Field(
            description="a key with the role admin beside those in the database; ≥ 32 characters"
        ),
    ] = None
    log_level: Annotated[str, Field(description="debug, info, warning or error")] = "info"

    @field_validator("admin_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _ADMIN_KEY_LENGTH:
            raise ValueError(f"at least {_ADMIN_KEY_LENGTH} characters are needed")
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
