"""The page for operators says what the code does."""

import re
from pathlib import Path
from typing import get_args

from parking.domain.devices import Model
from parking.ingest.lorawan.translation import MODELS
from parking.ingest.receipts import Code
from parking.web.devices import DeviceDescription

PAGE = Path(__file__).parents[3].joinpath("docs", "lorawan.md").read_text("utf-8")


def test_the_devices_it_registers_are_valid() -> None:
    bodies = re.findall(r"-d '(\{.*?\})'", PAGE, re.DOTALL)
    assert len(bodies) == 2
    for body in bodies:
        DeviceDescription.model_validate_json(body).to_device()


def test_it_has_all_models_and_no_other() -> None:
    table = PAGE.partition("## Models")[2]
    named = set(re.findall(r"`((?:bosch|milesight|generic)-[a-z0-9-]+)`", table))
    assert named == set(MODELS) == set(get_args(Model))


def test_it_has_no_code_that_is_not_given() -> None:
    table = PAGE.partition("| `code` | when |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    named = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    assert named == set(get_args(Code)) - {"wrong_counting"}
