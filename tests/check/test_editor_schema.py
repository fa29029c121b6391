"""The JSON Schema of contracts: it lets through what the checks let through, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from apiwright.check.schema_document import editor_schema
from apiwright.extensions import WORDS
from apiwright.extensions.vocabulary import place_of
from apiwright.load import load, plain
from apiwright.problems import Report
from tests.support.contracts import contract, operation, thing, things
from tests.support.running import ROOT

SCHEMA = editor_schema()
VALIDATOR = Draft7Validator(SCHEMA)


def faults(document: Any) -> list[str]:
    """The places that the schema finds fault with."""
    return sorted({"/".join(map(str, e.absolute_path)) for e in VALIDATOR.iter_errors(document)})


def read(file: Path) -> Any:
    document = load(file, Report(), base=file.parent)
    assert document is not None
    return plain(document.root)


def test_it_is_a_schema_itself() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert {f"openapi-{version}" for version in ("3.0", "3.1", "3.2")} <= set(SCHEMA["definitions"])
    for name, word in WORDS.items():
        assert SCHEMA["definitions"][name]["description"] == word.about
        assert place_of(name) == word.places
    assert place_of("x-nothing") == ()


@pytest.mark.parametrize(
    "file",
    [
        ROOT / "specs" / "openapi.yaml",
        ROOT / "tests" / "projects" / "library.yaml",
        *sorted((ROOT / "tests" / "broken" / "odd").glob("*.yaml")),
    ],
    ids=lambda file: file.stem,
)
def test_legal_contracts_pass(file: Path) -> None:
    odd = {
        "all_of_3_2": ["components"],  # media types of the components are not looked into
        "alternatives_of_itself": [],
    }
    assert faults(read(file)) == odd.get(file.stem, [])


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"infos": {}}, ""),
        ({"info": {"title": 5, "version": "1"}}, "info/title"),
        ({"info": {"title": "T", "version": "1", "x-table": True}}, "info"),
        ({"info": {"title": "T", "version": "1", "x-mine": True}}, None),
        ({"paths": {"a": {}}}, "paths"),
        ({"paths": {"/a": {"gett": {}}}}, "paths//a"),
        ({"paths": {"/a": {"get": operation("a") | {"x-action": "lists"}}}},
         "paths//a/get/x-action"),
        ({"paths": {"/a": {"get": operation("a") | {"x-action": "list"}}}}, None),
        ({"paths": {"/a": {"get": operation("a", status="20")}}}, "paths//a/get/responses"),
        ({"paths": {"/a": {"get": operation("a", parameters=[{"name": "a", "in": "body"}])}}},
         "paths//a/get/parameters/0/in"),
        ({"paths": {"/a": {"get": operation("a", parameters=[{"name": "a", "in": "path"}])}}},
         "paths//a/get/parameters/0"),
        ({"paths": {"/a": {"get": operation("a", parameters=[{"$ref": 5}])}}},
         "paths//a/get/parameters/0/$ref"),
        ({"components": {"schemas": {"A": {"type": "strng"}}}}, "components/schemas/A/type"),
        ({"components": {"schemas": {"A": {"x-unique": True}}}}, "components/schemas/A"),
        ({"components": {"schemas": {"A": {"properties": {"a": {"x-unique": True}}}}}}, None),
        ({"components": {"schemas": {"A": {"x-table": {"nam": "a"}}}}},
         "components/schemas/A/x-table"),
        ({"components": {"securitySchemes": {"a": {"type": "http"}}}},
         "components/securitySchemes/a"),
        ({"security": [{"a": "b"}]}, "security/0/a"),
    ],
)  # fmt: skip
def test_mistakes_are_marked_where_they_stand(
    version: str, words: dict[str, Any], place: str | None
) -> None:
    document = {**contract({}), **words, "openapi": version}
    assert faults(document) == ([] if place is None else [place])


def test_each_version_has_its_own_words() -> None:
    nullable = things({"it": {"type": "string", "nullable": True}})
    listed = things({"it": {"type": ["string", "null"]}})
    it = "components/schemas/Thing/properties/it"
    assert faults({**nullable, "openapi": "3.0.3"}) == []
    assert faults({**listed, "openapi": "3.0.3"}) == [f"{it}/type"]
    assert faults(listed) == []
    hooks = {**contract({}, {"Thing": thing()}), "webhooks": {}}
    assert faults(hooks) == []
    assert faults({**hooks, "openapi": "3.0.3"}) == [""]
    query = contract({"/a": {"query": operation("a")}})
    assert faults({**query, "openapi": "3.2.0"}) == []
    assert faults(query) == ["paths//a"]
    assert faults({"info": {}}) == ["", "info"]
