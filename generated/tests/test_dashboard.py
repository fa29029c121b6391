"""What watches the service from outside asks for nothing that the service doesn't show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.contract import OPERATIONS

MONITORING = Path(__file__).parents[1] / "monitoring"
NAME = re.compile(
    r"\b[a-z]+(?:_[a-z]+)*_(?:total|bucket|seconds|bytes|info|files|workers|limit|waiting|connections|progress|pending)\b"
)
MATCHED = re.compile(r'endpoint=~("(?:[^"\\]|\\.)*")')


def dashboard() -> list[str]:
    """The expressions of the dashboard."""
    said: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in said["panels"] for target in panel.get("targets", ())]


def alerts() -> list[str]:
    """The expressions of the alerts."""
    text = (MONITORING / "alerts.yaml").read_text(encoding="utf-8")
    return [json.loads(found) for found in re.findall(r"^ +expr: (.*)$", text, re.MULTILINE)]


@pytest.mark.parametrize("read", [dashboard, alerts])
def test_all_figures_are_shown(read: Any, client: TestClient) -> None:
    """Each name in an expression is one that Prometheus is shown."""
    shown = set(re.findall(r"^# TYPE (\w+) ", client.get("/metrics").text, re.MULTILINE))
    expressions = read()
    assert expressions
    for expression in expressions:
        names = {name.removesuffix("_bucket") for name in NAME.findall(expression)}
        assert names, expression
        assert names <= shown, expression


def test_the_operations_are_those_of_the_contract(client: TestClient) -> None:
    """The dashboard finds each under the name that it is counted by."""
    for operation in OPERATIONS:
        operation.call(client, {})
    text = client.get("/metrics").text
    counted = set(re.findall(r'http_requests_total\{endpoint="([^"]*)"', text))
    patterns = {json.loads(found) for found in MATCHED.findall(" ".join(dashboard()))}
    for operation in OPERATIONS:
        templates = [
            template
            for template in counted
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), operation.path)
        ]
        assert any(re.fullmatch(pattern, name) for pattern in patterns for name in templates)
