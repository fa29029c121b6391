"""Single rules of the stage `check`, where a broken contract of its own would be too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apiwright.check import check
from apiwright.check.contract import read_contract
from apiwright.check.findings import Findings
from apiwright.check.second_opinion import check_second_opinion
from apiwright.check.words import listed, slips, steps, surely_meant
from apiwright.load import load
from apiwright.problems import Problem, Report
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    answer,
    contract,
    crud,
    json_content,
    many,
    obj,
    operation,
    parameter,
    ref,
    thing,
    things,
)

TEXTS = {"type": "array", "items": TEXT}


def problems(document: Contract, folder: Path) -> list[Problem]:
    """What is reported of a contract."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    report = Report()
    found = load(file, report, base=folder)
    assert found is not None
    check(found, report)
    return list(report)


def told(document: Contract, folder: Path) -> list[str]:
    """The same in short: "error code"."""
    return [f"{problem.severity.value} {problem.code}" for problem in problems(document, folder)]


def query(schema: Contract, words: Contract, name: str = "p") -> Contract:
    """A contract of things whose list has one parameter."""
    properties = {"tags": TEXTS, "size": INTEGER, "on": {"type": "boolean"},
                  "day": {**TEXT, "format": "date"}, "secret": {**TEXT, "x-hashed": True},
                  "made": {**TEXT, "x-column": False}}  # fmt: skip
    return things(properties, query=[parameter(name, schema) | {"x-filter": words}])


@pytest.mark.parametrize(
    ("schema", "words", "wanted"),
    [
        (TEXT, {"column": "name", "compare": "starts-with"}, ""),
        (TEXT, {"column": "tags"}, ""),
        (TEXT, {"column": "tags", "compare": "contains"}, ""),
        ({"type": "number"}, {"column": "size", "compare": "gt"}, ""),
        (TEXTS, {"column": "name", "compare": "in"}, ""),
        ({"type": "boolean"}, {"column": "name", "compare": "is-null"}, ""),
        ({"title": "Any"}, {"column": "size", "compare": "gt"}, ""),
        (TEXT, {"column": "day", "compare": "starts-with"},
         "'starts-with' needs text, but this is date"),
        (TEXT, {"column": "tags", "compare": "gt"}, "'gt' cannot compare a list"),
        (TEXTS, {"column": "name", "compare": "eq"},
         "'eq' compares with one value, but 'p' is a list"),
        (TEXT, {"column": "name", "compare": "is-null"},
         "'is-null' needs a parameter of true or false, which 'p' isn't"),
        (TEXT, {"column": "secret"}, "'Thing' stores no 'secret'"),
        (TEXT, {"column": "made"}, "'Thing' stores no 'made'"),
    ],
)  # fmt: skip
def test_a_filter_compares_what_can_be_compared(
    schema: Contract, words: Contract, wanted: str, tmp_path: Path
) -> None:
    found = [problem.message for problem in problems(query(schema, words), tmp_path)]
    assert found == ([wanted] if wanted else [])


def test_a_filter_may_name_a_relation(tmp_path: Path) -> None:
    document = query(INTEGER, {"column": "author_id"})
    authors = {"type": "array", "items": ref("Author")}
    document["components"]["schemas"]["Thing"]["properties"]["authors"] = authors
    document["components"]["schemas"]["Author"] = {**thing(), "x-table": True}
    assert told(document, tmp_path) == []


def test_a_search_looks_into_text_alone(tmp_path: Path) -> None:
    document = things({"size": INTEGER}, query=[parameter("q") | {"x-search": ["name", "size"]}])
    assert told(document, tmp_path) == ["error search-type"]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ({"kind": "list", "schema": "Hidden"}, []),
        ({"kind": "list", "schema": "Thing"}, []),
        ({"kind": "list", "schema": "Nobody"}, ["error unknown-schema"]),
        ({"kind": "list", "schema": "Plain"}, ["error not-stored"]),
    ],
)
def test_an_action_names_what_is_stored(words: Contract, codes: list[str], tmp_path: Path) -> None:
    hidden = {**obj({"name": TEXT}), "x-table": True}
    document = things(schemas={"Hidden": hidden, "Plain": obj({"a": TEXT})})
    document["paths"]["/all"] = {"get": operation("all", gives=many("Thing")) | {"x-action": words}}
    assert told(document, tmp_path) == codes


@pytest.mark.parametrize(
    ("page", "codes"),
    [
        (obj({"items": many("Thing")}), []),
        (obj({"items": TEXTS}), ["error impossible-action"]),
        ({"type": "array", "items": TEXT}, ["error impossible-action"]),
        ({"anyOf": [many("Thing"), {"type": "null"}]}, []),
        ({"allOf": [obj({"a": TEXT}), obj({"things": many("Thing")})]}, []),
    ],
)
def test_a_list_has_objects_somewhere(page: Contract, codes: list[str], tmp_path: Path) -> None:
    document = things(page=page)
    document["paths"]["/things"]["get"]["x-action"] = "list"
    assert told(document, tmp_path) == codes


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ({"x-references": "Owner"}, []),
        ({"x-references": "Hidden"}, ["error not-stored"]),
        ({"type": ["integer", "null"], "x-references": {"schema": "Owner",
                                                         "on-delete": "set-null"}}, []),
        ({"type": "array", "items": INTEGER, "x-references": "Owner"}, []),
        ({"type": "array", "items": TEXT, "x-references": "Owner"}, ["error reference-type"]),
        ({"type": [], "x-references": "Owner"}, ["error bad-value"]),
        ({"x-references": "Shared"}, []),
    ],
)  # fmt: skip
def test_a_reference_has_the_type_of_a_key(
    words: Contract, codes: list[str], tmp_path: Path
) -> None:
    schemas = {
        "Owner": {**thing(), "x-table": True},
        "Hidden": {**obj({"name": TEXT}), "x-table": True},
        "Shared": {"x-table": {"key": "code"}, "properties": {"code": {}, "a": TEXT}},
    }
    assert told(things({"it": {**INTEGER, **words}}, schemas=schemas), tmp_path) == codes


def test_two_paths_cannot_share_an_operation_with_an_id(tmp_path: Path) -> None:
    document = contract(
        {"/a": {"$ref": "#/components/pathItems/A"}, "/b": {"$ref": "#/components/pathItems/A"},
         "x-c": {"get": "nothing"}, "/c": {"get": {"responses": {"200": answer()}}}},
        components={"pathItems": {"A": {"get": operation("same")}}},
    )  # fmt: skip
    assert told(document, tmp_path) == ["error duplicate-operation-id", "note missing-operation-id"]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("200 OK", "did you mean '200'?"),
        ("4xx", "did you mean '4XX'?"),
        ("DEFAULT", "did you mean 'default'?"),
        ("600", "codes are '200', ranges of them '2XX'"),
    ],
)
def test_a_wrong_status_is_set_right(key: str, hint: str, tmp_path: Path) -> None:
    (found,) = problems(contract({"/a": {"get": operation("a", status=key)}}), tmp_path)
    assert (found.code, found.hint) == ("bad-status-code", hint)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ({"format": "decimal"}, []),
        ({"x-column": {"scale": 2}}, ["error column-numbers"]),
        ({"x-column": False}, []),
        ({"x-column": {"precision": 5}}, []),
    ],
)
def test_numbers_of_columns(words: Contract, codes: list[str], tmp_path: Path) -> None:
    assert told(things({"it": {"type": "number", **words}}), tmp_path) == codes


def test_a_word_stands_on_what_a_reference_leads_to(tmp_path: Path) -> None:
    shared = [{"$ref": "#/components/parameters/Q", "x-search": ["name"]}]
    document = things(query=shared)
    document["components"]["parameters"] = {"Q": parameter("q")}
    assert "error misplaced-extension" in told(document, tmp_path)


def test_words_in_parts_of_a_schema_belong_to_it(tmp_path: Path) -> None:
    own = {"allOf": [obj({"id": INTEGER, "owner": {**INTEGER, "x-owner": True}})], "x-table": True}
    document = contract(
        schemas={"Thing": own, "A": obj({"x": obj({"y": {**TEXT, "x-index": True}})})}
    )
    assert told(document, tmp_path) == ["error owner-without-accounts"]


def roles(user: Contract, listed_roles: Contract, scopes: list[str]) -> Contract:
    """A contract with accounts, roles, and an operation that needs scopes."""
    flow = {"tokenUrl": "/token", "scopes": {"read": "R", "write": "W"}}
    scheme = {"type": "oauth2", "flows": {"password": flow}, "x-roles": listed_roles}
    return contract(
        {**crud("User", "users"), "/x": {"get": operation("x", security=[{"oauth": scopes}])}},
        {"User": thing({"email": TEXT, "password": {**TEXT, "writeOnly": True}, **user})},
        components={"securitySchemes": {"oauth": scheme}},
    )


@pytest.mark.parametrize(
    ("user", "listed_roles", "codes"),
    [
        ({}, {"member": {"scopes": ["read"], "default": True}}, []),
        ({}, {"member": {"scopes": ["read"]}}, ["warning ungranted-scope"]),
        ({"role": {"enum": ["member"]}}, {"member": {"scopes": ["read"]}}, []),
        ({"roles": {"type": "array", "items": {"enum": ["member"]}}},
         {"member": {"scopes": ["read"]}}, []),
        ({"roles": TEXTS}, {"member": {"scopes": ["write"]}}, ["warning ungranted-scope"]),
    ],
)  # fmt: skip
def test_scopes_are_granted_by_roles_that_accounts_can_have(
    user: Contract, listed_roles: Contract, codes: list[str], tmp_path: Path
) -> None:
    assert told(roles(user, listed_roles, ["read"]), tmp_path) == codes


def test_x_identity_says_which_property_holds_the_role(tmp_path: Path) -> None:
    document = roles({"rank": {"enum": ["member"]}}, {"chief": {"scopes": ["read"]}}, ["read"])
    document["components"]["schemas"]["User"]["x-identity"] = {"roles": "rank"}
    found = told(document, tmp_path)
    assert found == ["warning idle-role", "error unknown-role"]


def test_security_of_3_0(tmp_path: Path) -> None:
    schemes = {
        "a": {"type": "http", "scheme": "basic", "bearerFormat": "JWT"},
        "b": {"type": "openIdConnect", "openIdConnectUrl": "http://[broken"},
        "c": {"type": "openIdConnect", "openIdConnectUrl": "http://localhost/x"},
    }
    document = {**contract(components={"securitySchemes": schemes}), "openapi": "3.0.3"}
    assert told(document, tmp_path) == ["error unknown-field", "warning plain-http"]


def test_beside_a_reference_of_3_0_nothing_is_read(tmp_path: Path) -> None:
    beside = {"$ref": "#/components/schemas/A", "properties": {"b": {"type": "strng"}}}
    document = contract(schemas={"A": thing(), "B": obj({"a": beside})})
    assert told({**document, "openapi": "3.0.3"}, tmp_path) == ["warning ignored-beside-reference"]
    assert told(document, tmp_path) == ["error bad-value"]


@pytest.mark.parametrize(
    ("schema", "codes"),
    [
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True, "default": 1},
         ["error bad-default"]),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": False, "default": 1}, []),
        ({"type": "string", "pattern": "[", "default": "x"}, ["error bad-pattern"]),
        ({"type": "strng", "default": "x"}, ["error bad-value"]),
    ],
)  # fmt: skip
def test_defaults_of_3_0(schema: Contract, codes: list[str], tmp_path: Path) -> None:
    document = {**contract(schemas={"A": schema}), "openapi": "3.0.3"}
    assert told(document, tmp_path) == codes


def test_a_default_by_an_endless_schema_is_let_through(tmp_path: Path) -> None:
    tree = obj({"a": ref("Tree"), "b": {"anyOf": [ref("Tree"), ref("Tree")]}})
    value: Any = {}
    for _ in range(60):
        value = {"a": value, "b": value} if len(json.dumps(value)) < 10_000 else {"a": value}
    document = contract(schemas={"Tree": {**tree, "default": value}})
    assert told(document, tmp_path) == []


def test_a_value_that_is_costly_to_explain_is_told_of_in_short(tmp_path: Path) -> None:
    options = [{"type": "object", "properties": {"a": {"const": number}}} for number in range(50)]
    rows = {"type": "array", "items": {"anyOf": options}}
    document = contract(schemas={"A": {**rows, "default": [{"a": 99}] * 60}})
    (found,) = problems(document, tmp_path)
    assert found.message == "the default does not fit its schema: it does not fit"


def test_required_names_of_endless_parts_are_found(tmp_path: Path) -> None:
    parts: dict[str, Any] = {"A": {"anyOf": [ref("B"), obj({"a": TEXT})], "required": ["a", "c"]}}
    parts["B"] = {
        "anyOf": [ref("A"), obj({"b": TEXT})],
        "dependentSchemas": {"b": obj({"c": TEXT})},
    }
    assert "warning unknown-required" not in told(contract(schemas=parts), tmp_path)


def test_tags_without_a_name_are_no_twins(tmp_path: Path) -> None:
    document = contract(tags=[{"description": "a"}, {"description": "b"}])
    assert told(document, tmp_path) == ["error missing-field"] * 2


def test_examples_of_other_texts_are_not_looked_at(tmp_path: Path) -> None:
    document = contract({"/a": {"get": operation("a")}})
    document["paths"]["/a"]["get"]["responses"]["200"]["content"] = {
        "text/csv": {"schema": INTEGER, "example": "a,b"},
        **json_content(INTEGER, examples={"one": {"externalValue": "x"}, "two": {"value": "a"}}),
    }
    assert told(document, tmp_path) == ["warning bad-example"]


def test_a_wrong_format_is_only_a_warning(tmp_path: Path) -> None:
    document = contract()
    document["info"]["contact"] = {"url": "not a url", "email": "nobody"}
    document["openapi"] = "3.0.3"
    assert set(told(document, tmp_path)) == {"warning bad-format"}


def test_the_validator_of_others_has_the_last_word(tmp_path: Path) -> None:
    document = contract({"/a": {"get": {"responses": {"200": {}}}}})
    document["info"] = {"title": "T"}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    read = load(file, Report(), base=tmp_path)
    assert read is not None
    found = Findings()
    check_second_opinion(read_contract(read), found)
    assert {problem.message for problem in found} == {
        "'info': not valid by 'required' of OpenAPI's schema",
        "'paths./a.get.responses[200]': not valid by 'required' of OpenAPI's schema",
    }
    file.write_text(json.dumps({**document, "paths": [], "components": 5}), encoding="utf-8")
    read = load(file, Report(), base=tmp_path)
    assert read is not None
    check_second_opinion(read_contract(read), Findings())


def test_findings_keep_each_problem_once_and_errors_first() -> None:
    found, report = Findings(), Report()
    for _ in range(2):
        found.warning("a", "again", None)
    for number in range(1_100):
        found.note("n", f"note {number}", None)
        found.error("e", f"error {number}", None)
    found.deliver(report)
    assert len(report) == 1_001
    assert {problem.code for problem in report} == {"e", "too-many-problems"}
    assert "1,201 more problems" in next(p.message for p in report if p.code != "e")


def test_words_for_people() -> None:
    assert listed(["a"]) == "a"
    assert listed(map(str, range(20)), "and") == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 8 more"
    assert steps(["a", 0, "b"]) == "a[0].b"
    assert slips("tabel", "table") == 1
    assert slips("", "abc") == 3
    assert surely_meant("tablr", ["table"]) == "table"
    assert surely_meant("cat", ["dog", "care"]) == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"deprecated": True, "x-deprecated-since": "2026-01-31", "x-sunset": "2026-01-31"}, ""),
        ({"deprecated": True, "x-sunset": "2026-01-31"}, ""),
        ({"x-sunset": "2026-01-31"}, "sunset-without-deprecation"),
        ({"deprecated": False, "x-deprecated-since": "2026-01-31"}, "sunset-without-deprecation"),
        ({"deprecated": True, "x-sunset": "2026-02-30"}, "not-a-day"),
        (
            {"deprecated": True, "x-deprecated-since": "2026-01-31", "x-sunset": "2026-01-30"},
            "sunset-too-early",
        ),
    ],
)
def test_days_on_which_things_end(words: Contract, code: str, tmp_path: Path) -> None:
    """They are days, in their order, and stand at what is deprecated."""
    found = told(contract({"/a": {"get": operation("listA", answer()) | words}}), tmp_path)
    assert [line for line in found if "error" in line] == ([f"error {code}"] if code else [])
