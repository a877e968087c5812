"""The dashboards as files: their panels, and the expressions that these ask for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.service import CHECKOUT

FOLDER = CHECKOUT / "deploy/grafana/dashboards"
METRIC = re.compile(r"\b(?:parking|process|node|probe)_[a-z_]+\b|\bALERTS\b|\bup\b")
STANDING_FOR = {"$__rate_interval": "5m", "$instance": ".*", "$district": ".*"}


@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks for; `expression` without variables."""

    dashboard: str
    panel: str
    expression: str

    @property
    def metrics(self) -> set[str]:
        """The names of the metrics it needs."""
        return set(METRIC.findall(self.expression))


def list_dashboards() -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def list_queries() -> Iterator[Query]:
    for dashboard in list_dashboards():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                yield Query(dashboard["uid"], panel["title"], _plain(target["expr"]))


def _plain(expression: str) -> str:
    for variable, value in STANDING_FOR.items():
        expression = expression.replace(variable, value)
    assert "$" not in expression, expression
    return expression
