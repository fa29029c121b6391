"""Forgotten passwords: the operations that say so, and the override that they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from apiwright.ir.operations import CustomAction, ResetAction, ResetRequestAction
from apiwright.ir.service import Service
from apiwright.plan.storage.build import build_tables
from tests.support.command import apiwright, succeeded
from tests.support.contracts import understood
from tests.support.running import ROOT

GATEWAY = ROOT / "tests" / "services" / "gateway.yaml"
OVERRIDE = """
from typing_extensions import override

from app.services import auth_service


class AuthService(auth_service.AuthService):
    @override
    async def send_password_reset(self, login: str, token: str) -> None: ...
"""


def gateway(**operations: dict[str, Any]) -> Service:
    """The contract of the gateway, with some of its operations changed."""
    document = yaml.safe_load(GATEWAY.read_text())
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.update(operations.get(operation["operationId"], {}))
    return understood(yaml.safe_dump(document, sort_keys=False))


def test_resets_are_what_they_say() -> None:
    service = gateway()
    assert service.operations["forgotPassword"].action == ResetRequestAction("email")
    assert service.operations["resetPassword"].action == ResetAction("token", "new_password")
    assert "password_resets" in {table.name for table in build_tables(service)}
    assert {limit.name for limit in service.limits["forgotPassword"]} == {"default", "reset"}


def test_who_has_forgotten_a_password_cannot_sign_in_first() -> None:
    service = gateway(forgotPassword={"security": [{"oauth2": []}]})
    assert isinstance(service.operations["forgotPassword"].action, CustomAction)


def test_what_no_contract_asks_for_is_not_there() -> None:
    custom = {"x-action": "custom"}
    service = gateway(forgotPassword=custom, resetPassword=custom)
    assert not service.resets_passwords
    assert "password_resets" not in {table.name for table in build_tables(service)}


def test_a_missing_sender_is_told(tmp_path: Path) -> None:
    succeeded(apiwright(tmp_path, "init", "gate", "--from", str(GATEWAY)))
    project = tmp_path / "gate"
    said = succeeded(apiwright(project, "check"))
    assert "override-needed" in said.err
    assert "async def send_password_reset(self, login: str, token: str) -> None" in said.err
    (project / "overrides" / "auth.py").write_text(OVERRIDE)
    assert "override-needed" not in succeeded(apiwright(project, "check")).err
