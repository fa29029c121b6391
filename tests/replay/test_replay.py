"""Where nothing is said to break, nothing does: the contract of before, replayed.

A contract is edited at random, time and again, and an edit stays only if the verdict is that no
client breaks. What comes of it is a service that answers, over HTTP, to requests of the contract
of before, made by Schemathesis, and has to keep all that it promised. `APIWRIGHT_REPLAYS` says how
many services are made; the session `replay` makes many, from a seed of its own.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from apiwright.breaking import Level
from apiwright.check import check
from apiwright.ir.operations import CustomAction
from apiwright.local import Servers
from apiwright.problems import Report
from apiwright.understand import understand
from tests.migrate.migrate_helpers import small_project
from tests.replay.random_edits import edited
from tests.support.api_changes import changes, loaded
from tests.support.contracts import project
from tests.support.running import (
    Running,
    running_service,
    scratch_database,
    service_environ,
)

HERE = Path(__file__).parent
SEED = int(os.environ.get("APIWRIGHT_REPLAY_SEED", "20260115"))
SERVICES = int(os.environ.get("APIWRIGHT_REPLAYS", "1"))
EXAMPLES = os.environ.get("APIWRIGHT_REPLAY_EXAMPLES", "5")
EDITS = 12
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,positive_data_acceptance"
)
BEFORE: dict[str, Any] = project("library")


def breaks(after: dict[str, Any]) -> bool:
    """The verdict on everything between the contract of before and another one."""
    return any(change.level is not Level.INFO for change in changes(BEFORE, after))


def answered(contract: dict[str, Any]) -> frozenset[str]:
    """The operations that are answered without an override; none where the contract has errors."""
    report, document = Report(), loaded(contract)
    check(document, report)
    operations = {} if report.failed else understand(document).operations
    return frozenset(
        name for name, found in operations.items() if not isinstance(found.action, CustomAction)
    )


def unbroken(chance: random.Random) -> tuple[dict[str, Any], int]:
    """A contract after edits that break nobody, and how many others were tried."""
    found, made, broken = BEFORE, 0, 0
    while made < EDITS:
        candidate = edited(found, chance)
        if candidate is None or candidate == found:
            continue
        if breaks(candidate):
            broken += 1
        elif answered(candidate) >= PROMISED:
            found, made = candidate, made + 1
    return found, broken


PROMISED = answered(BEFORE)
"""What was answered before; that an override is needed from now on is told, but not a break."""


def replayed(service: Running, folder: Path) -> str:
    """What Schemathesis finds wrong with the answers, by the contract of before; "" for nothing."""
    contract = folder / "before.json"
    contract.write_text(json.dumps(BEFORE), encoding="utf-8")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "--config-file", str(HERE / "schemathesis.toml"),
            "run", str(contract),
            "--url", f"{service.url}/v1",
            "--mode", "positive",
            "--max-examples", EXAMPLES,
            "--seed", str(SEED),
            "--checks", CHECKS,
            "--phases", "examples,coverage,fuzzing,stateful",
        ],
        cwd=folder, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert re.search(r"\b\d{2,} generated", done.stdout), done.stdout + done.stderr
    return "" if done.returncode == 0 else done.stdout


def found_wrong(contract: dict[str, Any], folder: Path, servers: Servers) -> str:
    """What a service of a contract does otherwise than that of before promised."""
    output = small_project(folder, contract) / "generated"
    with (
        scratch_database(servers) as url,
        running_service(output, service_environ(url), folder) as service,
    ):
        found = replayed(service, folder)
        return found or ("Traceback" if "Traceback" in service.log.read_text() else "")


@pytest.mark.parametrize("number", range(SERVICES))
def test_what_breaks_nobody_keeps_the_contract_of_before(
    number: int, tmp_path: Path, servers: Servers
) -> None:
    contract, broken = unbroken(random.Random(SEED + number))
    assert not breaks(contract)
    assert broken > 0
    wrong = found_wrong(contract, tmp_path, servers)
    assert not wrong, f"seed {SEED + number}\n{json.dumps(contract)}\n{wrong}"


def test_what_breaks_clients_is_found(tmp_path: Path, servers: Servers) -> None:
    """The replay has eyes: it sees breaks, which the verdict tells as well."""
    after: dict[str, Any] = json.loads(json.dumps(BEFORE))
    member = after["components"]["schemas"]["Member"]
    member["properties"]["phone"] = {"type": "string"}
    member["required"].append("phone")
    after["paths"]["/members"]["post"]["requestBody"]["content"]["application/json"].pop("example")
    assert breaks(after)
    assert "422" in found_wrong(after, tmp_path, servers)
