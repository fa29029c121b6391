"""The dashboard and the alerts are what Grafana and Prometheus take."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import promql_parser
import pytest
import yaml

from apiwright.plan.views.dashboard import dashboard
from tests.support.contracts import contract, operation, parameter, understood
from tests.support.running import ROOT

MONITORING = ROOT / "generated" / "monitoring"
DURATION = {"type": "string", "pattern": r"^(\d+(ms|[smhdwy]))+$"}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
RULES = {
    "type": "object",
    "required": ["groups"],
    "additionalProperties": False,
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "rules"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "interval": DURATION,
                    "rules": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["alert", "expr"],
                            "additionalProperties": False,
                            "properties": {
                                "alert": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                                "expr": {"type": "string"},
                                "for": DURATION,
                                "labels": TEXTS,
                                "annotations": TEXTS,
                            },
                        },
                    },
                },
            },
        }
    },
}
"""Files of rules as Prometheus documents them, without what isn't used here."""


def rules() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    return found


def expressions() -> list[str]:
    shown = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    told = [rule["expr"] for group in rules()["groups"] for rule in group["rules"]]
    return [expression.replace("$__rate_interval", "5m") for expression in (*shown, *told)]


def test_alerts_are_rules_of_prometheus() -> None:
    jsonschema.validate(rules(), RULES)
    names = [rule["alert"] for group in rules()["groups"] for rule in group["rules"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("expression", expressions())
def test_expressions_are_promql(expression: str) -> None:
    promql_parser.parse(expression)


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert all(0 <= x < 24 for x, _ in cells)
        taken |= cells
    numbers = [panel["id"] for panel in panels()]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    "path", ['/a"b', "/a.b+c|d", "/a`b", "/caf\u00e9/{thing-id}", "/a\\b", "/a/$x"]
)
def test_odd_paths_are_still_promql(path: str) -> None:
    named = [parameter("thing-id", place="path")] if "{" in path else []
    document = contract({path: {"get": operation("read", parameters=named)}})
    found = json.dumps(dashboard(understood(document)))
    for panel in json.loads(found)["panels"]:
        for target in panel.get("targets", ()):
            promql_parser.parse(target["expr"].replace("$__rate_interval", "5m"))
