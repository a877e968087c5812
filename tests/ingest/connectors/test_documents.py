"""What docs/connectors.md says of the file: all keys are there, and its examples can be used."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from parking.ingest.connectors.declared import (
    EventTable,
    LotTable,
    PollTable,
    ValueTable,
    WebhookTable,
)
from parking.ingest.connectors.loading import load
from tests.service import CHECKOUT

DOCUMENT = CHECKOUT.joinpath("docs", "connectors.md").read_text("utf-8")
KEY = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
EXAMPLE = re.compile(r"^\| `(\w+)` \|.*\| `(.+)` \|$", re.MULTILINE)
BLOCK = re.compile(r"^ *```toml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
WEBHOOK = '[[webhook]]\nname = "w"\noperator = "o"\nformat = "{}"\n'
POLL = '[[poll]]\nname = "p"\noperator = "o"\nformat = "parkapi"\n'
COUNT = {"type": '"count"', "lot": '"l"', "free": '"f"', "observed_at": '"t"'}


@pytest.mark.parametrize("table", [WebhookTable, PollTable, EventTable, ValueTable])
def test_every_key_is_told(table: type[BaseModel]) -> None:
    keys = {field.alias or name for name, field in table.model_fields.items()}
    assert keys - {"comes", "observed_at"} <= set(KEY.findall(DOCUMENT))


def test_what_ids_mean_is_told() -> None:
    assert all(f"`{name}`" in DOCUMENT for name in LotTable.model_fields)


def test_blocks_can_be_used(tmp_path: Path) -> None:
    blocks = BLOCK.findall(DOCUMENT)
    assert len(blocks) == 2
    for block in blocks:
        file = tmp_path / "c.toml"
        file.write_text(re.sub("^   ", "", block, flags=re.MULTILINE), "utf-8")
        assert len(load(file, secrets=False).webhooks) == 1


def used(line: str) -> str:  # noqa: PLR0911 - a key a way
    """Put an example of a key where it belongs."""
    key = line.partition(" ")[0]
    if key in ("url", "interval_s", "timeout_s", "most_bytes", "header_env"):
        return POLL + ("" if key == "url" else 'url = "http://h"\n') + line
    if key in ("name", "operator", "format"):
        head = WEBHOOK.format("csv").splitlines()
        return "\n".join([one for one in head if not one.startswith(key)] + [line]) + "\n"
    secret = {"signed": "fourpyun", "basic_user": "parkapi", "secret_header": "spdp"}.get(key)
    if secret:
        return WEBHOOK.format(secret) + f'{line}\nsecret_env = "S"\n'
    if key.startswith("secret_"):
        return WEBHOOK.format("spdp") + f'{line}\nsecret_header = "A"\n'
    if key in ("timezone", "encoding", "delimiter", "columns", "only"):
        return WEBHOOK.format("parkapi") + line
    if key == "type":
        return event({**COUNT, "space": '"s"', "occupied": '"o"'}, line, without="free")
    if key == "occupied":
        return event({**COUNT, "type": '"space"', "space": '"s"'}, line, without="free")
    if key == "count":
        return event({**COUNT, "type": '"passage"', "direction": '"d"'}, line, without="free")
    return event(COUNT, line)


def event(fields: dict[str, str], line: str, without: str = "") -> str:
    key = line.partition(" ")[0]
    lines = [f"{name} = {value}" for name, value in fields.items() if name not in (key, without)]
    return WEBHOOK.format("json") + "[[webhook.event]]\n" + "\n".join([*lines, line]) + "\n"


@pytest.mark.parametrize("line", [line for _, line in EXAMPLE.findall(DOCUMENT)])
def test_examples_of_keys_can_be_used(line: str, tmp_path: Path) -> None:
    text = used(line)
    if line.startswith(("format =", "name =", "operator =")) and "event" not in text:
        text += "[[webhook.event]]\n" + "".join(f"{k} = {v}\n" for k, v in COUNT.items())
    file = tmp_path / "c.toml"
    file.write_text(text, "utf-8")
    load(file, secrets=False)
