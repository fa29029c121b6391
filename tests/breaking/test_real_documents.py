"""Contracts of this repository and of other people: nothing out of nothing, and edits are judged.

APIWRIGHT_CORPUS names a folder of public contracts, with an index of what is in it. Where there is
none, only contracts of this repository are walked.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apiwright.breaking import Level, api_changes
from apiwright.load import plain
from apiwright.starter import starter_files
from apiwright.understand.contract import served_contract
from apiwright.understand.limits_contract import drop_additions
from tests.support.api_changes import GONE, Edits, changes, edited, loaded, read
from tests.support.running import ROOT

OWN = ("specs/openapi.yaml", "tests/projects/library.yaml", "tests/projects/workshop.yaml")
CORPUS = Path(os.environ.get("APIWRIGHT_CORPUS") or ROOT.parent / "shared" / "corpus")
INDEX = CORPUS / "index.csv"


def corpus() -> dict[str, Path]:
    if not INDEX.is_file():
        return {}
    with INDEX.open(encoding="utf-8", newline="") as file:
        return {row["id"]: CORPUS / row["file"] for row in csv.DictReader(file)}


METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
FILES = {**{name: ROOT / name for name in OWN}, **corpus()}


@pytest.mark.parametrize("name", list(FILES))
def test_nothing_comes_of_nothing_and_what_is_gone_is_told(name: str) -> None:
    """Against itself, against what its service serves, and without its first path."""
    try:
        contract = read(FILES[name])
    except AssertionError:
        assert name not in OWN  # some public contracts can't be read
        return
    assert api_changes(contract, contract) == ()
    served = served_contract(contract)
    assert api_changes(loaded(served), contract) == ()
    paths: Any = served.get("paths") or {}
    path = next((key for key in paths if "$ref" not in paths[key]), None)
    if path is not None:
        methods = METHODS & set(paths[path])
        found = api_changes(contract, loaded(edited(served, {"paths": _without(paths, path)})))
        assert {change.operation.partition(" ")[0].lower() for change in found} == methods
        assert {change.id.rpartition("-with")[0] for change in found} <= {"api-path-removed"}


def _without(paths: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {key: item for key, item in paths.items() if key != path}


def test_the_reference_service_serves_its_contract() -> None:
    served = read(ROOT / "generated/app/contract/openapi.json")
    drop_additions(served)
    assert api_changes(served, read(ROOT / "specs/openapi.yaml")) == ()


def test_a_new_project_serves_its_contract(tmp_path: Path) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_text(starter_files(Path("shop"))["specs/openapi.yaml"], encoding="utf-8")
    assert api_changes(loaded(served_contract(read(file))), read(file)) == ()


@dataclass(frozen=True)
class Edit:
    """An edit of a contract, and what it means: operations by id and level."""

    contract: str
    edits: Edits
    told: Mapping[tuple[str, Level], int]


BREAKING, WARNING, INFO = Level.BREAKING, Level.WARNING, Level.INFO
PETSTORE = "swagger-petstore--resources-openapi"
REALWORLD = "realworld--api-openapi"
POLARIS = "polaris--spec-polaris-management-service"
REFERENCE = "specs/openapi.yaml"
SCHEMAS = "components schemas"

EDITS: dict[str, Edit] = {
    "a status that pets don't have any longer": Edit(
        PETSTORE,
        {f"{SCHEMAS} Pet properties status enum": ["available", "sold"]},
        {
            ("request-property-enum-value-removed", BREAKING): 6,
            ("response-property-enum-value-removed", INFO): 12,
        },
    ),
    "pets are found by one more status": Edit(
        PETSTORE,
        {
            "paths /pet/findByStatus get parameters 0 schema enum": [
                "available",
                "lost",
                "pending",
                "sold",
            ]
        },
        {("request-parameter-enum-value-added", INFO): 1},
    ),
    "a scope that finding pets doesn't need": Edit(
        PETSTORE,
        {"paths /pet/findByStatus get security 0 petstore_auth": ["read:pets"]},
        {("api-security-scope-removed", INFO): 1},
    ),
    "the address of an image is left out": Edit(
        REALWORLD,
        {f"{SCHEMAS} User required": ["bio", "email", "token", "username"]},
        {("response-property-became-optional", BREAKING): 4},
    ),
    "articles are no longer found by author": Edit(
        REALWORLD,
        {"paths /articles get parameters 1": GONE},
        {("request-parameter-removed", BREAKING): 1},
    ),
    "people may have a phone": Edit(
        REALWORLD,
        {f"{SCHEMAS} UpdateUser properties phone": {"type": "string"}},
        {("new-optional-request-property", INFO): 1},
    ),
    "names of catalogs are shorter": Edit(
        POLARIS,
        {f"{SCHEMAS} Catalog properties name maxLength": 100},
        {
            ("request-property-max-length-decreased", BREAKING): 1,
            ("response-property-max-length-decreased", INFO): 4,
        },
    ),
    "catalogs hold numbers, not times": Edit(
        POLARIS,
        {f"{SCHEMAS} Catalog properties createTimestamp": {"type": "string"}},
        {
            ("request-property-type-changed", BREAKING): 1,
            ("response-property-type-changed", BREAKING): 4,
        },
    ),
    "catalogs can't be deleted": Edit(
        POLARIS,
        {"paths /catalogs/{catalogName} delete": GONE},
        {("api-removed-without-deprecation", BREAKING): 1},
    ),
    "nobody can reserve an item": Edit(
        REFERENCE,
        {"paths /items/{item_id}/reserve": GONE},
        {("api-path-removed-without-deprecation", BREAKING): 1},
    ),
    "another version": Edit(
        REFERENCE,
        {"servers 0 url": "/api/v2"},
        {("api-base-path-changed", BREAKING): 1},
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_edits_are_judged(edit: Edit) -> None:
    if edit.contract not in FILES:
        pytest.skip("the contract is not here")
    before = plain(read(FILES[edit.contract]).root)
    assert isinstance(before, dict)
    found = changes(before, edited(before, edit.edits))
    told: dict[tuple[str, Level], int] = {}
    for change in found:
        told[change.id, change.level] = told.get((change.id, change.level), 0) + 1
    assert told == edit.told
