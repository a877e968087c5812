"""The alert rules: right by promtool, each tested to fire and not to, each with its page."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.service import CHECKOUT
from tests.watching.dashboards import METRIC
from tests.watching.programs import need

PROMETHEUS = CHECKOUT / "deploy/prometheus"
RUNBOOKS = CHECKOUT / "docs/runbooks"
HEADINGS = [
    "What it means",
    "What people see",
    "What to look at",
    "What to do",
    "When it is over",
]


def list_rules() -> list[dict[str, Any]]:
    return [
        rule
        for path in sorted(PROMETHEUS.glob("rules/*.yml"))
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
    ]


RULES = {rule["alert"]: rule for rule in list_rules()}


def test_promtool_finds_nothing_wrong() -> None:
    need("promtool")
    done = subprocess.run(  # noqa: S603 - our own script
        [PROMETHEUS / "check.sh"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_has_a_name_of_its_own() -> None:
    assert len(RULES) == len(list_rules())


def test_each_alert_is_tested_to_fire_and_not_to() -> None:
    fires: dict[str, set[bool]] = {}
    for path in PROMETHEUS.glob("tests/*.yml"):
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            for case in test["alert_rule_test"]:
                fires.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    assert fires == {alert: {False, True} for alert in RULES}


@pytest.mark.parametrize("alert", RULES)
def test_alert_has_a_page(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "runbook"}
    page = CHECKOUT / rule["annotations"]["runbook"]
    assert page.parent == RUNBOOKS
    text = page.read_text("utf-8")
    assert text.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
        assert part.strip()
    # the page names what the alert is made of, for whoever looks at it
    assert set(METRIC.findall(rule["expr"])) <= set(METRIC.findall(text))


def test_every_page_is_of_an_alert_and_listed() -> None:
    pages = {page.name for page in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages == {rule["annotations"]["runbook"].rpartition("/")[2] for rule in RULES.values()}
    listed = re.findall(
        r"\| \[(\w+)\]\(([a-z-]+\.md)\) \| (\w+) \|", (RUNBOOKS / "README.md").read_text()
    )
    assert {alert: (page, severity) for alert, page, severity in listed} == {
        alert: (rule["annotations"]["runbook"].rpartition("/")[2], rule["labels"]["severity"])
        for alert, rule in RULES.items()
    }
