"""Reading the file of connectors: all that is wrong with it is said at once, by entry and key."""

import os
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from parking.ingest.connectors.compiling import Nonsense, rules_of
from parking.ingest.connectors.connector import (
    STANDARD,
    Connector,
    Connectors,
    Poll,
    Secret,
    Webhook,
)
from parking.ingest.connectors.declared import ConnectorTable, File, PollTable, WebhookTable
from parking.ingest.formats.gathering import Reading
from parking.ingest.formats.mapped import ComesNow, Modified, Rule
from parking.ingest.formats.places import Places, Site

_SHORTEST_SECRET = 16
_Where = tuple[str | int, ...]


class BadConnectors(Exception):
    """A file of connectors cannot be used; each line of the text says where and why."""


def load(path: Path, env: Mapping[str, str] = os.environ, *, secrets: bool = True) -> Connectors:
    """Read a file; BadConnectors says what is wrong with it. `secrets` False: none is looked up."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadConnectors(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConnectors(f"{path}: it is not TOML: {error}") from None
    try:
        file = File.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [(tuple(item["loc"]), _plainly(item["msg"])) for item in found]
        raise _bad(path, raw, faults) from None
    lookup = _Lookup(env, path.parent) if secrets else None
    return _put_together(path, raw, file, lookup)


def _put_together(
    path: Path, raw: Mapping[str, Any], file: File, lookup: "_Lookup | None"
) -> Connectors:
    webhooks: list[Webhook] = []
    polls: list[Poll] = []
    faults: list[tuple[_Where, str]] = []
    names: Counter[str] = Counter(table.name for table in (*file.webhook, *file.poll))
    for kind, tables in (("webhook", file.webhook), ("poll", file.poll)):
        for index, table in enumerate(tables):
            try:
                if names[table.name] > 1:
                    faults.append(((kind, index, "name"), "another entry has that name"))
                elif isinstance(table, PollTable):
                    polls.append(_poll(table, lookup))
                elif isinstance(table, WebhookTable):
                    webhooks.append(_webhook(table, lookup, webhooks))
            except Nonsense as nonsense:
                faults.append(((kind, index, *nonsense.where), nonsense.why))
    if faults:
        raise _bad(path, raw, faults)
    return Connectors(tuple(webhooks), tuple(polls))


def _webhook(table: WebhookTable, lookup: "_Lookup | None", others: Sequence[Webhook]) -> Webhook:
    secret = None if lookup is None else lookup.secret(table)
    for other in others if secret is not None and table.format in STANDARD else ():
        if other.connector.format == table.format and other.secret == secret:
            raise Nonsense((), f"its secret is that of {other.connector.name}, shown the same way")
    return Webhook(_connector(table), secret)


def _connector(table: ConnectorTable) -> Connector:
    sites = None
    if table.lots is not None:
        sites = {site: Site(lot.lot, lot.zone, lot.zones) for site, lot in table.lots.items()}
    reading = Reading(
        Places(sites),
        None if table.timezone is None else ZoneInfo(table.timezone),
        None if table.only is None else frozenset(table.only),
        table.encoding,
        table.delimiter,
        None if table.columns is None else tuple(table.columns),
    )
    rules = () if table.format in STANDARD else rules_of(table)
    return Connector(table.name, table.operator, table.format, reading, rules)


def _poll(table: PollTable, lookup: "_Lookup | None") -> Poll:
    connector = _connector(table)
    headers = {} if lookup is None else lookup.headers(table)
    return Poll(
        connector,
        table.url,
        table.interval_s,
        table.timeout_s,
        table.most_bytes,
        sha256(table.model_dump_json().encode()).digest(),
        headers,
        any(_is_of(rule, ComesNow) for rule in connector.rules),
        any(_is_of(rule, Modified) for rule in connector.rules),
    )


def _is_of(rule: Rule, source: type[ComesNow | Modified]) -> bool:
    return any(isinstance(field.source, source) for field in rule.fields)


class _Lookup:
    """Finds secrets where the file says that they are."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        """Look in the environment and in files, which may be named from `folder` on."""
        self._env = env
        self._folder = folder

    def secret(self, table: WebhookTable) -> Secret | None:
        """Give what a webhook's sender shows; Nonsense when it is not to be found."""
        if table.secret_env is not None:
            value = self._variable(table.secret_env, ("secret_env",))
        elif table.secret_file is not None:
            value = self._file(table.secret_file)
        else:
            return None
        if len(value) < _SHORTEST_SECRET:
            key = "secret_env" if table.secret_env else "secret_file"
            raise Nonsense((key,), f"a secret has at least {_SHORTEST_SECRET} characters")
        return Secret(value, table.secret_header, table.basic_user, bool(table.signed))

    def headers(self, table: PollTable) -> dict[str, str]:
        """Give the headers of a poll that are secret."""
        return {
            name: self._variable(variable, ("header_env", name))
            for name, variable in table.header_env.items()
        }

    def _variable(self, name: str, where: _Where) -> str:
        value = self._env.get(name, "").strip()
        if not value:
            raise Nonsense(where, f"the environment has no variable {name}")
        if not value.isprintable():
            raise Nonsense(where, f"what the variable {name} holds cannot be sent in a header")
        return value

    def _file(self, name: str) -> str:
        try:
            return (self._folder / name).read_text("utf-8").strip()
        except (OSError, ValueError):
            raise Nonsense(("secret_file",), f"{name} cannot be read") from None


def _bad(path: Path, raw: Mapping[str, Any], faults: Sequence[tuple[_Where, str]]) -> BadConnectors:
    lines = [f"{path}: {_place(raw, where)}: {why}" for where, why in faults]
    return BadConnectors("\n".join(dict.fromkeys(lines)))


def _place(raw: Mapping[str, Any], where: _Where) -> str:
    """Write a place as `webhook 2 (ramp): event 1: free`; entries are counted from 1."""
    words: list[str] = []
    value: Any = raw
    for step in where:
        value = _inner(value, step)
        if isinstance(step, int) and words:
            words[-1] += f" {step + 1}"
            if len(words) == 1 and isinstance(value, dict) and isinstance(value.get("name"), str):
                words[-1] += f" ({value['name']})"
        else:
            words.append(str(step))
    return ": ".join(words) or "the file"


def _inner(value: Any, step: str | int) -> Any:
    if isinstance(step, str) and isinstance(value, dict):
        return value.get(step)
    if isinstance(step, int) and isinstance(value, list) and step < len(value):
        return value[step]
    return None


def _plainly(message: str) -> str:
    known = {
        "Extra inputs are not permitted": "there is no such key",
        "Field required": "it is needed",
    }
    return known.get(message, message.removeprefix("Value error, "))
