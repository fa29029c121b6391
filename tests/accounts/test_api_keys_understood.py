"""API keys: which schema holds them, what they need beside it, and what they are good for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from apiwright.ir.operations import CreateAction, CustomAction
from apiwright.ir.service import Service
from apiwright.ir.storage import Fill
from apiwright.plan.views.routers import key_scopes, needed_scopes
from tests.support.contracts import understood
from tests.support.running import ROOT

GATEWAY = ROOT / "tests" / "services" / "gateway.yaml"


def gateway(**changes: Any) -> Service:
    """The contract of the gateway, with other schemas or paths beside or in place of its own."""
    document = yaml.safe_load(GATEWAY.read_text())
    document["components"]["schemas"] |= changes.get("schemas", {})
    document["paths"] |= changes.get("paths", {})
    document["components"]["securitySchemes"] |= changes.get("schemes", {})
    return understood(yaml.safe_dump(document, sort_keys=False))


def schema(**changes: Any) -> dict[str, Any]:
    """The schema of keys, with some of it changed."""
    found: dict[str, Any] = yaml.safe_load(GATEWAY.read_text())["components"]["schemas"]["ApiKey"]
    return {**found, **changes}


def test_a_schema_that_is_plainly_meant_holds_keys() -> None:
    service = gateway()
    keys = service.api_keys
    assert keys is not None
    assert (keys.entity, keys.shown, keys.header) == ("ApiKey", "key", "X-API-Key")
    assert (keys.scopes, keys.expires, keys.last_used) == ("scopes", "expires_at", "last_used_at")
    entity = service.entities["ApiKey"]
    assert entity.owner is not None
    owner = entity.column(entity.owner.column)
    assert (owner.fill, owner.property) == (Fill.OWNER, "")
    assert not any(column.property == "key" for column in entity.columns)
    assert (keys.digest,) in {rule.columns for rule in entity.uniques}
    made = service.operations["createApiKey"].action
    assert isinstance(made, CreateAction)
    assert made.issues == "key"


def test_a_schema_can_say_that_it_holds_none() -> None:
    service = gateway(schemas={"ApiKey": schema(**{"x-api-key": False})})
    assert service.api_keys is None
    assert isinstance(service.operations["createApiKey"].action, CustomAction)


def test_where_nothing_carries_keys_there_are_none() -> None:
    for scheme in (
        {"type": "apiKey", "in": "query", "name": "key"},
        {"type": "apiKey", "in": "header", "name": "Authorization"},
    ):
        assert gateway(schemes={"apiKey": scheme}).api_keys is None


def test_a_key_needs_what_a_token_needs() -> None:
    service = gateway()
    operations = service.operations
    assert key_scopes(operations["sendReading"], service) == ("readings:write",)
    assert key_scopes(operations["dropReading"], service) == ("readings:write",)
    assert key_scopes(operations["readReading"], service) == ()
    assert needed_scopes(operations["readReading"], service) is None
    assert key_scopes(operations["signOut"], service) is None


@pytest.mark.parametrize("name", ["createApiKey", "signOut", "changePassword"])
def test_a_key_is_not_enough_for_what_changes_who_gets_in(name: str) -> None:
    document = yaml.safe_load(GATEWAY.read_text())
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and operation.get("operationId") == name:
                operation["security"] = [{"oauth2": []}, {"apiKey": []}]
    service = understood(yaml.safe_dump(document, sort_keys=False))
    assert key_scopes(service.operations[name], service) is None
    assert needed_scopes(service.operations[name], service) == ()


def test_scopes_of_a_key_are_settled_when_it_is_made() -> None:
    path = yaml.safe_load(GATEWAY.read_text())["paths"]["/api-keys/{id}"]
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/ApiKey"}}}
    change = {
        "operationId": "changeApiKey",
        "security": [{"oauth2": []}],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "changed", "content": content}},
    }
    service = gateway(paths={"/api-keys/{id}": {**path, "patch": change}})
    action = service.operations["changeApiKey"].action
    assert isinstance(action, CustomAction)
    assert "settled when it is made" in action.reason


def test_documented_contracts_of_keys_are_accepted() -> None:
    text = (Path(ROOT) / "docs" / "accounts.md").read_text()
    keys, security = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    documented = yaml.safe_load(keys)["components"]
    service = gateway(schemas=documented["schemas"], schemes=documented["securitySchemes"])
    assert service.api_keys is not None
    assert yaml.safe_load(security)["security"] == [{"oauth2": ["items:write"]}, {"apiKey": []}]
